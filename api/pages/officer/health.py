"""`/desk/health`: the keys and the shred horizon, the record, the jobs, the ways to recipients.

Counts, names and days, about nobody: looking at it writes no entry. What is wrong stands first, in
words.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from api import queued
from api.http.health import BEHIND
from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.health_ways import Way, way, wrong_of
from api.people.people import Kind
from api.queued import Step
from audit.keeping_up import KeepingUp, keeping_up
from audit.verify import VerificationError, VerifierKey, open_checkpoint
from consent.programme import Ability
from dsar import overdue
from dsar.connectors import desk
from dsar.packages.marking import mark
from dsar.within_reach import within_reach
from profiles.epoch_states import Epoch, epochs

pages = Pages(Kind.OFFICER)

PATH = "/desk/health"
_NO_WORKER = mark(
    "No worker has said for a while that it lives. Nothing is sent, erased or proved until one "
    "runs."
)
_FAILING = mark(
    "Approved requests that are not carried out, because their jobs have failed too often: "
    "%(number)s. Their deadline runs on."
)
_BEHIND = mark(
    "The record is behind: its oldest entry has waited %(seconds)s seconds for its number. Either "
    "no worker runs, or somebody has put in an entry that is not ours."
)
_SHORTER = mark(
    "The record is shorter than it has been: entries were taken away, or an older database was put "
    "back. Keep this database as it is, and have whoever runs the system verify the record."
)
_ALTERED = mark(
    "The newest checkpoint of the record is not as it was signed: somebody has changed the "
    "database. Keep it as it is, and have whoever runs the system verify the record."
)


@dataclass(frozen=True)
class HealthPage(View):
    """`wrong`: everything that needs somebody, in words. `workers`: whether one lives.

    `horizon`: when a key was destroyed last; `within_reach`: erasures that an old backup could
    still undo. `waited`: seconds. `failing`: approved requests that nobody carries out.
    """

    template: ClassVar[str] = "officer/health.html"
    title: ClassVar[str] = mark("Keys and health")

    wrong: Sequence[str]
    epochs: Sequence[Epoch]
    horizon: datetime | None
    within_reach: int
    verifier_key: str
    record: KeepingUp
    waited: int
    steps: Sequence[Step]
    failing: int
    workers: bool
    ways: Sequence[Way]


@pages("GET", PATH, ability=Ability.KEYS)
async def see(asked: Asked) -> HealthPage:
    """As it stands now."""
    session, speaking = asked.work.session, asked.speaking
    # Before the record is read: what is remembered was committed by then.
    remembered = await asyncio.to_thread(asked.tillit.checkpoint.recall)
    signer = await asked.tillit.signer(session)
    record = await keeping_up(session, asked.tillit.clock)
    waited = int(record.oldest.total_seconds())
    alive = await queued.workers(session) > 0
    failing = await overdue.failing(session, asked.unit.now)
    ways = [way(asked, one) for one in await desk.standings(asked.unit, asked.active)]
    known = await epochs(session)
    wrong = []
    if _shorter(remembered, record, signer.key):
        wrong.append(speaking.say(_SHORTER))
    if record.altered:
        wrong.append(speaking.say(_ALTERED))
    if waited > BEHIND:
        wrong.append(speaking.say(_BEHIND, seconds=speaking.number(waited)))
    if not alive:
        wrong.append(speaking.say(_NO_WORKER))
    if failing:
        wrong.append(speaking.say(_FAILING, number=speaking.number(failing)))
    for one in ways:
        wrong += wrong_of(asked, one)
    return HealthPage(
        wrong=wrong,
        epochs=known[::-1],
        horizon=max((one.destroyed_at for one in known if one.destroyed_at), default=None),
        within_reach=await within_reach(session),
        verifier_key=signer.verifier_key,
        record=record,
        waited=waited,
        steps=await queued.steps(session, asked.unit.now),
        failing=failing,
        workers=alive,
        ways=ways,
    )


def _shorter(remembered: str | None, record: KeepingUp, key: VerifierKey) -> bool:
    """Whether the checkpoint that is remembered outside the database covers more than is there."""
    if remembered is None:
        return False
    try:
        return open_checkpoint(remembered, key).size > record.size
    except VerificationError:
        return True
