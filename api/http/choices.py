"""How services write down what members chose: at a till, by telephone, on paper."""

from uuid import UUID

import msgspec

from api.http.bodies import Moment, Name, happened
from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent import ledger
from consent.choices import Action as Said
from consent.choices import By
from consent.choosing import choose
from consent.errors import NotAChoice
from consent.grants import authorise
from consent.programme import Action
from consent.programme.suggestion import did_you_mean
from profiles import members

doors = Doors(ActorType.SERVICE)

#: What can be said about one purpose.
WORDS = (Said.GIVEN, Said.REFUSED, Said.WITHDRAWN, Said.OBJECTED, Said.OBJECTION_LIFTED)


class Told(msgspec.Struct, forbid_unknown_fields=True):
    """What a member told the service. `language`: that of the notice they were shown.

    `at`: when they said it, with a zone; now, if left out.
    """

    member: UUID
    purpose: Name
    action: str
    language: str | None = None
    at: Moment | None = None


class Stands(msgspec.Struct):
    """Where the member stands with the purpose now; `until`: the first day it no longer holds."""

    member: UUID
    purpose: str
    consented: bool
    objected: bool
    until: str | None


@doors("POST", "/v1/consents", status=201, problems=(404,))
async def tell(asked: Asked, told: Told) -> Stands:
    """Write down a member's choice; every answer from now on heeds it.

    Needs `consent`. A consent needs the language of the notice: what was agreed to is kept
    with it (Art. 7(1)).
    """
    grant = authorise(asked.active, asked.who.name, purpose=told.purpose, action=Action.CONSENT)
    said = _said(told)
    unit = asked.unit
    member = await members.one(unit, told.member, lock=True)
    at = unit.now if told.at is None else happened(told.at, now=unit.now, place="at")
    choice = choose(unit, grant.purpose, said, at=at, by=By.TILL, language=told.language)
    stands = (await ledger.record(unit, grant.act, {member: [choice]}))[member.id]
    now = stands.of(told.purpose)
    until = now.until.isoformat() if now.until else None
    return Stands(member.id, told.purpose, now.consented, now.objected, until)


def _said(told: Told) -> Said:
    if told.action not in WORDS:
        raise Misshapen(
            "nobody can say that about a purpose",
            place="action",
            remedy=did_you_mean(told.action, WORDS),
        )
    if told.action == Said.GIVEN and told.language is None:
        raise NotAChoice(
            "a consent is to a text that was shown",
            place="language",
            remedy="give the language of the notice the member saw",
        )
    return Said(told.action)
