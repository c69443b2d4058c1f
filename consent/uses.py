"""What was done with a member's data: by whom, for what, with which outcome.

Called for the member themselves, and for the package that answers an access request
(Art. 15(1)(c); C-579/21: purposes and dates of look-ups). Opens the questions that were asked
about everybody, to say whether this member was among those found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from audit.browsing import Told, told
from audit.proofs import Use as Entry
from audit.proofs import uses_of
from consent.ages import born
from consent.choices import Choice
from consent.eligibility import reason_of
from consent.footprints import EVERYBODY, Footprint, matched_in, open_footprint
from consent.glances import open_glance
from consent.programmes import Active
from consent.standings import fold
from kernel.ids import made_at
from profiles.members import Member
from profiles.unit import Unit


@dataclass(frozen=True)
class Use:
    """One entry of the record that concerns a member.

    `outcome`: for a segment, "matched", "not_matched", or why the member was held back; for a
    read, the fields given out or why none were; for a choice, what was said; "unknown" when what
    a segment left behind is lost, which `tillit audit verify` reports. `question`: the
    segment's expression. `leaf`: its number in the record, None in the second before it has one.
    """

    entry: UUID
    at: datetime
    kind: str
    actor_type: str
    actor: str
    purpose: str | None
    outcome: str
    fields: tuple[str, ...]
    question: str | None
    leaf: int | None


async def uses(
    unit: Unit,
    member: Member,
    choices: Mapping[UUID, Choice],
    active: Active,
    *,
    limit: int = 1000,
) -> list[Use]:
    """The newest `limit` entries about the member, and about everybody while they were one.

    `choices` is the member's ledger by row: from what was written in it when a question was
    asked follows whether they were eligible then. Newest first.
    """
    own = await uses_of(unit.session, member.key.subject(), limit=limit)
    shared = await uses_of(unit.session, EVERYBODY, limit=limit)
    joined = made_at(member.id)
    shared = [entry for entry in shared if told(entry.body).at >= joined]
    footprints = {entry.id: footprint for entry in shared if (footprint := _footprint(unit, entry))}
    matched = await matched_in(unit, footprints, member.ordinal)
    found = [_own(entry, choices.get(entry.id), member) for entry in own]
    for entry in shared:
        asked = footprints.get(entry.id)
        if told(entry.body).commitment is not None and matched.get(entry.id) is None:
            outcome = "unknown"
        elif matched.get(entry.id):
            outcome = "matched"
        else:
            outcome = _outcome(told(entry.body), choices, active, unit, member)
        found.append(_use(entry, outcome, (), asked.expression if asked else None))
    found.sort(key=lambda use: use.at, reverse=True)
    return found[:limit]


def _outcome(
    asked: Told, choices: Mapping[UUID, Choice], active: Active, unit: Unit, member: Member
) -> str:
    """Of a member who is not among those found: why, by what they had said when it was asked."""
    footing = active.at(asked.programme).footings.get(asked.purpose or "")
    if footing is None:
        return "not_matched"
    standings = fold(choice for row, choice in choices.items() if made_at(row) <= asked.at)
    day = asked.at.astimezone(unit.schema.zone).date()
    reason = reason_of(footing, standings, day, born=born(unit, footing, member))
    return "not_matched" if reason is None else reason.value


def _own(entry: Entry, said: Choice | None, member: Member) -> Use:
    if said is not None:
        return replace(_use(entry, said.action.value, (), None), purpose=said.purpose)
    body = told(entry.body)
    if body.commitment is None:
        return _use(entry, "done", tuple(body.facts.get("fields", ())), None)
    glance = entry.sealed_detail and open_glance(
        member.key, entry.id, entry.sealed_detail, commitment=body.commitment
    )
    if not glance:
        return _use(entry, "unknown", (), None)
    return _use(entry, glance.held_back or "given", glance.fields, None)


def _use(entry: Entry, outcome: str, fields: tuple[str, ...], question: str | None) -> Use:
    body = told(entry.body)
    return Use(
        entry=entry.id,
        at=body.at,
        kind=body.kind,
        actor_type=body.actor.type,
        actor=body.actor.id,
        purpose=body.purpose,
        outcome=outcome,
        fields=fields,
        question=question,
        leaf=entry.number,
    )


def _footprint(unit: Unit, entry: Entry) -> Footprint | None:
    commitment = told(entry.body).commitment
    if entry.sealed_detail is None or commitment is None:
        return None
    return open_footprint(unit.epoch, entry.id, entry.sealed_detail, commitment=commitment)
