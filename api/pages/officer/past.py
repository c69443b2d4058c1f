"""What happened with one request, by the record: each step with who, when and why.

Nothing is opened: entries hold names, words and ids, and no value about anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.pages.asked import Asked
from api.pages.officer.words import GIVEN_UP, HOWS, LETTERS, REASONS
from audit.browsing import Told, naming
from audit.entries import ActorType
from audit.entries import Kind as EntryKind
from audit.errors import RecordError
from dsar import register
from dsar.packages.marking import mark
from dsar.requests import JOIN
from dsar.states import Step
from dsar.subjects import subjects

_STEPS: Mapping[str, str] = {
    Step.ACKNOWLEDGE: mark("Acknowledged to whoever asked"),
    Step.ASK_IDENTITY: mark("They were asked who they are"),
    Step.IDENTIFY: mark("They have shown who they are"),
    Step.LAPSE: mark("The question who they are was never answered"),
    Step.EXTEND: mark("Two months more were taken"),
    Step.ENDORSE: mark("Approved by the first of two officers"),
    Step.CANCEL: mark("Taken back"),
    Step.OVERTAKE: mark("Overtaken by the member's erasure"),
    Step.RETURN: mark("Came back to be decided anew"),
    Step.CARRY_OUT: mark("Carried out"),
    JOIN: mark("The same was asked for once more"),
    "remind": mark("Officers were reminded of it"),
}
_KINDS: Mapping[str, str] = {
    EntryKind.REQUEST_OPENED: mark("It came in"),
    EntryKind.REQUEST_MOVED: mark("It took a step"),
    EntryKind.REQUEST_APPROVED: mark("It was approved"),
    EntryKind.REQUEST_REFUSED: mark("It was refused"),
    EntryKind.REQUEST_COMPLETED: mark("It was completed"),
    EntryKind.IDENTITY_ASKED: mark("A one-time code was asked for"),
    EntryKind.IDENTITY_TRIED: mark("Somebody showed who they are"),
    EntryKind.LETTER_MADE: mark("A letter was written"),
    EntryKind.LETTER_SENT: mark("A letter was sent or fetched"),
    EntryKind.RECIPIENT_TOLD: mark("A recipient was put on the list to be told"),
    EntryKind.RECIPIENT_BY_HAND: mark("Recipients were left to officers"),
    EntryKind.RECIPIENT_ANSWERED: mark("What became of telling a recipient"),
    EntryKind.PROFILE_READ: mark("What is asked for was looked at"),
    EntryKind.PROFILE_CHANGED: mark("Values were set right"),
    EntryKind.CHOICE_RECORDED: mark("A choice was written down"),
    EntryKind.ERASURE_PREVIEWED: mark("What an erasure would take was looked at"),
    EntryKind.VOUCHERS_KEPT: mark("Purchases were put into the books"),
    EntryKind.PACKAGE_MADE: mark("The package was made"),
    EntryKind.PACKAGE_FETCHED: mark("The package was handed out"),
    EntryKind.PACKAGE_DELETED: mark("The package was deleted"),
    EntryKind.MEMBER_ERASED: mark("The member was erased"),
    EntryKind.CERTIFICATE_ISSUED: mark("A certificate was issued"),
}
_PREVIEWED = mark("A letter was looked at before it was written")
_TRIED: Mapping[str, str] = {
    "wrong": mark("Somebody tried to show who they are, and did not"),
    "expired": mark("Somebody tried to show who they are, too late"),
    "limited": mark("Somebody tried to show who they are, too often"),
}
_ACTORS: Mapping[str, str] = {
    ActorType.MEMBER: mark("the member"),
    ActorType.SYSTEM: mark("the system"),
}


@dataclass(frozen=True)
class Happened:
    """`who`: an officer's, service's or company's name, or a word. `why`: what else it says."""

    entry: UUID
    at: datetime
    what: str
    who: str
    why: str


async def happened(asked: Asked, request: UUID) -> list[Happened] | None:
    """The newest first. None where the record about it is not ours, or cannot be told apart."""
    row = await register.row_of(asked.unit, request)
    known = await subjects(asked.unit, [(row.id, row.member, row.erased)])
    if request not in known:
        return None
    unit = asked.unit
    try:
        found = await naming(
            unit.session, str(request), subject=known[request], trust=unit.record.trust
        )
    except RecordError:
        return None
    about = [one for one in found if one.facts.get("request") == str(request)]
    return [_happened(asked, one) for one in reversed(about)]


def _happened(asked: Asked, one: Told) -> Happened:
    say = asked.speaking.say
    who = _ACTORS.get(one.actor.type)
    text = _what(one)
    why = [say(word) for word in _words(one.facts)]
    return Happened(
        entry=one.id,
        at=one.at,
        what=say(text) if text else one.kind,
        who=say(who) if who else one.actor.id,
        why=asked.speaking.listed([*why, *_names(asked, one.facts)]),
    )


def _what(one: Told) -> str:
    if one.kind == EntryKind.REQUEST_MOVED:
        return _STEPS.get(str(one.facts.get("step")), _KINDS[one.kind])
    if one.kind == EntryKind.IDENTITY_TRIED:
        return _TRIED.get(str(one.facts.get("outcome")), _KINDS[one.kind])
    if one.kind == EntryKind.LETTER_SENT and one.facts.get("how") == "preview":
        return _PREVIEWED
    return _KINDS.get(one.kind, "")


_WORDS: Sequence[tuple[str, Mapping[str, str]]] = (
    ("reason", {**REASONS, **GIVEN_UP}),
    ("letter", LETTERS),
    ("how", HOWS),
)


def _words(facts: Mapping[str, object]) -> list[str]:
    return [
        table[str(facts[name])]
        for name, table in _WORDS
        if name in facts and str(facts[name]) in table
    ]


def _names(asked: Asked, facts: Mapping[str, object]) -> list[str]:
    """Recipients by their names; by the code alone where the programme has them no more."""
    several = facts.get("recipients")
    one = facts.get("recipient")
    codes = [*([one] if one else []), *(several if isinstance(several, list) else [])]
    known = asked.active.programme.recipients
    return [known[code].name if code in known else str(code) for code in codes]
