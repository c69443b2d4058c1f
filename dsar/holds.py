"""Legal holds: while one stands, nothing of a member is erased (Arts. 17(3) and 18(2)).

Placed and lifted by officers, on record each time. The record decides whether one stands, and
the table is the way to it: a row that was deleted or ended by hand frees nobody.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from audit.acts import Act
from audit.browsing import Told, naming, naming_each
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programme.suggestion import did_you_mean
from dsar.errors import BrokenRequest, Held, NotAHold, UnknownHold
from kernel.database import deleted, raw
from kernel.ids import uuid7
from profiles import members
from profiles.errors import CannotOpen, KeyDestroyed
from profiles.keys import MemberKey
from profiles.members import Member
from profiles.unit import Unit
from profiles.values import has_controls

TABLE = "legal_hold"
_LONGEST = 4_000  # characters of a note
_YEARS = 100  # within which a hold's last day lies
_COLUMNS = "id, member, ground, placed_at, lifted_at, sealed"


class Ground(StrEnum):
    """Why nothing is erased. The list is closed: the record names it, and a note is sealed."""

    LEGAL_CLAIMS = "legal_claims"  # to establish, exercise or defend them: Art. 17(3)(e)
    AUTHORITY_ORDER = "authority_order"  # a court or an authority wants it kept: Art. 17(3)(b)
    DISPUTE = "dispute"  # a complaint or a payment that is not settled: Arts. 17(3)(e), 18(2)


class _Sealed(msgspec.Struct, frozen=True):
    """What is sealed under the member's key: what the row says in the clear, and the note."""

    ground: str
    until: date | None
    by: str
    note: str


@dataclass(frozen=True)
class Hold:
    """A hold. `until`: its last day, None while nobody has lifted it. `by`: who placed it."""

    id: UUID
    member: UUID
    ground: Ground
    placed_at: datetime
    until: date | None
    lifted_at: datetime | None
    by: str
    note: str = field(repr=False)

    def stands(self, today: date) -> bool:
        return self.lifted_at is None and (self.until is None or today <= self.until)


@dataclass(frozen=True)
class Broken:
    """A hold that somebody has changed: what is sealed of it does not open for this member.

    Without what else its row says in the clear, which whoever changed it may have written.
    """

    id: UUID
    member: UUID
    placed_at: datetime
    lifted_at: datetime | None

    @property
    def why(self) -> BrokenRequest:
        return BrokenRequest("what is sealed of this hold does not open", place="hold")


@dataclass(frozen=True)
class Lifted:
    """A hold that has ended, and those upon the same member that do not open.

    While there is one of these, nothing of the member is erased, whatever was lifted.
    """

    hold: Hold
    broken: tuple[Broken, ...]


def ground_named(name: str) -> Ground:
    """Raises `NotAHold`, which repeats nothing: what was written may be about a person."""
    if name not in set(Ground):
        raise NotAHold(
            "this is no ground for a hold", place="ground", remedy=did_you_mean(name, Ground)
        )
    return Ground(name)


async def place(
    unit: Unit, act: Act, member: UUID, ground: Ground, *, until: date | None = None, note: str = ""
) -> Hold:
    """Keep a member from being erased, until that day has passed or somebody lifts it.

    An erasure that was approved waits; one that is being carried out is waited for. Raises
    `NotAHold` for a day that is over or too far away and for a note that is too long, and
    `UnknownMember`.
    """
    if until is not None and until < unit.today:
        raise NotAHold("this day is over", place="until", remedy="name one to come, or none")
    if until is not None and until.year > unit.today.year + _YEARS:
        raise NotAHold(
            f"this day is more than {_YEARS} years away",
            place="until",
            remedy="name none, and lift the hold when its time has come",
        )
    if len(note) > _LONGEST:
        raise NotAHold(f"a note has at most {_LONGEST} characters", place="note")
    if has_controls(note):
        raise NotAHold("a note has no control characters", place="note")
    person = await members.one(unit, member, lock=True)
    hold = Hold(uuid7(unit.milliseconds), member, ground, unit.now, until, None, act.actor, note)
    sealed = _Sealed(ground.value, until, act.actor, note)
    connection = await raw(unit.session)
    await connection.execute(
        "INSERT INTO legal_hold (id, member, ground, placed_at, ends_at, sealed) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (
            *(hold.id, member, ground.value, unit.now, ends_at(unit, until)),
            person.key.seal_field(TABLE, hold.id.hex, msgspec.json.encode(sealed), pad=512),
        ),
    )
    facts: dict[str, Fact] = {
        "hold": str(hold.id),
        "ground": ground.value,
        "until": until.isoformat() if until else None,
    }
    await unit.record.write(
        unit.session,
        act.entry(EntryKind.HOLD_PLACED, subject=person.key.subject(), facts=facts),
    )
    return hold


