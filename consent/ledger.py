"""The ledger: everything members ever said, append-only, and the sets that follow from it.

A row's id is the id of its entry in the record. The entry holds the row's digest, so that what
was said cannot be changed or dropped unnoticed, not even by whoever owns the database; and a
commitment to what was said, so that a receipt can prove it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec

from audit.acts import Act
from audit.entries import Entry, Kind, commit
from consent.choices import Action, By, Choice, State
from consent.errors import GuardianUnknown, NotAChoice
from consent.sets import place
from consent.standings import Standing, Standings, after, fold, order
from kernel.database import raw
from kernel.ids import uuid7
from profiles.keys import MemberKey
from profiles.members import Member
from profiles.unit import Unit

TABLE = "ledger"
#: Sealed rows are of one length, so that a yes does not look longer than a no; one with long
#: evidence is longer by whole steps, and tells that it has some.
PAD = 256
_SALT = 32
#: By how much a till's clock may be behind ours.
SKEW = timedelta(minutes=5)
_MOMENT = timedelta(microseconds=1)
_YES = frozenset({Action.GIVEN, Action.REQUESTED, Action.OBJECTION_LIFTED})
_NOES = frozenset({Action.REFUSED, Action.WITHDRAWN})


async def record(
    unit: Unit, act: Act, said: Mapping[Member, Sequence[Choice]], *, new: bool = False
) -> dict[UUID, Standings]:
    """Write down what members (loaded with `lock=True`) said; returns where they stand now.

    Durable with the transaction, from whose commit on every answer heeds it. Writes one entry
    a choice. `new`: these members were enrolled in this transaction and said nothing before.
    A consent given while one stands is kept as renewed. Raises `GuardianUnknown` for the word
    of a guardian who is not the member's, `NotAChoice` for a guardian's yes to what the member
    said no to; then nothing is written.
    """
    before: Mapping[UUID, Sequence[Choice]] = (
        {} if new else await opened(unit, {member.id: member.key for member in said})
    )
    rows: list[tuple[UUID, UUID, bytes]] = []
    entries: list[Entry] = []
    standings: dict[UUID, Standings] = {}
    for member, choices in said.items():
        subject, ledger = member.key.subject(), list(before.get(member.id, ()))
        stands = fold(ledger)
        for choice in choices:
            _check_guardian(ledger, stands, choice)
            kept = _as_kept(unit, ledger, stands, choice)
            stands = _after(ledger, stands, kept)
            ledger.append(kept)
            row = uuid7(unit.milliseconds)
            promise = commit(plain := msgspec.msgpack.encode(kept))
            sealed = member.key.seal_field(TABLE, row.hex, promise.salt + plain, pad=PAD)
            rows.append((row, member.id, sealed))
            entries.append(_entry(act, row, subject, sealed, promise.digest))
        standings[member.id] = stands
        place(unit.changes, member.ordinal, stands, ledger)
    await _keep(unit, rows)
    await unit.record.write_many(unit.session, entries)
    return standings


async def _keep(unit: Unit, rows: Sequence[tuple[UUID, UUID, bytes]]) -> None:
    connection = await raw(unit.session)
    async with (
        connection.cursor() as cursor,
        cursor.copy("COPY ledger (id, member, sealed) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(["uuid", "uuid", "bytea"])
        for one in rows:
            await copy.write_row(one)


def _check_guardian(ledger: Sequence[Choice], stands: Standings, choice: Choice) -> None:
    if choice.by is not By.GUARDIAN:
        return
    if choice.guardian not in stands.guardians:
        raise GuardianUnknown(
            "nobody has put on record that they are this member's guardian",
            place="guardian",
            remedy="an officer writes it down first, with what proves it (Art. 8(2))",
        )
    if choice.action in _YES and _own_no(ledger, choice):
        raise NotAChoice(
            "they have said no to it themselves",
            place=f"purposes.{choice.purpose}",
            remedy="a guardian cannot take that back; an officer can, with what proves it",
        )


def _own_no(ledger: Sequence[Choice], choice: Choice) -> bool:
    """Whether what they said without a guardian comes to a no that this yes would take back.

    An officer who has found that it never was theirs to say leaves the field open.
    """
    own = fold(one for one in ledger if one.by is not By.GUARDIAN)
    if choice.purpose is None:
        return own.marketing_objected
    lifts = choice.action is Action.OBJECTION_LIFTED
    standing = own.of(choice.purpose)
    no = standing.said_no and standing.state is not State.INVALIDATED
    return no or own.objects_to(choice.purpose, marketing=lifts)


def _as_kept(unit: Unit, ledger: Sequence[Choice], stands: Standings, choice: Choice) -> Choice:
    """The choice, no earlier than what it answers to, if it was made just now.

    Clocks of two machines differ, and the latest decides: without this a withdrawal here would
    lose to a consent from a machine whose clock is ahead. Of two at one time the no decides.
    Choices with a time of their own, as from an import, keep it; but a no that a till or an
    officer dates a moment before a yes is taken to be as late: withdrawing always works.
    """
    action, at = choice.action, choice.at
    if at == unit.now:
        at = max([at, *(one.at for one in ledger)])
    elif action in _NOES | {Action.OBJECTED} and choice.by is not By.IMPORT:
        same = (one.at for one in ledger if one.purpose == choice.purpose)
        at = max((one for one in same if at < one <= at + SKEW), default=at)
    if choice.confirmed and choice.by is not By.IMPORT:
        # It answers the request, whichever clock that went by.
        mine = [one for one in ledger if one.purpose == choice.purpose]
        asked = [one.at for one in mine if one.action is Action.REQUESTED]
        at = max([at, *(one + _MOMENT for one in asked if one >= at)])
    if choice.purpose is None:
        return msgspec.structs.replace(choice, at=at)
    if action in (Action.GIVEN, Action.REQUESTED):
        then = [one for one in ledger if one.at <= at]
        stood = stands if len(then) == len(ledger) else fold(then)
        action, confirmed = _yes(
            stood.of(choice.purpose), choice, at.astimezone(unit.schema.zone).date()
        )
    else:
        confirmed = choice.confirmed
    before = stands.of(choice.purpose).state
    return msgspec.structs.replace(choice, action=action, at=at, before=before, confirmed=confirmed)


def _yes(stood: Standing, choice: Choice, day: date) -> tuple[Action, bool]:
    """A yes while one stands renews it; where a yes has to be confirmed, only one that was.

    Whoever has confirmed once need not do so again, for as long as that consent holds.
    """
    confirmed = choice.confirmed or stood.confirmed
    if not stood.consented or choice.action is Action.RENEWED:
        return choice.action, choice.confirmed
    if choice.action is Action.GIVEN:
        return Action.RENEWED, confirmed
    holds = stood.until is None or stood.until > day
    return (Action.RENEWED, True) if stood.confirmed and holds else (choice.action, False)


def _after(ledger: Sequence[Choice], stands: Standings, choice: Choice) -> Standings:
    """The fold with one choice more; the short way when it comes last."""
    if all(order(one) <= order(choice) for one in ledger):
        return after(stands, choice)
    return fold([*ledger, choice])


@dataclass(frozen=True)
class Row:
    """One line of a ledger as it is kept: `opening` is what the entry's commitment opens to."""

    id: UUID
    choice: Choice
    opening: bytes


