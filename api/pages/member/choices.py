"""`/my/choices`: each purpose in plain words, and yes or no to it, with equal ease.

A no takes effect at once, as a yes does; what it changes stands beside the buttons, before either
is pressed. Reads and writes what the member said (`dsar.own_choices`), and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

import msgspec

from api.http.bodies import Name, name
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.people.people import Kind
from consent.choices import State
from consent.history import Stand
from consent.programme import Purpose
from dsar import own_choices
from dsar.packages.marking import mark
from dsar.packages.meanings import REASONS, STATES

pages = Pages(Kind.MEMBER)
PATH = "/my/choices"


@dataclass(frozen=True)
class ShownChannel:
    name: str
    text: str
    on: bool


@dataclass(frozen=True)
class ShownPurpose:
    """A purpose as its card shows it; all words are in the page's language.

    `notice_language`: that of the notice, where it is another. `yes`: they have said yes, or not
    said no where nothing need be said; `why_not`: why their data is not used, if it is not.
    `recipients`: who gets data for it, by name.
    """

    name: str
    title: str
    article: str
    notice: str
    notice_language: str
    data: Sequence[str]
    recipients: Sequence[str]
    kept: str
    can_choose: bool
    is_consent: bool
    yes: bool
    state: str
    why_not: str
    awaits: bool
    since: datetime | None
    until: date | None
    channels: Sequence[ShownChannel]


@dataclass(frozen=True)
class Choices(View):
    """`purposes`: those there is a choice about; `others`: those there is none."""

    template: ClassVar[str] = "member/choices.html"
    title: ClassVar[str] = mark("Choices")

    purposes: Sequence[ShownPurpose]
    others: Sequence[ShownPurpose]


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """Yes or no. `language`: that of the notice that was shown."""

    allow: bool
    language: str


class ChannelAnswer(msgspec.Struct, forbid_unknown_fields=True):
    channel: Name
    on: bool


@pages("GET", PATH, unsettled=True)
async def see(asked: Asked) -> Choices:
    """Every purpose, and where one stands with it."""
    stands = await own_choices.choices(asked.unit, asked.active, asked.member)
    shown = [_shown(asked, one) for one in stands]
    return Choices(
        purposes=[one for one in shown if one.can_choose],
        others=[one for one in shown if not one.can_choose],
    )


@pages("POST", "/my/choices/{purpose}", unsettled=True)
async def choose(asked: Asked, answer: Answer) -> Go:
    """Say yes or no; every answer from now on heeds it."""
    footing = asked.active.footing(name(asked.path["purpose"], place="purpose"))
    await own_choices.choose(
        asked.unit,
        asked.act,
        asked.active,
        await asked.locked(),
        footing,
        allow=answer.allow,
        language=answer.language,
    )
    return Go(f"{PATH}#{footing.purpose.name}", said="yes" if answer.allow else "no")


@pages("POST", "/my/choices/{purpose}/channels", unsettled=True)
async def reach(asked: Asked, answer: ChannelAnswer) -> Go:
    """Have a channel used for a purpose, or not."""
    footing = asked.active.footing(name(asked.path["purpose"], place="purpose"))
    await own_choices.reach(
        asked.unit,
        asked.act,
        asked.active,
        await asked.locked(),
        footing,
        channel=answer.channel,
        on=answer.on,
    )
    return Go(f"{PATH}#{footing.purpose.name}", said="saved")


def _shown(asked: Asked, stand: Stand) -> ShownPurpose:
    purpose, speak = stand.purpose, asked.speaking
    spoken = speak.code if speak.code in purpose.notice else next(iter(purpose.notice))
    period = asked.active.programme.retention_of(purpose.name)
    return ShownPurpose(
        name=purpose.name,
        title=speak.purpose(purpose.dpv),
        article=speak.wording.article(purpose.legal_basis.article),
        notice=purpose.notice[spoken],
        notice_language=spoken,
        data=_data(asked, purpose),
        recipients=_recipients(asked, purpose),
        kept=speak.language.period(period) if period else "",
        can_choose=own_choices.can_choose(purpose),
        is_consent=purpose.legal_basis.value == "consent",
        yes=_is_yes(stand),
        state=speak.coded(stand.state.value, STATES),
        why_not=speak.coded(stand.reason.value, REASONS) if stand.reason else "",
        awaits=stand.state is State.REQUESTED,
        since=stand.standing.since,
        until=stand.standing.until,
        channels=[
            ShownChannel(one, speak.say(CHANNELS.get(one, one)), on)
            for one, on in stand.channels.items()
        ],
    )


CHANNELS = {
    "email": mark("E-mail"),
    "sms": mark("Text message"),
    "post": mark("Post"),
    "app": mark("The app"),
    "phone": mark("Telephone"),
}


def _is_yes(stand: Stand) -> bool:
    if stand.purpose.legal_basis.value == "consent":
        return stand.standing.consented and stand.state is not State.EXPIRED and not stand.objected
    return not stand.objected


def _data(asked: Asked, purpose: Purpose) -> list[str]:
    """What the purpose uses, each kind of data once."""
    programme = asked.active.programme
    terms = (
        asked.active.schema.catalogue.fields[one].category
        if one in asked.active.schema.catalogue.fields
        else programme.traits[one].category
        for one in purpose.fields
    )
    return list(dict.fromkeys(asked.speaking.category(term) for term in terms))


def _recipients(asked: Asked, purpose: Purpose) -> list[str]:
    found = asked.active.programme.recipients.values()
    return [one.name for one in found if purpose.name in one.purposes]
