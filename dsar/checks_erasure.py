"""Checks of what erasures leave behind, against the record: certificates, holds, vouchers.

Part of `tillit audit verify`, with keys in hand. Reads everything; changes nothing.
"""

import json
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlmodel import select

from audit.browsing import Told
from audit.entries import Kind as EntryKind
from audit.verify import CERTIFICATE, HORIZON, VerificationError, VerifierKey, verify_certificate
from dsar import by_hand, holds, vouchers
from dsar.certificates import HORIZON_PART, recipients
from dsar.heard import by_recipient
from dsar.tables import CertificateRow
from kernel.database import raw
from profiles.errors import CannotOpen
from profiles.unit import Unit

KINDS = (
    EntryKind.MEMBER_ERASED,
    EntryKind.CERTIFICATE_ISSUED,
    EntryKind.HOLD_PLACED,
    EntryKind.HOLD_LIFTED,
    EntryKind.VOUCHERS_KEPT,
    EntryKind.VOUCHERS_DELETED,
)
_BATCH = 1_000
_HOLDS = "SELECT id, member, ground, placed_at, lifted_at, sealed, ends_at FROM legal_hold"
_VOUCHERS = """
SELECT id, year, keep_until, epoch, sealed FROM voucher WHERE id > %s ORDER BY id LIMIT %s
"""


@dataclass
class Said:
    """What the record says: erasures by entry, certificates by request and part, holds by id."""

    erasures: dict[UUID, Told] = field(default_factory=dict)
    certificates: dict[tuple[str, str], str] = field(default_factory=dict)
    placed: dict[str, Told] = field(default_factory=dict)
    lifted: set[str] = field(default_factory=set)
    vouchers: int = 0

    def take(self, entry: Told) -> None:
        facts = entry.facts
        if entry.kind == EntryKind.MEMBER_ERASED:
            self.erasures[entry.id] = entry
        elif entry.kind == EntryKind.CERTIFICATE_ISSUED:
            part = (str(facts.get("request")), str(facts.get("part")))
            self.certificates[part] = str(facts.get("document"))
        elif entry.kind == EntryKind.HOLD_PLACED:
            self.placed[str(facts.get("hold"))] = entry
        elif entry.kind == EntryKind.HOLD_LIFTED:
            self.lifted.add(str(facts.get("hold")))
        elif entry.kind == EntryKind.VOUCHERS_KEPT:
            self.vouchers += int(facts.get("vouchers", 0))
        elif entry.kind == EntryKind.VOUCHERS_DELETED:
            self.vouchers -= int(facts.get("vouchers", 0))

    @property
    def erased(self) -> set[str | None]:
        return {entry.subject for entry in self.erasures.values()}


def checks(
    unit: Unit, said: Said, answers: Mapping[str, Sequence[Told]], key: VerifierKey
) -> Iterator[tuple[str, Awaitable[list[str]]]]:
    """Each check by the name of what it is about: what is wrong, in words.

    `answers`: what recipients were told and have answered, by request.
    """
    yield "certificates", _certificates(unit, said, answers, key)
    yield "holds", _holds(unit, said)
    yield "erasures", _held(unit, said)
    yield "vouchers", _vouchers(unit, said)


async def _certificates(
    unit: Unit, said: Said, answers: Mapping[str, Sequence[Told]], key: VerifierKey
) -> list[str]:
    rows = list((await unit.session.execute(select(CertificateRow))).scalars())
    problems = []
    for row in rows:
        digest = sha256(row.document.encode()).hexdigest()
        if said.certificates.get((str(row.request), row.part)) != digest:
            problems.append(f"the certificate of request {row.request} is not what was issued")
        elif not _stands(row, said, key):
            problems.append(f"the certificate of request {row.request} does not hold")
        elif not _answered(row, said, answers.get(str(row.request), ())):
            problems.append(
                f"the certificate of request {row.request} says of recipients what the record "
                "does not say"
            )
    there = {(str(row.request), row.part) for row in rows}
    lost = sorted(said.certificates.keys() - there)
    return problems + [f"the certificate of request {one} is missing" for one, _ in lost]


def _stands(row: CertificateRow, said: Said, key: VerifierKey) -> bool:
    """Whether the document verifies, and is about this request's erasure and this part of it."""
    try:
        verify_certificate(row.document, key)
    except VerificationError:
        return False
    statement = json.loads(row.document)["certificate"]
    erasure = said.erasures.get(row.erased)
    form = HORIZON if row.part == HORIZON_PART else CERTIFICATE
    about = (statement["format"], statement["request"], statement["entry"], statement["epoch"])
    return (
        erasure is not None
        and erasure.facts.get("request") == str(row.request)
        and about == (form, str(row.request), str(row.erased), row.epoch)
    )


