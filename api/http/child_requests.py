"""What guardians ask for their children, and the answers they fetch."""

from api.http.doors import Asked, Doors, Media
from api.http.errors import StepUpNeeded
from api.http.own_requests import ZIP
from api.http.request_shapes import Asking, RequestShown, all_shown, shown
from audit.entries import ActorType
from dsar import child_requests
from dsar.words import right_named
from profiles.members import Member

doors = Doors(ActorType.MEMBER)


@doors("POST", "/v1/me/children/{child:uuid}/requests", status=201, problems=(429,))
async def ask(asked: Asked, asking: Asking) -> RequestShown:
    """Ask for a right of a child you answer for, having signed in with a second proof.

    404 for anybody else's child, whether or not there is one; 403 once they have come of age.
    """
    child = await _ward(asked)
    _refuse_late(asked)
    found = await child_requests.open_request(
        asked.unit,
        asked.act,
        asked.active,
        child,
        guardian=asked.member,
        right=right_named(asking.right),
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
    _refuse_late(asked)
    found = await child_requests.package(
        asked.unit, asked.act, child, guardian=asked.member, request=asked.id("request")
    )
    return Media(found.zipped, ZIP, filename="package.zip")


async def _ward(asked: Asked) -> Member:
    return await child_requests.ward(asked.unit, asked.active, asked.member, asked.id("child"))


def _refuse_late(asked: Asked) -> None:
    """Raises `StepUpNeeded`: whoever acts for a child has shown a moment ago who they are."""
    if not asked.who.proved_lately(asked.unit.now):
        raise StepUpNeeded(
            "what is asked for a child takes a sign-in with a second proof, a moment ago",
            place="Authorization",
            remedy="sign in with a second proof, and ask again within ten minutes",
        )
