"""The funnel: from all members, reason by reason, to those who may be used for a purpose, and
from those, channel by channel, to those who can be reached."""

from collections.abc import Mapping
from datetime import date

from consent.eligibility import Eligibility, Reason
from consent.figures.groups import ELIGIBLE
from consent.footing import Footing
from consent.reach import Moment, Unreached, unreached
from profiles.shard import MemberSets

#: The groups of a channel's figure. `not_now`: at noon, for they have had enough of late.
HELD_BACK, OFF, NOT_NOW, REACHABLE = "held_back", "channel_off", "not_now", "reachable"
_NOON = 12
_OF_CONSENT = (
    Reason.NO_CONSENT,
    Reason.UNPROVEN,
    Reason.UNCONFIRMED,
    Reason.EXPIRED,
    Reason.ASK_AGAIN,
)
#: What is missed least is hidden first.
_HIDDEN_FIRST = (
    Reason.COME_OF_AGE,
    Reason.AGE_UNKNOWN,
    Reason.GUARDIAN_NEEDED,
    Reason.UNCONFIRMED,
    Reason.UNPROVEN,
    Reason.PAUSED,
    Reason.RESTRICTED,
    Reason.ASK_AGAIN,
    Reason.EXPIRED,
    Reason.OBJECTED,
    Reason.NO_CONSENT,
    ELIGIBLE,
)


def reach_kind(channel: str) -> str:
    """The name of a channel's figure."""
    return f"reach_{channel}"


def steps(footing: Footing, found: Eligibility) -> dict[str, int]:
    """How many each reason holds back, of those that can apply, and how many are eligible.

    Which reasons can apply follows from the programme, not from who is held back.
    """
    reasons = [Reason.RESTRICTED]
    if footing.silencers or footing.heeds_old_no:
        reasons.append(Reason.OBJECTED)
    if footing.is_choice:
        reasons.append(Reason.PAUSED)
    if footing.needs_consent:
        reasons += _OF_CONSENT
        if footing.birth_field is not None:
            reasons += [Reason.GUARDIAN_NEEDED, Reason.COME_OF_AGE]
        if footing.children:
            reasons.append(Reason.AGE_UNKNOWN)
    counts = {reason.value: len(found.those.get(reason, ())) for reason in reasons}
    return {**counts, ELIGIBLE: len(found.eligible)}


def reached(
    footing: Footing, channel: str, members: MemberSets, found: Eligibility, day: date
) -> dict[str, int]:
    """Of those who are eligible, how many can be reached by the channel at noon of that day."""
    those = unreached(footing, channel, members, Moment(day, _NOON)).those
    off = (
        len(found.eligible & those[Unreached.CHANNEL_OFF]) if Unreached.CHANNEL_OFF in those else 0
    )
    later = sum(
        len(found.eligible & who)
        for reason, who in those.items()
        if reason is not Unreached.CHANNEL_OFF
    )
    return {
        HELD_BACK: len(members.everyone) - len(found.eligible),
        OFF: off,
        NOT_NOW: later,
        REACHABLE: len(found.eligible) - off - later,
    }


def order_of_steps(counts: Mapping[str, int]) -> list[str]:
    return [name for name in _HIDDEN_FIRST if name in counts]


def order_of_reach(counts: Mapping[str, int]) -> list[str]:
    return [name for name in (NOT_NOW, OFF, HELD_BACK, REACHABLE) if name in counts]
