"""How somebody without a sign-in shows that a request is theirs, by the link they were sent, and
how officers put on record what they have seen.

The link names the request and proves nothing by itself. Who follows it is not known to be the
member, so what they try stands in the record as ours and not as the member's.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from api.http import identity_pages
from api.http.bodies import is_form
from api.http.doors import Asked, Doors, Media
from api.http.my_identity import (
    CardShown,
    CodeBrought,
    Tried,
    WantedCode,
    carriers_of,
    read_card,
    told,
)
from api.http.one_button import HTML
from api.http.request_shapes import RequestShown, shown
from api.links import Kind, links_of, unknown_link
from audit.acts import Act
from audit.entries import ActorType
from consent.programme import Ability
from dsar import (
    identity_cards,
    identity_codes,
    identity_steps,
    identity_ways,
    register,
    requests,
)
from dsar.errors import NotARequest, UnknownRequest
from dsar.identity import How
from dsar.identity_cases import Outcome

public = Doors(None)
officers = Doors(ActorType.OFFICER)

#: As in the record: nobody knows yet who it is.
_SOMEBODY = "tillit"


class Attested(msgspec.Struct, forbid_unknown_fields=True):
    """What an officer has seen. `how`: ``officer``, ``mandate`` or ``guardian``.

    `note`: such as the day of the mandate; it is kept sealed, and goes with the member.
    """

    how: str
    note: Annotated[str, msgspec.Meta(max_length=identity_steps.LONGEST_NOTE)] = ""


class ProofShown(msgspec.Struct):
    """A proof. `identifier`: null for the whole person, and for a sign-in.

    `holds`: its value is still the same, and whoever spoke for the member still may.
    """

    how: str
    identifier: str | None
    at: datetime
    holds: bool
    note: str


class Proofs(msgspec.Struct):
    """What was proved for a request, and what lacks."""

    request: UUID
    state: str
    lacks: list[str]
    proofs: list[ProofShown]


@public("GET", "/v1/identity/{token}", media=HTML, problems=(404,))
async def page(asked: Asked) -> Media:
    """The page on which somebody shows that a request is theirs; opening it changes nothing."""
    request = await _request(asked)
    standing = await _standing(asked, request)
    if not standing.request.state.is_open:
        raise unknown_link()
    return identity_pages.page(asked, standing, steps=0)


@public("POST", "/v1/identity/{token}/codes", problems=(404,), form=True, also=(HTML,))
async def ask(asked: Asked, wanted: WantedCode) -> Tried | Media:
    """Have a one-time code sent to an identifier that is on file."""
    request = await _request(asked)
    outcome = await identity_codes.ask(
        asked.unit,
        _act(asked),
        asked.active,
        request,
        wanted.identifier,
        carriers=carriers_of(asked.tillit.settings),
    )
    return await _answer(asked, request, outcome, steps=1)


@public("POST", "/v1/identity/{token}/codes/check", problems=(404,), form=True, also=(HTML,))
async def check(asked: Asked, brought: CodeBrought) -> Tried | Media:
    """Bring a code; it proves the identifier that it came to, for this request, once."""
    request = await _request(asked)
    outcome = await identity_codes.check(
        asked.unit,
        _act(asked),
        asked.active,
        request,
        identifier=brought.identifier,
        code=brought.code,
    )
    return await _answer(asked, request, outcome, steps=2)


@public("POST", "/v1/identity/{token}/purchase", problems=(404,), form=True, also=(HTML,))
async def purchase(asked: Asked, bought: CardShown) -> Tried | Media:
    """Prove a member number by a recent purchase on it."""
    request = await _request(asked)
    outcome = await identity_cards.show(
        asked.unit, _act(asked), asked.active, request, read_card(bought)
    )
    return await _answer(asked, request, outcome, steps=1)


@officers("GET", "/v1/requests/{request:uuid}/identity", ability=Ability.REQUESTS)
async def proofs(asked: Asked) -> Proofs:
    """How it was shown whose request this is; on record where it shows what an officer noted."""
    case, given = await identity_steps.given(
        asked.unit, asked.act, asked.active, asked.id("request")
    )
    return Proofs(
        request=case.request.id,
        state=case.request.state.value,
        lacks=sorted(identity_ways.lacking(asked.unit, case)),
        proofs=[
            ProofShown(one.proof.how.value, one.proof.identifier, one.at, one.holds, one.proof.note)
            for one in given
        ],
    )


@officers("POST", "/v1/requests/{request:uuid}/identity", ability=Ability.REQUESTS, problems=(409,))
async def attest(asked: Asked, attested: Attested) -> RequestShown:
    """Put on record that you have seen who it is, or a mandate, or a guardian's papers."""
    found = await identity_steps.attest(
        asked.unit,
        asked.act,
        asked.active,
        asked.id("request"),
        how=_how(attested.how),
        note=attested.note,
    )
    return await shown(asked, found)


@officers(
    "POST", "/v1/requests/{request:uuid}/identity/query", ability=Ability.REQUESTS, problems=(409,)
)
async def query(asked: Asked) -> RequestShown:
    """Ask who they are, because it cannot be told; the clock stands meanwhile (Art. 12(6))."""
    found = await requests.ask_identity(asked.unit, asked.act, asked.active, asked.id("request"))
    return await shown(asked, found)


def _how(name: str) -> How:
    """Raises `NotARequest`, which repeats nothing."""
    if name not in identity_steps.ATTESTED:
        raise NotARequest(
            "this is nothing that an officer attests to",
            place="how",
            remedy="one of " + ", ".join(identity_steps.ATTESTED),
        )
    return How(name)


async def _request(asked: Asked) -> UUID:
    """The request that the link is for. Raises `UnknownLink`, whatever is wrong with it."""
    link = links_of(asked.tillit).open(Kind.IDENTITY, str(asked.path["token"]))
    try:
        found = await register.get(asked.unit, link.id)
    except UnknownRequest:
        raise unknown_link() from None
    if found.member is None or found.member != link.member:
        raise unknown_link()
    return found.id


async def _standing(asked: Asked, request: UUID) -> identity_ways.Standing:
    carriers = carriers_of(asked.tillit.settings)
    return await identity_ways.stands(
        asked.unit, _act(asked), asked.active, request, carriers=carriers, cards=True
    )


async def _answer(asked: Asked, request: UUID, outcome: Outcome, *, steps: int) -> Tried | Media:
    """To a page's form another page, to everything else what was tried."""
    if not is_form(asked.headers):
        return await told(asked, request, outcome)
    standing = await _standing(asked, request)
    return identity_pages.page(asked, standing, outcome=outcome, steps=steps)


def _act(asked: Asked) -> Act:
    return Act(ActorType.SYSTEM, _SOMEBODY, programme=asked.active.version)
