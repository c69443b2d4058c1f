"""Whose requests a page is about: one's own, or those of a child one answers for.

Both look alike, and stand at addresses of their own. Of a child's, a guardian sees and does what
`dsar.child_requests` lets them; what they do is on record under the child's pseudonym.
"""

from dataclasses import dataclass
from uuid import UUID

from api.pages.asked import Asked
from audit.acts import Act
from consent import guardians
from dsar import child_requests, register
from dsar.errors import UnknownRequest
from dsar.register import Request
from profiles.members import Member

OWN = "/my/requests"
CHILDS = "/my/family/{child:uuid}/requests"


@dataclass(frozen=True)
class Whose:
    """`base`: where these requests are; `about`: who they are about; `guardian`: who speaks."""

    base: str
    about: Member
    act: Act
    guardian: Member | None = None

    @property
    def child(self) -> bool:
        return self.guardian is not None


def own(asked: Asked) -> Whose:
    """One's own."""
    return Whose(OWN, asked.member, asked.act)


async def childs(asked: Asked) -> Whose:
    """The child's in the address. Raises `ChildUnknown` and `OfAge`."""
    child = await child_requests.ward(asked.unit, asked.active, asked.member, asked.id("child"))
    base = CHILDS.replace("{child:uuid}", str(child.id))
    return Whose(base, child, guardians.speaking_for(asked.act, child), asked.member)


async def request_of(asked: Asked) -> Request:
    """One's own request in the address. Raises `UnknownRequest` for anybody else's too."""
    found = await register.get(asked.unit, asked.id("request"))
    if found.member != asked.member.id:
        raise UnknownRequest("there is no such request", place="request")
    return found


def at(request: UUID) -> str:
    """The page of one's own request."""
    return f"{OWN}/{request}"
