"""What members see of themselves, set right, and whose uses of it they follow."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from api.http.bodies import Name, whole
from api.http.doors import Asked, Doors, Media
from api.http.errors import StepUpNeeded
from audit.entries import ActorType
from consent.uses import Use
from dsar import own, own_sight
from dsar.own_sight import Sight
from dsar.packages import closing
from profiles.values import Plain, encode_value

doors = Doors(ActorType.MEMBER)

MOST_USES = 1_000
_PROOF_TYPE = "text/plain; charset=utf-8"


class Known(msgspec.Struct):
    """One value, where it came from, and since when."""

    value: Plain
    category: str
    source: str
    since: datetime


class Me(msgspec.Struct):
    """What is kept about the member but purchases and choices, field by field.

    `later`: what else is kept, and told after a second proof.
    """

    member: UUID
    values: dict[str, Known]
    later: list[str]


class MyCorrection(msgspec.Struct, forbid_unknown_fields=True):
    """Values to set right; null removes one."""

    values: Annotated[dict[Name, Any], msgspec.Meta(min_length=1)]


class Corrected(msgspec.Struct):
    """The fields that were set."""

    fields: list[str]


class MyUse(msgspec.Struct):
    """One use: what happened, when, by whom, for what, and with which outcome for the member.

    `outcome` is ``left_out``, and `question` null, where they are told after a second proof.

    `leaf` and `proof` are null in the second before the record has numbered it.
    """

    entry: UUID
    at: datetime
    what: str
    by: str
    purpose: str | None
    outcome: str
    fields: list[str]
    question: str | None
    leaf: int | None
    proof: str | None


class MyUses(msgspec.Struct):
    """Newest first. `later`: those that tell when something was bought are there after a second
    proof."""

    uses: list[MyUse]
    later: bool


@doors("GET", "/v1/me")
async def see(asked: Asked) -> Me:
    """The values kept about you, with source and time; some after a second proof."""
    seen = _sight(asked)
    found = await own_sight.values(asked.unit, asked.act, asked.member, seen)
    values = {
        name: Known(encode_value(one.value), _category(asked, seen, name), one.source, one.at)
        for name, one in sorted(found.items())
    }
    return Me(asked.member.id, values, own_sight.held_back(asked.unit, seen))


@doors("PATCH", "/v1/me")
async def rectify(asked: Asked, correction: MyCorrection) -> Corrected:
    """Have values set right (Art. 16); what you are found by, with a second proof."""
    _refuse_found(asked, correction)
    await own.rectify(asked.unit, asked.act, asked.active, await asked.locked(), correction.values)
    return Corrected(sorted(correction.values))


@doors("GET", "/v1/me/uses", query=("limit",))
async def uses(asked: Asked) -> MyUses:
    """Who used your data, when, for what, and with which outcome.

    `limit`: how many at most, the newest; 100, if left out, and 1,000 at most.
    """
    limit = whole(asked.query.get("limit", "100"), most=MOST_USES, place="limit")
    seen = _sight(asked)
    found = await own_sight.used(
        asked.unit,
        asked.act,
        asked.member,
        seen,
        pick=lambda _, __: True,
        count=limit,
    )
    return MyUses([_use(one) for one in found.uses], seen.closed.purchases)


@doors("GET", "/v1/me/uses/{entry:uuid}/proof", media=_PROOF_TYPE)
async def proof(asked: Asked) -> Media:
    """The proof that a use is on record, in the format c2sp.org/tlog-proof@v1.

    Of one that tells of purchases, after a second proof.
    """
    await _entry(asked)
    text = await own.proof(asked.unit, asked.member, asked.id("entry"))
    return Media(text.encode(), _PROOF_TYPE)


@doors("GET", "/v1/me/uses/{entry:uuid}/entry", media="application/octet-stream")
async def entry(asked: Asked) -> Media:
    """The exact bytes of a use's entry: what its proof proves.

    Of one that tells of purchases, after a second proof.
    """
    return Media(await _entry(asked), "application/octet-stream")


async def _entry(asked: Asked) -> bytes:
    """Raises `EntryUnknown`, and `StepUpNeeded` for one that tells of purchases."""
    body = await own.entry(asked.unit, asked.member, asked.id("entry"))
    if closing.waits(body, _sight(asked).closed):
        raise StepUpNeeded(
            "what is on record of purchases is told after a sign-in with a second proof",
            place="Authorization",
            remedy="sign in with a second proof and ask again; it counts for ten minutes",
        )
    return body


def _refuse_found(asked: Asked, correction: MyCorrection) -> None:
    """Raises `StepUpNeeded`: a token that somebody has found moves no address."""
    known = asked.active.schema.catalogue.fields
    found_by = [
        name for name in correction.values if name in known and known[name].lookup is not None
    ]
    if found_by and not asked.who.proved_lately(asked.unit.now):
        raise StepUpNeeded(
            "what you are found by is changed after a sign-in with a second proof",
            place=found_by[0],
            remedy="sign in with a second proof and ask again; it counts for ten minutes",
        )


def _sight(asked: Asked) -> Sight:
    proved = asked.who.proved_lately(asked.unit.now)
    return own_sight.sight(asked.unit, asked.active, asked.member, proved=proved)


def _category(asked: Asked, seen: Sight, name: str) -> str:
    declared = asked.active.schema.catalogue.fields.get(name) or seen.former.get(name)
    if declared is not None:
        return declared.category
    return asked.active.programme.traits[name].category


def _use(one: Use) -> MyUse:
    return MyUse(
        entry=one.entry,
        at=one.at,
        what=one.kind,
        by="you" if one.actor_type == ActorType.MEMBER else f"{one.actor_type} {one.actor}",
        purpose=one.purpose,
        outcome=one.outcome,
        fields=list(one.fields),
        question=one.question,
        leaf=one.leaf,
        proof=None if one.leaf is None else f"/v1/me/uses/{one.entry}/proof",
    )
