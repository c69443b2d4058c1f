"""Everything that can happen to requests, in random order, beside a desk that works on paper.

After each step every row is what the naive desk has; at the end the record tells the same steps by
the same people, and the checks find nothing wrong. A failure names its seed; `live(…, seed)` runs
it again.
"""

import json
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from naive_requests import AT_ONCE, OVER, Case, Desk, No, Person

from api.bootstrap import SYSTEM, Tillit, Work, opened
from api.jobs import Steps
from api.settings import Settings
from audit.acts import Act
from audit.browsing import all_entries
from audit.entries import ActorType
from audit.verify import VerifierKey
from consent.programme.loading import read_programme
from dsar import carrying, checks, deciding, identity, outgoing, requests
from dsar.connectors import answers
from dsar.identity import How, Proof
from dsar.letters import desk as letters
from dsar.letters.kinds import Kind
from dsar.opendsr import handed
from dsar.opendsr.handed import Sender, State
from dsar.register import Request
from dsar.states import Right
from dsar.wanted import Wanted
from dsar.words import Channel, Delay, Reason
from kernel.clock import StoppedClock
from kernel.database import raw
from kernel.errors import TillitError
from kernel.ids import uuid7
from profiles.enrolment import enrol
from profiles.members import one
from profiles.unit import Unit

P = TypeVar("P")
R = TypeVar("R")
FRESH = secrets.randbelow(10**6)
START = datetime(2026, 1, 20, 22, 30, tzinfo=UTC)
#: Whose asking it is, and the ways on which it comes.
TRAYS = {
    "officers": [Channel.OFFICER],
    "own": [Channel.MEMBER, Channel.GUARDIAN],
    "till": [Channel.SERVICE, Channel.OPENDSR],
    "desk": [Channel.SERVICE],
}
#: What a sender may ask for.
HANDED_IN = {"access", "portability", "erasure", "restriction", "release", "review"}
OFFICERS = ("officer-1", "officer-2", "officer-3")
ZONES = {
    "SE": "Europe/Stockholm",
    "NO": "Europe/Oslo",
    "DK": "Europe/Copenhagen",
    "FI": "Europe/Helsinki",
}
RECIPIENTS = {"post": "email", "texts": "phone"}
PROGRAMME = """
[controller]
name = "A"
country = "{country}"
contact = "a@club.example"
languages = ["sv", "en"]
[requests]
four_eyes = {four_eyes}
cooling_off_days = {cooling}
identity_days = {identity_days}
prompt_days = {prompt_days}
[fields]
email = {{ category = "pd:EmailAddress", lookup = true }}
phone = {{ category = "pd:TelephoneNumber", lookup = true }}
tier = {{ category = "pd:Purchase", values = ["bronze", "silver", "gold"] }}
{sizes}
[purposes.club]
legal_basis = "contract"
dpv = "dpv:FulfilmentOfContractualObligation"
fields = ["member_number", "email", "phone", "tier"]
notice = {{ sv = "Vi gör så.", en = "We do so." }}
[purposes.offers]
legal_basis = "consent"
dpv = "dpv:PersonalisedBenefits"
fields = ["member_number", "tier"]
direct_marketing = true
notice = {{ sv = "Vi gör så.", en = "We do so." }}
[purposes.insight]
legal_basis = "legitimate_interest"
dpv = "dpv:OptimisationForController"
fields = ["tier"]
balancing_test = "T 1"
notice = {{ sv = "Vi gör så.", en = "We do so." }}
[services.till]
club = ["read"]
"""
SIZES = 'size = { category = "pd:PhysicalCharacteristic", values = ["S", "M"] }'
FIELDS = {"member_number", "email", "phone", "tier"}
RECIPIENT = """
[recipients.{name}]
name = "{name}"
country = "SE"
role = "processor"
contact = "{name}@r.example"
purposes = ["club"]
[recipients.{name}.connector]
by = "mailbox"
address = "{name}@r.example"
identifiers = ["{identifier}"]
"""


def programme(desk: Desk) -> str:
    text = PROGRAMME.format(
        country=desk.country,
        four_eyes=json.dumps(sorted(desk.four_eyes)),
        cooling=desk.cooling,
        identity_days=desk.identity_days,
        prompt_days=desk.prompt_days,
        sizes=SIZES if "size" in desk.keeps else "",
    )
    for name, identifier in desk.recipients.items():
        text += RECIPIENT.format(name=name, identifier=identifier)
    return text


