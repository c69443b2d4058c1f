"""The other side of the decision rows: FastAPI and cedarpy, with all parsed that can be.

A hundred policies: a permit for each service and purpose, which names the fields, and forbids
that carry the reasons. Policies and each member's entity are parsed before anything is asked, so
a question costs no parsing but its own. Consents are held in memory; nothing is recorded.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cedarpy
from fastapi import FastAPI
from pydantic import BaseModel

from bench.people import People

SERVICES, PURPOSES = 14, 7
FIELDS = ("member_number", "birth_date", "tier", "interests", "spend", "last_visit")
_OTHERS = ("name", "email", "age", "county")
PURPOSE, SERVICE = "purpose_1", "service_1"


def policies() -> cedarpy.PolicySet:
    """98 permits and 2 forbids, parsed."""
    text = [_permit(s, p) for s in range(SERVICES) for p in range(PURPOSES)]
    text.append('@id("restricted") forbid(principal, action, resource) when {resource.restricted};')
    text.append(
        '@id("no_consent") forbid(principal, action, resource) '
        "unless {resource.consents.contains(context.purpose)};"
    )
    return cedarpy.PolicySet.from_str("\n".join(text))


def _permit(service: int, purpose: int) -> str:
    used = [*FIELDS, *_OTHERS[: (service + purpose) % len(_OTHERS)]]
    fields = ", ".join(f'"{name}"' for name in used)
    return (
        f'permit(principal == Service::"service_{service}", action == Action::"read", resource) '
        f'when {{context.purpose == "purpose_{purpose}" && [{fields}].contains(context.field)}};'
    )


class Member(BaseModel):
    """What a question about a member hangs on."""

    id: str
    consents: list[str]
    restricted: bool

    @property
    def entity(self) -> dict[str, object]:
        attributes = {"consents": self.consents, "restricted": self.restricted}
        return {"uid": {"type": "Member", "id": self.id}, "attrs": attributes, "parents": []}


def members_of(people: People, ids: Sequence[str], places: Iterable[int]) -> list[Member]:
    """These people, as their entities have it."""
    return [
        Member(
            id=id,
            consents=[PURPOSE] if people.consents[at, 0] else [],
            restricted=bool(people.restricted[at]),
        )
        for id, at in zip(ids, places, strict=True)
    ]


def entities(members: Iterable[Member]) -> cedarpy.Entities:
    """These members, parsed together."""
    return cedarpy.Entities.from_json_str(json.dumps([one.entity for one in members]))


def requests(member: str, fields: Iterable[str] = FIELDS) -> list[dict[str, object]]:
    """One question: a request for each field, since cedar answers one at a time."""
    return [
        {
            "principal": {"type": "Service", "id": SERVICE},
            "action": {"type": "Action", "id": "read"},
            "resource": {"type": "Member", "id": member},
            "context": {"purpose": PURPOSE, "field": field},
        }
        for field in fields
    ]


class Ask(BaseModel):
    """The same question as ours."""

    purpose: str
    member: str
    fields: list[str]


class Part(BaseModel):
    """The answer about a field, with the forbids that decided."""

    allowed: bool
    reasons: list[str]


class Decided(BaseModel):
    """Everything asked is allowed, and field by field."""

    allowed: bool
    fields: dict[str, Part]


def decided(
    member: str, fields: Sequence[str], parsed: cedarpy.PolicySet, known: cedarpy.Entities
) -> Decided:
    """One decision, field by field, with its reasons."""
    answers = cedarpy.is_authorized_batch(requests(member, fields), parsed, known)
    parts = {
        name: Part(
            allowed=answer.allowed,
            reasons=[]
            if answer.allowed
            else sorted(answer.diagnostics.id_annotations_by_reason.values()),
        )
        for name, answer in zip(fields, answers, strict=True)
    }
    return Decided(allowed=all(one.allowed for one in parts.values()), fields=parts)


def app(folder: str) -> FastAPI:
    """The app over the members in the file at `folder`, each parsed by itself beforehand."""
    rows = json.loads(Path(folder).read_text("utf-8"))
    known: Mapping[str, cedarpy.Entities] = {row["id"]: entities([Member(**row)]) for row in rows}
    parsed = policies()
    made = FastAPI()

    @made.post("/decisions", response_model=Decided)
    async def decide(ask: Ask) -> Decided:
        return decided(ask.member, ask.fields, parsed, known[ask.member])

    return made
