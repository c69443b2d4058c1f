"""What was said, done and asked for: choices, uses, requests, holds. In plain values. Pure."""

from typing import Any

from audit.browsing import told
from audit.entries import ActorType, Kind, rfc3339
from consent.choices import Action, By, Choice
from consent.uses import Use
from dsar.own_choices import Line
from dsar.packages.gathering import Asking, Gathered
from dsar.packages.kept import label
from dsar.packages.marking import mark
from dsar.packages.meanings import (
    ACTORS,
    BY,
    CHANNELS,
    OUTCOMES,
    SAID,
    STATES,
    happened,
)
from dsar.packages.processing import title
from dsar.packages.request_words import ASKED_FOR, CAME_BY, GROUNDS, STANDS, WHY
from dsar.packages.wording import Wording

_OF_REQUESTS = frozenset(
    {
        Kind.REQUEST_MOVED,
        Kind.REQUEST_APPROVED,
        Kind.REQUEST_REFUSED,
        Kind.REQUEST_COMPLETED,
    }
)
_SAID_BY_FACTS = frozenset({Kind.IDENTITY_TRIED, Kind.LETTER_SENT})
#: Not told, because the question was about what was not proved.
_CAME_TO = {**OUTCOMES, "left_out": mark("left out")}
_TRIED = {
    "proved": mark("proved"),
    "wrong": mark("not proved: it was wrong"),
    "expired": mark("not proved: it came too late"),
    "limited": mark("not tried: there had been too many attempts"),
}


def consents(found: Gathered, wording: Wording) -> list[dict[str, Any]]:
    """Everything the member ever said, and others for them, oldest first (Art. 7(1))."""
    return [_line(found, wording, one) for one in found.lines]


def preferences(found: Gathered, wording: Wording) -> dict[str, Any]:
    """What holds for everything at once: restriction, objection, pause, channels, hours."""
    stands = found.standings
    until = stands.paused_until
    off = [channel for purpose, channel in sorted(stands.channels_off, key=str) if purpose is None]
    return {
        "restricted": stands.restricted,
        "objected_to_marketing": stands.marketing_objected,
        "paused": stands.paused,
        "paused_until": until.isoformat() if until else None,
        "channels_off": [wording.coded(one, CHANNELS) for one in off],
        "days_between_contacts": stands.often,
        "hours_without_contacts": _hours(stands.quiet),
        "guardians": len(stands.guardians),
        "guardian_of": found.wards,
    }


def used(found: Gathered, wording: Wording) -> list[dict[str, Any]]:
    """Every use on record, newest first: who, when, for what, with which outcome, with proof."""
    said = {one.entry: one.choice for one in found.lines}
    return [_use(found, wording, one, said.get(one.entry)) for one in found.uses]


def requests(found: Gathered, wording: Wording) -> list[dict[str, Any]]:
    """Every request of the member's, oldest first, this one included."""
    return [_request(found, wording, one) for one in found.requests]


def on_hold(found: Gathered, wording: Wording) -> list[dict[str, Any]]:
    """Legal holds there are and were; the officers' notes on them are not among what is told."""
    return [
        {
            "ground": wording.coded(one.ground, GROUNDS),
            "placed_at": rfc3339(one.placed_at),
            "until": one.until.isoformat() if one.until else None,
            "lifted_at": rfc3339(one.lifted_at) if one.lifted_at else None,
        }
        for one in found.holds
    ]


def _line(found: Gathered, wording: Wording, line: Line) -> dict[str, Any]:
    choice = line.choice
    notice = line.notice
    return {
        "entry": str(line.entry),
        "at": rfc3339(choice.at),
        "recorded": rfc3339(line.recorded),
        "said": wording.coded(choice.action, SAID),
        "before": choice.before and wording.coded(choice.before, STATES),
        "purpose": choice.purpose,
        "purpose_label": choice.purpose and title(found, wording, choice.purpose),
        "by": wording.coded(choice.by, BY),
        "how": choice.how,
        "evidence": choice.evidence,
        "channel": choice.channel and wording.coded(choice.channel, CHANNELS),
        "days_between_contacts": choice.setting if choice.action is Action.OFTEN else None,
        "hours_without_contacts": (
            _hours(choice.setting or 0) if choice.action is Action.HOURS else None
        ),
        "language": choice.language,
        "notice": notice.text if notice else None,
        "notice_sha256": choice.notice.hex() if choice.notice else None,
        "programme_version": choice.programme,
        "holds_until": choice.until.isoformat() if choice.until else None,
    }


