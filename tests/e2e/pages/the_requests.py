"""What the people of the site have asked for: a request in every state that pages may show."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from api.bootstrap import Tillit, Work
from audit.acts import Act
from audit.entries import ActorType
from consent import guardians
from dsar import child_requests, deciding, requests
from dsar.identity import How, Proof
from dsar.register import Request
from dsar.states import Right
from dsar.wanted import Wanted
from dsar.words import Channel, Delay, Reason
from profiles import members

PROVED = Proof(How.STEP_UP)
#: In their own words.
WISHES = (
    "Maja Fjällström Åkerblom",
    "Dalarna",
    "Why did I get no offers in March, when my neighbour did?",
)


async def asked(tillit: Tillit, maja: UUID, nils: UUID, crowd: Sequence[UUID]) -> dict[str, UUID]:
    """Requests in every state that a page may have to show, in the order of the inbox' worry."""
    made: dict[str, UUID] = {}
    async with tillit.unit() as work:
        desk = _Desk(work)
        made["of a child"] = await _ask_for(work, nils, guardian=maja)
        await deciding.approve(work.unit, desk.act, work.active, made["of a child"])
        made["answered"] = await desk.approved(Right.ACCESS, maja)
        made["new"] = (await desk.opened(Right.ERASURE, maja)).id
        made["refused"] = (await desk.opened(Right.RESTRICTION, maja)).id
        await deciding.refuse(
            work.unit, desk.act, work.active, made["refused"], reason=Reason.UNMET
        )
        made["unproved"] = (await desk.opened(Right.PORTABILITY, maja, proof=None)).id
        await requests.ask_identity(work.unit, desk.act, work.active, made["unproved"])
        wish = Wanted(values={"name": WISHES[0], "county": WISHES[1]})
        made["correction"] = (await desk.opened(Right.RECTIFICATION, maja, wish=wish)).id
        wish = Wanted(note=WISHES[2])
        made["review"] = (await desk.opened(Right.REVIEW, crowd[6], wish=wish)).id
        made["taken back"] = (await desk.opened(Right.REVIEW, maja, wish=wish)).id
        await deciding.cancel(work.unit, desk.act, made["taken back"])
        for number, name in enumerate(("late", "soon", "delayed", "endorsed", "cooling", "done")):
            made[name] = await desk.particular(name, crowd[number])
    return made


async def _ask_for(work: Work, child: UUID, *, guardian: UUID) -> UUID:
    found = await members.load(work.unit, [child, guardian], lock=True)
    act = guardians.speaking_for(
        Act(ActorType.MEMBER, found[guardian].key.subject().hex(), programme=work.active.version),
        found[child],
    )
    asked = await child_requests.open_request(
        work.unit, act, work.active, found[child],
        guardian=found[guardian], right=Right.ACCESS, lately=True, language="sv",
    )  # fmt: skip
    return asked.id


class _Desk:
    """An officer who opens requests."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.act = Act(ActorType.OFFICER, "officer-3", programme=work.active.version)

    async def opened(
        self,
        right: Right,
        member: UUID,
        *,
        proof: Proof | None = PROVED,
        days: int = 0,
        wish: Wanted | None = None,
    ) -> Request:
        work = self._work
        return await requests.open_request(
            work.unit, self.act, work.active, right, member,
            channel=Channel.MEMBER, proof=proof, wish=wish, language="sv",
            received=work.unit.today - timedelta(days=days),
        )  # fmt: skip

    async def approved(self, right: Right, member: UUID, *, days: int = 0) -> UUID:
        found = await self.opened(right, member, days=days)
        await deciding.approve(self._work.unit, self.act, self._work.active, found.id)
        return found.id

    async def particular(self, name: str, member: UUID) -> UUID:
        work = self._work
        match name:
            case "late":
                return (await self.opened(Right.ACCESS, member, days=40)).id
            case "soon":
                return (await self.opened(Right.ACCESS, member, days=27)).id
            case "delayed":
                found = await self.opened(Right.ACCESS, member, days=20)
                await deciding.extend(work.unit, self.act, found.id, reason=Delay.COMPLEX)
                return found.id
            case "endorsed":
                return await self.approved(Right.ERASURE, member, days=2)
            case "cooling":
                both = await self.approved(Right.ERASURE, member, days=1)
                second = Act(ActorType.OFFICER, "officer-2", programme=work.active.version)
                await deciding.approve(work.unit, second, work.active, both)
                return both
            case _:
                wish = Wanted(values={"county": "Skåne"})
                asked = await self.opened(Right.RECTIFICATION, member, days=5, wish=wish)
                await deciding.approve(work.unit, self.act, work.active, asked.id)
                return asked.id
