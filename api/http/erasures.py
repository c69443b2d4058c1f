"""What an erasure would do, and the legal holds that keep one from being done."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.doors import Asked, Doors
from api.http.problems import OneProblem
from audit.entries import ActorType
from consent.programme import Ability
from dsar import holds, previews
from dsar.holds import Broken, Hold
from dsar.previews import Preview

doors = Doors(ActorType.OFFICER)
own = Doors(ActorType.MEMBER)


class HoldShown(msgspec.Struct):
    """A legal hold. `until`: its last day, null when it stands until it is lifted.

    `broken`: what of it is not as it was written, and what to do. Then there is no `ground`, no
    `placed_by`, no `until` and no `note`; null for all others.
    """

    hold: UUID
    member: UUID
    ground: str | None
    placed_at: datetime
    placed_by: str | None
    until: date | None
    lifted_at: datetime | None
    note: str | None
    broken: OneProblem | None


class LiftedShown(HoldShown):
    """The same of one that has ended. `broken_beside`: holds upon the same member that are not as
    they were placed: while there is one, nothing of the member is erased."""

    broken_beside: list[UUID]


class NewHold(msgspec.Struct, forbid_unknown_fields=True):
    """Why a member is not erased: a closed list, and a note that is sealed with them."""

    ground: Name
    until: date | None = None
    note: str = ""


class PreviewShown(msgspec.Struct):
    """What an erasure would do today. `destroys`: how many, by kind. `tells`: who is told.

    `by_hand`: who else may have the data, and is told by an officer: nothing here tells them.
    `keeps`: what stays, by which law and until when. `held`: a legal hold stands, so that nothing
    is done. `closes`: other open requests that end with it. `waits_days`: how long an approved
    erasure cools off.
    """

    destroys: dict[str, int]
    keeps: list[dict[str, Any]]
    tells: list[str]
    by_hand: list[dict[str, str]]
    held: bool
    closes: int
    waits_days: int


class OfficersPreview(PreviewShown):
    """The same, with the holds that stand."""

    holds: list[HoldShown]


def hold_shown(hold: Hold) -> HoldShown:
    """What is told of a hold, to officers alone."""
    return HoldShown(
        hold=hold.id,
        member=hold.member,
        ground=hold.ground.value,
        placed_at=hold.placed_at,
        placed_by=hold.by,
        until=hold.until,
        lifted_at=hold.lifted_at,
        note=hold.note,
        broken=None,
    )


def _broken(hold: Broken) -> HoldShown:
    (found,) = hold.why.problems
    return HoldShown(
        hold=hold.id,
        member=hold.member,
        ground=None,
        placed_at=hold.placed_at,
        placed_by=None,
        until=None,
        lifted_at=hold.lifted_at,
        note=None,
        broken=OneProblem(found.place, found.message, found.remedy),
    )


@doors("GET", "/v1/requests/{request:uuid}/preview", ability=Ability.REQUESTS, problems=(404, 422))
async def preview(asked: Asked) -> OfficersPreview:
    """What an erasure would destroy, what must stay, and who would be told; on record."""
    found = await previews.of_request(asked.unit, asked.act, asked.active, asked.id("request"))
    return OfficersPreview(**_plain(found), holds=[hold_shown(one) for one in found.holds])


@own("GET", "/v1/me/erasure-preview")
async def own_preview(asked: Asked) -> PreviewShown:
    """What an erasure of yours would destroy, and what a law would keep; on record.

    Why a hold stands is not told here: an officer answers that.
    """
    found = await previews.of_member(asked.unit, asked.act, asked.active, asked.member)
    return PreviewShown(**_plain(found))


@doors("GET", "/v1/holds", ability=Ability.REQUESTS)
async def listed(asked: Asked) -> list[HoldShown]:
    """The legal holds that stand, the oldest first, at most 1,000; broken ones among them."""
    return [
        _broken(one) if isinstance(one, Broken) else hold_shown(one)
        for one in await holds.listed(asked.unit)
    ]


@doors("POST", "/v1/members/{member:uuid}/holds", ability=Ability.REQUESTS, status=201,
       problems=(404,))  # fmt: skip
async def place(asked: Asked, new: NewHold) -> HoldShown:
    """Put a legal hold on a member: nothing of theirs is erased while it stands (Art. 17(3))."""
    ground = holds.ground_named(new.ground)
    member = asked.id("member")
    found = await holds.place(asked.unit, asked.act, member, ground, until=new.until, note=new.note)
    return hold_shown(found)


@doors("POST", "/v1/holds/{hold:uuid}/lift", ability=Ability.REQUESTS, problems=(404,))
async def lift(asked: Asked) -> LiftedShown:
    """End a legal hold; an erasure that waited for it is carried out."""
    found = await holds.lift(asked.unit, asked.act, asked.id("hold"))
    beside = [one.id for one in found.broken]
    return LiftedShown(**msgspec.structs.asdict(hold_shown(found.hold)), broken_beside=beside)


def _plain(found: Preview) -> dict[str, Any]:
    return {
        "destroys": dict(found.destroys),
        "keeps": found.keeps.facts() if found.keeps else [],
        "tells": list(found.tells),
        "by_hand": [one.facts() for one in found.by_hand],
        "held": bool(found.holds),
        "closes": found.closes,
        "waits_days": found.waits,
    }
