"""The ledger: everything members ever said, append-only, and the sets that follow from it.

A row's id is the id of its entry in the record, and the entry holds the row's digest: what was
said cannot be changed or dropped unnoticed, not even by whoever owns the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from audit.acts import Act
from audit.entries import Entry, Kind
from consent.choices import Action, Choice, Standings, fold, holds_until
from consent.eligibility import heeds_objection, place
from consent.errors import NotAChoice
from consent.programme.declarations import LegalBasis, Purpose
from kernel.database import raw
from kernel.ids import uuid7
from profiles.keys import MemberKey
from profiles.members import Member
from profiles.unit import Unit

TABLE = "ledger"
#: Sealed rows are all of one length, so that a yes does not look longer than a no.
PAD = 256


def choose(
    unit: Unit,
    purpose: Purpose,
    action: Action,
    *,
    at: datetime,
    how: str,
    language: str | None = None,
) -> Choice:
    """A choice that makes sense for the purpose's legal basis. Raises `NotAChoice`.

    Withdrawing always works, also what was never given. `language` is that of the notice
    shown; the notice's digest is kept with the choice (Art. 7(1)).
    """
    if at > unit.now:
        raise NotAChoice("this lies in the future", place="at", remedy="give a time that has come")
    if action in (Action.GIVEN, Action.REFUSED) and purpose.legal_basis is not LegalBasis.CONSENT:
        raise NotAChoice(
            f"{purpose.name} does not rest on consent ({purpose.legal_basis.article})",
            place=f"purposes.{purpose.name}",
            remedy="object to it instead" if heeds_objection(purpose) else "",
        )
    if action is Action.OBJECTED and not heeds_objection(purpose):
        withdraw = purpose.legal_basis is LegalBasis.CONSENT
        raise NotAChoice(
            f"{purpose.name} rests on {purpose.legal_basis.article}: there is no objection to it",
            place=f"purposes.{purpose.name}",
            remedy="withdraw the consent instead" if withdraw else "ask for restriction (Art. 18)",
        )
    if language is not None and language not in purpose.notice:
        raise NotAChoice(
            f"{purpose.name} has no notice in that language",
            place="language",
            remedy="one of " + ", ".join(sorted(purpose.notice)),
        )
    given = action is Action.GIVEN
    return Choice(
        action=action,
        purpose=purpose.name,
        at=at,
        how=how,
        programme=unit.schema.version,
        language=language,
        notice=purpose.notice_digest(language) if language else None,
        until=holds_until(at, purpose.valid_months, unit.schema.zone) if given else None,
    )


def restriction(unit: Unit, *, on: bool, how: str) -> Choice:
    """Restriction of everything about a member (Art. 18), or its end."""
    action = Action.RESTRICTED if on else Action.RESTRICTION_LIFTED
    return Choice(action, None, unit.now, how, unit.schema.version)


async def record(
    unit: Unit, act: Act, said: Mapping[Member, Sequence[Choice]], *, new: bool = False
) -> dict[UUID, Standings]:
    """Write down what members (loaded with `lock=True`) said; returns where they stand now.

    Durable with the transaction, from whose commit on every answer heeds it. Writes one entry
    a choice. `new`: these members were enrolled in this transaction and said nothing before.
    """
    before: Mapping[UUID, Sequence[Choice]] = (
        {} if new else await opened(unit, {member.id: member.key for member in said})
    )
    rows: list[tuple[UUID, UUID, bytes]] = []
    entries: list[Entry] = []
    standings: dict[UUID, Standings] = {}
    for member, choices in said.items():
        subject, ledger = member.key.subject(), list(before.get(member.id, ()))
        for choice in choices:
            ledger.append(kept := _after(ledger, choice, unit.now))
            row = uuid7(unit.milliseconds)
            sealed = member.key.seal_field(TABLE, row.hex, msgspec.msgpack.encode(kept), pad=PAD)
            rows.append((row, member.id, sealed))
            entries.append(_entry(act, row, subject, sealed))
        standings[member.id] = fold(ledger)
        touched = {choice.purpose for choice in choices}
        place(unit.changes, member.ordinal, standings[member.id], touched)
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


def _after(ledger: Sequence[Choice], choice: Choice, now: datetime) -> Choice:
    """The choice, no earlier than what it answers to, if it was made just now.

    Clocks of two machines differ, and the latest decides: without this a withdrawal here would
    lose to a consent from a machine whose clock is ahead. Of two at one time the no decides.
    Choices with a time of their own, as from an import, keep it.
    """
    if choice.at != now:
        return choice
    same = (one.at for one in ledger if one.purpose == choice.purpose)
    return msgspec.structs.replace(choice, at=max([now, *same]))


async def opened(unit: Unit, keys: Mapping[UUID, MemberKey]) -> dict[UUID, list[Choice]]:
    """Everything these members ever said, oldest first."""
    found = await opened_rows(unit, keys)
    return {
        member: sorted(rows.values(), key=lambda choice: choice.at)
        for member, rows in found.items()
    }


async def opened_rows(unit: Unit, keys: Mapping[UUID, MemberKey]) -> dict[UUID, dict[UUID, Choice]]:
    """The same by row: a row's id is its entry's, and tells when it was written."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id, member, sealed FROM ledger WHERE member = ANY(%s) ORDER BY id",
        (list(keys),),
        binary=True,
    )
    found: dict[UUID, dict[UUID, Choice]] = {member: {} for member in keys}
    for row, member, sealed in await cursor.fetchall():
        plain = keys[member].open_field(TABLE, row.hex, sealed)
        found[member][row] = msgspec.msgpack.decode(plain, type=Choice)
    return found


def _entry(act: Act, row: UUID, subject: bytes, sealed: bytes) -> Entry:
    """Says that something was said, and not what: the record is read by more than the member."""
    facts = {"ledger": sha256(sealed).hexdigest()}
    return replace(act, purpose=None).entry(
        Kind.CHOICE_RECORDED, subject=subject, facts=facts, entry_id=row
    )
