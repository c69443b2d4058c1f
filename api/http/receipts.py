"""Receipts of what members said: for the member, and for an officer who answers them.

The context is public, so that whoever is handed a receipt can read it as JSON-LD.
"""

import json
from typing import Any

from api.http.doors import Asked, Doors, Media
from api.http.errors import StepUpNeeded
from audit.entries import ActorType
from consent.programme import Ability
from consent.receipts import receipt
from consent.receipts.context import CONTEXT_FILE, SCHEMA_FILE
from dsar import own_choices
from dsar.packages import closing
from profiles import members
from profiles.members import Member

doors = Doors(ActorType.MEMBER)
officers = Doors(ActorType.OFFICER)
public = Doors(None)

_LD = "application/ld+json"
_SCHEMA = "application/schema+json"


@doors("GET", "/v1/me/choices/history/{entry:uuid}/receipt", media=_LD, problems=(404,))
async def own(asked: Asked) -> Media:
    """The signed receipt of something you said (ISO/IEC TS 27560), which anybody can verify.

    Of what was brought with somebody's own words (`how`, `evidence`), after a second proof.
    """
    if not asked.who.proved_lately(asked.unit.now):
        lines = await own_choices.lines(asked.unit, asked.active, asked.member)
        if any(one.entry == asked.id("entry") and closing.has_words(one) for one in lines):
            raise StepUpNeeded(
                "a receipt with somebody's own words is read after a second proof",
                place="Authorization",
                remedy="sign in with a second proof and ask again; it counts for ten minutes",
            )
    return await _made(asked, asked.member)


@officers(
    "GET",
    "/v1/members/{member:uuid}/choices/{entry:uuid}/receipt",
    ability=Ability.REQUESTS,
    media=_LD,
    problems=(404,),
)
async def of_member(asked: Asked) -> Media:
    """The signed receipt of something a member said, to answer them or an authority. On record."""
    return await _made(asked, await members.one(asked.unit, asked.id("member")))


@public("GET", "/v1/contexts/receipt-v1.jsonld", media=_LD)
async def context(_: Asked) -> Media:
    """The JSON-LD context of receipts; its SHA-256 stands in its name."""
    return Media(CONTEXT_FILE, _LD, keep=True)


@public("GET", "/v1/contexts/receipt-v1.schema.json", media=_SCHEMA)
async def schema(_: Asked) -> Media:
    """The JSON Schema (2020-12) of receipts."""
    return Media(SCHEMA_FILE, _SCHEMA, keep=True)


async def _made(asked: Asked, member: Member) -> Media:
    signer = await asked.tillit.signer(asked.unit.session)
    made = await receipt(
        asked.unit, asked.act, asked.active, member, signer, entry=asked.id("entry")
    )
    return Media(_written(made), _LD, filename=f"receipt-{made['receipt_id']}.jsonld")


def _written(made: dict[str, Any]) -> bytes:
    return (json.dumps(made, ensure_ascii=False, indent=2) + "\n").encode()
