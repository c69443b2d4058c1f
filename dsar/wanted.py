"""What exactly is asked for, beyond the right: which purposes, which corrections.

Kept sealed under the member's key, beside the request; only what carries it out, the officer who
decides and the member themselves open it.
"""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from consent.programmes import Active
from dsar.errors import NotARequest
from dsar.states import AT_ONCE, Right
from profiles.enrolment import check_correction
from profiles.keys import MemberKey
from profiles.members import NUMBER
from profiles.unit import Unit
from profiles.values import has_controls

LONGEST_NOTE = 4_000  # characters
#: The rights that are about something in particular, always.
ABOUT = frozenset({Right.RECTIFICATION, Right.OBJECTION, Right.WITHDRAWAL})


class Wanted(msgspec.Struct, frozen=True, omit_defaults=True):
    """`purposes`: what a withdrawal or an objection is about; `marketing`: all direct marketing.

    `values`: what a rectification sets right, None to have one removed. `note`: in the member's
    own words, for a review what it is about. `outcome`: what a human found who looked again.
    """

    purposes: tuple[str, ...] = ()
    marketing: bool = False
    values: dict[str, Any] = {}
    note: str = ""
    outcome: str = ""

    def __repr__(self) -> str:
        return "Wanted(***)"


def check(unit: Unit, active: Active, right: Right, wanted: Wanted) -> None:
    """Raises `NotARequest`, `UnknownPurpose`, `UnknownField` or `BadValue` for what is none."""
    for text in (wanted.note, wanted.outcome):
        if len(text) > LONGEST_NOTE:
            raise NotARequest(f"a note has at most {LONGEST_NOTE} characters", place="note")
        if has_controls(text):
            raise NotARequest("a note has no control characters", place="note")
    for name in wanted.purposes:
        active.programme.purpose(name)
    about_purposes = right in (Right.WITHDRAWAL, Right.OBJECTION)
    if about_purposes != bool(wanted.purposes or wanted.marketing):
        raise NotARequest(
            "a withdrawal and an objection name what they are about, and nothing else does",
            place="purposes",
            remedy="name the purposes (--purpose NAME); for an objection to all direct marketing, "
            "say so (--marketing, or marketing = true)",
        )
    if wanted.marketing and right is not Right.OBJECTION:
        raise NotARequest("only an objection is to all direct marketing", place="marketing")
    if (right is Right.RECTIFICATION) != bool(wanted.values):
        raise NotARequest(
            "a rectification says what is right, and nothing else does",
            place="values",
            remedy="give the fields with their right values (--values FILE)",
        )
    check_correction(unit, wanted.values)


def repeats(right: Right, wish: Wanted, before: Wanted) -> bool:
    """Whether it asks for no more than what is open already, as `before`.

    What stops at once is about what is to stop, and not about what is noted beside it: there can
    be no more of it open than there is to stop.
    """
    if right in AT_ONCE:
        mine, theirs = ((set(one.purposes), one.marketing) for one in (wish, before))
        return mine == theirs
    return wish in (Wanted(), structs.replace(before, outcome=""))


def identifiers(unit: Unit, wanted: Wanted) -> frozenset[str]:
    """The fields that would be set right and that members are found by."""
    fields = unit.schema.catalogue.fields
    found = {name for name, field in fields.items() if field.lookup is not None} | {NUMBER}
    return frozenset(found & set(wanted.values))


def seal(key: MemberKey, request: UUID, wanted: Wanted) -> bytes:
    return key.seal_field("request", f"{request.hex}:wanted", msgspec.json.encode(wanted))


def opened(key: MemberKey, request: UUID, sealed: bytes | None) -> Wanted:
    """Raises `CannotOpen` for what was sealed elsewhere."""
    if sealed is None:
        return Wanted()
    plain = key.open_field("request", f"{request.hex}:wanted", sealed)
    return msgspec.json.decode(plain, type=Wanted)
