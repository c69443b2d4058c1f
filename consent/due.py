"""Whom to write to about their consents: to confirm, to remind, to ask again.

From the sets, as of everything committed before. Nobody is listed who is restricted, has
objected or has paused, or who cannot be written to: by the channel that was named, now, or else
by any that the purpose uses. Who is listed is on record, as in every other answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from pyroaring import BitMap

from audit.acts import Act
from audit.entries import Kind
from consent.eligibility import Reason, eligibility
from consent.errors import NotAChoice, NotPermitted, OutOfDate
from consent.footing import Footing
from consent.footprints import EVERYBODY, Footprint, keep_matched, seal_footprint
from consent.grants import Grant
from consent.programme.declarations import Action
from consent.programme.suggestion import did_you_mean
from consent.reach import Moment, Unreached, unreached
from consent.sets import until_stack
from kernel.errors import Invalid
from profiles import stacks
from profiles.refreshing import due as out_of_date
from profiles.refreshing import members_at
from profiles.replica import Replica
from profiles.shard import MemberSets
from profiles.stacks import Op
from profiles.unit import Unit
from profiles.values import to_number


class Due(StrEnum):
    """What is due with a member. The list is closed, and nobody is on two of them."""

    CONFIRM = "confirm"  # a yes that waits for their word: send them the link
    REMIND = "remind"  # their consent runs out within the purpose's `remind_days`
    ASK_AGAIN = "ask_again"  # what they agreed to is less than what is done now
    RECONFIRM = "reconfirm"  # a yes that nothing proves
    ASK_THEMSELVES = "ask_themselves"  # a guardian said yes, and they have come of age
    ASK_GUARDIAN = "ask_guardian"  # they said yes, and are too young to


_REASONS: Mapping[Due, Reason] = MappingProxyType(
    {
        Due.CONFIRM: Reason.UNCONFIRMED,
        Due.ASK_AGAIN: Reason.ASK_AGAIN,
        Due.RECONFIRM: Reason.UNPROVEN,
        Due.ASK_THEMSELVES: Reason.COME_OF_AGE,
        Due.ASK_GUARDIAN: Reason.GUARDIAN_NEEDED,
    }
)


#: What an officer answers for (Arts. 5(2) and 7(1)): a yes without proof, or about to run out.
DOUBTFUL = (Due.RECONFIRM, Due.REMIND)
SOON = 31  # days before a consent runs out, of a purpose that says nothing of reminding


@dataclass(frozen=True)
class Page:
    """Some members of a list, in ordinal order, of `total`."""

    total: int
    members: tuple[UUID, ...]


async def listed(
    unit: Unit,
    grant: Grant,
    replica: Replica,
    *,
    skip: int,
    limit: int,
    channel: str | None = None,
) -> tuple[dict[Due, Page], UUID]:
    """Who is due for what, at most `limit` of each list after the first `skip`; and the entry.

    `channel`: only those whom it may reach at this moment. One `consents.listed` entry, with who
    was named in its sealed detail. Raises `NotAChoice`
    for a purpose that asks for no consent, `Invalid` for a channel that it does not use,
    `NotPermitted` for another grant, and `OutOfDate` when `Gate.freshen` is due first.
    """
    if grant.action is not Action.CONSENT:
        raise NotPermitted(f"this grant is for {grant.action}", place="grant")
    if not grant.footing.needs_consent:
        raise NotAChoice(
            f"{grant.purpose.name} does not rest on consent",
            place=f"purposes.{grant.purpose.name}",
            remedy="nobody has to be asked",
        )
    if channel is not None and channel not in grant.purpose.channels:
        raise Invalid(
            f"{grant.purpose.name} does not use that channel",
            place="channel",
            remedy=did_you_mean(channel, grant.purpose.channels) or "the purpose names no channel",
        )
    await replica.barrier()
    # From here to the next await the sets stand still.
    sets, heads = replica.members, dict(replica.heads)
    if out_of_date(sets, unit):
        raise OutOfDate("members are being brought up to date", place="member sets")
    those = due(unit, grant.footing, sets, channel=channel)
    named = {one: who[skip : skip + limit] for one, who in those.items()}
    pages = {one: Page(len(those[one]), tuple(members_at(sets, who))) for one, who in named.items()}
    together = BitMap.union(BitMap(), *named.values())
    footprint = Footprint("consents due", heads, await keep_matched(unit, together))
    facts = {one.value: len(who) for one, who in named.items() if who}
    entry = await unit.record.write(
        unit.session,
        grant.act.entry(
            Kind.CONSENTS_LISTED,
            subject=EVERYBODY,
            facts=facts,
            detail=seal_footprint(unit, footprint),
        ),
    )
    return pages, entry


async def doubtful(
    unit: Unit, act: Act, footing: Footing, replica: Replica, *, which: Due, skip: int, limit: int
) -> Page:
    """Whose yes nothing proves, or whose runs out soon, for officers: those too whom no letter
    reaches, but nobody who is restricted, has objected or has paused.

    On record as `listed` has it. Raises `NotAChoice`, and `OutOfDate`.
    """
    if which not in DOUBTFUL or not footing.needs_consent:
        raise NotAChoice("there is no such list of this purpose", place="list")
    await replica.barrier()
    sets, heads = replica.members, dict(replica.heads)
    if out_of_date(sets, unit):
        raise OutOfDate("members are being brought up to date", place="member sets")
    stand = eligibility(footing, sets, unit.today)
    if which is Due.REMIND:
        those = stand.eligible & _running_out(unit, footing, sets, days=SOON)
    else:
        those = stand.those.get(_REASONS[which], BitMap())
    named = those[skip : skip + limit]
    page = Page(len(those), tuple(members_at(sets, named)))
    footprint = Footprint("consents due", heads, await keep_matched(unit, named))
    await unit.record.write(
        unit.session,
        act.about(footing.purpose.name).entry(
            Kind.CONSENTS_LISTED,
            subject=EVERYBODY,
            facts={which.value: len(named)} if named else {},
            detail=seal_footprint(unit, footprint),
        ),
    )
    return page


def due(
    unit: Unit, footing: Footing, members: MemberSets, *, channel: str | None = None
) -> dict[Due, BitMap]:
    """Who is due for what and can be written to, every list there is; disjoint.

    `channel`: by that one and now; without it, by any that the purpose uses, at some time.
    """
    stand = eligibility(footing, members, unit.today)
    found = {one: stand.those.get(reason, BitMap()) for one, reason in _REASONS.items()}
    found[Due.REMIND] = stand.eligible & _running_out(unit, footing, members)
    away = _away(unit, footing, members, channel)
    return {one: found[one] - away for one in Due}


def _away(unit: Unit, footing: Footing, members: MemberSets, channel: str | None) -> BitMap:
    """Who cannot be written to. Of a purpose that uses no channel nobody knows."""
    moment = Moment.of(unit.now.astimezone(unit.schema.zone))
    if channel is not None:
        return unreached(footing, channel, members, moment).all
    off = [
        unreached(footing, one, members, moment).those.get(Unreached.CHANNEL_OFF, BitMap())
        for one in footing.purpose.channels
    ]
    return BitMap.intersection(*off) if off else BitMap()


def _running_out(
    unit: Unit, footing: Footing, members: MemberSets, *, days: int | None = None
) -> BitMap:
    """`days`: within which it does, where the purpose itself does not say."""
    days = footing.purpose.remind_days or days
    if days is None:
        return BitMap()
    last = to_number(unit.today + timedelta(days=days))
    return stacks.compare(members, until_stack(footing.purpose.name), Op.LE, last)
