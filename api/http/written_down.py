"""What officers write down for members: a letter, a signed paper, a consent that was none."""

from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Moment, Name, happened
from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent import ledger
from consent.ages import born, refuse_own_yes
from consent.backdating import choose_then
from consent.choices import Action, By, State
from consent.choosing import LONGEST_EVIDENCE, LONGEST_HOW
from consent.eligibility import reason_of
from consent.programme import Ability
from consent.programme.suggestion import did_you_mean
from profiles import members

doors = Doors(ActorType.OFFICER)

#: What can reach an officer about one purpose.
WORDS = (
    Action.GIVEN,
    Action.REFUSED,
    Action.WITHDRAWN,
    Action.INVALIDATED,
    Action.OBJECTED,
    Action.OBJECTION_LIFTED,
)


class WrittenDown(msgspec.Struct, forbid_unknown_fields=True):
    """What a member said to an officer, or what was found out about a consent.

    `how`: by which means, such as "letter"; `evidence`: where it can be seen, such as the
    letter's number. `language`: of the notice on the paper they signed.
    """

    purpose: Name
    action: str
    how: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_HOW)]
    evidence: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_EVIDENCE)]
    language: str | None = None
    at: Moment | None = None


class StandsNow(msgspec.Struct):
    """Where the member stands with the purpose; `reason`: why they are held back, if they are."""

    member: UUID
    purpose: str
    state: State
    allowed: bool
    reason: str | None


@doors(
    "POST",
    "/v1/members/{member:uuid}/choices",
    ability=Ability.REQUESTS,
    status=201,
    problems=(404,),
)
async def write_down(asked: Asked, said: WrittenDown) -> StandsNow:
    """Write down what a member said by letter or telephone, or that a consent never was one.

    Always with what proves it (Art. 7(1)); the next answer heeds it.
    """
    if said.action not in WORDS:
        raise Misshapen(
            "officers write down nothing of that name",
            place="action",
            remedy=did_you_mean(said.action, WORDS),
        )
    unit, footing = asked.unit, asked.active.footing(said.purpose)
    member = await members.one(unit, asked.id("member"), lock=True)
    choice = choose_then(
        unit,
        asked.active,
        footing,
        Action(said.action),
        at=unit.now if said.at is None else happened(said.at, now=unit.now, place="at"),
        by=By.OFFICER,
        language=said.language,
        how=said.how,
        evidence=said.evidence,
    )
    if said.action == Action.GIVEN:
        refuse_own_yes(unit, footing, member, choice.at)
    act = asked.act.about(said.purpose)
    standings = (await ledger.record(unit, act, {member: [choice]}))[member.id]
    reason = reason_of(footing, standings, unit.today, born=born(unit, footing, member))
    return StandsNow(
        member.id,
        said.purpose,
        standings.of(said.purpose).state,
        reason is None,
        reason.value if reason else None,
    )
