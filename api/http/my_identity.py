"""How members show that a request is theirs, with an ordinary token and something more.

A try is answered with what came of it, and never as a mistake: it counts and stands on record,
whatever it was. A purchase proves nothing here: it is taken by the link in a letter.
"""

import re
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from api.settings import Settings
from audit.entries import ActorType
from dsar import identity_codes, identity_steps, identity_ways, register
from dsar.errors import UnknownRequest
from dsar.identity_cards import Shown
from dsar.identity_cases import Outcome, opened
from dsar.identity_codes import Carrier
from dsar.identity_ways import Standing, lacking

doors = Doors(ActorType.MEMBER)

_AMOUNT = re.compile(r"\d{1,10}([.,]\d{1,2})?")


class MyWay(msgspec.Struct):
    """A way to prove one identifier. `how`: ``code`` or ``purchase``.

    `by` and `to`: how a code travels, and to which address, shown in part.
    """

    how: str
    identifier: str
    by: str | None
    to: str | None


class MyIdentity(msgspec.Struct):
    """What lacks before a request can go on, what was proved, and which ways there are.

    `whole`: the whole person was proved, and nothing lacks. Of `lacks`, one identifier is enough
    for all but an erasure and a correction.
    """

    request: UUID
    state: str
    lacks: list[str]
    proved: list[str]
    whole: bool
    ways: list[MyWay]


class WantedCode(msgspec.Struct, forbid_unknown_fields=True):
    """To which identifier on file the code is to go, such as ``email``."""

    identifier: Name


class CodeBrought(msgspec.Struct, forbid_unknown_fields=True):
    """A code that came to an identifier."""

    identifier: Name
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]

    def __repr__(self) -> str:
        return "CodeBrought(***)"


class CardShown(msgspec.Struct, forbid_unknown_fields=True):
    """A purchase of the last 90 days: its day, and what it came to, such as ``"199.50"``."""

    member_number: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    day: date
    amount: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]

    def __repr__(self) -> str:
        return "CardShown(***)"


class Tried(msgspec.Struct):
    """What came of it, and what lacks now.

    `outcome`: ``sent``, ``unavailable``, ``proved``, ``wrong``, ``expired`` or ``limited``.
    """

    outcome: str
    state: str
    lacks: list[str]


@doors("GET", "/v1/me/requests/{request:uuid}/identity")
async def see(asked: Asked) -> MyIdentity:
    """What you must still prove before your request goes on, and how you can."""
    request = await _own(asked)
    carriers = carriers_of(asked.tillit.settings)
    # Whoever has this token can read the number, and of purchases enough to guess one.
    standing = await identity_ways.stands(
        asked.unit, asked.act, asked.active, request, carriers=carriers, cards=False
    )
    return shown(standing)


@doors("POST", "/v1/me/requests/{request:uuid}/identity/codes")
async def ask(asked: Asked, wanted: WantedCode) -> Tried:
    """Have a one-time code sent to an identifier that is on file; it holds for ten minutes."""
    request = await _own(asked)
    outcome = await identity_codes.ask(
        asked.unit,
        asked.act,
        asked.active,
        request,
        wanted.identifier,
        carriers=carriers_of(asked.tillit.settings),
    )
    return await told(asked, request, outcome)


@doors("POST", "/v1/me/requests/{request:uuid}/identity/codes/check")
async def check(asked: Asked, brought: CodeBrought) -> Tried:
    """Bring a code; it proves the identifier that it came to, for this request, once."""
    request = await _own(asked)
    outcome = await identity_codes.check(
        asked.unit,
        asked.act,
        asked.active,
        request,
        identifier=brought.identifier,
        code=brought.code,
    )
    return await told(asked, request, outcome)


@doors("POST", "/v1/me/requests/{request:uuid}/identity/step-up")
async def step_up(asked: Asked) -> Tried:
    """Prove all of it at once, having signed in with a second proof in the last ten minutes."""
    request = await _own(asked)
    lately = asked.who.proved_lately(asked.unit.now)
    outcome = await identity_steps.step_up(
        asked.unit, asked.act, asked.active, request, lately=lately
    )
    return await told(asked, request, outcome)


def carriers_of(settings: Settings) -> Collection[Carrier]:
    """By what codes can be sent from here."""
    there = {Carrier.EMAIL: settings.mail, Carrier.SMS: settings.sms}
    return frozenset(carrier for carrier, gateway in there.items() if gateway is not None)


def read_card(bought: CardShown) -> Shown:
    """What was read off card and receipt. Raises `Misshapen`."""
    amount = "".join(bought.amount.split())
    if _AMOUNT.fullmatch(amount) is None:
        raise Misshapen("this is no amount", place="amount", remedy="such as 199.50")
    return Shown(bought.member_number, bought.day, Decimal(amount.replace(",", ".")))


async def told(asked: Asked, request: UUID, outcome: Outcome) -> Tried:
    """What is answered to a try."""
    case = await opened(asked.unit, asked.active, request)
    return Tried(outcome.value, case.request.state.value, sorted(lacking(asked.unit, case)))


def shown(standing: Standing) -> MyIdentity:
    return MyIdentity(
        request=standing.request.id,
        state=standing.request.state.value,
        lacks=sorted(standing.lacks),
        proved=sorted(standing.proved),
        whole=standing.whole,
        ways=[
            MyWay(one.how.value, one.identifier, one.carrier and one.carrier.value, one.to)
            for one in standing.ways
        ],
    )


async def _own(asked: Asked) -> UUID:
    found = await register.get(asked.unit, asked.id("request"))
    if found.member != asked.member.id:
        raise UnknownRequest("there is no such request", place="request")
    return found.id
