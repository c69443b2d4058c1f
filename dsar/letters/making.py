"""Letters are written once and put on their way, in the transaction that causes them.

What goes by e-mail goes to the address on file, and only there. Where there is none, or what the
letter tells is more than may go to an address that nobody has shown to be theirs, it waits to be
fetched instead: by the member, signed in, or by an officer who prints it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

import msgspec

from audit.acts import Act
from audit.browsing import naming
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import identity, outgoing, register, telling
from dsar.errors import BrokenRequest
from dsar.letters import kept
from dsar.letters.cases import Address, Links, address, address_of, case_of, farewell_case
from dsar.letters.kinds import TELL_LITTLE, Kind, WhyNot, matter
from dsar.letters.writing import write
from dsar.letters.written import Written, digest
from dsar.outgoing import LETTER, Outgoing, Parcel
from dsar.outgoing import State as Way
from dsar.states import Right, State, Step
from dsar.tables import RequestRow
from dsar.words import Channel, Delay, Reason
from profiles import members
from profiles.members import Member
from profiles.unit import Unit

_AT_ONCE = frozenset({Right.WITHDRAWAL, Right.OBJECTION})
_UNDECIDED = frozenset(
    {State.INITIATED, State.ACKNOWLEDGED, State.REQUIRES_ACTION, State.DELAYED, State.ACCEPTED}
)
_DONE = frozenset({State.CARRIED_OUT, State.FULFILLED})
_REFUSED = frozenset({Step.REFUSE, Step.LAPSE})
#: What gives an open request its reason: a correction that came back has one of its own since.
_PUT_OFF = frozenset({Step.EXTEND, Step.RETURN})


@dataclass(frozen=True)
class _Letter:
    """A letter that is about to be put on its way, and the address on file."""

    row: RequestRow
    member: Member
    letter: Written
    address: Address | None

    @cached_property
    def parcel(self) -> Parcel:
        kind = Kind(self.letter.kind)
        why = _why_not(self.row, kind, self.address)
        to = self.address.email if self.address is not None and why is None else ""
        return Parcel(
            request=self.row.id,
            what=matter(kind),
            carrier=LETTER,
            payload=msgspec.msgpack.encode(Posted(to, self.letter)),
            member=None if kind is Kind.FAREWELL else self.member.id,
            state=Way.WAITING if why is None else Way.DOWNLOAD,
            problem=None if why is None else why.value,
        )


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
    Raises `BrokenRequest` where the row gives another reason than the record.
    """
    row = await register.row_of(unit, request, lock=True)
    if row.member is None:
        return None
    member = await members.one(unit, row.member)
    if kind is Kind.REFUSAL and not State(row.state).is_open:
        await _refuse_another_reason(unit, row, member, of=_REFUSED)
    if kind is Kind.EXTENSION and row.extended and State(row.state).is_open:
        await _refuse_another_reason(unit, row, member, of=_PUT_OFF)
    if not _called_for(row, kind):
        return None
    if await kept.is_kept(unit, request, kind):
        return outgoing.id_of(request, None, matter(kind))
    letter = write(kind, await case_of(unit, active, row, member, links=links))
    await kept.keep(unit, request, member, letter)
    made = _Letter(row, member, letter, await address_of(unit, active, row.id, member))
    await _post(unit, act, [made])
    return made.parcel.id


@dataclass(frozen=True)
class Parting:
    """Somebody who is being erased. `row`: their request's, None where a restored backup has none.

    `known`: how recipients may know them. `stays`: what is kept of them, as the entry of the
    erasure says it. `links`: where the certificate is fetched, once it is there.
    """

    row: RequestRow | None
    member: Member
    known: telling.Known = field(repr=False)
    stays: Sequence[Fact]
    links: Links = field(default_factory=Links)


async def farewells(unit: Unit, act: Act, active: Active, partings: Sequence[Parting]) -> None:
    """The last letters, written while the members' keys still open who they are.

    Nothing deletes one with its member: it is sealed under the epoch, and is deleted when it has
    been sent, or has waited in vain (`posting.drop_farewells`). None is written twice.
    """
    ids = {
        outgoing.id_of(one.row.id, None, matter(Kind.FAREWELL)): (one.row, one)
        for one in partings
        if one.row is not None
    }
    there = await outgoing.known(unit, ids)
    cases = [case for id, case in ids.items() if id not in there]
    # Of whom a proof does not open, none counts: it keeps nobody from being erased.
    proofs, _ = await identity.given_whole(unit, {row.id: one.member for row, one in cases})
    letters = []
    for row, one in cases:
        have = identity.of(given.proof for given in proofs.get(row.id, ()) if given.holds)
        case = farewell_case(
            unit, active, row, one.member, known=one.known, kept=one.stays, links=one.links
        )
        letter = write(Kind.FAREWELL, case)
        letters.append(_Letter(row, one.member, letter, address(unit, one.member, have)))
    await _post(unit, act, letters)


async def addressed(unit: Unit, active: Active, one: Outgoing) -> tuple[Posted, WhyNot | None]:
    """A letter that was begun, and the address that it goes to as of now, or why to none.

    The member may have another one by now. A farewell, whose member is gone, keeps its own.
    """
    assert one.payload is not None
    posted = unpacked(one.payload)
    if one.member is None:
        return posted, None
    row = await register.row_of(unit, one.request)
    member = (await members.load(unit, [one.member])).get(one.member)
    address = None if member is None else await address_of(unit, active, row.id, member)
    why = _why_not(row, Kind(posted.letter.kind), address)
    to = address.email if address is not None and why is None else ""
    return Posted(to, posted.letter), why


async def _post(unit: Unit, act: Act, letters: Sequence[_Letter]) -> None:
    await outgoing.post_each(unit, [one.parcel for one in letters])
    await unit.session.flush()
    entries = []
    for one in letters:
        facts: dict[str, Fact] = {
            "request": str(one.row.id),
            "letter": one.letter.kind,
            "language": one.letter.language,
            "document": digest(one.letter),
        }
        subject = one.member.key.subject()
        entries.append(act.entry(EntryKind.LETTER_MADE, subject=subject, facts=facts))
    await unit.record.write_many(unit.session, entries)


async def _refuse_another_reason(
    unit: Unit, row: RequestRow, member: Member, *, of: Collection[Step]
) -> None:
    """Nobody is told another reason than the one that they were refused, or put off, for.

    `of`: the steps that give one, of which the last counts.
    """
    subject, request = member.key.subject(), str(row.id)
    said = await naming(unit.session, request, subject=subject, trust=unit.record.trust)
    reasons = [
        one.facts.get("reason")
        for one in said
        if one.facts.get("request") == request and one.facts.get("step") in of
    ]
    # What was put off has a reason always; what is closed may not have been refused.
    if (reasons or of is _PUT_OFF) and reasons[-1:] != [row.reason]:
        raise BrokenRequest("the register has another reason than the record")


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
    # As soon as it is done, whatever recipients have yet to say: a month is what there is.
    Kind.ANSWER: lambda _, state, right: state in _DONE and right is not Right.ERASURE,
    Kind.RELEASE: lambda _, state, right: state is State.ACCEPTED and right is Right.RELEASE,
    # Written by the erasure itself.
    Kind.FAREWELL: lambda _, __, ___: False,
}
