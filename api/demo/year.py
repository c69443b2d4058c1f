"""The year before the story: members join month by month, buy, and some ask for something.

Lived through by a clock that runs so far behind, so that every entry, choice and figure bears the
day it would have had. Afterwards the clock is right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import UUID

from api.bootstrap import SYSTEM, Tillit, Work
from api.demo.people import Person
from api.work import drain
from audit.acts import Act
from audit.entries import ActorType
from consent import ledger
from consent.choices import Action, By
from consent.choosing import choose
from consent.figures.counting import count_today
from dsar import requests
from dsar.identity import How, Proof
from dsar.register import Request
from dsar.states import Right
from dsar.wanted import Wanted
from dsar.words import Channel
from profiles import events
from profiles.enrolment import enrol
from profiles.members import Member, load, one

#: What is asked for: how many days ago, and about which purposes. An objection is heeded at once,
#: and the others are left to be decided.
ASKED = (
    (27, Right.ACCESS, ()),
    (12, Right.OBJECTION, ("assortment_insight",)),
    (4, Right.ERASURE, ()),
    (1, Right.RESTRICTION, ()),
)
YEAR = timedelta(days=364)
_AT_ONCE = 250  # members a transaction


@dataclass
class Behind:
    """A clock that is so far behind (`kernel.clock.Clock`)."""

    by: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) - self.by


def acting(member: Member) -> Act:
    """A member, as somebody who does something."""
    return Act(ActorType.MEMBER, member.key.subject().hex())


async def joined(tillit: Tillit, clock: Behind, crowd: Sequence[Person]) -> dict[UUID, Person]:
    """All of them, on the day each joined and with what they said then; counted each time."""
    came: dict[UUID, Person] = {}
    today = clock.now().date()
    for day, those in groupby(crowd, key=lambda one: one.joined):
        clock.by = timedelta(days=(today - day).days)
        batch = list(those)
        async with tillit.unit() as work:
            members = await enrol(work.unit, SYSTEM, [one.values for one in batch], source="till")
            said = {
                member: [
                    choose(
                        work.unit,
                        work.active.programme.purpose(purpose),
                        action,
                        at=work.unit.now,
                        by=By.MEMBER,
                        language="sv",
                    )
                    for purpose, action in one.said
                ]
                for member, one in zip(members, batch, strict=True)
            }
            await ledger.record(work.unit, SYSTEM, said, new=True)
        came |= {member.id: one for member, one in zip(members, batch, strict=True)}
        await tillit.replica.barrier()
        async with tillit.unit() as work:
            await count_today(work.unit, work.active, tillit.replica.members)
    clock.by = timedelta()
    return came


async def bought(tillit: Tillit, came: Mapping[UUID, Person]) -> None:
    """What the shops tell us all have bought since they joined."""
    ids = list(came)
    for first in range(0, len(ids), _AT_ONCE):
        async with tillit.unit() as work:
            found = await load(work.unit, ids[first : first + _AT_ONCE], lock=True)
            bought = {member: came[id].purchases for id, member in found.items()}
            await events.record(work.unit, SYSTEM, bought)


async def asked(tillit: Tillit, clock: Behind, came: Mapping[UUID, Person]) -> list[Request]:
    """What some who take no part in the story have asked for, each on its day."""
    no = ("personalised_offers", Action.REFUSED)
    asking = (id for id, one in came.items() if no in one.said)
    opened = []
    for (days, right, purposes), member in zip(ASKED, asking, strict=False):
        clock.by = timedelta(days=days)
        async with tillit.unit() as work:
            opened.append(await ask(work, right, member, purposes=purposes))
        await drain(tillit)
    clock.by = timedelta()
    return opened


async def ask(work: Work, right: Right, member: UUID, *, purposes: Sequence[str] = ()) -> Request:
    """Asked for by the member, after a second proof."""
    return await requests.open_request(
        work.unit,
        acting(await one(work.unit, member)),
        work.active,
        right,
        member,
        channel=Channel.MEMBER,
        proof=Proof(How.STEP_UP),
        wish=Wanted(purposes=tuple(purposes)) if purposes else None,
    )
