"""What is known of a request when a letter about it is written: gathered here, said elsewhere.

Opens the member's name and e-mail address, and what they asked for; nothing else of theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from audit.entries import Fact
from consent.programmes import Active
from dsar import heard, identity, register, speaking, telling, wanted
from dsar.deadlines import due_day, refuse_late
from dsar.identity import Proved
from dsar.outgoing import State as Way
from dsar.register import Request
from dsar.states import Right
from dsar.tables import RequestRow
from dsar.wanted import Wanted
from dsar.words import Delay, Reason, Snag
from kernel.database import raw
from profiles.members import Member
from profiles.sealing import open_value
from profiles.unit import Unit

_NAMES = ("pd:Name", "pd:FirstName", "pd:GivenName", "pd:LastName", "pd:FamilyName", "pd:Surname")
_EMAIL = "email"


@dataclass(frozen=True)
class Links:
    """Where a letter can lead its reader: made by whoever has the key to sealed links."""

    identity: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Missing:
    """An identifier that nobody has proved yet. `lookup`: how members are found by it."""

    name: str
    lookup: str
    category: str


@dataclass(frozen=True)
class Case:
    """Everything that a letter may say. What is particular to one kind is empty for the others.

    `closes`: when a question about identity is given up. `withheld`: what a package leaves out.
    `told`, `silent`: recipients, by their companies' names, who have and have not confirmed.
    `kept`: what an erasure leaves, as its entry in the record says it.
    """

    request: Request
    active: Active = field(repr=False)
    today: date
    name: str | None = field(default=None, repr=False)
    wish: Wanted = field(default_factory=Wanted, repr=False)
    reason: Reason | Delay | None = None
    due: date | None = None
    closes: date | None = None
    missing: tuple[Missing, ...] = ()
    any_will_do: bool = False
    withheld: tuple[Missing, ...] = ()
    told: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    expires: date | None = None
    kept: Sequence[Fact] = ()
    links: Links = field(default_factory=Links)


@dataclass(frozen=True)
class Address:
    """The e-mail address on file. `proved`: for this request, to be whoever's who asked."""

    email: str = field(repr=False)
    proved: bool


async def case_of(
    unit: Unit,
    active: Active,
    row: RequestRow,
    member: Member,
    *,
    links: Links | None = None,
) -> Case:
    """The case as it stands now."""
    request = register.shown(row)
    have = await speaking.proved(unit, active, row.id, member)
    lacking = identity.lacking(unit, request.right, member, have)
    partial = not have.whole and request.right in (Right.ACCESS, Right.PORTABILITY)
    unproved = identity.on_file(unit, member) - have.identifiers if partial else frozenset()
    told, silent = await _recipients(unit, active, row.id, subject=member.key.subject())
    waits = timedelta(days=active.programme.requests.identity_days)
    return Case(
        request=request,
        active=active,
        today=unit.today,
        name=_name(unit, member),
        wish=wanted.opened(member.key, row.id, row.wanted),
        reason=_reason(row.reason),
        due=row.due,
        closes=row.asked_on + waits if row.asked_on is not None else None,
        missing=_described(unit, lacking),
        any_will_do=bool(lacking) and identity.one_is_enough(request.right),
        withheld=_described(unit, unproved),
        told=told,
        silent=silent,
        expires=await _expires(unit, row.id),
        links=links or Links(),
    )


def farewell_case(
    unit: Unit,
    active: Active,
    row: RequestRow,
    member: Member,
    *,
    known: telling.Known,
    kept: Sequence[Fact],
    links: Links | None = None,
) -> Case:
    """The case of an erasure that is being carried out, while its member can still be named."""
    named = telling.carriers(active, Right.ERASURE, known=known)
    return Case(
        request=register.shown(row),
        active=active,
        today=unit.today,
        name=_name(unit, member),
        told=tuple(sorted({active.programme.recipients[one].name for one in named})),
        kept=tuple(kept),
        links=links or Links(),
    )


def put_off(unit: Unit, row: RequestRow) -> date:
    """Until when an answer would be put off: for a letter that is only looked at.

    Raises `TooLate` where it cannot be any more.
    """
    refuse_late(unit.today, row.received, unit.schema.region, paused=row.paused_days)
    return due_day(row.received, unit.schema.region, extended=True, paused=row.paused_days)


async def address_of(unit: Unit, active: Active, request: UUID, member: Member) -> Address | None:
    """Where a letter goes: to the member's own address on file, whoever asked; None without one.

    A letter to an agent goes to the member too, whose request it is; what a guardian asked for a
    child goes to no address (`making`). `proved`: by this request's proofs, those of who may still
    speak for the member: an agent or a guardian who may no more has proved nothing.
    """
    return address(unit, member, await speaking.proved(unit, active, request, member))


def address(unit: Unit, member: Member, have: Proved) -> Address | None:
    """The same, of whom it is known what was proved."""
    fields = unit.schema.catalogue.fields.values()
    found = [one for one in fields if one.lookup == _EMAIL and one.name in member.sealed]
    if not found:
        return None
    chosen = next((one for one in found if have.covers(one.name)), found[0])
    value, _ = open_value(member.key, chosen, member.sealed[chosen.name])
    return Address(str(value), have.covers(chosen.name))


def _name(unit: Unit, member: Member) -> str | None:
    """What they are called; None where the programme asks for no name."""
    by_category: dict[str, str] = {}
    for one in unit.schema.catalogue.fields.values():
        if one.category in _NAMES and one.name in member.sealed:
            value, _ = open_value(member.key, one, member.sealed[one.name])
            by_category.setdefault(one.category, " ".join(str(value).split()))
    if "pd:Name" in by_category:
        return by_category["pd:Name"] or None
    return " ".join(by_category[one] for one in _NAMES if one in by_category) or None


def _described(unit: Unit, names: frozenset[str]) -> tuple[Missing, ...]:
    fields = unit.schema.catalogue.fields
    return tuple(
        Missing(name, fields[name].lookup or name, fields[name].category) for name in sorted(names)
    )


async def _recipients(
    unit: Unit, active: Active, request: UUID, *, subject: bytes
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """By the record, as the request closes and as its certificate says it."""
    known = active.programme.recipients
    told: set[str] = set()
    silent: set[str] = set()
    for recipient, one in (await heard.of_request(unit, request, subject=subject)).items():
        name = known[recipient].name if recipient in known else recipient
        (told if one.state is Way.DONE else silent).add(name)
    return tuple(sorted(told)), tuple(sorted(silent))


async def _expires(unit: Unit, request: UUID) -> date | None:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT expires_at FROM package WHERE request = %s", (request,)
    )
    row = await cursor.fetchone()
    return row[0].astimezone(unit.schema.zone).date() if row else None


def _reason(word: str | None) -> Reason | Delay | None:
    if word is None or word in set(Snag):
        return None  # which is between the officers and the clock: nothing was refused or put off
    return Delay(word) if word in set(Delay) else Reason(word)
