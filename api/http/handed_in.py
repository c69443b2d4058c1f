"""Requests that services hand in for members, and what officers do with what was handed in.

A shop's own site takes a wish down and hands it in: whom it is about is found out later and
unseen, and that member is asked who they are. So no service learns from this who is a member.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.doors import Asked, Doors
from api.http.errors import WrongCaller
from api.http.request_shapes import RequestShown, shown
from audit.entries import ActorType
from consent.programme import Ability, Action
from dsar.errors import NotARequest
from dsar.opendsr import handed, receiving
from dsar.opendsr.handed import HandedIn, Sender
from dsar.opendsr.receiving import PER_HOUR, Handed
from dsar.states import Right
from dsar.words import right_named
from profiles import lookup

doors = Doors(ActorType.SERVICE)
officers = Doors(ActorType.OFFICER)

#: What needs no more than the member's wish. Services write corrections, withdrawals and
#: objections down themselves, at once and for a member whom they know: waiting for an answer
#: about who they are would make none of them easier.
RIGHTS = (
    *(Right.ACCESS, Right.PORTABILITY, Right.ERASURE),
    *(Right.RESTRICTION, Right.RELEASE, Right.REVIEW),
)
Value = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class HandIn(msgspec.Struct, forbid_unknown_fields=True):
    """`reference`: the service's own, so that sending twice is asking once.

    `identifiers`: what the member goes by, by field. `language`: in which they want to be asked.
    `note`: for a review, what is to be looked at again, in their own words.
    """

    reference: UUID
    right: Name
    identifiers: Annotated[dict[Name, Value], msgspec.Meta(min_length=1, max_length=20)]
    language: Annotated[str, msgspec.Meta(max_length=35)] | None = None
    note: Annotated[str, msgspec.Meta(max_length=1_000)] = ""


class TakenIn(msgspec.Struct):
    """The same whoever it is about, and if it is about nobody. `due`: the last day to answer."""

    reference: UUID
    received_at: datetime
    due: date


class HandedInShown(msgspec.Struct):
    """What was handed in. `status`: what its sender is told. `problems`: why they could not be,
    a word for each address; `not-as-sealed` where the row is not what was handed in.

    `state`: `received`, `waiting` (nobody was found, or the member has asked already), `held`
    (it is about two members, or one with as many open as they may), `opened`, `ended`.
    """

    handed: UUID
    sender: str
    right: str
    state: str
    status: str
    received_at: datetime
    request: UUID | None
    problems: list[str]


class Leads(msgspec.Struct):
    """A field that was named, and the members it leads to."""

    field: str
    members: list[UUID]


class WhomItIsAbout(msgspec.Struct):
    """For one that is held: where each identifier leads."""

    handed: UUID
    leads: list[Leads]


class AboutWhom(msgspec.Struct, forbid_unknown_fields=True):
    """AboutWhom it is about, as an officer has found out."""

    member: UUID


@doors("POST", "/v1/requests/handed-in", status=201, problems=(429,))
async def hand_in(asked: Asked, said: HandIn) -> TakenIn:
    """Hand in a request for a member; they are asked who they are before anything else.

    Needs `enrol` for any purpose. The answer tells nothing of whether there is such a member.
    """
    service = asked.active.programme.service(asked.who.name)
    if not any(Action.ENROL in actions for actions in service.may.values()):
        raise WrongCaller(
            "this service may hand in no requests",
            place=f"services.{service.name}",
            remedy="the programme would have to let it enrol members",
        )
    right = right_named(said.right)
    if right not in RIGHTS:
        raise NotARequest(
            f"{right} is not handed in here", place="right", remedy="one of " + ", ".join(RIGHTS)
        )
    if said.note and right is not Right.REVIEW:
        raise NotARequest("only a review is handed in with a note", place="note")
    schema = asked.unit.schema
    for name, value in said.identifiers.items():
        kind = lookup.identifier(schema.catalogue, name).lookup
        lookup.normalise(kind or "text", value, region=schema.region)
    made = Handed(
        reference=str(said.reference),
        right=right,
        identities=tuple(sorted(said.identifiers.items())),
        body=msgspec.json.encode(said, order="sorted"),
        language=said.language,
        note=said.note,
    )
    sender = Sender(ActorType.SERVICE, service.name)
    found = await receiving.hand_in(asked.unit, sender, made, per_hour=PER_HOUR)
    return TakenIn(said.reference, found.received_at, receiving.due_of(asked.unit, found))


@officers("GET", "/v1/requests/handed-in", ability=Ability.REQUESTS)
async def listed(asked: Asked) -> list[HandedInShown]:
    """What was handed in and is not over, and whose sender could not be told; held ones first."""
    return [_shown(one) for one in await handed.listed(asked.unit)]


@officers("GET", "/v1/requests/handed-in/{handed:uuid}", ability=Ability.REQUESTS)
async def leads(asked: Asked) -> WhomItIsAbout:
    """AboutWhom one is about that is held: each member found sees that they were looked for."""
    id = asked.id("handed")
    found = await receiving.leads_to(asked.unit, asked.act, id)
    return WhomItIsAbout(id, [Leads(field, members) for field, members in found])


@officers(
    "POST", "/v1/requests/handed-in/{handed:uuid}/open", ability=Ability.REQUESTS, problems=(409,)
)
async def open_for(asked: Asked, whom: AboutWhom) -> RequestShown:
    """Say whom a held one is about: that member is asked who they are."""
    id = asked.id("handed")
    found = await receiving.open_for(asked.unit, asked.act, asked.active, id, whom.member)
    return await shown(asked, found)


@officers(
    "POST", "/v1/requests/{request:uuid}/mandate", ability=Ability.REQUESTS, problems=(404, 409)
)
async def mandate(asked: Asked) -> RequestShown:
    """Answer for having seen an agent's mandate: the member need not be asked."""
    found = await receiving.attest(asked.unit, asked.act, asked.active, asked.id("request"))
    return await shown(asked, found)


def _shown(one: HandedIn) -> HandedInShown:
    return HandedInShown(
        handed=one.id,
        sender=str(one.sender),
        right=one.right.value,
        state=one.state.value,
        status=one.status.value,
        received_at=one.received_at,
        request=one.request,
        problems=list(one.problems),
    )