def wishes(chance: Random, right: str) -> dict[str, Any] | None:
    """What a request for the right is about, sometimes something that it cannot be about."""
    if chance.random() < 0.05:
        right = chance.choice(["rectification", "objection", "access"])
    match right:
        case "rectification":
            number = f"M{chance.randrange(9)}"
            tiers: list[dict[str, str]] = [{"tier": "bronze"}, {"tier": "silver"}]
            return {"values": chance.choice([*tiers, {"size": "M"}, {"member_number": number}])}
        case "objection":
            return chance.choice([{"marketing": True}, {"purposes": ("insight",)}])
        case "withdrawal":
            return {"purposes": ("offers",), "note": chance.choice(["", "", "enough"])}
        case "review":
            return chance.choice([None, {"note": "why no gold"}, {"note": "why so late"}])
    return None


def sensible(right: str, wish: dict[str, Any] | None) -> bool:
    about = {name for name, said in (wish or {}).items() if said}
    if right in AT_ONCE:
        about -= {"note"}
        return about == {"purposes"} or (about == {"marketing"} and right == "objection")
    return about == {"values"} if right == "rectification" else about <= {"note"}


@dataclass
class Kept:
    """A case on paper, its request's id, and whose it is."""

    case: Case
    id: UUID
    member: UUID


