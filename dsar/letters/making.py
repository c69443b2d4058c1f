"""Letters are written once and put on their way, in the transaction that causes them.

What goes by e-mail goes to the address on file, and only there. Where there is none, or what the
letter tells is more than may go to an address that nobody has shown to be theirs, it waits to be
fetched instead: by the member, signed in, or by an officer who prints it.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import outgoing, register
from dsar.letters import kept
from dsar.letters.cases import Address, Links, address_of, case_of, farewell_case
from dsar.letters.kinds import TELL_LITTLE, Kind, matter
from dsar.letters.writing import write
from dsar.letters.written import Written, digest
from dsar.outgoing import LETTER, Outgoing
from dsar.outgoing import State as Way
from dsar.states import Right, State
from dsar.tables import RequestRow
from dsar.words import Channel, Delay, Reason
from profiles import members
from profiles.members import Member
from profiles.unit import Unit

_AT_ONCE = frozenset({Right.WITHDRAWAL, Right.OBJECTION})
_UNDECIDED = frozenset(
    {State.INITIATED, State.ACKNOWLEDGED, State.REQUIRES_ACTION, State.DELAYED, State.ACCEPTED}
)


class WhyNot(StrEnum):
    """Why a letter is not sent by e-mail; what a mail server says is in `api.mail`."""

    NO_ADDRESS = "no_address"
    NOT_PROVED = "address_not_proved"
    FOR_A_GUARDIAN = "for_a_guardian"  # what is on file of a child may be read by others


class Posted(msgspec.Struct, frozen=True):
    """A letter and where it goes, as it waits in `outgoing`. `to`: empty when it is not sent."""

    to: str
    letter: Written

    def __repr__(self) -> str:
        return "Posted(***)"


def unpacked(payload: bytes) -> Posted:
    return msgspec.msgpack.decode(payload, type=Posted)


async def make(
    unit: Unit,
    act: Act,
    active: Active,
    request: UUID,
    *,
    kind: Kind,
    links: Links | None = None,
) -> UUID | None:
    """Write a letter and put it on its way; its id there, or None when there is none to write.

    Done again, it changes nothing. None too for a letter that has been overtaken: a question
    that was answered meanwhile, a receipt for what is done already, or to somebody who is gone.
    """
    row = await register.row_of(unit, request, lock=True)
    if row.member is None or not _called_for(row, kind):
        return None
    member = await members.one(unit, row.member)
    if await kept.is_kept(unit, request, kind):
        return outgoing.id_of(request, None, matter(kind))
    letter = write(kind, await case_of(unit, active, row, member, links=links))
    await kept.keep(unit, request, member, letter)
    return await _post(unit, act, row, member, letter)


async def farewell(
    unit: Unit,
    act: Act,
    active: Active,
    request: UUID,
    member: Member,
    *,
    stays: Sequence[Fact],
) -> UUID | None:
    """The last letter, written while the member's key still opens who they are.

    Nothing deletes it with the member: it is sealed under the epoch, and is deleted when it has
    been sent, or has waited in vain (`posting.drop_farewells`). None where that has been done, and
    where a restored backup no longer has the request. `stays`: as the entry of the erasure says it.
    """
    row = await unit.session.get(RequestRow, request)
    id = outgoing.id_of(request, None, matter(Kind.FAREWELL))
    if row is None or await outgoing.take(unit, id) is not None:
        return None
    letter = write(Kind.FAREWELL, farewell_case(unit, active, row, member, stays))
    return await _post(unit, act, row, member, letter)


async def addressed(unit: Unit, one: Outgoing) -> tuple[Posted, WhyNot | None]:
    """A letter that was begun, and the address that it goes to as of now, or why to none.

    The member may have another one by now. A farewell, whose member is gone, keeps its own.
    """
    assert one.payload is not None
    posted = unpacked(one.payload)
    if one.member is None:
        return posted, None
    row = await register.row_of(unit, one.request)
    member = (await members.load(unit, [one.member])).get(one.member)
    address = None if member is None else await address_of(unit, row.id, member)
    why = _why_not(row, Kind(posted.letter.kind), address)
    to = address.email if address is not None and why is None else ""
    return Posted(to, posted.letter), why


async def _post(unit: Unit, act: Act, row: RequestRow, member: Member, letter: Written) -> UUID:
    kind = Kind(letter.kind)
    address = await address_of(unit, row.id, member)
    why = _why_not(row, kind, address)
    to = address.email if address is not None and why is None else ""
    id = await outgoing.post(
        unit,
        request=row.id,
        what=matter(kind),
        carrier=LETTER,
        payload=msgspec.msgpack.encode(Posted(to, letter)),
        member=None if kind is Kind.FAREWELL else member.id,
        state=Way.WAITING if why is None else Way.DOWNLOAD,
    )
    if why is not None:
        await outgoing.move(unit, id, Way.DOWNLOAD, problem=why.value)
    facts: dict[str, Fact] = {
        "request": str(row.id),
        "letter": kind.value,
        "language": letter.language,
        "document": digest(letter),
    }
    await unit.session.flush()
    await unit.record.write(
        unit.session,
        act.entry(EntryKind.LETTER_MADE, subject=member.key.subject(), facts=facts),
    )
    return id


def _why_not(row: RequestRow, kind: Kind, address: Address | None) -> WhyNot | None:
    if row.channel == Channel.GUARDIAN:
        return WhyNot.FOR_A_GUARDIAN
    if address is None:
        return WhyNot.NO_ADDRESS
    if kind not in TELL_LITTLE and not address.proved:
        return WhyNot.NOT_PROVED
    return None


def _called_for(row: RequestRow, kind: Kind) -> bool:
    """Whether the request still stands where the letter belongs."""
    return _WHEN[kind](row, State(row.state), Right(row.kind))


def _receipt_is_due(_: RequestRow, state: State, right: Right) -> bool:
    """Who withdraws or objects has the answer in the same moment."""
    return state in _UNDECIDED and not (right in _AT_ONCE and state is State.ACCEPTED)


_WHEN: Mapping[Kind, Callable[[RequestRow, State, Right], bool]] = {
    Kind.ACKNOWLEDGEMENT: _receipt_is_due,
    Kind.IDENTITY_QUERY: lambda _, state, __: state is State.REQUIRES_ACTION,
    Kind.EXTENSION: lambda row, _, __: row.extended and row.reason in set(Delay),
    Kind.REFUSAL: lambda row, state, _: not state.is_open and row.reason in set(Reason),
    Kind.ANSWER: lambda _, state, right: state is State.FULFILLED and right is not Right.ERASURE,
    Kind.RELEASE: lambda _, state, right: state is State.ACCEPTED and right is Right.RELEASE,
    # Written by the erasure itself.
    Kind.FAREWELL: lambda _, __, ___: False,
}
