"""The officers' desk over HTTP: the list of requests, one of them, and opening one."""

from datetime import date
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

import msgspec

from api.http.bodies import whole
from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from api.http.request_figures import day
from api.http.request_shapes import (
    Asking,
    RequestInFull,
    RequestShown,
    all_shown,
    in_full,
    shown,
)
from audit.entries import ActorType
from consent.programme import Ability
from consent.programme.suggestion import did_you_mean
from dsar import register, requests, worklist
from dsar.identity import How, Proof
from dsar.states import State
from dsar.words import Channel, right_named
from dsar.worklist import Wish

doors = Doors(ActorType.OFFICER)

Word = TypeVar("Word", bound=StrEnum)

FILTERS = (
    *("open", "right", "state", "channel", "member"),
    *("due_by", "overdue", "after", "limit"),
)


class RequestsShown(msgspec.Struct):
    """A page of requests; give `next` as `after` for the next page. Null on the last one.

    `unreadable`: requests of this page whose row in the database nobody can make sense of.
    """

    requests: list[RequestShown]
    next: str | None
    unreadable: list[UUID]


class NewRequest(Asking, kw_only=True):
    """A request that came by letter, by telephone or at the counter.

    `received`: the day it came in, if not today, at most three years ago: the clock runs from then.
    `identified`: you have seen who it is, and answer for it. If not, they have to be asked.
    """

    member: UUID
    received: date | None = None
    identified: bool = False


@doors("GET", "/v1/requests", ability=Ability.REQUESTS, query=FILTERS)
async def listed(asked: Asked) -> RequestsShown:
    """Requests, a page at a time: the overdue first, then what is due soonest, the closed last.

    `open=true`: only those still to be answered; `overdue=true`: only those that are late.
    """
    sent = asked.query
    wish = Wish(
        only_open=_flag(asked, "open") or False,
        right=right_named(sent["right"]) if "right" in sent else None,
        state=_word(asked, "state", State),
        channel=_word(asked, "channel", Channel),
        member=_id(sent["member"]) if "member" in sent else None,
        due_by=day(asked.query, "due_by"),
        overdue=_flag(asked, "overdue"),
        after=sent.get("after"),
        limit=whole(sent["limit"], most=worklist.MOST, place="limit") if "limit" in sent else 100,
    )
    page = await worklist.page(asked.unit, wish)
    return RequestsShown(await all_shown(asked, page.requests), page.next, list(page.unreadable))


@doors("POST", "/v1/requests", ability=Ability.REQUESTS, status=201, problems=(404,))
async def opened(asked: Asked, new: NewRequest) -> RequestShown:
    """Open a request for a member; one that is open already for the same is joined."""
    found = await requests.open_request(
        asked.unit,
        asked.act,
        asked.active,
        right_named(new.right),
        new.member,
        channel=Channel.OFFICER,
        proof=Proof(How.OFFICER) if new.identified else None,
        wish=new.wish,
        language=new.language,
        received=new.received,
    )
    return await shown(asked, found)


@doors("GET", "/v1/requests/{request:uuid}", ability=Ability.REQUESTS)
async def one(asked: Asked) -> RequestInFull:
    """One request, with what exactly is asked for.

    Opening that is on record as a reading, and the member sees it among the uses of their data.
    """
    return await in_full(asked, await register.get(asked.unit, asked.id("request")))


def _flag(asked: Asked, name: str) -> bool | None:
    sent = asked.query.get(name)
    if sent not in (None, "true", "false"):
        raise Misshapen("this is neither true nor false", place=name)
    return None if sent is None else sent == "true"


def _word(asked: Asked, name: str, words: type[Word]) -> Word | None:
    sent = asked.query.get(name)
    if sent is None:
        return None
    if sent not in set(words):
        raise Misshapen("there is no such word", place=name, remedy=did_you_mean(sent[:64], words))
    return words(sent)


def _id(sent: str) -> UUID:
    try:
        return msgspec.convert(sent, UUID)
    except msgspec.ValidationError:
        raise Misshapen("this is no id", place="member", remedy="a UUID") from None
