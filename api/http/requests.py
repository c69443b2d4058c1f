"""How officers handle data subject requests."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.callers import able
from api.http.doors import JSON, Asked, Doors, Media
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent.programme import Ability
from dsar import certificates, register, requests
from dsar.identity import How, Proof
from dsar.register import Request
from dsar.states import Right
from dsar.words import Channel, reason_named, right_named

doors = Doors(ActorType.OFFICER)

_RESTRICTING = frozenset({Right.RESTRICTION, Right.RELEASE})


class RequestShown(msgspec.Struct):
    """A request as it stands. `due`: the last day to answer. `member` goes with an erasure."""

    request: UUID
    right: str
    state: str
    member: UUID | None
    opened_at: datetime
    due: date
    closed_at: datetime | None


class NewRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A request that came by letter or telephone, from somebody whose identity was checked."""

    right: Name
    member: UUID


class Refusal(msgspec.Struct, forbid_unknown_fields=True):
    """Why it is refused, in DPV's words: a closed list, no free text."""

    reason: str


def shown(request: Request) -> RequestShown:
    """What is told of a request."""
    return RequestShown(
        request=request.id,
        right=request.right.value,
        state=request.state.value,
        member=request.member,
        opened_at=request.opened_at,
        due=request.due,
        closed_at=request.closed_at,
    )


@doors("GET", "/v1/requests", ability=Ability.REQUESTS, query=("open",))
async def listed(asked: Asked) -> list[RequestShown]:
    """Requests, the most urgent first. `open=true`: only those still to be answered."""
    wanted = asked.query.get("open", "false")
    if wanted not in ("true", "false"):
        raise Misshapen("this is neither true nor false", place="open")
    found = await register.listed(asked.unit, only_open=wanted == "true")
    return [shown(one) for one in found]


@doors("POST", "/v1/requests", ability=Ability.REQUESTS, status=201, problems=(404,))
async def opened(asked: Asked, new: NewRequest) -> RequestShown:
    """Open a request for a member."""
    found = await requests.open_request(
        asked.unit,
        asked.act,
        asked.active,
        right_named(new.right),
        new.member,
        channel=Channel.OFFICER,
        proof=Proof(How.OFFICER),
    )
    return shown(found)


@doors("GET", "/v1/requests/{request:uuid}", ability=Ability.REQUESTS)
async def one(asked: Asked) -> RequestShown:
    """One request."""
    return shown(await register.get(asked.unit, asked.id("request")))


@doors("POST", "/v1/requests/{request:uuid}/approve", ability=Ability.REQUESTS, problems=(409,))
async def approve(asked: Asked) -> RequestShown:
    """Approve a request; what it asks for is done by a worker, in the order of approval.

    Restriction and its end need the ability `restrict` too.
    """
    found = await register.get(asked.unit, asked.id("request"))
    if found.right in _RESTRICTING:
        able(asked.work, asked.who, Ability.RESTRICT)
    return shown(await requests.approve(asked.unit, asked.act, asked.active, found.id))


@doors("POST", "/v1/requests/{request:uuid}/refuse", ability=Ability.REQUESTS, problems=(409,))
async def refuse(asked: Asked, refusal: Refusal) -> RequestShown:
    """Refuse a request, with a reason (Art. 12(4))."""
    reason = reason_named(refusal.reason)
    return shown(await requests.refuse(asked.unit, asked.act, asked.id("request"), reason=reason))


@doors("GET", "/v1/requests/{request:uuid}/certificate", ability=Ability.REQUESTS)
async def certificate(asked: Asked) -> Media:
    """The signed certificate of an erasure."""
    document = await certificates.of_request(asked.unit, asked.id("request"))
    return Media(document.encode(), JSON)
