"""The officers' desk over HTTP, as these tests sit at it: opening, seeing and moving requests."""

import json
from typing import Any
from uuid import UUID

import at_the_desk
from callers_at_doors import Club

from kernel.database import raw

#: In the example programme; with it, an erasure and a release need two officers.
FOUR_EYES = (
    "[requests]\n",
    '[requests]\nfour_eyes = ["erasure", "release"]\n',
)

#: Beside whom these tests otherwise sit at the desk as.
ROLES = """
[officers.privacy_officer]
can = ["requests", "restrict", "programme"]

[officers.desk]
can = ["requests"]

[officers.chief]
can = ["requests", "restrict"]
"""


async def opened(club: Club, right: str, member: str, **more: Any) -> str:
    """A request that an officer has opened for a member whom they have seen; its id."""
    officer = await club.officer()
    body = {"right": right, "member": member, "identified": True, **more}
    return str((await officer.ok("POST", "/v1/requests", body))["request"])


async def restricts(club: Club, member: str) -> None:
    """There is something to release."""
    async with club.tillit.unit() as work:
        await at_the_desk.restricted(work, UUID(member))


async def seen(club: Club, request: str) -> Any:
    return await (await club.officer()).ok("GET", f"/v1/requests/{request}")


async def entries(club: Club, kind: str, request: str) -> list[Any]:
    """The facts of the entries of that kind about the request, oldest first."""
    async with club.tillit.unit() as work:
        cursor = await (await raw(work.session)).execute(
            "SELECT body FROM audit_entry WHERE position(%s::bytea IN body) > 0 ORDER BY id",
            (request.encode(),),
        )
        found = [json.loads(bytes(row[0])) for row in await cursor.fetchall()]
    return [one["facts"] for one in found if one["kind"] == kind]
