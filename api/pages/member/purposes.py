"""A purpose as a card shows it: what it is, where somebody stands with it, and what a no changes.

What a member sees of themselves and what a guardian sees of a child are made here alike. Pure:
stands in, words in the page's language out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from api.pages.asked import Asked
from api.pages.telling import ToldPurpose, told
from consent.choices import State
from consent.eligibility import Reason
from consent.history import Stand
from dsar import own_choices
from dsar.own_preferences import Preferences
from dsar.packages.marking import mark

CHANNELS: Mapping[str, str] = {
    "email": mark("E-mail"),
    "sms": mark("Text message"),
    "post": mark("Post"),
    "app": mark("The app"),
    "phone": mark("Telephone"),
}
#: Reasons that what was answered does not tell, of a member or of a child alike.
WHY: Mapping[Reason, str] = {
    Reason.RESTRICTED: mark("the use of the data is restricted"),
    Reason.OBJECTED: mark("there is an objection to it"),
    Reason.PAUSED: mark("it is paused"),
    Reason.ASK_AGAIN: mark("what the yes was to is not what we do now, so we ask again"),
    Reason.GUARDIAN_NEEDED: mark("a guardian has to say yes"),
    Reason.AGE_UNKNOWN: mark("we do not know the age"),
    Reason.COME_OF_AGE: mark("a guardian said yes, and the member is old enough to answer now"),
}
#: A yes was said, and is none as things are: neither button is pressed.
_HANGING = frozenset({Reason.ASK_AGAIN, Reason.GUARDIAN_NEEDED, Reason.COME_OF_AGE})


@dataclass(frozen=True)
class ShownChannel:
    """`on`: None, and marked neither way, while no yes was said that would use it. `barred`: off
    for everything at once, so that nothing said of one purpose turns it on."""

    name: str
    text: str
    on: bool | None
    barred: bool


@dataclass(frozen=True)
class ShownPurpose(ToldPurpose):
    """The same, and where somebody stands with it.

    `answer`: yes (True), no, or None while there is none that counts; `said`: the answer in words;
    `used`, or `why_not`, where the answer does not tell. `last_day`: of a yes that runs out.
    `channels`: each by itself, once the answer is yes or none is needed; before, `ways` names
    those that a yes opens, and nothing looks like said.
    """

    can_choose: bool
    is_consent: bool
    answer: bool | None
    said: str
    since: datetime | None
    last_day: date | None
    used: bool
    why_not: str
    channels: Sequence[ShownChannel]
    ways: Sequence[str]


@dataclass(frozen=True)
class JustSaid:
    """The purpose about which something was said just now, for the message that tells it.

    `at`: its card on the page; `other`: the other answer (True for yes), sent to `to`, or None
    where there is none to offer. `language`: that of its notice, and `terms`: its terms.
    """

    title: str
    at: str
    to: str
    other: bool | None
    language: str
    terms: str


#: Words of `api.pages.saying.SAID` after which the other answer is offered, with that answer.
_OTHER = {"yes": False, "yes-waits": False, "yes-held": False, "no": True}


def just_said(
    asked: Asked, purposes: Sequence[ShownPurpose], *, to: str, after: str = "", own: bool = True
) -> JustSaid | None:
    """What the address says was answered just now (`about`), if there is such a choice.

    `to`: where an answer is sent, before the purpose's name; `after`: what follows the name in a
    card's id. `own`: a yes where one is needed is this person's to say.
    """
    said, about = asked.query.get("said", ""), asked.query.get("about", "")
    one = next((one for one in purposes if one.name == about and one.can_choose), None)
    if one is None:
        return None
    other = _OTHER.get(said)
    if other and one.is_consent and not own:
        other = None
    to = f"{to}/{one.name}"
    return JustSaid(one.title, one.name + after, to, other, one.notice_language, one.terms)


def shown(asked: Asked, stand: Stand, *, wishes: Preferences | None = None) -> ShownPurpose:
    """`wishes`: what they have said about everything at once, where that is to be told."""
    purpose, speak = stand.purpose, asked.speaking
    until = stand.standing.until if stand.standing.consented else None
    said = _said(stand, all_marketing=wishes is not None and wishes.objects)
    answer, channels = answer_of(stand), _channels(asked, stand, wishes)
    in_effect = answer or (answer is None and not stand.footing.needs_consent)
    return ShownPurpose(
        **vars(told(asked.active, speak, purpose)),
        can_choose=own_choices.can_choose(purpose),
        is_consent=stand.footing.needs_consent,
        answer=answer,
        said=speak.say(said),
        since=stand.standing.since if said in _DATED else None,
        last_day=until - timedelta(days=1) if until and said in _DATED else None,
        used=stand.reason is None,
        why_not=_why_not(asked, stand, said),
        channels=channels if in_effect else [],
        ways=[]
        if in_effect
        else [one.text for one in channels if one.on is not False and not one.barred],
    )


YES, NO = mark("The answer is yes"), mark("The answer is no")
YES_BY_GUARDIAN = mark("The answer is yes, said by a guardian")
WAITING = mark("The answer is yes, which counts once it is confirmed by the link that we send")
NOTHING_SAID = mark("There is no answer yet, which counts as a no")
USED_UNLESS = mark("There is no answer yet. We use it unless the answer is no")
UNPROVEN = mark("We were told of a yes, and nothing proves it, so it does not count")
EXPIRED = mark("The yes has run out and does not count any more")
INVALID = mark("An earlier yes was found not to be valid and does not count")
ALL_MARKETING = mark("The answer to all direct marketing is no. A yes here is an exception to that")
_DATED = frozenset({YES, NO, YES_BY_GUARDIAN, WAITING})
_BY_STATE: Mapping[State, str] = {
    State.UNKNOWN: NOTHING_SAID,
    State.REQUESTED: WAITING,
    State.UNPROVEN: UNPROVEN,
    State.GIVEN: YES,
    State.RENEWED: YES,
    State.REFUSED: NO,
    State.WITHDRAWN: NO,
    State.EXPIRED: EXPIRED,
    State.INVALIDATED: INVALID,
}


def _said(stand: Stand, *, all_marketing: bool) -> str:
    """The answer there is, as an English sentence of the catalogue."""
    standing = stand.standing
    if standing.objected:
        return NO
    if all_marketing and stand.objected:
        return ALL_MARKETING
    if stand.footing.needs_consent:
        by_guardian = standing.consented and standing.guardian and stand.state is not State.EXPIRED
        return YES_BY_GUARDIAN if by_guardian else _BY_STATE[stand.state]
    if standing.said_no:
        return NO
    return YES if standing.taken_back else USED_UNLESS


def answer_of(stand: Stand) -> bool | None:
    """Yes, no, or None while there is no answer that counts."""
    if stand.objected or stand.standing.said_no:
        return False
    if not stand.footing.needs_consent:
        return True if stand.standing.taken_back else None
    if stand.state in (State.GIVEN, State.RENEWED):
        return None if stand.reason in _HANGING else True
    if stand.state is State.REQUESTED:
        return True
    return False if stand.state in (State.REFUSED, State.WITHDRAWN) else None


def _why_not(asked: Asked, stand: Stand, said: str) -> str:
    """Why it is not used, where the answer beside it does not tell."""
    if stand.reason is None or (stand.reason is Reason.OBJECTED and said in (NO, ALL_MARKETING)):
        return ""
    why = WHY.get(stand.reason)
    return asked.speaking.say(why) if why else ""


def _channels(asked: Asked, stand: Stand, wishes: Preferences | None) -> list[ShownChannel]:
    if not stand.footing.heeds_channels:
        return []
    say = asked.speaking.say
    return [
        ShownChannel(
            one,
            say(CHANNELS[one]),
            None if on and answer_of(stand) is None else on,
            barred=wishes is not None and not wishes.channels[one],
        )
        for one, on in stand.channels.items()
    ]