async def lift(unit: Unit, act: Act, hold: UUID) -> Lifted:
    """End a hold; what waited for it is taken up within a minute. Lifted again, nothing changes.

    Another that is broken keeps none from being lifted, and is told. Raises `UnknownHold`, and
    `BrokenRequest` for one that is itself not as it was placed.
    """
    connection = await raw(unit.session)
    cursor = await connection.execute("SELECT member FROM legal_hold WHERE id = %s", (hold,))
    found = await cursor.fetchone()
    if found is None:
        raise UnknownHold("there is no such hold", place="hold")
    person = await members.one(unit, found[0], lock=True)
    theirs = await each_of(unit, person)
    [held] = [one for one in theirs if one.id == hold]
    if isinstance(held, Broken):
        raise held.why
    broken = tuple(one for one in theirs if isinstance(one, Broken))
    if held.lifted_at is not None:
        return Lifted(held, broken)
    await connection.execute("UPDATE legal_hold SET lifted_at = %s WHERE id = %s", (unit.now, hold))
    await unit.record.write(
        unit.session,
        act.entry(EntryKind.HOLD_LIFTED, subject=person.key.subject(), facts={"hold": str(hold)}),
    )
    return Lifted(replace(held, lifted_at=unit.now), broken)


async def of_member(unit: Unit, member: Member) -> list[Hold]:
    """Every hold there was on a member, the oldest first. Raises `CannotOpen` for a forged one."""
    rows = await _rows(unit, "WHERE member = %s ORDER BY id", (member.id,))
    return [opened(member.key, row) for row in rows]


async def each_of(unit: Unit, member: Member) -> list[Hold | Broken]:
    """The same, where one that is forged hides no other."""
    rows = await _rows(unit, "WHERE member = %s ORDER BY id", (member.id,))
    return [_shown(member.key, row) for row in rows]


async def listed(
    unit: Unit, *, only_standing: bool = True, limit: int = 1_000
) -> list[Hold | Broken]:
    """Holds on whoever it may be, the oldest first; a broken one hides no other."""
    where = (
        "WHERE lifted_at IS NULL AND (ends_at IS NULL OR ends_at > %s) " if only_standing else ""
    )
    values: tuple[Any, ...] = (unit.now, limit) if only_standing else (limit,)
    rows = await _rows(unit, where + "ORDER BY id LIMIT %s", values)
    keys = await keys_of(unit, {row[1] for row in rows})
    found = {row[0]: _shown(keys.get(row[1]), row) for row in rows}
    broken = [id for id, one in found.items() if isinstance(one, Broken)]
    # One that went with its member while this was read is not broken, but gone.
    there = {row[0] for row in await _rows(unit, "WHERE id = ANY(%s)", (broken,))}
    return [one for id, one in found.items() if id in there or isinstance(one, Hold)]


async def standing(unit: Unit, member: Member) -> list[Hold]:
    """The holds that keep this member from being erased today.

    Raises `BrokenRequest` where the table and the record disagree: then nobody is erased.
    """
    return (await standing_each(unit, [member]))[member.id]


