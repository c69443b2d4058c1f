"""What has happened with a request, step by step, as the record has it: in words, with times.

Reads the entries that name the request, and opens nothing. What nobody of ours wrote is not told:
then the page says that the history cannot be shown, and not that there is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from api.pages.asked import Asked
from api.pages.member.letter import LETTERS
from audit.browsing import Told, naming
from audit.entries import ActorType, Kind
from audit.errors import RecordError
from consent.choices import By
from dsar.letters.kinds import Kind as LetterKind
from dsar.packages.marking import mark
from dsar.packages.meanings import ACTORS, BY, happened
from dsar.packages.request_words import WHY
from dsar.register import Request
from dsar.requests import JOIN
from dsar.states import Step
from dsar.words import Channel
from profiles.members import Member

#: What each step was, said to who asked.
_STEPS: Mapping[str, str] = {
    JOIN: mark("The same was asked for again; both are one request"),
    Step.ACKNOWLEDGE: mark("A receipt was written"),
    Step.ASK_IDENTITY: mark("You were asked to show who you are"),
    Step.IDENTIFY: mark("It was shown who asks"),
    Step.LAPSE: mark("Closed: nobody showed who asks"),
    Step.EXTEND: mark("The time to answer was extended by two months"),
    Step.ENDORSE: mark("One of us said yes; a second one is to look"),
    Step.APPROVE: mark("Approved"),
    Step.REFUSE: mark("Refused"),
    Step.CANCEL: mark("Taken back"),
    Step.OVERTAKE: mark("Closed by an erasure"),
    Step.RETURN: mark("Back to be decided: it could not be done as approved"),
    Step.CARRY_OUT: mark("Carried out here"),
    Step.FULFIL: mark("Completed"),
}
_BY_KIND: Mapping[str, str] = {
    Kind.REQUEST_OPENED: mark("The request came in"),
    Kind.REQUEST_APPROVED: _STEPS[Step.APPROVE],
    Kind.REQUEST_REFUSED: _STEPS[Step.REFUSE],
    Kind.REQUEST_COMPLETED: _STEPS[Step.FULFIL],
    Kind.IDENTITY_ASKED: mark("A code was asked for"),
}
_OUTCOMES: Mapping[str, str] = {
    "sent": mark("it was sent"),
    "unavailable": mark("it could not be sent"),
    "proved": mark("it was right"),
    "wrong": mark("it was wrong"),
    "expired": mark("it came too late"),
    "limited": mark("there had been too many tries"),
}
_TOLD = frozenset(
    {
        *_BY_KIND,
        Kind.REQUEST_MOVED,
        Kind.IDENTITY_TRIED,
        Kind.LETTER_MADE,
        Kind.LETTER_SENT,
        Kind.RECIPIENT_TOLD,
        Kind.RECIPIENT_ANSWERED,
        Kind.PACKAGE_MADE,
        Kind.PACKAGE_FETCHED,
        Kind.PACKAGE_DELETED,
    }
)


_ASKER_SHOWN = mark("It was shown who asks")
_FOR_CHILD = mark("the child or a guardian")


@dataclass(frozen=True)
class ShownStep:
    """`by`: who did it, in words; `more`: what came of it, or why."""

    at: datetime
    what: str
    by: str
    more: str


async def steps(asked: Asked, request: Request, *, of: Member) -> Sequence[ShownStep] | None:
    """Oldest first; None where the record is not as it was written. `of`: whose request it is."""
    unit, subject = asked.unit, of.key.subject()
    try:
        found = await naming(
            unit.session, str(request.id), subject=subject, trust=unit.record.trust
        )
    except RecordError:
        return None
    told = (one for one in found if one.kind in _TOLD)
    mine = (one for one in told if one.facts.get("request") == str(request.id))
    shown = [one for one in mine if one.facts.get("how") != "preview"]
    child = of.id != asked.member.id
    return [_of_child(asked, one) if child else _shown(asked, one) for one in shown]


def _shown(asked: Asked, one: Told) -> ShownStep:
    return ShownStep(one.at, _what(asked, one), _by(asked, one), _more(asked, one))


def _of_child(asked: Asked, one: Told) -> ShownStep:
    """As a guardian reads it: under a child's pseudonym the child and guardians act alike."""
    said = _shown(asked, one)
    if one.kind == Kind.IDENTITY_TRIED:
        said = replace(said, what=asked.speaking.say(_ASKER_SHOWN))
    if one.actor.type == ActorType.MEMBER or one.facts.get("channel") == Channel.GUARDIAN:
        said = replace(said, by=asked.speaking.say(_FOR_CHILD))
    return said


def _what(asked: Asked, one: Told) -> str:
    say, facts = asked.speaking.say, one.facts
    if one.kind == Kind.REQUEST_MOVED and facts.get("step") in _STEPS:
        return say(_STEPS[str(facts["step"])])
    if one.kind in _BY_KIND:
        return say(_BY_KIND[one.kind])
    return asked.speaking.wording.say(happened(one.kind, one.actor.type, facts))


def _by(asked: Asked, one: Told) -> str:
    """Staff are not named: they acted for us (C-579/21)."""
    if one.facts.get("channel") == Channel.GUARDIAN:
        return asked.speaking.coded(By.GUARDIAN, BY)
    return asked.speaking.coded(one.actor.type, ACTORS) if one.actor.type in ACTORS else ""


def _more(asked: Asked, one: Told) -> str:
    facts, speak = one.facts, asked.speaking
    outcome = facts.get("outcome")
    if outcome in _OUTCOMES and (facts.get("identifier") or outcome != "proved"):
        return speak.say(_OUTCOMES[str(outcome)])
    if facts.get("reason") and one.kind in (Kind.REQUEST_MOVED, Kind.REQUEST_REFUSED):
        return speak.coded(str(facts["reason"]), WHY)
    if facts.get("letter") in LETTERS:
        return speak.say(LETTERS[LetterKind(str(facts["letter"]))])
    recipient = asked.active.programme.recipients.get(str(facts.get("recipient")))
    return recipient.name if recipient is not None else ""
