"""How services write down what members chose: at a till, on paper, in a consent panel."""

from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Moment, Name, happened
from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent import ledger, panel
from consent.ages import born, refuse_own_yes
from consent.backdating import choose_then
from consent.choices import Action as Said
from consent.choices import By, Choice
from consent.choosing import LONGEST_EVIDENCE, LONGEST_HOW
from consent.choosing import channel as by_channel
from consent.eligibility import reason_of
from consent.errors import NotAChoice
from consent.grants import Grant, authorise
from consent.guardians import ward
from consent.programme import Action
from consent.programme.suggestion import did_you_mean
from consent.standings import Standings
from profiles import members
from profiles.members import Member
from profiles.unit import Unit

doors = Doors(ActorType.SERVICE)

#: What can be said about one purpose, and about a channel of it.
WORDS = (Said.GIVEN, Said.REFUSED, Said.WITHDRAWN, Said.OBJECTED, Said.OBJECTION_LIFTED)
OF_CHANNELS = (Said.CHANNEL_OFF, Said.CHANNEL_ON)

How = Annotated[str, msgspec.Meta(max_length=LONGEST_HOW)]
Evidence = Annotated[str, msgspec.Meta(max_length=LONGEST_EVIDENCE)]


class Told(msgspec.Struct, forbid_unknown_fields=True):
    """What a member told the service. `language`: that of the notice they were shown.

    `channel`: for `channel_on` and `channel_off`. `at`: when they said it, with a zone; now, if
    left out. `how`: by which means, such as `till screen`; `evidence`: what proves it, such as a
    form's number; both are sealed. `guardian`: the member who spoke for this one, a child.
    """

    member: UUID
    purpose: Name
    action: str
    language: str | None = None
    channel: Name | None = None
    at: Moment | None = None
    how: How = ""
    evidence: Evidence = ""
    guardian: UUID | None = None


class Stands(msgspec.Struct):
    """Where the member stands with the purpose now; `until`: the first day it no longer holds.

    `allowed`: whether they may be used for it; `reason`: why not, as a decision says it.
    """

    member: UUID
    purpose: str
    state: str
    allowed: bool
    reason: str | None
    consented: bool
    objected: bool
    channels_off: list[str]
    until: str | None


class FromPanel(msgspec.Struct, forbid_unknown_fields=True):
    """What a form's `tillit-consent` held when somebody joined, as it came; it may be empty."""

    member: UUID
    panel: Annotated[str, msgspec.Meta(max_length=panel.LONGEST)]


@doors("POST", "/v1/consents", status=201, problems=(404,))
async def tell(asked: Asked, told: Told) -> Stands:
    """Write down a member's choice; every answer from now on heeds it.

    Needs `consent`. A consent needs the language of the notice: what was agreed to is kept
    with it (Art. 7(1)). Where the purpose has double opt-in it is `requested`, and counts once
    the member has confirmed it.
    """
    grant = authorise(asked.active, asked.who.name, purpose=told.purpose, action=Action.CONSENT)
    said, unit, act = _said(told), asked.unit, grant.act
    if told.guardian is None:
        member = await members.one(unit, told.member, lock=True)
    else:
        guardian = await members.one(unit, told.guardian)
        member = await ward(unit, grant.footing, guardian, told.member)
    choice = _choice(asked, grant, told, said)
    if told.guardian is None and said is Said.GIVEN:
        refuse_own_yes(unit, grant.footing, member, choice.at)
    stands = (await ledger.record(unit, act, {member: [choice]}))[member.id]
    return stands_of(asked.unit, grant, member, stands)


@doors("POST", "/v1/consents/panel", status=201, problems=(404, 409))
async def hand_in(asked: Asked, sent: FromPanel) -> list[Stands]:
    """Write down what a member answered in a consent panel, all of it or nothing.

    Needs `consent` for each purpose that was answered. What was not answered is not in the
    value, and stays unanswered. A yes to terms that are not today's any more is refused (409).
    """
    told = await panel.tell(asked.unit, asked.active, asked.who.name, sent.member, sent.panel)
    if told is None:
        return []
    return [stands_of(asked.unit, one, told.member, told.standings) for one in told.grants]


def _said(told: Told) -> Said:
    if told.action not in (*WORDS, *OF_CHANNELS):
        raise Misshapen(
            "nobody can say that about a purpose",
            place="action",
            remedy=did_you_mean(told.action, (*WORDS, *OF_CHANNELS)),
        )
    if told.action == Said.GIVEN and told.language is None:
        raise NotAChoice(
            "a consent is to a text that was shown",
            place="language",
            remedy="give the language of the notice the member saw",
        )
    if (told.action in OF_CHANNELS) != (told.channel is not None):
        raise Misshapen(
            "a channel goes with channel_on and channel_off, and they with a channel",
            place="channel",
            remedy="leave the channel out, or name one",
        )
    return Said(told.action)


def _choice(asked: Asked, grant: Grant, told: Told, said: Said) -> Choice:
    unit = asked.unit
    at = unit.now if told.at is None else happened(told.at, now=unit.now, place="at")
    by = By.TILL if told.guardian is None else By.GUARDIAN
    if told.channel is None:
        return choose_then(
            unit,
            asked.active,
            grant.footing,
            said,
            at=at,
            by=by,
            language=told.language,
            how=told.how,
            evidence=told.evidence,
            guardian=told.guardian,
        )
    on = said is Said.CHANNEL_ON
    choice = by_channel(unit, grant.purpose, told.channel, on=on, by=by)
    return msgspec.structs.replace(
        choice, at=at, how=told.how, evidence=told.evidence, guardian=told.guardian
    )


def stands_of(unit: Unit, grant: Grant, member: Member, stands: Standings) -> Stands:
    """What a service is told of a member after it has written something down."""
    name = grant.purpose.name
    now = stands.of(name)
    reason = reason_of(grant.footing, stands, unit.today, born=born(unit, grant.footing, member))
    return Stands(
        member=member.id,
        purpose=name,
        state=now.state.value,
        allowed=reason is None,
        reason=reason.value if reason else None,
        consented=now.consented,
        objected=now.objected,
        channels_off=sorted(
            one
            for one in grant.purpose.channels
            if (name, one) in stands.channels_off or (None, one) in stands.channels_off
        ),
        until=now.until.isoformat() if now.until else None,
    )