async def standing_each(unit: Unit, people: Sequence[Member]) -> dict[UUID, list[Hold]]:
    """The same for many members at once, by their ids."""
    keys = {one.id: one.key for one in people}
    found: dict[UUID, list[Hold]] = {member: [] for member in keys}
    for row in await _rows(unit, "WHERE member = ANY(%s) ORDER BY id", (list(keys),)):
        found[row[1]].append(opened(keys[row[1]], row))
    asked = {member: (key.subject(), '"kind":"hold.') for member, key in keys.items()}
    said = await naming_each(unit.session, asked.values(), trust=unit.record.trust)
    for member, rows in found.items():
        _refuse_untold(rows, said[asked[member]])
    return {
        member: [one for one in rows if one.stands(unit.today)] for member, rows in found.items()
    }


async def refuse_held(unit: Unit, member: Member) -> None:
    """Raises `Held` while a hold stands: no erasure is approved (Art. 17(3))."""
    if found := await standing(unit, member):
        until = [one.until for one in found]
        last = max(day for day in until if day is not None) if None not in until else None
        raise Held(
            f"a legal hold stands ({', '.join(sorted({one.ground for one in found}))})",
            place="request",
            remedy=f"it ends after {last}" if last else "lift it first, or refuse the request",
        )


async def placed_since(unit: Unit, member: Member, moment: datetime | None) -> bool:
    """Whether a hold stands that was placed after that moment; a backup from before has none.

    By when it came on record: whoever placed it may have begun, and waited, before that moment.
    """
    said = await naming(
        unit.session, '"kind":"hold.placed', subject=member.key.subject(), trust=unit.record.trust
    )
    placed = {one.facts["hold"] for one in said if moment is not None and one.at >= moment}
    found = await of_member(unit, member)
    return any(str(one.id) in placed and one.stands(unit.today) for one in found)


async def forget(unit: Unit, members: Sequence[UUID]) -> dict[UUID, int]:
    """Delete the holds there were on members who are being erased; how many, by member."""
    return await deleted(unit.session, TABLE, "member", members)


def _refuse_untold(rows: Sequence[Hold], said: Sequence[Told]) -> None:
    lifted = {one.facts["hold"] for one in said if one.kind == EntryKind.HOLD_LIFTED}
    placed = {one.facts["hold"] for one in said if one.kind == EntryKind.HOLD_PLACED}
    if placed != {str(one.id) for one in rows} or lifted != {
        str(one.id) for one in rows if one.lifted_at is not None
    }:
        raise BrokenRequest("the holds on this member are not what the record says", place=TABLE)


def ends_at(unit: Unit, until: date | None) -> datetime | None:
    """The moment at which a hold's last day is over, where the programme runs."""
    if until is None:
        return None
    return datetime.combine(until + timedelta(days=1), time.min, unit.schema.zone)


async def _rows(unit: Unit, where: str, values: tuple[Any, ...]) -> list[Any]:
    cursor = await (await raw(unit.session)).execute(
        f"SELECT {_COLUMNS} FROM legal_hold {where}",  # noqa: S608 - constants of this file
        values,
        binary=True,
    )
    return await cursor.fetchall()


async def keys_of(unit: Unit, people: Collection[UUID]) -> dict[UUID, MemberKey]:
    """The keys of those of whom they open."""
    try:
        found = await members.keys(unit, people)
    except (CannotOpen, KeyDestroyed):
        found = {}
        for one in people:  # it does not say of which of them it was
            with suppress(CannotOpen, KeyDestroyed):
                found |= await members.keys(unit, [one])
    return {member: key for member, (_, key) in found.items()}


def _shown(key: MemberKey | None, row: Any) -> Hold | Broken:
    if key is not None:
        with suppress(CannotOpen):
            return opened(key, row)
    id, member, _, placed_at, lifted_at, _ = row
    return Broken(id, member, placed_at, lifted_at)


def opened(key: MemberKey, row: Any) -> Hold:
    """One row, opened. Raises `CannotOpen` for one that was not made for this member here."""
    id, member, _, placed_at, lifted_at, sealed = row
    said = msgspec.json.decode(key.open_field(TABLE, id.hex, sealed), type=_Sealed)
    return Hold(
        *(id, member, Ground(said.ground), placed_at, said.until, lifted_at, said.by, said.note)
    )