class World:
    """A random world beside the product: everything that is done is done to both."""

    def __init__(self, tillit: Tillit, clock: StoppedClock, seed: int) -> None:
        self.tillit, self.clock, self.seed = tillit, clock, seed
        self.chance = Random(seed)
        self.desk = Desk(self.chance.choice(sorted(ZONES)), RECIPIENTS, passes_on=FIELDS)
        self.people: dict[UUID, Person] = {}
        self.subjects: dict[UUID, str] = {}
        self.kept: list[Kept] = []
        self.done: list[str] = []
        self.seen: Counter[str] = Counter()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(ZONES[self.desk.country])

    def told(self, what: object = "") -> str:
        return f"seed {self.seed}, {len(self.done)} steps, {self.done[-6:]}: {what}"

    # Doing

    async def change_programme(self) -> None:
        desk, chance = self.desk, self.chance
        weighed = sorted(set(map(str, Right)) - AT_ONCE)
        desk.four_eyes = set(chance.sample(weighed, chance.choice([0, 2, 5])))
        desk.keeps = FIELDS | chance.choice([set(), {"size"}])
        desk.cooling = chance.choice([0, 0, 1, 14])
        desk.identity_days = chance.choice([1, 10, 30])
        desk.prompt_days = chance.choice([0, 7, 14])
        await self.tillit.apply(SYSTEM, read_programme(programme(desk)))

    async def enrol(self) -> None:
        taken = {person.file["member_number"] for person in self.people.values() if not person.gone}
        number = len(self.people)
        free = next(one for one in count(number) if f"M{one}" not in taken)
        values: dict[str, Any] = {"member_number": f"M{free}", "tier": "gold"}
        if self.chance.random() < 0.8:
            values["email"] = f"m{number}@post.example"
        if self.chance.random() < 0.5:
            values["phone"] = f"+4670123{number:04}"
        async with self.tillit.unit() as work:
            [member] = await enrol(work.unit, SYSTEM, [values], source="test")
        person = Person({name: value for name, value in values.items() if name != "tier"})
        self.people[member.id] = person
        self.subjects[member.id] = member.key.subject().hex()
        self.desk.people.append(person)

    async def open(self) -> None:
        member, person = self.chance.choice(list(self.people.items()))
        right = self.chance.choice([*map(str, Right), "erasure", "restriction", "release"])
        back = self.chance.choice([0, 0, 0, 0, 1, 6, 7, 8, 29, 31, 100, 1095, 1096, 1097, -1])
        received = None if back == 0 else self.today - timedelta(days=back)
        wish = wishes(self.chance, right)
        proof = self._proof(person)
        tray = self.chance.choice([*TRAYS] if right in HANDED_IN else ["officers", "own"])
        channel, act = self.chance.choice(TRAYS[tray]), self._act()
        if tray != "officers":
            act = Act(ActorType.SERVICE, tray)
        if tray == "own":
            act = Act(ActorType.MEMBER, self.subjects[member])
        case = Case(right, person, received or self.today, wish, tray)
        how: dict[str, Any] = {"received": received, "channel": channel}
        how["wish"] = Wanted(**wish) if wish else None
        how["proof"] = _proof(proof) if proof else None

        def on_paper() -> tuple[Case, bool]:
            if not sensible(right, wish):
                raise No("NotARequest")
            return self.desk.open(case, proof=proof, who=act.actor, now=self.now, today=self.today)

        async def really(work: Work) -> tuple[UUID, bool]:
            made = await requests.open_request(
                work.unit, act, work.active, Right(right), member, **how
            )
            if act.actor_type is ActorType.SERVICE and not made.joined:
                await _note_sender(work.unit, Sender(act.actor_type, tray), made)
            return made.id, made.joined

        if (both := await self._both(f"open {right}", on_paper, really)) is None:
            return
        (found, joined), (id, was_open) = both
        assert joined == was_open, self.told()
        if joined:
            assert id in [one.id for one in self.kept if one.case is found], self.told()
        else:
            self.kept.append(Kept(found, id, member))

    async def approve(self) -> None:
        kept, act = self._any("acknowledged", "delayed"), self._act()
        outcome = "it stands" if kept.case.right == "review" else ""

        async def really(work: Work) -> None:
            await deciding.approve(work.unit, act, work.active, kept.id, outcome=outcome)

        await self._both(
            "approve", lambda: self.desk.approve(kept.case, who=act.actor, now=self.now), really
        )

    async def refuse(self) -> None:
        kept, act, reason = (
            self._any("acknowledged", "requires_action", "delayed"),
            self._act(),
            self.chance.choice([*Reason, Reason.IDENTITY]),
        )

        async def really(work: Work) -> None:
            await deciding.refuse(work.unit, act, work.active, kept.id, reason=reason)

        await self._both(
            "refuse", lambda: self.desk.refuse(kept.case, reason.value, who=act.actor), really
        )

    async def cancel(self) -> None:
        kept, act = self._any(), self._act()

        async def really(work: Work) -> None:
            await deciding.cancel(work.unit, act, kept.id)

        await self._both("cancel", lambda: self.desk.cancel(kept.case, who=act.actor), really)

    async def extend(self) -> None:
        kept, act = self._any("acknowledged"), self._act()

        async def really(work: Work) -> None:
            await deciding.extend(work.unit, act, kept.id, reason=Delay.COMPLEX)

        await self._both(
            "extend",
            lambda: self.desk.extend(kept.case, who=act.actor, today=self.today),
            really,
        )

    async def ask_identity(self) -> None:
        kept, act = self._any("acknowledged", "delayed"), self._act()

        async def really(work: Work) -> None:
            await requests.ask_identity(work.unit, act, work.active, kept.id)

        await self._both(
            "ask_identity",
            lambda: self.desk.ask_identity(kept.case, who=act.actor, today=self.today),
            really,
        )

    async def prove(self) -> None:
        kept, act = self._any("requires_action", "acknowledged"), self._act()
        if kept.case.state in OVER or kept.case.state in ("accepted", "carried_out"):
            return
        proof = self._proof(kept.case.person) or "*"

        async def really(work: Work) -> None:
            member = await one(work.unit, kept.member, lock=True)
            await identity.prove(work.unit, act, kept.id, member, _proof(proof))
            await requests.identified(work.unit, act, work.active, kept.id)

        await self._both(
            "prove",
            lambda: self.desk.prove(
                kept.case, proof, who=act.actor, now=self.now, today=self.today
            ),
            really,
        )

    async def lapse(self) -> None:
        kept = self._any("requires_action")

        async def really(work: Work) -> bool:
            return await requests.lapse(work.unit, SYSTEM, work.active, kept.id)

        both = await self._both(
            "lapse",
            lambda: self.desk.lapse(kept.case, who=SYSTEM.actor, now=self.now, today=self.today),
            really,
        )
        assert both is None or both[0] == both[1], self.told(both)

    async def carry_out(self) -> None:
        """Whatever job is due, or is not, or was done before."""
        kept = self._any("accepted", "accepted", "carried_out")
        steps = Steps(self.tillit)
        names = {
            "access": steps.package,
            "portability": steps.package,
            "rectification": steps.rectification,
            "erasure": steps.erasure,
            "restriction": steps.restriction,
            "release": steps.restriction,
            "objection": steps.objection,
            "withdrawal": steps.objection,
            "review": steps.review,
        }
        together = [kept]
        if kept.case.right == "erasure":  # and all others whose time has come
            together = [other for other in self.kept if other.case.right == "erasure"]
        before = kept.case.state
        for due in together:
            self.desk.carry_out(due.case, who=SYSTEM.actor, now=self.now)
        await names[kept.case.right](request=str(kept.id))
        if (kept.case.right, before) == ("release", "accepted"):
            await self._hand_over(kept.id)  # who has no proved address is told on paper, before
            await steps.restriction(request=str(kept.id))
        self.done.append(f"carry out {kept.case.right}")

    async def _hand_over(self, release: UUID) -> None:
        async with self.tillit.unit() as work:
            said = await letters.listed(work.unit, release)
            if any(
                one.kind is Kind.RELEASE and one.state is outgoing.State.DOWNLOAD for one in said
            ):
                await letters.opened(work.unit, SYSTEM, release, Kind.RELEASE)

    async def answer(self) -> None:
        """A recipient says that it is done; then what can be closed is."""
        kept = self._any("carried_out")
        if kept.case.state != "carried_out" or not kept.case.open_recipients:
            return  # an erasure takes along what was still to be said of anything else
        name = self.chance.choice(sorted(kept.case.open_recipients))
        kept.case.open_recipients.discard(name)
        self.desk.settle(kept.case, who=SYSTEM.actor)
        self.done.append(f"{name} answers")
        async with self.tillit.unit() as work:
            [word] = [
                word
                for word in await outgoing.of_request(work.unit, kept.id)
                if word.recipient == name
            ]
            await answers.pressed(work.unit, SYSTEM, recipient=name, id=word.id, link="done")
            await carrying.settle(work.unit, SYSTEM, kept.id)

    async def settle(self) -> None:
        kept = self._any("carried_out")

        async def really(work: Work) -> bool:
            return await carrying.settle(work.unit, SYSTEM, kept.id)

        both = await self._both(
            "settle", lambda: self.desk.settle(kept.case, who=SYSTEM.actor), really
        )
        assert both is None or both[0] == both[1], self.told(both)

    async def wait(self) -> None:
        hours = self.chance.choice([0.5, 5, 24, 24, 72, 24 * 7, 24 * 20])
        self.clock.at += timedelta(hours=hours)
        self.done.append(f"wait {hours} h")

    async def wait_for_a_day(self) -> None:
        """To the last second of a day that counts, or the first after it."""
        if not self.kept:
            return
        case = self._any("acknowledged", "requires_action", "accepted").case
        asked = case.asked_on or self.today
        days = [
            self.desk.due(case),
            self.desk.last_to_extend(case),
            case.received + timedelta(days=self.desk.prompt_days),
            asked + timedelta(days=self.desk.identity_days - 1),
        ]
        midnight = datetime.combine(self.chance.choice(days), time(), self.zone).astimezone(UTC)
        moments = [midnight + timedelta(days=1, seconds=s) for s in (-2, 2)]
        if case.not_before:
            moments += [case.not_before - timedelta(seconds=1), case.not_before]
        later = [moment for moment in moments if moment > self.now]
        if later:
            self.clock.at = self.chance.choice(later)
            self.done.append(f"wait until {self.clock.at}")

    # Odds and ends

    async def _both(
        self,
        what: str,
        on_paper: Callable[[], P],
        really: Callable[[Work], Awaitable[R]],
    ) -> tuple[P, R] | None:
        """Do it on paper and really; None where both say no, and the same no."""
        self.done.append(what)
        no, found = None, None
        try:
            paper = on_paper()
        except No as error:
            no = str(error)
        try:
            async with self.tillit.unit() as work:
                real = await really(work)
        except TillitError as error:
            found = type(error).__name__
        assert found == no, self.told(f"{what}: on paper {no}, really {found}")
        self.seen[f"{what}: {no}"] += 1
        return None if no else (paper, real)

    def _any(self, *states: str) -> Kept:
        """Mostly one in these states."""
        fitting = [one for one in self.kept if one.case.state in states]
        if fitting and self.chance.random() < 0.85:
            return self.chance.choice(fitting)
        return self.chance.choice(self.kept)

    def _act(self) -> Act:
        return Act(ActorType.OFFICER, self.chance.choice(OFFICERS))

    def _proof(self, person: Person) -> str | None:
        return self.chance.choice([None, "*", "signed in", *sorted(person.known)])

    # Asking

    async def check(self) -> None:
        columns = "state, due, received, extended, paused_on, paused_days, not_before, reason, "
        columns += "closed_at IS NULL, member IS NULL, asked_on"
        async with self.tillit.database.transaction() as session:
            cursor = await (await raw(session)).execute(f"SELECT id, {columns} FROM request")
            rows = {row[0]: row[1:] for row in await cursor.fetchall()}
            told = "SELECT request, recipient, state IN ('waiting', 'sent') FROM outgoing "
            told += "WHERE recipient IS NOT NULL"
            cursor = await (await raw(session)).execute(told)
            words = await cursor.fetchall()
        assert rows.keys() == {one.id for one in self.kept}, self.told()
        for kept in self.kept:
            case = kept.case
            wanted = (
                case.state,
                self.desk.due(case),
                case.received,
                case.extended,
                case.paused_on,
                case.paused_days,
                case.not_before,
                case.reason,
                case.state not in OVER,
                case.forgotten,
                case.asked_on,
            )
            assert rows[kept.id] == wanted, self.told(case)
            theirs = {(name, open_) for request, name, open_ in words if request == kept.id}
            assert theirs <= {(name, name in case.open_recipients) for name in case.told}
            if not case.person.gone or case.right == "erasure":
                assert len(theirs) == len(case.told), self.told(case)

    async def audit(self) -> None:
        """The record tells every step, who took it and what came of it; the checks agree."""
        steps: dict[str, list[tuple[str, str, str]]] = {}
        key = VerifierKey.parse((await self.tillit.signer()).verifier_key)
        async with self.tillit.unit() as work:
            async for entry in all_entries(work.session):
                if entry.kind.startswith("request."):
                    step = str(entry.facts.get("step", "opened"))
                    state = str(entry.facts.get("state", "initiated"))
                    theirs = steps.setdefault(str(entry.facts["request"]), [])
                    theirs.append((step, state, entry.actor.id))
            for kept in self.kept:
                theirs = sorted(steps.get(str(kept.id), []))
                assert theirs == sorted(kept.case.steps), self.told(kept)
            assert await checks.check(work.unit, key) == [], self.told()


