"""Telling recipients what was done (Arts. 17(2) and 19): who is told, of what, by which name.

Makes `outgoing` rows; what carries them outward is each recipient's connector. Of a member, a
recipient is sent the identifiers that it knows them by and that the programme names for it; of a
rectification, also the values that were set right and that its purposes use.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programme.parties import Recipient
from consent.programmes import Active
from dsar import outgoing
from dsar.outgoing import Parcel
from dsar.register import Request
from dsar.states import Right
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
class Done:
    """What was done about a member, for those to be told of it who have to be.

    `subject`: whom it is on record for. `identities`: the identifiers by which recipients may
    know the member. `corrected`: what was set right.
    """

    request: Request
    subject: bytes
    identities: Identities = field(repr=False)
    corrected: Mapping[str, Any] = field(default_factory=dict, repr=False)


async def tell(unit: Unit, act: Act, active: Active, done: Sequence[Done]) -> int:
    """Have every recipient told that has a connector for it; returns how many words that are.

    On record as `recipient.told` when it is on its way. A recipient whom none of a member's
    identifiers means anything to has nothing of theirs, and is not told who they are; nor is one
    told of a correction of what it never had.
    """
    words = [(one, parcel) for one in done for parcel in _words(unit, active, one)]
    await outgoing.post_each(unit, [parcel for _, (parcel, _) in words])
    await unit.record.write_many(
        unit.session,
        [
            act.entry(EntryKind.RECIPIENT_TOLD, subject=one.subject, facts=facts)
            for one, (_, facts) in words
        ],
    )
    return len(words)


def _words(unit: Unit, active: Active, done: Done) -> Iterator[tuple[Parcel, dict[str, Fact]]]:
    """What goes to each recipient, and what is said of it on record."""
    request = done.request
    for name, recipient in active.programme.recipients.items():
        word = word_to(active, name, request, done.identities, done.corrected)
        connector = recipient.connector
        if word is None or connector is None:
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


def carriers(active: Active, right: Right, *, known: Identities) -> list[str]:
    """The recipients that will be told of it about somebody `known` so, by name: for a preview."""
    matter = _TOLD.get(right)
    found = active.programme.recipients.items()
    return [
        name for name, one in found if matter and _carries(one, matter) and _known_to(one, known)
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
