"""`/my/choices`: each purpose in plain words, and yes or no to it, with equal ease.

A no takes effect at once, as a yes does; what it changes stands beside the buttons, before either
is pressed, and the message after it offers the other answer. Reads and writes what the member
said (`dsar.own_choices`), and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import msgspec

from api.http.bodies import Name, name
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member.purposes import JustSaid, ShownPurpose, just_said, shown
from api.people.people import Kind
from consent.choices import State
from consent.errors import TermsChanged
from consent.history import Stand
from dsar import own_choices, own_standing
from dsar.packages.marking import mark

pages = Pages(Kind.MEMBER)
PATH = "/my/choices"


@dataclass(frozen=True)
class Choices(View):
    """`purposes`: those there is a choice about; `others`: those there is none.

    `child`: a guardian says yes for them; `age`: from which members say it themselves;
    `guardians`: how many are on record. `paused_until`: when a pause is over, if that is known.
    """

    template: ClassVar[str] = "member/choices.html"
    title: ClassVar[str] = mark("Choices")

    purposes: Sequence[ShownPurpose]
    others: Sequence[ShownPurpose]
    child: bool
    age: int
    guardians: int
    paused: bool
    paused_until: date | None
    just_said: JustSaid | None


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """Yes or no. `language`: that of the notice that was shown; `terms`: what a yes to it is to."""

    allow: bool
    language: str
    terms: str = ""


class ChannelAnswer(msgspec.Struct, forbid_unknown_fields=True):
    channel: Name
    on: bool


@pages("GET", PATH, query=("about",), unsettled=True)
async def see(asked: Asked) -> Choices:
    """Every purpose, and where one stands with it. `about`: the purpose answered just now."""
    found = await own_standing.standing(asked.unit, asked.active, asked.member)
    wishes = found.preferences
    purposes = [shown(asked, one, wishes=wishes) for one in found.stands]
    return Choices(
        purposes=[one for one in purposes if one.can_choose],
        others=[one for one in purposes if not one.can_choose],
        child=found.child,
        age=asked.active.programme.age_of_consent,
        guardians=len(found.guardians),
        paused=wishes.paused,
        paused_until=wishes.paused_until,
        just_said=just_said(asked, purposes, to=PATH, own=not found.child),
    )


@pages("POST", "/my/choices/{purpose}", unsettled=True)
async def choose(asked: Asked, answer: Answer) -> Go:
    """Say yes or no; every answer from now on heeds it. A yes is to today's text, or is none."""
    footing = asked.active.footing(name(asked.path["purpose"], place="purpose"))
    to = f"{PATH}?about={footing.purpose.name}"
    if answer.allow:
        asked.must_be_settled()
    try:
        stand = await own_choices.choose(
            asked.unit,
            asked.act,
            asked.active,
            await asked.locked(),
            footing,
            allow=answer.allow,
            language=answer.language,
            terms=answer.terms,
        )
    except TermsChanged:  # nothing was written down
        return Go(to, said="text-changed")
    return Go(to, said=said_of(stand, allow=answer.allow))


@pages("POST", "/my/choices/{purpose}/channels", unsettled=True)
async def reach(asked: Asked, answer: ChannelAnswer) -> Go:
    """Have a channel used for a purpose, or not."""
    if answer.on:
        asked.must_be_settled()
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
    return Go(f"{PATH}?about={footing.purpose.name}", said="saved")


def said_of(stand: Stand, *, allow: bool) -> str:
    """What is said after an answer: a yes that does not count yet is not said to count."""
    if not allow:
        return "no"
    if stand.state is State.REQUESTED:
        return "yes-waits"
    return "yes" if stand.reason is None else "yes-held"
