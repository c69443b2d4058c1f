"""Members' own data subject requests, and what came of them."""

import asyncio
from uuid import UUID

from api.http.doors import Asked, Doors, Media
from api.http.errors import StepUpNeeded
from api.http.request_shapes import (
    Asking,
    RequestInFull,
    RequestShown,
    all_shown,
    in_full,
    shown,
)
from audit.entries import ActorType
from dsar import deciding, identity, own_sight, packages, register, requests
from dsar.errors import UnknownRequest
from dsar.register import Request
from dsar.words import Channel, right_named

doors = Doors(ActorType.MEMBER)

ZIP = "application/zip"
PASSPHRASE = "Tillit-Passphrase"  # noqa: S105 - the name of a header


@doors("POST", "/v1/me/requests", status=201, problems=(429,))
async def ask(asked: Asked, asking: Asking) -> RequestShown:
    """Ask for a right to be carried out; the time to answer runs from now (Art. 12(3)).

    What you have asked for already, and is still open, is not opened twice. To withdraw and to
    object, being signed in is enough. For all else, where you have not signed in with a second
    proof in the last minutes, `lacking` names what you may prove instead.
    """
    right = right_named(asking.right)
    lately = asked.who.proved_lately(asked.unit.now)
    found = await requests.open_request(
        asked.unit,
        asked.act,
        asked.active,
        right,
        asked.member.id,
        channel=Channel.MEMBER,
        proof=identity.signed_in(right, lately=lately),
        wish=asking.wish,
        language=asking.language,
    )
    return await shown(asked, found)


@doors("GET", "/v1/me/requests")
async def mine(asked: Asked) -> list[RequestShown]:
    """Your requests, the most urgent first."""
    return await all_shown(asked, await register.listed(asked.unit, member=asked.member.id))


@doors("GET", "/v1/me/requests/{request:uuid}")
async def my_own(asked: Asked) -> RequestInFull:
    """One of your requests, with what exactly you have asked for; some after a second proof."""
    found = await _own(asked, asked.id("request"))
    proved = asked.who.proved_lately(asked.unit.now)
    seen = own_sight.sight(asked.unit, asked.active, asked.member, proved=proved)
    return await in_full(asked, found, seen=seen)


@doors("POST", "/v1/me/requests/{request:uuid}/cancel", problems=(409,))
async def cancel(asked: Asked) -> RequestShown:
    """Take a request back, while it has not been carried out; an erasure while it cools off."""
    request = await _own(asked, asked.id("request"))
    return await shown(asked, await deciding.cancel(asked.unit, asked.act, request.id))


@doors("GET", "/v1/me/requests/{request:uuid}/package", media=ZIP)
async def package(asked: Asked) -> Media:
    """The answer to an access or a portability request, to whoever has lately signed in twice."""
    found = await _fetched(asked, packages.Fetched.PLAIN)
    return Media(found.zipped, ZIP, filename="package.zip")


@doors("POST", "/v1/me/requests/{request:uuid}/package/encrypted", media=ZIP)
async def encrypted(asked: Asked) -> Media:
    """The same under a passphrase, which stands in the header `Tillit-Passphrase`, this once.

    Nobody keeps it: asked again, the answer has another.
    """
    found = await _fetched(asked, packages.Fetched.ENCRYPTED)
    locked = await asyncio.to_thread(packages.lock, found.zipped)
    headers = {PASSPHRASE: locked.passphrase}
    return Media(locked.zipped, ZIP, filename="package.zip", headers=headers)


async def _fetched(asked: Asked, how: packages.Fetched) -> packages.Package:
    """Raises `StepUpNeeded`: a token that somebody has found opens no package."""
    request = await _own(asked, asked.id("request"))
    if not asked.who.proved_lately(asked.unit.now):
        raise StepUpNeeded(
            "a package is handed out after a sign-in with a second proof",
            place="Authorization",
            remedy="sign in with a second proof and ask again; it counts for ten minutes",
        )
    return await packages.fetch(asked.unit, asked.act, request.id, asked.member.id, how=how)


async def _own(asked: Asked, request: UUID) -> Request:
    found = await register.get(asked.unit, request)
    if found.member != asked.member.id:
        raise UnknownRequest("there is no such request", place="request")
    return found
