"""The worker's part of signing in: whose an asked-for link is, and what is sent to them.

Between two transactions, so that nobody waits for a mail server. What went wrong is one word in
the row; no address, link or code stands in a log line or an exception.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from api import codes_out
from api.bootstrap import SYSTEM, Tillit, Work
from api.mail import Mail, Outcome
from api.people import addresses, codes, limits, links, officers, post, sessions
from api.people.keys import PeopleKeys, keys_of
from api.people.letters import Way, code_letter, link_letter
from api.people.links import Wanted
from api.people.people import Kind, Somebody
from api.people.post import Post
from audit.entries import Entry, Fact
from audit.entries import Kind as EntryKind
from consent.errors import NoProgramme
from dsar.identity_codes import Carrier, moved_lately
from profiles import members
from profiles.errors import BadValue
from profiles.members import NUMBER, Member
from profiles.sealing import open_value

#: An address of more members than that is nobody's own: it opens nothing.
MOST = 12
_DIGITS = 4  # of a member number, at the least


@dataclass(frozen=True)
class _Whose:
    """A link that is to be made, and for whom. `facts`: what the record says of it."""

    somebody: Somebody
    subject: bytes | None
    facts: dict[str, Fact]
    number: str = field(default="", repr=False)


async def send(tillit: Tillit, id: UUID) -> None:
    """Send what is on its way, and write down what came of it. Done again, it does no harm."""
    keys = keys_of(tillit)
    async with tillit.unit() as work:
        one = await post.begin(work.unit, keys, id)
        if one is None:
            return
        controller = work.active.programme.controller.name
        mail = None
        if one.what is post.What.LINK:
            mail = await _links(tillit, work, keys, one)
            if mail is None:
                await post.end(work.unit, id)
                return
    if mail is not None:
        problem, again = await _by_mail(tillit, mail)
    else:
        problem, again = await _code(tillit, one, controller)
    async with tillit.unit() as work:
        if again:
            await post.again(work.unit, id, problem)
        else:
            await post.end(work.unit, id, problem or None)


async def send_due(tillit: Tillit) -> int:
    """Enqueue what is due to leave and has lost its job, or is to be tried again."""
    try:
        async with tillit.unit() as work:
            return await post.resume(work.unit)
    except NoProgramme:
        return 0  # nobody has signed in yet


async def drop(tillit: Tillit) -> int:
    """Delete sessions, links, codes and counts that are over; returns how many rows."""
    async with tillit.unit() as work:
        unit = work.unit
        gone = await sessions.drop(unit) + await links.drop(unit) + await codes.drop(unit)
        return gone + await post.drop(unit) + await limits.drop(unit)


async def _links(tillit: Tillit, work: Work, keys: PeopleKeys, one: Post) -> Mail | None:
    """The message with the links; None where there is nobody to send one to."""
    wanted = msgspec.msgpack.decode(one.payload, type=Wanted)
    if one.kind is Kind.MEMBER:
        whose, outcome = await _members(work, keys, wanted.address)
    else:
        whose, outcome = await _officer(work, keys, wanted.address)
    if one.attempts == 1:
        await _record(work, one, whose, outcome)
    sent_to = [each for each in whose if outcome == "made"]
    if not sent_to:
        return None
    ways, on = [], f"?{urlencode({'next': wanted.next})}" * bool(wanted.next)
    for each, ending in zip(sent_to, _endings([each.number for each in sent_to]), strict=True):
        token = await links.make(work.unit, keys, each.somebody)
        ways.append(Way(f"{tillit.settings.public_url}/sign-in/link/{token}{on}", ending))
    minutes = int(links.HOLDS.total_seconds() // 60)
    controller = work.active.programme.controller.name
    subject, text = link_letter(ways, controller, wanted.language, minutes=minutes)
    return Mail(id=one.id, to=wanted.address, subject=subject, text=text, language=wanted.language)


async def _members(work: Work, keys: PeopleKeys, address: str) -> tuple[list[_Whose], str]:
    """The members whose address it is, whichever of their addresses, in the order they joined."""
    unit, found = work.unit, dict[UUID, bool]()
    fields = unit.schema.catalogue.fields
    for name in sorted(name for name, field_ in fields.items() if field_.lookup == "email"):
        try:
            by_this = await members.find(unit, name, address)
        except BadValue:
            continue
        for member in (await members.load(unit, by_this)).values():
            settled = not moved_lately(unit, member, name)
            found[member.id] = found.get(member.id, False) or settled
    people = await members.load(unit, list(found))
    whose = [
        _Whose(
            Somebody(
                kind=Kind.MEMBER,
                member=id,
                settled=settled,
                address=addresses.digest(keys, id, address),
            ),
            people[id].key.subject(),
            {"settled": int(settled)},
            _number(work, people[id]),
        )
        for id, settled in sorted(found.items())
    ]
    if len(whose) > MOST:
        return whose, "shared"
    return whose, "made" if whose else "unknown"


async def _officer(work: Work, keys: PeopleKeys, address: str) -> tuple[list[_Whose], str]:
    account = await officers.by_address(work.unit, keys, address)
    if account is None:
        return [], "unknown"
    facts: dict[str, Fact] = {"officer": account.name}
    whose = [_Whose(Somebody(kind=Kind.OFFICER, account=account.id), None, facts)]
    return whose, "made" if account.role in work.active.programme.officers else "no_role"


async def _record(work: Work, one: Post, whose: Sequence[_Whose], outcome: str) -> None:
    shared: dict[str, Fact] = {"as": one.kind.value, "outcome": outcome}
    entries: list[Entry] = [
        SYSTEM.entry(EntryKind.SIGN_IN_ASKED, subject=each.subject, facts=shared | each.facts)
        for each in whose
    ] or [SYSTEM.entry(EntryKind.SIGN_IN_ASKED, facts=shared)]
    await work.unit.record.write_many(work.session, entries)


def _number(work: Work, member: Member) -> str:
    field_ = work.unit.schema.catalogue.fields[NUMBER]
    value, _ = open_value(member.key, field_, member.sealed[NUMBER])
    return str(value)


def _endings(numbers: Sequence[str]) -> list[str]:
    """As many last digits of each as tell them apart."""
    longest = max(len(number) for number in numbers)
    for length in range(_DIGITS, longest):
        endings = [number[-length:] for number in numbers]
        if len(set(endings)) == len(numbers):
            return endings
    return list(numbers)


async def _code(tillit: Tillit, one: Post, controller: str) -> tuple[str, bool]:
    parcel = msgspec.msgpack.decode(one.payload, type=codes.Parcel)
    if tillit.clock.now() >= parcel.message.until:
        return post.RAN_OUT, False
    if parcel.carrier is Carrier.SMS:
        return await codes_out.by_sms(tillit, one.id, parcel.message, controller)
    subject, text = code_letter(parcel.message, controller)
    language, to = parcel.message.language, parcel.message.to
    return await _by_mail(
        tillit, Mail(id=one.id, to=to, subject=subject, text=text, language=language)
    )


async def _by_mail(tillit: Tillit, mail: Mail) -> tuple[str, bool]:
    """What went wrong, empty if nothing did, and whether it is worth trying again."""
    if tillit.mail is None:
        return Outcome.NO_SERVER.value, True
    outcome = await tillit.mail.send(mail)
    return ("", False) if outcome is Outcome.ACCEPTED else (outcome.value, outcome.again)
