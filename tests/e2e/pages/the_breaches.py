"""The breaches of the site: fresh, late, told of, closed."""

from datetime import timedelta
from uuid import UUID

from api import work as worker
from api.bootstrap import Tillit, Work
from audit.acts import Act
from audit.entries import ActorType
from consent.affected.question import Question
from dsar.breaches import register, searches
from dsar.breaches.account import Nature, Risk, Spared

_HAPPENED = {
    "fresh": "A letter with a list of members lay open at the counter of a shop.",
    "late": "The token of the offers engine stood in a public repository for some days.",
    "assessed": "A disk with a backup of the whole database was stolen from a car.",
    "closed": "A screen at the till was left unlocked over lunch.",
}


_WHY = "Everybody, with contact details."
_LEADS_TO = "Somebody who had the keys could write to members in our name."
_DONE = "The disk was wiped from afar. Backups travel no more."
_REFERENCE = "DI-2026-1"
#: Everything that officers wrote.
WRITTEN = (*_HAPPENED.values(), _WHY, _LEADS_TO, _DONE, _REFERENCE)


async def written_down(tillit: Tillit) -> dict[str, tuple[UUID, UUID]]:
    """Each with a search; that of the fresh one waits for a worker still."""
    made: dict[str, tuple[UUID, UUID]] = {}
    async with tillit.unit() as work:
        for name in ("late", "assessed", "closed"):
            made[name] = await _one(work, name)
    await worker.drain(tillit)
    async with tillit.unit() as work:
        unit, act = work.unit, _act(work)
        breach, _ = made["assessed"]
        await register.assess(
            unit, act, breach, stood=await _stood(work, breach), risk=Risk.HIGH, why=_WHY,
            consequences=_LEADS_TO,
            measures=_DONE,
            spared=Spared.ENCRYPTED,
        )  # fmt: skip
        await register.tell_authority(
            unit, act, breach, stood=await _stood(work, breach),
            at=unit.now - timedelta(hours=2), reference=_REFERENCE,
        )  # fmt: skip
        closed, _ = made["closed"]
        await register.assess(
            unit, act, closed, stood=await _stood(work, closed), risk=Risk.NONE, why=_WHY,
            consequences="",
            measures=_DONE, spared=None,
        )  # fmt: skip
        await register.close(unit, act, closed, stood=await _stood(work, closed))
        made["fresh"] = await _one(work, "fresh")
    return made


async def _one(work: Work, name: str) -> tuple[UUID, UUID]:
    unit, act = work.unit, _act(work)
    aware = unit.now - timedelta(days=5 if name == "late" else 1)
    since = aware - timedelta(days=10)
    found = await register.open_breach(
        unit, act, happened=_HAPPENED[name], aware=aware,
        since=None if name == "fresh" else since, natures=(Nature.CONFIDENTIALITY,),
    )  # fmt: skip
    question = Question(since=since, until=unit.now, whole=name == "assessed")
    asked = await searches.ask(unit, act, work.active, found.id, question)
    return found.id, asked.id


async def _stood(work: Work, breach: UUID) -> UUID:
    said = (await register.get(work.unit, breach)).account
    assert said is not None
    return register.stands(said)


def _act(work: Work) -> Act:
    return Act(ActorType.OFFICER, "officer-3", programme=work.active.version)
