"""Who is at the door: from the Authorization header to somebody the programme knows.

Two steps. `Callers.of` needs no database: it believes the signature. `admit` asks, inside the
request's transaction, whether the service, the officer's role or the member is still there.
"""

from starlette.requests import Request

from api.bootstrap import Tillit, Work
from api.http.errors import Unauthenticated, WrongCaller
from api.tokens import Caller, Tokens, tokens_of
from audit.entries import ActorType
from consent.programme import Ability
from profiles import members
from profiles.members import Member


class Callers:
    """Reads callers' tokens; knows the programme's key from the first request on."""

    def __init__(self, tillit: Tillit) -> None:
        self._tillit = tillit
        self._tokens: Tokens | None = None

    async def of(self, request: Request) -> Caller:
        """The bearer of the request's token. Raises `Unauthenticated`, or `NoProgramme`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated(
                "this door needs a bearer token",
                place="Authorization",
                remedy="send `Authorization: Bearer …`; `tillit token` makes one",
            )
        if self._tokens is None:
            self._tokens = await tokens_of(self._tillit)
        return self._tokens.verify(token.strip())


def expect(caller: Caller, type: ActorType) -> None:
    """Raises `WrongCaller` unless the caller is of this kind."""
    if caller.type is not type:
        raise WrongCaller(
            f"this door is for a {type}, not for a {caller.type}",
            place="Authorization",
            remedy=f"use the token of a {type}",
        )


async def admit(
    work: Work, caller: Caller, *, ability: Ability | None, erased_too: bool = False
) -> Member | None:
    """See that the programme in force still knows the caller; the member, if it is one.

    Raises `WrongCaller` for a service or role that is gone or an ability the role lacks, and
    `Unauthenticated` for a member who is no more, unless the erased may come in too.
    """
    if caller.type is ActorType.SERVICE:
        if caller.name not in work.active.programme.services:
            raise WrongCaller(
                "this service is not in the programme any more", place=f"services.{caller.name}"
            )
    elif caller.type is ActorType.OFFICER:
        assert ability is not None
        able(work, caller, ability)
    else:
        found = (await members.load(work.unit, [caller.member_id])).get(caller.member_id)
        if found is None and not erased_too:
            raise Unauthenticated("the member of this token is not here any more", place="member")
        return found
    return None


def able(work: Work, caller: Caller, ability: Ability) -> None:
    """Raises `WrongCaller` when the officer's role does not give this ability."""
    role = caller.role or ""
    if not work.active.policy.officer_may(role, ability):
        raise WrongCaller(
            f"officers in this role may not handle {ability}",
            place=f"officers.{role}" if role else "officers",
            remedy=f'the programme would have to list "{ability}" under it',
        )
