"""A member whose data is used: at the till, by an offers engine; and who then looks at a page."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.bootstrap import Tillit
from api.tokens import Caller, mint
from tests.at_a_browser import browser

PHONE = "+46701234567"


@dataclass(frozen=True)
class UsedMember:
    tillit: Tillit
    id: UUID

    async def segment(self, expression: str) -> UUID:
        """The entry of a question asked by the offers engine."""
        body = {"expression": expression, "purpose": "personalised_offers"}
        caller = Caller.service("offers-engine")
        said = await at_door(self.tillit, caller, "POST", "/v1/segments/evaluate", body)
        await self.tillit.integrate()
        return UUID(said["entry"])


async def used(tillit: Tillit) -> UsedMember:
    """Maja, who has joined at the till, bought a tent, and said yes to offers."""
    till = Caller.service("till")
    values = {
        "member_number": "m1",
        "name": "Maja Ek",
        "email": "maja@post.example",
        "phone": PHONE,
        "birth_date": "1990-05-23",
        "tier": "gold",
        "interests": ["hiking"],
    }
    body = {"purpose": "membership", "values": values}
    member = UUID((await at_door(tillit, till, "POST", "/v1/members", body))["member"])
    purchase = {
        "member": str(member),
        "reference": "r-1",
        "at": "2026-01-05T12:00:00Z",
        "amount": "499.00",
        "items": [
            {"sku": "t1", "description": "Tent <b>", "quantity": "1", "price": "499.00"},
        ],
    }
    bought = {"purpose": "membership", "purchases": [purchase]}
    await at_door(tillit, till, "POST", "/v1/events", bought)
    own = Caller.member(member, stepped_up=tillit.clock.now())
    yes = {"allow": True, "language": "sv"}
    await at_door(tillit, own, "PUT", "/v1/me/choices/personalised_offers", yes)
    await tillit.integrate()
    return UsedMember(tillit, member)


async def at_door(tillit: Tillit, caller: Caller, method: str, path: str, body: Any) -> Any:
    token = (await mint(tillit, caller)).token
    async with browser(tillit) as at:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await at.client.request(method, path, json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None
