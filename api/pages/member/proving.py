"""Showing who one is, within a request: by a code to an address on file, or a second proof.

Each try counts and stands on record, whatever came of it; the answer is told in words on the
request's page. Opens so much of an address as tells which is meant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from api.http.bodies import Name
from api.http.my_identity import carriers_of
from api.pages.answers import Go
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member import whose
from api.people.people import Kind
from dsar import identity as proofs
from dsar import identity_codes, identity_steps, identity_ways, own_sight
from dsar.identity import How
from dsar.identity_cases import Outcome
from dsar.identity_codes import Carrier
from dsar.packages import kept
from dsar.packages.marking import mark
from dsar.register import Request
from dsar.states import Step, after

pages = Pages(Kind.MEMBER)
PATH = whose.OWN + "/{request:uuid}/identity"
#: What came of a try; whether it went well, and how that is said.
_TRIED: Mapping[str, tuple[bool, str]] = {
    Outcome.SENT: (True, mark("A code is on its way. It holds for ten minutes.")),
    Outcome.UNAVAILABLE: (
        False,
        mark("We cannot send a code there: choose another way, or write to us."),
    ),
    Outcome.PROVED: (True, mark("Thank you, that is shown.")),
    Outcome.WRONG: (
        False,
        mark("That is not the code. Look once more; after five tries you need a new one."),
    ),
    Outcome.EXPIRED: (False, mark("That code does not hold any more. Have a new one sent.")),
    Outcome.LIMITED: (
        False,
        mark("There were too many tries. Wait an hour, or until tomorrow, or take another way."),
    ),
}
_CARRIERS = {Carrier.EMAIL: mark("by e-mail"), Carrier.SMS: mark("by text message")}


@dataclass(frozen=True)
class Tried:
    """What came of a try, in words; `well`: whether it went well."""

    well: bool
    text: str


@dataclass(frozen=True)
class ShownWay:
    """A code to one identifier: `by` what it travels, and `to` where, in part."""

    identifier: str
    label: str
    by: str
    to: str


@dataclass(frozen=True)
class ShownIdentity:
    """`lacks`: what must be shown before it goes on, `any`: one of it is enough. Where nothing
    lacks, the rest of the `ways` widens the answer. `lately`: a second proof was given just now,
    and shows all of it."""

    lacks: Sequence[str]
    any: bool
    proved: Sequence[str]
    ways: Sequence[ShownWay]
    lately: bool


class WantedCode(msgspec.Struct, forbid_unknown_fields=True):
    identifier: Name


class BroughtCode(msgspec.Struct, forbid_unknown_fields=True):
    identifier: Name
    code: Annotated[str, msgspec.Meta(max_length=32)]

    def __repr__(self) -> str:
        return "BroughtCode(***)"


@pages("POST", PATH + "/code")
async def send(asked: Asked, wanted: WantedCode) -> Go:
    """Have a code sent to an identifier on file."""
    found = await whose.request_of(asked)
    outcome = await identity_codes.ask(
        asked.unit,
        asked.act,
        asked.active,
        found.id,
        wanted.identifier,
        carriers=carriers_of(asked.tillit.settings),
    )
    return _back(found, outcome)


@pages("POST", PATH + "/check")
async def check(asked: Asked, brought: BroughtCode) -> Go:
    """Bring a code; it proves the identifier that it came to, for this request, once."""
    found = await whose.request_of(asked)
    outcome = await identity_codes.check(
        asked.unit,
        asked.act,
        asked.active,
        found.id,
        identifier=brought.identifier,
        code=brought.code,
    )
    return _back(found, outcome)


@pages("POST", PATH + "/second")
async def by_second_proof(asked: Asked) -> Go:
    """Show all of it by the second proof that was given within the last ten minutes."""
    found = await whose.request_of(asked)
    outcome = await identity_steps.step_up(
        asked.unit, asked.act, asked.active, found.id, lately=asked.proved_lately
    )
    return _back(found, outcome)


def tried(asked: Asked) -> Tried | None:
    """What came of the last try, by the word in the address."""
    found = _TRIED.get(asked.query.get("tried", ""))
    return None if found is None else Tried(found[0], asked.speaking.say(found[1]))


async def identity(asked: Asked, request: Request) -> ShownIdentity | None:
    """What lacks and the ways to show it; None once it is decided, or all of it is shown."""
    if after(request.right, request.state, Step.REFUSE) is None:
        return None
    found = await identity_ways.stands(
        asked.unit,
        asked.act,
        asked.active,
        request.id,
        carriers=carriers_of(asked.tillit.settings),
        cards=False,
    )
    if found.whole or not (found.lacks or found.ways):
        return None
    return ShownIdentity(
        lacks=[_label(asked, one) for one in sorted(found.lacks)],
        any=proofs.one_is_enough(request.right),
        proved=[_label(asked, one) for one in sorted(found.proved)],
        ways=[
            ShownWay(
                way.identifier,
                _label(asked, way.identifier),
                asked.speaking.say(_CARRIERS[way.carrier]) if way.carrier else "",
                way.to or "",
            )
            for way in found.ways
            if way.how is How.CODE
        ],
        lately=asked.proved_lately,
    )


def _label(asked: Asked, identifier: str) -> str:
    seen = own_sight.sight(asked.unit, asked.active, asked.member, proved=asked.proved_lately)
    return kept.label(seen, asked.speaking.wording, identifier)


def _back(request: Request, outcome: Outcome) -> Go:
    return Go(f"{whose.at(request.id)}?tried={outcome.value}")
