"""What was done with a member's data: by whom, for what, with which outcome.

Called for the member themselves, and for the package that answers an access request
(Art. 15(1)(c); C-579/21: purposes and dates of look-ups). Opens the questions that were asked
about everybody, to say whether this member was among those found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from audit.browsing import Told, told
from audit.entries import Kind
from audit.proofs import Use as Entry
from audit.proofs import uses_of
from consent.ages import born
from consent.choices import Choice
from consent.decisions import Found, verdict
from consent.eligibility import reason_of
from consent.footprints import EVERYBODY, Footprint, Named, named_in, open_footprint
from consent.glances import open_glance
from consent.programmes import Active
from consent.reach import Moment, Unreached, unreached_one
from consent.rulings import question_in, ruling
from consent.standings import Standings, fold
from kernel.ids import made_at
from profiles.members import Member
from profiles.unit import Unit


@dataclass(frozen=True)
class Use:
    """One entry of the record that concerns a member.

    `outcome`: for a segment, "matched", "not_matched", or why the member was held back; for a
    read, the fields given out or why none were; for a decision, "allowed" or why not; for a
    contact "contacted", for a list "listed"; for a choice, what was said; "unknown" when what a
    use of many left behind is lost, which `tillit audit verify` reports. `question`: the
    segment's expression, or what was asked about many. `leaf`: its number in the record, None in
    the second before it has one. `body`: the entry's exact bytes, which its proof is about.
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
    body: bytes = field(default=b"", repr=False)


async def uses(
    unit: Unit,
    member: Member,
    choices: Mapping[UUID, Choice],
    active: Active,
    *,
    limit: int = 1000,
    before: UUID | None = None,
) -> list[Use]:
    """The newest `limit` entries about the member, and about everybody while they were one.

    `choices` is the member's ledger by row: from what was written in it when a question was
    asked follows whether they were eligible then. Newest first, in the order of their ids, all
    before the entry `before`.
    """
    own = await uses_of(unit.session, member.key.subject(), limit=limit, before=before)
    found = [_own(entry, choices.get(entry.id), member) for entry in own]
    asker = _Asker(unit, member, choices, active)
    while len(found) < len(own) + limit:
        page = await uses_of(unit.session, EVERYBODY, limit=limit, before=before)
        found += await asker.concerned(page)
        if len(page) < limit or told(page[-1].body).at < made_at(member.id):
            break
        before = page[-1].id
    found.sort(key=lambda use: use.entry, reverse=True)
    return found[:limit]


@dataclass(frozen=True)
class _Asker:
    """Says of uses of many what they were to one member."""

    unit: Unit
    member: Member
    choices: Mapping[UUID, Choice]
    active: Active

    async def concerned(self, page: Sequence[Entry]) -> list[Use]:
        """Those of a page that concern the member: asked while they were one, and about them."""
        joined = made_at(self.member.id)
        shared = [(entry, body) for entry in page if (body := told(entry.body)).at >= joined]
        kept = {
            entry.id: one for entry, body in shared if (one := _footprint(self.unit, entry, body))
        }
        named = await named_in(self.unit, kept, self.member.ordinal)
        uses = []
        for entry, body in shared:
            footprint = kept.get(entry.id)
            outcome = self._outcome(body, named.get(entry.id))
            if outcome is not None:
                question = footprint.expression if footprint else None
                uses.append(_use(entry, body, outcome, question=question))
        return uses

    def _outcome(self, body: Told, named: Named | None) -> str | None:
        """None for a use that was not about this member."""
        if named is None:
            return "done" if body.commitment is None else "unknown"
        if named.asked is False:
            return None
        if named.asked is None or named.matched is None:
            return "unknown"
        if body.kind in _OF_THOSE_NAMED:
            return _OF_THOSE_NAMED[body.kind] if named.matched else None
        if body.kind == Kind.DECISIONS_MADE:
            return "allowed" if named.matched else self._refused(body)
        return "matched" if named.matched else self._not_matched(body)

    def _not_matched(self, body: Told) -> str:
        found = self._found(body, self._standings(body))
        return "not_matched" if found.reason is None else found.reason.value

    def _refused(self, body: Told) -> str:
        """Why a decision about many was a no for this member."""
        active = self.active.at(body.programme)
        asked = ruling(active, body.actor.id, question_in(body.purpose, body.facts))
        standings = self._standings(body)
        found = self._found(body, standings)
        if found.reason is None and asked.footing and asked.reaches:
            moment = Moment.of(body.at.astimezone(self.unit.schema.zone))
            off = unreached_one(asked.footing, asked.reaches, standings, moment)
            # What else can be in the way of a contact is not in the ledger: other contacts.
            found = replace(found, unreached=off or Unreached.TOO_OFTEN)
        reason = verdict(asked, found).whole.reason
        return reason or ("unknown_field" if "unknown_fields" in body.facts else "unknown")

    def _standings(self, body: Told) -> Standings:
        """Where the member stood when it was asked, by what had been written down by then."""
        return fold(choice for row, choice in self.choices.items() if made_at(row) <= body.at)

    def _found(self, body: Told, standings: Standings) -> Found:
        footing = self.active.at(body.programme).footings.get(body.purpose or "")
        if footing is None:
            return Found()
        day = body.at.astimezone(self.unit.schema.zone).date()
        birth = born(self.unit, footing, self.member)
        return Found(reason=reason_of(footing, standings, day, born=birth))


#: Uses of many that name whom they concern, with what they were to those.
_OF_THOSE_NAMED: Mapping[str, str] = {
    Kind.CONTACTS_RECORDED: "contacted",
    Kind.CONSENTS_LISTED: "listed",
}


def _own(entry: Entry, said: Choice | None, member: Member) -> Use:
    body = told(entry.body)
    if said is not None:
        return replace(_use(entry, body, said.action.value), purpose=said.purpose)
    if body.commitment is None:
        return _use(entry, body, "done", fields=tuple(body.facts.get("fields", ())))
    glance = entry.sealed_detail and open_glance(
        member.key, entry.id, entry.sealed_detail, commitment=body.commitment
    )
    if not glance:
        return _use(entry, body, "unknown")
    yes = "allowed" if body.kind == Kind.DECISION_MADE else "given"
    return _use(entry, body, glance.held_back or yes, fields=glance.fields)


def _use(
    entry: Entry,
    body: Told,
    outcome: str,
    *,
    fields: tuple[str, ...] = (),
    question: str | None = None,
) -> Use:
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
        body=entry.body,
    )


def _footprint(unit: Unit, entry: Entry, body: Told) -> Footprint | None:
    if entry.sealed_detail is None or body.commitment is None:
        return None
    return open_footprint(unit.epoch, entry.id, entry.sealed_detail, commitment=body.commitment)
