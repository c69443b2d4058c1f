"""Letters as officers and members see them: as they were written, and as they would be.

Whoever opens one is on record. What was never written is shown to officers alone, and is neither
kept nor sent by being looked at.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import identity, outgoing, register, speaking, wanted
from dsar.errors import UnknownLetter
from dsar.letters import kept, posting
from dsar.letters.cases import put_off
from dsar.letters.foreseen import foreseen
from dsar.letters.kinds import Kind, matter
from dsar.letters.making import unpacked
from dsar.letters.writing import write
from dsar.letters.written import Written
from dsar.outgoing import LETTER, Outgoing
from dsar.outgoing import State as Way
from dsar.states import Right, State
from dsar.words import Reason, check_doubt, check_unusable, delay_named, reason_named
from profiles import members
from profiles.unit import Unit


@dataclass(frozen=True)
class Status:
    """A letter that was written, and what became of it. `problem`: a word, or None."""

    kind: Kind
    state: Way
    made_at: datetime
    sent_at: datetime | None
    problem: str | None


async def listed(unit: Unit, request: UUID) -> list[Status]:
    """The letters of a request, oldest first."""
    found = await outgoing.of_request(unit, request)
    return [
        Status(posting.kind_of(one), one.state, one.made_at, one.answered_at, one.problem)
        for one in found
        if one.carrier == LETTER
    ]


async def opened(unit: Unit, act: Act, request: UUID, kind: Kind) -> Written:
    """A letter as it was written; on record as a download.

    One that waited to be fetched has been. Raises `UnknownLetter` when it was not written, or,
    for a farewell, was sent and deleted.
    """
    one = await outgoing.take(unit, outgoing.id_of(request, None, matter(kind)))
    letter = await _content(unit, one, kind) if one is not None else None
    if one is None or letter is None:
        raise _none_such()
    if one.state is Way.DOWNLOAD and one.member is not None:
        # A farewell stays until it has run out: once deleted, nobody can print it again.
        await outgoing.move(unit, one.id, Way.DONE, problem=one.problem)
    await posting.record(unit, act, one, how="download")
    return letter


async def preview(
    unit: Unit,
    act: Act,
    active: Active,
    request: UUID,
    *,
    kind: Kind,
    reason: str | None = None,
) -> Written:
    """The letter as the step that it belongs to would have it written now; on record as looked at.

    `reason`: for a refusal or an extension that has yet to be decided. Raises `UnknownReason`,
    `UnfitReason` as `requests.refuse` does, `TooLate` for an extension after the first month,
    `NotReady` once the member is erased, and `UnknownLetter` for one that this request has not.
    """
    row = await register.row_of(unit, request)
    member = await register.member_of(unit, row)
    if not _has(Right(row.kind), kind):
        raise _none_such()
    case = await foreseen(unit, act, active, row, member, kind=kind)
    if kind is Kind.REFUSAL:
        why = reason_named(reason or row.reason or "")
        if why is Reason.IDENTITY and State(row.state).is_open:
            have = await speaking.proved(unit, active, row.id, member)
            check_doubt(identity.lacking(unit, Right(row.kind), member, have))
        if why is Reason.UNUSABLE and State(row.state).is_open:
            check_unusable(wanted.identifiers(unit, case.wish))
        case = replace(case, reason=why)
    elif kind is Kind.EXTENSION:
        named = delay_named(reason or row.reason or "")
        case = replace(case, reason=named, due=row.due if row.extended else put_off(unit, row))
    facts: dict[str, Fact] = {"request": str(request), "letter": kind.value, "how": "preview"}
    entry = act.entry(EntryKind.LETTER_SENT, subject=member.key.subject(), facts=facts)
    await unit.record.write(unit.session, entry)
    return write(kind, case)


async def _content(unit: Unit, one: Outgoing, kind: Kind) -> Written | None:
    if one.member is None:
        return unpacked(one.payload).letter if one.payload is not None else None
    return await kept.opened(unit, one.request, await members.one(unit, one.member), kind)


def _has(right: Right, kind: Kind) -> bool:
    if kind is Kind.RELEASE:
        return right is Right.RELEASE
    if kind is Kind.FAREWELL:
        return right is Right.ERASURE
    return not (kind is Kind.ANSWER and right is Right.ERASURE)


def _none_such() -> UnknownLetter:
    return UnknownLetter(
        "there is no such letter for this request",
        place="letter",
        remedy="see the list of the request's letters",
    )
