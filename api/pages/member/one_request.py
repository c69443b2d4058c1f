"""`/my/requests/{id}`: all there is to know of one's own request, and what one can do with it.

Opens what was asked for, and so much of an address as tells which is meant; each look is on
record. Letters are on pages of their own (`letter`), the answer's file too (`files`); showing who
one is is sent from here (`proving`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from api.links import links_of
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member import proving, standing, steps, whose
from api.pages.member.letter import LETTERS
from api.pages.member.proving import ShownIdentity, Tried
from api.pages.member.standing import Summary
from api.pages.member.steps import ShownStep
from api.people.people import Kind
from audit.errors import RecordError
from dsar import by_hand, deciding, desk, heard, own_sight
from dsar.heard import Heard
from dsar.letters import desk as letters
from dsar.letters.wording import Wording
from dsar.outgoing import State as Way
from dsar.packages import kept
from dsar.packages.marking import mark
from dsar.packages.processing import title as purpose_title
from dsar.readable.words import DOMAIN, GIVEN_UP, UNANSWERED
from dsar.register import Request
from dsar.states import Right
from dsar.wanted import Wanted
from profiles.members import Member

pages = Pages(Kind.MEMBER)
PATH = whose.OWN + "/{request:uuid}"
_WAYS = {
    Way.WAITING: mark("on its way"),
    Way.SENT: mark("on its way"),
    Way.DONE: mark("sent, or fetched"),
    Way.GIVEN_UP: mark("could not be sent"),
    Way.DOWNLOAD: mark("not sent: it is read here"),
}
_CONFIRMED, _YET = mark("has confirmed that it is done there"), mark("has yet to confirm")


@dataclass(frozen=True)
class ShownWish:
    """What exactly was asked for. `values`: what is to be set right, and to what."""

    purposes: Sequence[str]
    marketing: bool
    values: Sequence[tuple[str, str]]
    note: str
    outcome: str


@dataclass(frozen=True)
class ShownLetter:
    name: str
    text: str
    state: str
    at: datetime


@dataclass(frozen=True)
class ShownRecipient:
    """`closed`: when it confirmed it, or was waited for no more."""

    name: str
    state: str
    closed: datetime | None


@dataclass(frozen=True)
class OneRequest(View):
    """`history`: None where the record cannot tell. `by_hand`: recipients whom somebody here
    writes to, None where that cannot be told. `certificate`: of an erasure, the address at which
    its certificate is fetched once there is one."""

    template: ClassVar[str] = "member/request.html"
    title: ClassVar[str] = mark("My request")

    one: Summary
    tried: Tried | None
    wish: ShownWish | None
    identity: ShownIdentity | None
    history: Sequence[ShownStep] | None
    letters: Sequence[ShownLetter]
    recipients: Sequence[ShownRecipient]
    by_hand: Sequence[str] | None
    certificate: str


@pages("GET", PATH, query=("tried",))
async def see(asked: Asked) -> OneRequest:
    """Everything about it. `tried`: what came of showing who one is, a moment ago."""
    found = await whose.request_of(asked)
    told, left = await _told(asked, found)
    return OneRequest(
        one=await standing.of(asked, whose.own(asked), found.id),
        tried=proving.tried(asked),
        wish=shown_wish(asked, asked.member, await desk.wish_opened(asked.unit, asked.act, found)),
        identity=await proving.identity(asked, found),
        history=await steps.steps(asked, found, of=asked.member),
        letters=[_letter(asked, one) for one in await letters.listed(asked.unit, found.id)],
        recipients=[_recipient(asked, name, one) for name, one in told.items()],
        by_hand=None if left is None else _names(asked, left),
        certificate=_certificate(asked, found),
    )


@pages("POST", PATH + "/cancel")
async def cancel(asked: Asked) -> Go:
    """Take it back, while it has not been carried out; an erasure while it cools off."""
    found = await whose.request_of(asked)
    await deciding.cancel(asked.unit, asked.act, found.id)
    return Go(whose.at(found.id), said="cancelled")


async def _told(asked: Asked, found: Request) -> tuple[Mapping[str, Heard], tuple[str, ...] | None]:
    """Who was told and what they say; and whom somebody here tells, None where nobody can say."""
    left = (await by_hand.left(asked.unit, [found]))[found.id]
    try:
        subject = asked.member.key.subject()
        return await heard.of_request(asked.unit, found.id, subject=subject), left
    except RecordError:
        return {}, None


def shown_wish(asked: Asked, of: Member, wish: Wanted | None) -> ShownWish | None:
    """What was asked for, but for what a sign-in by e-mail opens nowhere else either."""
    if wish is None:
        return None
    wording = asked.speaking.wording
    seen = own_sight.sight(asked.unit, asked.active, of, proved=asked.proved_lately)
    later = asked.speaking.say("after a second proof")
    told, held = own_sight.wish(wish, seen)
    return ShownWish(
        purposes=[purpose_title(seen, wording, name) for name in wish.purposes],
        marketing=wish.marketing,
        values=[
            (
                kept.label(seen, wording, name),
                later if name in held else _value(asked, name, value),
            )
            for name, value in wish.values.items()
        ],
        note=later if "note" in held else told.note,
        outcome=later if "outcome" in held else told.outcome,
    )


def _value(asked: Asked, name: str, value: Any) -> str:
    """As it was written; empty for what is to be removed."""
    field = asked.unit.schema.catalogue.fields.get(name)
    if value is None or field is None:
        return "" if value is None else str(value)
    seen = own_sight.sight(asked.unit, asked.active, asked.member, proved=True)
    words = kept.read_as(seen, asked.speaking.wording, name)
    return asked.speaking.wording.value(
        value, kind=field.type, category=field.category, words=words
    )


def _letter(asked: Asked, one: letters.Status) -> ShownLetter:
    say = asked.speaking.say
    return ShownLetter(one.kind.value, say(LETTERS[one.kind]), say(_WAYS[one.state]), one.made_at)


def _recipient(asked: Asked, name: str, one: Heard) -> ShownRecipient:
    say = asked.speaking.say
    if one.state is Way.DONE:
        state = say(_CONFIRMED)
    elif one.state.is_open:
        state = say(_YET)
    else:
        words = Wording.of(asked.speaking.code, DOMAIN)
        state = words.say(GIVEN_UP.get(one.reason or "", UNANSWERED))
    return ShownRecipient(_names(asked, [name])[0], state, one.closed_at)


def _names(asked: Asked, names: Sequence[str]) -> list[str]:
    return [one.name or one.recipient for one in by_hand.described(asked.active, names)]


def _certificate(asked: Asked, found: Request) -> str:
    """Who was erased cannot sign in: the address is theirs to keep beforehand."""
    if found.right is not Right.ERASURE or not found.state.is_open:
        return ""
    return links_of(asked.tillit).certifying(found.id)
