"""What officers do about a request beside its steps: proofs they saw, holds, recipients.

Each is a form on the request's page, and leads back there.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from api.pages import pressing
from api.pages.answers import Go
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.request import ONE
from api.pages.officer.rows import to
from api.pages.pressing import Press
from api.people.people import Kind
from consent.programme import Ability
from dsar import holds, identity_steps, register
from dsar.connectors import desk as connectors_desk
from dsar.connectors.trouble import giving_up_named
from dsar.errors import NotAHold, NotARequest, NotReady, UnknownHold, UnknownOutgoing
from dsar.identity import How
from profiles import members

pages = Pages(Kind.OFFICER)


class Attested(msgspec.Struct, forbid_unknown_fields=True):
    how: str
    note: Annotated[str, msgspec.Meta(max_length=identity_steps.LONGEST_NOTE)] = ""

    def __repr__(self) -> str:
        return f"Attested({self.how})"


class NewHold(msgspec.Struct, forbid_unknown_fields=True):
    ground: str
    until: str = ""
    note: str = ""
    press: Press = ""

    def __repr__(self) -> str:
        return "NewHold(***)"


class GivingUpFor(msgspec.Struct, forbid_unknown_fields=True):
    reason: str


@pages("POST", ONE + "/identity", ability=Ability.REQUESTS)
async def attest(asked: Asked, attested: Attested) -> Go:
    """Put on record what the officer has seen of who asked."""
    if attested.how not in identity_steps.ATTESTED:
        raise NotARequest("this is nothing that an officer attests to", place="how")
    found = await identity_steps.attest(
        asked.unit,
        asked.act,
        asked.active,
        asked.id("request"),
        how=How(attested.how),
        note=attested.note.strip(),
    )
    return Go(to(found.id), said="on-record")


@pages("POST", ONE + "/holds", ability=Ability.REQUESTS)
async def hold(asked: Asked, new: NewHold) -> Go:
    """Keep the member from being erased (Art. 17(3))."""
    found = await register.get(asked.unit, asked.id("request"))
    if found.member is None:
        raise NotReady("the member of this request has been erased", place="request")
    if await pressing.again(asked, new.press, new):
        return Go(to(found.id) + "#holds", said="on-record")
    await holds.place(
        asked.unit,
        asked.act,
        found.member,
        holds.ground_named(new.ground),
        until=_last_day(new.until),
        note=new.note.strip(),
    )
    return Go(to(found.id) + "#holds", said="on-record")


@pages("POST", ONE + "/holds/{hold:uuid}/lift", ability=Ability.REQUESTS)
async def lift(asked: Asked) -> Go:
    """End a hold on the member of this request; what waited for it goes on."""
    found = await register.get(asked.unit, asked.id("request"))
    if found.member is None or asked.id("hold") not in await _holds(asked, found.member):
        raise UnknownHold("there is no such hold", place="hold")
    await holds.lift(asked.unit, asked.act, asked.id("hold"))
    return Go(to(found.id) + "#holds", said="on-record")


@pages("POST", ONE + "/recipients/{outgoing:uuid}/retry", ability=Ability.REQUESTS)
async def retry(asked: Asked) -> Go:
    """Have a recipient told again now."""
    await _of_request(asked)
    await connectors_desk.retry(asked.unit, asked.active, asked.id("outgoing"))
    return Go(to(asked.id("request")) + "#recipients", said="told-again")


@pages("POST", ONE + "/recipients/{outgoing:uuid}/give-up", ability=Ability.REQUESTS)
async def give_up(asked: Asked, why: GivingUpFor) -> Go:
    """Wait for a recipient no more, for a reason that stands in the record (Art. 19)."""
    await _of_request(asked)
    reason = giving_up_named(why.reason)
    await connectors_desk.give_up(asked.unit, asked.act, asked.id("outgoing"), reason=reason)
    return Go(to(asked.id("request")) + "#recipients", said="on-record")


async def _of_request(asked: Asked) -> None:
    """Raises `UnknownOutgoing` for a word that is not about the request in the address."""
    told = await connectors_desk.of_request(asked.unit, asked.id("request"))
    if asked.id("outgoing") not in {one.word.id for one in told}:
        raise UnknownOutgoing("nothing of that id goes to a recipient", place="outgoing")


async def _holds(asked: Asked, member: UUID) -> set[UUID]:
    person = await members.one(asked.unit, member)
    return {one.id for one in await holds.each_of(asked.unit, person)}


def _last_day(sent: str) -> date | None:
    if not sent.strip():
        return None
    try:
        return date.fromisoformat(sent.strip())
    except ValueError:
        raise NotAHold("this is no day", place="until") from None