def _answered(row: CertificateRow, said: Said, entries: Sequence[Told]) -> bool:
    """Whether it says of who was told, and of what they answered, what the record says."""
    told = json.loads(row.document)["certificate"].get("recipients")
    if told is None:
        return True  # the second certificate, which names none
    subject = said.erasures[row.erased].subject
    try:
        theirs = [one for one in entries if one.subject == subject]
        left = by_hand.named(theirs, str(row.request))
        found = recipients(by_recipient(theirs), left)
    except ValueError:  # a state that nobody of ours wrote
        return False
    return sorted(told, key=_name) == sorted(found, key=_name)


def _name(recipient: Mapping[str, Any]) -> str:
    return str(recipient["recipient"])


async def _holds(unit: Unit, said: Said) -> list[str]:
    rows = await (await (await raw(unit.session)).execute(_HOLDS, binary=True)).fetchall()
    problems, there, erased = [], set(), said.erased
    for first in range(0, len(rows), _BATCH):
        batch = rows[first : first + _BATCH]
        keys = await holds.keys_of(unit, {row[1] for row in batch})
        for *row, ends_at in batch:
            there.add(str(row[0]))
            wrong = _wrong_hold(unit, said, keys, row=row, ends_at=ends_at)
            problems += [f"hold {row[0]} {wrong}"] if wrong else []
    for hold, entry in sorted(said.placed.items()):
        if hold not in there and entry.subject not in erased:
            problems.append(f"hold {hold} is on record and missing")
    return problems


def _wrong_hold(unit: Unit, said: Said, keys: Any, *, row: Any, ends_at: Any) -> str | None:
    id, member = row[0], row[1]
    entry = said.placed.get(str(id))
    if entry is None or member not in keys:
        return "is of nobody, or has no entry in the record"
    key = keys[member]
    try:
        hold = holds.opened(key, row)
    except CannotOpen:
        return "does not open"
    until = hold.until.isoformat() if hold.until else None
    agree = (
        entry.subject == key.subject().hex()
        and (entry.facts.get("ground"), entry.facts.get("until")) == (hold.ground, until)
        and (row[2], ends_at) == (hold.ground, holds.ends_at(unit, hold.until))
        and (hold.lifted_at is not None) == (str(id) in said.lifted)
    )
    return None if agree else "is not what the record says"


async def _held(unit: Unit, said: Said) -> list[str]:
    """Erasures while a hold stood. Whoever is gone has none lifted: what was, was before."""
    standing: dict[str | None, list[tuple[str, Told]]] = {}
    for hold, entry in sorted(said.placed.items()):
        if hold not in said.lifted:
            standing.setdefault(entry.subject, []).append((hold, entry))
    return [
        f"request {erasure.facts.get('request')} erased a member on whom hold {hold} stood"
        for erasure in said.erasures.values()
        for hold, placed in standing.get(erasure.subject, ())
        if _stood(unit, placed, erasure)
    ]


def _stood(unit: Unit, placed: Told, erasure: Told) -> bool:
    """Whether a hold that nobody has lifted kept a member from being erased then.

    An erasure that a restore undid was lawful when it was journalled: what of holds is from before
    that had ended by then, and the record that came with the backup is older than its end.
    """
    try:
        before = erasure.facts.get("journalled")
        if before is not None and placed.at < datetime.fromisoformat(before):
            return False
        until = placed.facts.get("until")
        ends = holds.ends_at(unit, date.fromisoformat(until) if until is not None else None)
    except (TypeError, ValueError, OverflowError):  # no fact of ours
        return True
    return ends is None or erasure.at < ends


async def _vouchers(unit: Unit, said: Said) -> list[str]:
    problems, count, last = [], 0, UUID(int=0)
    connection = await raw(unit.session)
    while True:
        cursor = await connection.execute(_VOUCHERS, (last, _BATCH), binary=True)
        rows = await cursor.fetchall()
        for id, year, until, epoch, sealed in rows:
            count += 1
            try:
                vouchers.opened(unit.epoch, id=id, year=year, until=until, sealed=sealed)
            except CannotOpen:
                problems.append(f"voucher {id} does not open where it stands")
            if epoch != unit.epoch.number:
                problems.append(f"voucher {id} is of another epoch")
        if not rows:
            break
        last = rows[-1][0]
    if count != said.vouchers:
        problems.append(f"{count} vouchers are there, and the record says {said.vouchers}")
    return problems
