"""What members see and say about themselves."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from api.http.bodies import Name, name, whole
from api.http.doors import Asked, Doors, Media
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent.programme import Purpose
from consent.uses import Use
from dsar import own
from dsar.own import OwnChoice
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
    """Everything kept about the member but purchases and choices, field by field."""

    member: UUID
    values: dict[str, Known]


class MyCorrection(msgspec.Struct, forbid_unknown_fields=True):
    """Values to set right; null removes one."""

    values: Annotated[dict[Name, Any], msgspec.Meta(min_length=1)]


class Corrected(msgspec.Struct):
    """The fields that were set."""

    fields: list[str]


class MyChoice(msgspec.Struct):
    """A purpose: what it is, who uses it, and where the member stands with it.

    `allowed`: their data is used for it as it stands; `reason`: why not. `can_choose`: PUT to
    this purpose says yes or no. `until`: the first day on which a consent no longer holds.
    """

    purpose: str
    legal_basis: str
    article: str
    notice: str
    language: str
    fields: list[str]
    services: dict[str, list[str]]
    retention: str | None
    can_choose: bool
    allowed: bool
    reason: str | None
    consented: bool
    objected: bool
    until: str | None


class Choice(msgspec.Struct, forbid_unknown_fields=True):
    """Yes or no. `language`: that of the notice shown; a consent cannot do without."""

    allow: bool
    language: str | None = None


class MyUse(msgspec.Struct):
    """One use: what happened, when, by whom, for what, and with which outcome for the member.

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
    """Newest first."""

    uses: list[MyUse]


@doors("GET", "/v1/me")
async def see(asked: Asked) -> Me:
    """All values kept about you, with source and time."""
    found = await own.values(asked.unit, asked.act, asked.active, asked.member)
    values = {
        name: Known(encode_value(one.value), _category(asked, name), one.source, one.at)
        for name, one in sorted(found.items())
    }
    return Me(asked.member.id, values)


@doors("PATCH", "/v1/me")
async def rectify(asked: Asked, correction: MyCorrection) -> Corrected:
    """Have values set right (Art. 16)."""
    await own.rectify(asked.unit, asked.act, asked.active, await asked.locked(), correction.values)
    return Corrected(sorted(correction.values))


@doors("GET", "/v1/me/choices", query=("language",))
async def choices(asked: Asked) -> list[MyChoice]:
    """Every purpose, its notice, who uses it, and where you stand with it.

    `language`: that of the notices; the programme's first, if left out.
    """
    language = _language(asked)
    found = await own.choices(asked.unit, asked.active, asked.member)
    return [_choice(asked, one, language) for one in found]


@doors("PUT", "/v1/me/choices/{purpose}")
async def choose(asked: Asked, choice: Choice) -> MyChoice:
    """Say yes or no to a purpose; every answer from now on heeds it.

    Gives or withdraws a consent; where the basis is legitimate interest, lifts or makes an
    objection. No takes no more than yes (Art. 7(3)).
    """
    stands = await own.choose(
        asked.unit,
        asked.act,
        await asked.locked(),
        asked.active.footing(name(asked.path["purpose"], place="purpose")),
        allow=choice.allow,
        language=choice.language,
    )
    return _choice(asked, stands, choice.language or asked.active.programme.languages[0])


@doors("GET", "/v1/me/uses", query=("limit",))
async def uses(asked: Asked) -> MyUses:
    """Who used your data, when, for what, and with which outcome.

    `limit`: how many at most, the newest; 100, if left out, and 1,000 at most.
    """
    limit = whole(asked.query.get("limit", "100"), most=MOST_USES, place="limit")
    found = await own.used(asked.unit, asked.act, asked.active, asked.member, limit=limit)
    return MyUses([_use(one) for one in found])


@doors("GET", "/v1/me/uses/{entry:uuid}/proof", media=_PROOF_TYPE)
async def proof(asked: Asked) -> Media:
    """The proof that a use is on record, in the format c2sp.org/tlog-proof@v1."""
    text = await own.proof(asked.unit, asked.member, asked.id("entry"))
    return Media(text.encode(), _PROOF_TYPE)


@doors("GET", "/v1/me/uses/{entry:uuid}/entry", media="application/octet-stream")
async def entry(asked: Asked) -> Media:
    """The exact bytes of a use's entry: what its proof proves."""
    content = await own.entry(asked.unit, asked.member, asked.id("entry"))
    return Media(content, "application/octet-stream")


def _category(asked: Asked, name: str) -> str:
    declared = asked.active.schema.catalogue.fields.get(name)
    if declared is not None:
        return declared.category
    return asked.active.programme.traits[name].category


def _language(asked: Asked) -> str:
    languages = asked.active.programme.languages
    wanted = asked.query.get("language", languages[0])
    if wanted not in languages:
        raise Misshapen(
            "members are not served in that language",
            place="language",
            remedy="one of " + ", ".join(languages),
        )
    return wanted


def _choice(asked: Asked, one: OwnChoice, language: str) -> MyChoice:
    purpose, programme = one.purpose, asked.active.programme
    shown = language if language in purpose.notice else next(iter(purpose.notice))
    return MyChoice(
        purpose=purpose.name,
        legal_basis=purpose.legal_basis.value,
        article=purpose.legal_basis.article,
        notice=purpose.notice[shown],
        language=shown,
        fields=list(purpose.fields),
        services=_services(asked, purpose),
        retention=programme.retention_of(purpose.name),
        can_choose=one.can_choose,
        allowed=one.reason is None,
        reason=one.reason.value if one.reason else None,
        consented=one.standing.consented,
        objected=one.standing.objected,
        until=one.standing.until.isoformat() if one.standing.until else None,
    )


def _services(asked: Asked, purpose: Purpose) -> dict[str, list[str]]:
    return {
        service.name: sorted(service.may[purpose.name])
        for service in asked.active.programme.services.values()
        if purpose.name in service.may
    }


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
