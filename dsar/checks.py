"""Checks of the register of requests, against the record.

For `tillit audit verify`, with keys in hand. Reads everything; changes nothing.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import select

from audit.browsing import Told, ours_of
from audit.entries import Kind as EntryKind
from audit.verify import VerifierKey
from dsar import (
    checks_clock,
    checks_erasure,
    checks_facts,
    checks_kept,
    checks_two,
    identity,
    register,
    wanted,
)
from dsar.breaches import checks as checks_breaches
from dsar.checks_erasure import Said
from dsar.checks_kept import Made
from dsar.connectors import checks as checks_recipients
from dsar.connectors.checks import Heard
from dsar.opendsr import handed
from dsar.states import Right, State, Step, leads_to
from dsar.tables import RequestRow
from dsar.wanted import Wanted
from kernel.errors import TillitError
from profiles.errors import CannotOpen
from profiles.members import Member, load_whole
from profiles.unit import Unit

#: What each step of a request leaves on record.
_STEPS = {
    EntryKind.REQUEST_OPENED,
    EntryKind.REQUEST_MOVED,
    EntryKind.REQUEST_APPROVED,
    EntryKind.REQUEST_REFUSED,
    EntryKind.REQUEST_COMPLETED,
}
_KINDS = (
    *_STEPS,
    *checks_erasure.KINDS,
    *checks_recipients.KINDS,
    *checks_kept.KINDS,
    *checks_breaches.KINDS,
)
_BATCH = 1_000


@dataclass
class _OnRecord:
    """What the record says of requests: steps by request, what erasures left behind, what
    recipients were told and have answered, and what was made.
    """

    steps: dict[str, list[Told]] = field(default_factory=dict)
    erasures: Said = field(default_factory=Said)
    recipients: Heard = field(default_factory=Heard)
    breaches: list[Told] = field(default_factory=list)
    made: Made = field(default_factory=Made)

    def take(self, entry: Told) -> None:
        if entry.kind in _STEPS:
            self.steps.setdefault(str(entry.facts.get("request")), []).append(entry)
        elif entry.kind in checks_recipients.KINDS:
            self.recipients.take(entry)
        elif entry.kind in checks_breaches.KINDS:
            self.breaches.append(entry)
        elif entry.kind in checks_kept.KINDS:
            self.made.take(entry)
        else:
            self.erasures.take(entry)

    @property
    def erased(self) -> set[str | None]:
        return self.erasures.erased


async def check(unit: Unit, key: VerifierKey) -> list[str]:
    """What is wrong, in words; nothing when all is well. `key`: what the record is signed with.

    What is wrong with one row or entry keeps no other from being checked.
    """
    said, problems = _OnRecord(), list[str]()

    def pass_over(id: UUID, why: str = "was not written by us") -> None:
        problems.append(f"entry {id} {why}: requests are compared without it")

    session, trust = unit.session, unit.record.trust
    async for entry in ours_of(session, _KINDS, trust=trust, passed_over=pass_over):
        wrong = checks_facts.misfit(entry)
        if wrong is None:
            said.take(entry)
        else:
            pass_over(entry.id, f"has {wrong} that nobody of ours wrote")
    for what, found in (
        ("requests", _requests(unit, said)),
        ("proofs of identity", _proofs(unit)),
        *checks_erasure.checks(unit, said.erasures, said.recipients.entries, key),
        *checks_recipients.checks(unit, said.recipients, erased=said.erased),
        *checks_kept.checks(unit, said.made, erased=said.erased),
        ("what was handed in", _handed_in(unit)),
        ("breaches", checks_breaches.check(unit, said.breaches)),
    ):
        problems += await _apart(what, found)
    return problems


async def _apart(what: str, found: Awaitable[list[str]]) -> list[str]:
    try:
        return await found
    except TillitError as error:
        return [f"{what} cannot be compared with the record: {error}"]


async def _handed_in(unit: Unit) -> list[str]:
    return [f"handed in {one} is not as it was sealed" for one in await handed.broken(unit)]


async def _proofs(unit: Unit) -> list[str]:
    return [
        f"request {one} has a proof of identity that was not given for it"
        for one in sorted(await identity.misplaced(unit))
    ]


async def _requests(unit: Unit, said: _OnRecord) -> list[str]:
    rows = list((await unit.session.execute(select(RequestRow))).scalars())
    problems, erased = [], said.erased
    asked = await checks_two.asked_by_programmes(unit)
    for first in range(0, len(rows), _BATCH):
        batch = rows[first : first + _BATCH]
        theirs = {row.member for row in batch if row.member is not None}
        people, broken = await load_whole(unit, theirs)
        for row in batch:
            if row.member in broken:
                problems.append(f"request {row.id} is about a member of whom nothing opens")
                continue
            if not register.readable(row):
                problems.append(f"request {row.id} has a word that nobody of ours wrote")
                continue
            steps = said.steps.get(str(row.id), [])
            member = people.get(row.member) if row.member else None
            wrong = _mistake(row, steps, member, erased) or _off(unit, row, steps, said)
            if wrong is None and checks_two.alone(Right(row.kind), steps, asked) is not None:
                wrong = "was approved by one, and two were asked"
            problems += [f"request {row.id} {wrong}"] if wrong else []
    there = {str(row.id) for row in rows}
    lost = sorted(said.steps.keys() - there)
    return problems + [f"request {request} is on record and missing" for request in lost]


def _mistake(
    row: RequestRow, steps: list[Told], member: Member | None, erased: set[str | None]
) -> str | None:
    """What is wrong with one row, if anything."""
    if [step.kind for step in steps].count(EntryKind.REQUEST_OPENED) != 1:
        return "has no entry in the record"
    subject, theirs = steps[0].subject, member.key.subject().hex() if member else None
    rules = (
        (
            any(step.facts.get("right") != row.kind for step in steps),
            "is for another right than was put on record",
        ),
        (any(step.subject != subject for step in steps), "is about several members"),
        (
            row.member is not None and theirs != subject,
            "is about another member than was put on record",
        ),
        (
            row.member is None and subject not in erased,
            "has lost its member, who was not erased",
        ),
        (not _agrees(row, steps), f"is {row.state}, and the record says otherwise"),
        (
            row.closed_at is None and not checks_two.stands(row, member, steps),
            "was not approved as it stands",
        ),
        (not _opens(row, member), "is about what was not sealed for it"),
    )
    return next((words for broken, words in rules if broken), None)


def _off(unit: Unit, row: RequestRow, steps: list[Told], said: _OnRecord) -> str | None:
    """What is wrong with the way it came, with how it ended, or with its clock, if anything."""
    opened = next(one for one in steps if one.kind == EntryKind.REQUEST_OPENED)
    if row.channel != opened.facts.get("channel"):
        return "came by another channel than was put on record"
    if not _names_its_erasure(row, steps[0].subject, said.erasures):
        return "does not name the erasure that was put on record for it"
    reasons = [one.facts["reason"] for one in steps if one.facts.get("reason") is not None]
    if (row.reason is not None or reasons) and row.reason not in reasons[-1:]:
        return "has another reason than was put on record"
    same = checks_clock.agrees(row, steps, unit.schema.zone, unit.schema.region)
    return None if same else "has another clock than was put on record"


def _names_its_erasure(row: RequestRow, subject: str | None, said: Said) -> bool:
    """Whether an erasure that was carried out has the entry of it, and nothing else has one."""
    done = State(row.state) in (State.CARRIED_OUT, State.FULFILLED)
    if Right(row.kind) is not Right.ERASURE or not done:
        return row.erased is None
    entry = said.erasures.get(row.erased) if row.erased is not None else None
    return (
        entry is not None and entry.facts.get("request") == str(row.id) and entry.subject == subject
    )


def _agrees(row: RequestRow, steps: list[Told]) -> bool:
    """Whether the steps on record, walked through the right's table, end where the row stands."""
    if (row.closed_at is None) != State(row.state).is_open:
        return False
    # The others say that the same was asked for once more, or that it was reminded of.
    taken = [entry.facts for entry in steps if entry.facts.get("step") in set(Step)]
    if row.extended != any(facts["step"] == Step.EXTEND for facts in taken):
        return False
    try:
        walked = [(Step(str(one["step"])), State(str(one["state"]))) for one in taken]
    except (KeyError, ValueError):
        return False
    return leads_to(Right(row.kind), walked, State(row.state))


def _opens(row: RequestRow, member: Member | None) -> bool:
    """Whether what is asked for is what was sealed for this request, and there where it must."""
    if member is None:
        return True
    try:
        wish = wanted.opened(member.key, row.id, row.wanted)
    except CannotOpen:
        return False
    return wish != Wanted() or Right(row.kind) not in wanted.ABOUT