async def _note_sender(unit: Unit, sender: Sender, made: Request) -> None:
    """What a request was opened by is known by what was handed in."""
    kept, id = handed.Kept(b""), uuid7(unit.milliseconds)
    await handed.add(unit, id, sender, reference=str(id), right=made.right, kept=kept)
    one = await handed.one(unit, id)
    await handed.looked(unit, one, State.OPENED, request=made.id, kept=kept)


def _proof(name: str) -> Proof:
    if name == "*":
        return Proof(How.OFFICER)
    if name == "signed in":
        return Proof(How.SIGN_IN)
    return Proof(How.PURCHASE if name == "member_number" else How.CODE, name)


def _steps(world: World) -> list[Callable[[], Awaitable[None]]]:
    if not world.kept:
        return [world.open]
    often = [world.open] * 6 + [world.approve] * 5 + [world.carry_out] * 4
    often += [world.wait_for_a_day] * 3 + [world.ask_identity] * 3 + [world.prove] * 3
    often += [world.extend] * 2 + [world.answer] * 2 + [world.wait] * 2
    rare = [world.refuse, world.cancel, world.lapse, world.settle, world.enrol]
    return [*often, *rare, world.change_programme]


async def live(settings: Settings, seed: int, steps: int) -> World:
    """So many steps, looked at after each; then the record is read and checked."""
    clock = StoppedClock(START)
    async with opened(settings, clock=clock) as tillit:
        world = World(tillit, clock, seed)
        await world.change_programme()
        for _ in range(3):
            await world.enrol()
        for _ in range(steps):
            clock.at += timedelta(milliseconds=world.chance.randint(200, 4_000))
            await world.chance.choice(_steps(world))()
            await world.check()
        await world.audit()
        return world


@pytest.mark.parametrize("seed", [1, 2, pytest.param(FRESH, id="fresh")])
async def test_whatever_is_asked_and_done_state_day_and_record_are_the_naive_desk_s(
    settings: Settings, seed: int
) -> None:
    await live(settings, seed, 150)


@pytest.mark.slow
async def test_a_long_life_meets_every_state_and_every_no(settings: Settings) -> None:
    world = await live(settings, 10, 900)  # what a fresh seed meets is a matter of luck
    states = {state for case in world.desk.cases for _, state, _ in case.steps}
    assert states == {
        "initiated", "acknowledged", "requires_action", "delayed", "accepted", "carried_out",
        "fulfilled", "rejected", "unfulfilled",
    }  # fmt: skip
    noes = {said.rpartition(": ")[2] for said in world.seen}
    assert noes >= {
        "NotARequest", "NotIdentified", "SameOfficer", "TooLate", "UnfitReason", "WrongState",
    }  # fmt: skip
    returned = {case.reason for case in world.desk.cases if "return" in [s[0] for s in case.steps]}
    assert returned & {"IdentifierNotSet", "ValueNotKept"}
