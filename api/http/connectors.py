"""Recipients outward: what officers see and do of them, and the doors at which they answer.

Recipients have no token. What they say at their doors is signed, and verified before it is
parsed; the link in a letter is the right to press its button.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from api.bootstrap import SYSTEM
from api.http.bodies import name
from api.http.doors import Asked, Doors, Media
from api.http.one_button import HTML, language_of, page
from api.links import Kind, links_of, unknown_link
from api.outward import home_of
from audit.entries import ActorType
from consent.programme import Ability
from dsar.connectors import answers, desk
from dsar.connectors.desk import Told
from dsar.connectors.trouble import giving_up_named
from dsar.errors import UnknownOutgoing

doors = Doors(ActorType.OFFICER)
public = Doors(None)

LIMIT = 1 << 16  # bytes of an answer
#: A door at which recipients answer: what they say is signed.
_SIGNED: Mapping[str, Any] = {"status": 202, "limit": LIMIT, "problems": (400, 403, 404)}


class ConnectorShown(msgspec.Struct):
    """A recipient and the way to it. `by` and `host` are null once the programme has none.

    `open`: words it has yet to answer; `late`: those of them that are past their day; `troubled`:
    those with a problem, of which `problem` is the newest.
    """

    recipient: str
    by: str | None
    host: str | None
    open: int
    late: int
    troubled: int
    problem: str | None
    answered_at: datetime | None


class RecipientTold(msgspec.Struct):
    """A word to a recipient. `state`: waiting, sent, done or given_up; `answer`: its SHA-256.

    `reason`: why an officer gave it up, as `POST /v1/outgoing/{outgoing}/give-up` was told.
    """

    outgoing: UUID
    recipient: str
    what: str
    by: str
    state: str
    late: bool
    due: date | None
    attempts: int
    next_at: datetime | None
    problem: str | None
    closed_at: datetime | None
    answer: str | None
    reason: str | None


class GivingUpFor(msgspec.Struct, forbid_unknown_fields=True):
    """Why nobody waits for it any more: a closed list, no free text."""

    reason: str


class Taken(msgspec.Struct):
    """What was said has been taken down."""

    status: str = "taken"


@doors("GET", "/v1/connectors", ability=Ability.REQUESTS)
async def listed(asked: Asked) -> list[ConnectorShown]:
    """Every recipient that is told of anything: the way to it, and how it answers."""
    found = await desk.standings(asked.unit, asked.active)
    return [
        ConnectorShown(
            recipient=one.recipient,
            by=one.by,
            host=one.host,
            open=one.open,
            late=one.late,
            troubled=one.troubled,
            problem=one.problem,
            answered_at=one.answered_at,
        )
        for one in found
    ]


@doors("GET", "/v1/requests/{request:uuid}/recipients", ability=Ability.REQUESTS)
async def told(asked: Asked) -> list[RecipientTold]:
    """Whom a request has been told to, and what they have answered."""
    found = await desk.of_request(asked.unit, asked.id("request"))
    return [shown(asked, one) for one in found]


@doors("POST", "/v1/outgoing/{outgoing:uuid}/retry", ability=Ability.REQUESTS, problems=(409,))
async def retry(asked: Asked) -> RecipientTold:
    """Have a recipient told again now, also one that is not tried any more."""
    return shown(asked, await desk.retry(asked.unit, asked.active, asked.id("outgoing")))


@doors("POST", "/v1/outgoing/{outgoing:uuid}/give-up", ability=Ability.REQUESTS, problems=(409,))
async def give_up(asked: Asked, why: GivingUpFor) -> RecipientTold:
    """Wait for this recipient no more, for a reason (Art. 19); the request closes without it."""
    reason = giving_up_named(why.reason)
    found = await desk.give_up(asked.unit, asked.act, asked.id("outgoing"), reason=reason)
    return shown(asked, found)


@public("POST", "/v1/connectors/{recipient}/opendsr", **_SIGNED)
async def called_back(asked: Asked, body: bytes) -> Taken:
    """A processor's callback, as OpenDSR 2.0 has it; signed with its pinned certificate."""
    return await _taken(answers.called_back, asked, body)


@public("POST", "/v1/connectors/{recipient}/answers", **_SIGNED)
async def answered(asked: Asked, body: bytes) -> Taken:
    """A recipient's own message that it is done, signed as Standard Webhooks says."""
    return await _taken(answers.answered, asked, body)


async def _taken(take: Callable[..., Awaitable[None]], asked: Asked, body: bytes) -> Taken:
    """What a recipient says by itself; `take` verifies it before it is parsed."""
    await take(
        asked.unit,
        SYSTEM,
        asked.active,
        recipient=name(str(asked.path["recipient"]), place="recipient"),
        home=home_of(asked.tillit),
        headers=asked.headers,
        body=body,
    )
    return Taken()


@public("GET", "/v1/answer/{token}", media=HTML, problems=(404,))
async def ask(asked: Asked) -> Media:
    """The page behind the link in a recipient's letter; changes nothing."""
    link = links_of(asked.tillit).open(Kind.ANSWER, str(asked.path["token"]))
    found = await desk.of_recipient(asked.unit, link.id, link.purpose)
    if found is None:
        raise unknown_link()
    which = "answer" if found.state.is_open else "answered"
    return page(asked, which, language=language_of(asked))


@public("POST", "/v1/answer/{token}", media=HTML, problems=(404,))
async def done(asked: Asked) -> Media:
    """Say by the link that what the letter asks for is done; once, and no body is needed."""
    token = str(asked.path["token"])
    link = links_of(asked.tillit).open(Kind.ANSWER, token)
    try:
        await answers.pressed(asked.unit, SYSTEM, recipient=link.purpose, id=link.id, link=token)
    except UnknownOutgoing:
        raise unknown_link() from None
    return page(asked, "answered", language=language_of(asked))


def shown(asked: Asked, told: Told) -> RecipientTold:
    """What is told of a word to a recipient; never what it says."""
    one = told.word
    return RecipientTold(
        outgoing=one.id,
        recipient=one.recipient or "",
        what=one.what,
        by=one.carrier,
        state=one.state.value,
        late=one.is_late(asked.unit.today),
        due=one.due,
        attempts=one.attempts,
        next_at=one.next_at,
        problem=one.problem,
        closed_at=one.answered_at,
        answer=one.answer,
        reason=told.reason,
    )
