"""What guardians ask for their children, and the answers they fetch."""

from api.http.doors import Asked, Doors, Media
from api.http.own_requests import ZIP
from api.http.request_shapes import Asking, RequestShown, all_shown, shown
from audit.entries import ActorType
from dsar import child_requests
from dsar.words import right_named

doors = Doors(ActorType.MEMBER)


@doors("POST", "/v1/me/children/{child:uuid}/requests", status=201, problems=(409,))
async def ask(asked: Asked, asking: Asking) -> RequestShown:
    """Ask for a right of a child you answer for, having signed in with a second proof.

    404 for anybody else's child, whether or not there is one; 403 once they have come of age.
    """
    found = await child_requests.open_request(
        asked.unit,
        asked.act,
        asked.active,
        asked.member,
        asked.id("child"),
        right=right_named(asking.right),
        lately=asked.who.proved_lately(asked.unit.now),
        wish=asking.wish,
        language=asking.language,
    )
    return await shown(asked, found)


@doors("GET", "/v1/me/children/{child:uuid}/requests")
async def theirs(asked: Asked) -> list[RequestShown]:
    """What guardians have asked for a child you answer for."""
    return await all_shown(
        asked,
        await child_requests.listed(asked.unit, asked.active, asked.member, asked.id("child")),
    )


@doors(
    "GET",
    "/v1/me/children/{child:uuid}/requests/{request:uuid}/package",
    media=ZIP,
    problems=(409,),
)
async def package(asked: Asked) -> Media:
    """The answer to what you asked for your child, having signed in with a second proof."""
    found = await child_requests.package(
        asked.unit,
        asked.act,
        asked.active,
        asked.member,
        asked.id("child"),
        request=asked.id("request"),
        lately=asked.who.proved_lately(asked.unit.now),
    )
    return Media(found.zipped, ZIP, filename="package.zip")
