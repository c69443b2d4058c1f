"""Telling recipients what was done (Arts. 17(2) and 19): who is told, of what, by which name.

Makes `outgoing` rows; what carries them outward is each recipient's connector. Of a member, a
recipient is sent the identifiers that it knows them by and that the programme names for it; of a
rectification, also the values that were set right and that its purposes use. One that receives
data for consents alone is told of nobody who has never said yes: it was sent nothing of theirs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent import ledger
from consent.choices import Action, By, Choice
from consent.programme.declarations import LegalBasis
from consent.programme.parties import Recipient
from consent.programmes import Active
from dsar import outgoing
from dsar.outgoing import Parcel
from dsar.register import Request
from dsar.states import Right
from profiles.errors import CannotOpen
from profiles.keys import MemberKey
from profiles.members import Member
from profiles.sealing import open_value
from profiles.unit import Unit

#: The values of lookup fields by which a member is known, by field.
Identities = Mapping[str, str]

_TOLD = {
    Right.ERASURE: "erasure",
    Right.RECTIFICATION: "rectification",
    Right.RESTRICTION: "restriction",
    Right.RELEASE: "restriction",
}
#: Said by whoever has said yes, now or once. Of a double opt-in the letter that asks to confirm it
#: may have gone by a recipient; and what has expired, or was no consent, was acted on before.
_YES = frozenset(
    {
        Action.GIVEN,
        Action.RENEWED,
        Action.REQUESTED,
        Action.UNPROVEN,
        Action.EXPIRED,
        Action.INVALIDATED,
    }
)
#: A withdrawal that came so shows that there was a yes, even where the ledger has none.
_AFTER_A_YES = frozenset({By.IMPORT, By.UNSUBSCRIBE})


class Word(msgspec.Struct, frozen=True):
    """What a recipient is told; sealed until it is told, and gone once it has answered.

    `what`: ``erasure``, ``rectification``, ``restriction`` or ``release``. `identities`: by which
    it knows the member. `values`: what was set right of what its purposes use; null for what was
    removed.
    """

    request: str
    what: str
    identities: dict[str, str]
    values: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Word({self.what}, ***)"


def identities(unit: Unit, member: Member) -> Identities:
    """The identifiers that a member is found by, opened: for recipients alone."""
    found = {}
    for name, known in unit.schema.catalogue.fields.items():
        if known.lookup is not None and name in member.sealed:
            value, _ = open_value(member.key, known, member.sealed[name])
            found[name] = str(value)
    return found


@dataclass(frozen=True)
class Known:
    """How recipients may know a member: by which identifiers, and which recipients.

    `recipients`: those that may have had data of theirs, by name.
    """

    identities: Identities = field(repr=False)
    recipients: frozenset[str] = field(repr=False)


#: For what no recipient is told of.
UNKNOWN = Known({}, frozenset())


async def known(unit: Unit, active: Active, people: Iterable[Member]) -> dict[UUID, Known]:
    """How recipients may know these members; one query, and none where no ledger decides.

    Recipients without a connector are among them: officers tell those. Opens what the members
    said, where a recipient goes by that; of whom it does not open, any may have had data.
    """
    people = list(people)
    names = set(active.programme.recipients)
    asks = {name: asked for name in names if (asked := _asks(active, name)) is not None}
    keys = {one.id: one.key for one in people} if asks else {}
    said = await _said(unit, keys) if keys else {}
    found = {}
    for one in people:
        never = set[str]()
        if one.id in said:
            yes = {choice.purpose for choice in said[one.id] if _is_yes(choice)}
            never = {name for name, purposes in asks.items() if not yes & purposes}
        found[one.id] = Known(identities(unit, one), frozenset(names - never))
    return found


async def known_of(unit: Unit, active: Active, member: Member) -> Known:
    """The same of one."""
    return (await known(unit, active, [member]))[member.id]


async def _said(unit: Unit, keys: Mapping[UUID, MemberKey]) -> dict[UUID, list[Choice]]:
    """What they ever said, without those of whom it does not open: that keeps no erasure."""
    try:
        return await ledger.opened(unit, keys)
    except CannotOpen:
        found = dict[UUID, list[Choice]]()
        for one, key in keys.items():
            with suppress(CannotOpen):
                found |= await ledger.opened(unit, {one: key})
        return found


def _asks(active: Active, name: str) -> set[str] | None:
    """The purposes a recipient had data for, under any version, if all rest on consent; or None."""
    asked = set[str]()
    for version in (active, *active.earlier.values()):
        recipient = version.programme.recipients.get(name)
        for purpose in recipient.purposes if recipient is not None else ():
            if version.programme.purposes[purpose].legal_basis is not LegalBasis.CONSENT:
                return None
            asked.add(purpose)
    return asked


def _is_yes(choice: Choice) -> bool:
    withdrawn = choice.action is Action.WITHDRAWN and choice.by in _AFTER_A_YES
    return choice.action in _YES or withdrawn


@dataclass(frozen=True)
class Done:
    """What was done about a member, for those to be told of it who have to be.

    `subject`: whom it is on record for. `known`: how recipients may know the member. `corrected`:
    what was set right.
    """

    request: Request
    subject: bytes
    known: Known = field(repr=False)
    corrected: Mapping[str, Any] = field(default_factory=dict, repr=False)


async def tell(unit: Unit, act: Act, active: Active, done: Sequence[Done]) -> int:
    """Have every recipient told that has a connector for it; returns how many words that are.

    On record as `recipient.told` when it is on its way. A recipient whom none of a member's
    identifiers means anything to has nothing of theirs, and is not told who they are; nor is one
    that they never let have it, nor one told of a correction of what it never had. Those whom
    nothing here tells are on record as `recipient.by_hand`, by name: `dsar.by_hand` reads them.
    """
    words = [(one, parcel) for one in done for parcel in _words(unit, active, one)]
    await outgoing.post_each(unit, [parcel for _, (parcel, _) in words])
    told = [
        act.entry(EntryKind.RECIPIENT_TOLD, subject=one.subject, facts=facts)
        for one, (_, facts) in words
    ]
    left = [
        act.entry(EntryKind.RECIPIENT_BY_HAND, subject=one.subject, facts=facts)
        for one in done
        if (facts := _left(active, one)) is not None
    ]
    await unit.record.write_many(unit.session, [*told, *left])
    return len(words)


def _left(active: Active, done: Done) -> dict[str, Fact] | None:
    """What is said on record of those whom officers have to tell; None where there are none."""
    request = done.request
    names = left_to_officers(active, request.right, known=done.known, corrected=done.corrected)
    if not names:
        return None
    facts: dict[str, Fact] = {"request": str(request.id), "what": request.right.value}
    return {**facts, "recipients": list(names)}


def _words(unit: Unit, active: Active, done: Done) -> Iterator[tuple[Parcel, dict[str, Fact]]]:
    """What goes to each recipient, and what is said of it on record."""
    request = done.request
    for name, recipient in active.programme.recipients.items():
        connector = recipient.connector
        if connector is None or name not in done.known.recipients:
            continue
        word = word_to(active, name, request, done.known.identities, done.corrected)
        if word is None:
            continue
        parcel = Parcel(
            request=request.id,
            what=request.right.value,
            carrier=connector.by.value,
            payload=msgspec.json.encode(word),
            recipient=name,
            member=request.member,
            due=unit.today + timedelta(days=connector.answer_days),
        )
        yield (
            parcel,
            {
                "request": str(request.id),
                "recipient": name,
                "what": request.right.value,
                "by": connector.by.value,
                "fields": sorted(word.identities),
            },
        )


def word_to(
    active: Active,
    name: str,
    request: Request,
    identities: Identities,
    corrected: Mapping[str, Any],
) -> Word | None:
    """What that recipient is told of a request; None where it is told nothing."""
    recipient, matter = active.programme.recipients.get(name), _TOLD.get(request.right)
    if recipient is None or matter is None or not _carries(recipient, matter):
        return None
    known = _known_to(recipient, identities)
    values = _used_by(active, recipient, corrected)
    if not known or (request.right is Right.RECTIFICATION and not values):
        return None
    return Word(str(request.id), request.right.value, known, values)


def carriers(active: Active, right: Right, *, known: Known) -> list[str]:
    """The recipients that will be told of it about somebody `known` so, by name: for a preview."""
    matter = _TOLD.get(right)
    return [
        name
        for name, one in active.programme.recipients.items()
        if matter and name in known.recipients
        if _carries(one, matter) and _known_to(one, known.identities)
    ]


def left_to_officers(
    active: Active, right: Right, *, known: Known, corrected: Mapping[str, Any] | None = None
) -> list[str]:
    """The recipients that somebody has to tell by hand, for nothing here does, by name.

    `corrected`: what a rectification sets right: only who has any of it is told of one.
    """
    matter = _TOLD.get(right)
    return [
        name
        for name, one in active.programme.recipients.items()
        if matter and name in known.recipients and not _carries(one, matter)
        if right is not Right.RECTIFICATION or _used_by(active, one, corrected or {})
    ]


def _carries(recipient: Recipient, matter: str) -> bool:
    return recipient.connector is not None and matter in recipient.connector.carries


def _known_to(recipient: Recipient, identities: Identities) -> dict[str, str]:
    wanted = recipient.connector.identifiers if recipient.connector else ()
    return {name: identities[name] for name in wanted if name in identities}


def _used_by(active: Active, recipient: Recipient, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was set right, what the recipient has: by its purposes, and by how it knows them."""
    purposes = active.programme.purposes
    used = {field for name in recipient.purposes for field in purposes[name].fields}
    used |= set(recipient.connector.identifiers) if recipient.connector else set()
    return {name: value for name, value in values.items() if name in used}