async def opened(unit: Unit, keys: Mapping[UUID, MemberKey]) -> dict[UUID, list[Choice]]:
    """Everything these members ever said, oldest first."""
    return {
        member: sorted((row.choice for row in rows), key=lambda choice: choice.at)
        for member, rows in (await rows_of(unit, keys)).items()
    }


async def opened_rows(unit: Unit, keys: Mapping[UUID, MemberKey]) -> dict[UUID, dict[UUID, Choice]]:
    """The same by row: a row's id is its entry's, and tells when it was written."""
    return {
        member: {row.id: row.choice for row in rows}
        for member, rows in (await rows_of(unit, keys)).items()
    }


async def rows_of(unit: Unit, keys: Mapping[UUID, MemberKey]) -> dict[UUID, list[Row]]:
    """Every line of these members' ledgers, in the order in which they were written."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id, member, sealed FROM ledger WHERE member = ANY(%s) ORDER BY id",
        (list(keys),),
        binary=True,
    )
    found: dict[UUID, list[Row]] = {member: [] for member in keys}
    for row, member, sealed in await cursor.fetchall():
        plain = keys[member].open_field(TABLE, row.hex, sealed)
        choice = msgspec.msgpack.decode(plain[_SALT:], type=Choice)
        found[member].append(Row(row, choice, plain))
    return found


def _entry(act: Act, row: UUID, subject: bytes, sealed: bytes, promise: bytes) -> Entry:
    """Says that something was said, and not what: the record is read by more than the member."""
    facts = {"ledger": sha256(sealed).hexdigest(), "choice": promise.hex()}
    return replace(act, purpose=None).entry(
        Kind.CHOICE_RECORDED, subject=subject, facts=facts, entry_id=row
    )
