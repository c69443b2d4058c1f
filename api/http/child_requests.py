"""What guardians ask for their children, and the answers they fetch."""

from api.http.doors import Asked, Doors, Media
from api.http.errors import StepUpNeeded
from api.http.own_requests import ZIP
from api.http.request_shapes import Asking, RequestShown, all_shown, shown
from audit.entries import ActorType
from dsar import child_requests, identity
from dsar.words import right_named
from profiles.members import Member

doors = Doors(ActorType.MEMBER)


@doors("POST", "/v1/me/children/{child:uuid}/requests", status=201, problems=(429,))
async def ask(asked: Asked, asking: Asking) -> RequestShown:
    """Ask for a right of a child you answer for, having signed in with a second proof.

    To withdraw and to object, being signed in is enough, as it is to choose for them (Art. 7(3)).
    404 for anybody else's child, whether or not there is one; 403 once they have come of age.
    """
    child = await _ward(asked)
    right = right_named(asking.right)
    lately = asked.who.proved_lately(asked.unit.now)
    if identity.signed_in(right, lately=lately) is None:
        raise _late()
    found = await child_requests.open_request(
        asked.unit,
        asked.act,
        asked.active,
        child,
        guardian=asked.member,
        right=right,
        lately=lately,
        wish=asking.wish,
        language=asking.language,
    )
    return await shown(asked, found)


@doors("GET", "/v1/me/children/{child:uuid}/requests")
async def theirs(asked: Asked) -> list[RequestShown]:
    """What guardians have asked for a child you answer for."""
    return await all_shown(asked, await child_requests.listed(asked.unit, await _ward(asked)))


@doors(
    "GET",
    "/v1/me/children/{child:uuid}/requests/{request:uuid}/package",
    media=ZIP,
)
async def package(asked: Asked) -> Media:
    """The answer to what you asked for your child, having signed in with a second proof."""
    child = await _ward(asked)
    if not asked.who.proved_lately(asked.unit.now):
        raise _late()
    found = await child_requests.package(
        asked.unit, asked.act, child, guardian=asked.member, request=asked.id("request")
    )
    return Media(found.zipped, ZIP, filename="package.zip")


async def _ward(asked: Asked) -> Member:
    return await child_requests.ward(asked.unit, asked.active, asked.member, asked.id("child"))


def _late() -> StepUpNeeded:
    return StepUpNeeded(
        "this is done for a child after a sign-in with a second proof, a moment ago",
        place="Authorization",
        remedy="sign in with a second proof, and ask again within ten minutes",
    )
