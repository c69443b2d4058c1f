"""Everybody who calls at the doors, with their tokens."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from api.bootstrap import Tillit
from api.tokens import Caller, mint

PURPOSE = "personalised_offers"


@dataclass(frozen=True)
class Client:
    """One caller: their requests carry their token."""

    http: httpx.AsyncClient
    token: str | None

    async def __call__(self, method: str, path: str, json: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return await self.http.request(method, path, json=json, headers=headers)

    async def ok(self, method: str, path: str, json: Any = None) -> Any:
        response = await self(method, path, json)
        assert response.is_success, response.text
        if response.headers["content-type"] == "application/json":
            return response.json()
        return response.content


class Club:
    """Everybody who calls, made when first asked for."""

    def __init__(self, tillit: Tillit, http: httpx.AsyncClient) -> None:
        self.tillit = tillit
        self.http = http
        self.nobody = Client(http, None)

    async def client(self, caller: Caller) -> Client:
        return Client(self.http, (await mint(self.tillit, caller)).token)

    async def service(self, name: str) -> Client:
        return await self.client(Caller.service(name))

    async def officer(self, role: str = "privacy_officer") -> Client:
        return await self.client(Caller.officer("officer-7", role=role))

    async def member(self, member: UUID | str, *, stepped_up: bool = True) -> Client:
        """A member, signed in a moment ago with a second proof, or longer ago without."""
        at = self.tillit.clock.now() if stepped_up else None
        return await self.client(Caller.member(UUID(str(member)), stepped_up=at))

    async def joins(self, number: str, **values: Any) -> str:
        """A new member through the till; their id."""
        till = await self.service("till")
        body = {"purpose": "membership", "values": {"member_number": number, **values}}
        return str((await till.ok("POST", "/v1/members", body))["member"])

    async def agrees(self, member: str, *, allow: bool = True, purpose: str = PURPOSE) -> Any:
        own = await self.member(member)
        body = {"allow": allow, "language": "sv"}
        return await own.ok("PUT", f"/v1/me/choices/{purpose}", body)

    async def segment(self, expression: str, purpose: str = PURPOSE) -> Any:
        offers = await self.service("offers-engine")
        body = {"expression": expression, "purpose": purpose}
        return await offers.ok("POST", "/v1/segments/evaluate", body)