def _use(found: Gathered, wording: Wording, one: Use, said: Choice | None) -> dict[str, Any]:
    proved = one.entry in found.proofs
    return {
        "entry": str(one.entry),
        "at": rfc3339(one.at),
        "what": what(wording, one),
        "by": who(wording, one, said),
        "purpose": one.purpose,
        "purpose_label": one.purpose and title(found, wording, one.purpose),
        "outcome": came_to(wording, one, said),
        "fields": [{"name": name, "label": label(found, wording, name)} for name in one.fields],
        "question": one.question,
        "leaf": one.leaf,
        "proof": f"proofs/{one.entry}.txt" if proved else None,
    }


def what(wording: Wording, one: Use) -> dict[str, str]:
    """What happened; of checks of who somebody is and of letters as the entry itself says."""
    facts = told(one.body).facts if one.kind in _SAID_BY_FACTS else {}
    text = happened(one.kind, one.actor_type, facts)
    return {"code": one.kind, "words": wording.say(text)}


def came_to(wording: Wording, one: Use, said: Choice | None) -> dict[str, str]:
    """What came of it: of steps with a request, which one; the entry itself says so."""
    if said is not None:
        return wording.coded(one.outcome, SAID)
    if one.kind == Kind.IDENTITY_TRIED:
        facts = told(one.body).facts
        return wording.coded(str(facts.get("outcome", one.outcome)), {**_CAME_TO, **_TRIED})
    if one.kind in _OF_REQUESTS and "state" in (facts := told(one.body).facts):
        return wording.coded(str(facts["state"]), STANDS)
    return wording.coded(one.outcome, _CAME_TO)


def who(wording: Wording, one: Use, said: Choice | None) -> dict[str, str | None]:
    """Services by their names. Staff are not named: they acted for us (C-579/21)."""
    if one.actor_type == ActorType.SERVICE:
        words = wording.say("our service “{name}”", name=one.actor)
        return {"type": one.actor_type, "name": one.actor, "words": words}
    if one.actor_type == ActorType.AGENT:
        words = wording.say("{name}, which handed in a request for you", name=one.actor)
        return {"type": one.actor_type, "name": one.actor, "words": words}
    if by_guardian(one, said):
        return {"type": "guardian", "name": None, "words": wording.say(BY[By.GUARDIAN])}
    words = wording.coded(one.actor_type, ACTORS)["words"]
    return {"type": one.actor_type, "name": None, "words": words}


def by_guardian(one: Use, said: Choice | None) -> bool:
    """Whether the member's guardian did it: a guardian acts under the child's pseudonym."""
    guardian = said is not None and said.by is By.GUARDIAN
    # Only a child's choices are viewed so.
    return one.actor_type == ActorType.MEMBER and (guardian or one.kind == Kind.CHOICES_VIEWED)


def _request(found: Gathered, wording: Wording, asking: Asking) -> dict[str, Any]:
    one, wish = asking.request, asking.wish
    return {
        "request": str(one.id),
        "right": wording.coded(one.right, ASKED_FOR),
        "state": wording.coded(one.state, STANDS),
        "dpv": one.state.term,
        "channel": wording.coded(one.channel, CAME_BY),
        "received": one.received.isoformat(),
        "due": one.due.isoformat(),
        "extended": one.extended,
        "closed_at": rfc3339(one.closed_at) if one.closed_at else None,
        "reason": one.told_reason and wording.coded(one.told_reason, WHY),
        "purposes": [
            {"name": name, "label": title(found, wording, name)} for name in wish.purposes
        ],
        "all_marketing": wish.marketing,
        "corrections": wish.values,
        "note": wish.note,
        "outcome": wish.outcome,
    }


def _hours(bits: int) -> list[int]:
    return [hour for hour in range(24) if bits >> hour & 1]
