"""What was done for children in an account that was misused: a guardian acts under the child's own
pseudonym, and so nothing in an entry says whose guardian it was.

The child's ledger does: who was named as their guardian, and who spoke. Where two were, or where
the entry may be the child's own, it may have been this account; what was done for somebody who is
erased, nobody can tell any more. Opens nothing itself.
"""

from collections.abc import KeysView, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pyroaring import BitMap

from audit.browsing import Told
from audit.entries import ActorType, Kind
from consent.affected.question import How, Question
from consent.affected.tallying import Tally
from consent.choices import Action, By
from consent.ledger import Row
from kernel.ids import made_at

#: What nobody does for somebody else. All other kinds may be a guardian's.
_ONES_OWN = frozenset(
    {
        Kind.SESSION_BEGUN,
        Kind.SESSION_ENDED,
        Kind.SECOND_PROOF_ASKED,
        Kind.SECOND_PROOF_GIVEN,
        Kind.SECOND_PROOF_FAILED,
        Kind.PROFILE_CHANGED,
        Kind.USES_VIEWED,
        Kind.RECEIPT_ISSUED,
    }
)


@dataclass(frozen=True, slots=True)
class Done:
    """An act of a member, or of a guardian for them. `guardian`: the entry itself says which."""

    entry: UUID
    at: datetime
    guardian: bool


class Wards:
    """Those for whom somebody may have acted in the account. `holder`: the member it is of."""

    def __init__(self, question: Question, tally: Tally) -> None:
        self._question, self._tally = question, tally
        self._done: dict[str, list[Done]] = {}
        self.holder: UUID | None = question.holder

    @property
    def subjects(self) -> KeysView[str]:
        """The pseudonyms of whom their ledger has to be asked."""
        return self._done.keys()

    def note(self, entry: Told, account: str) -> None:
        """Take note of an entry, if it may be a guardian's. `account`: the account's pseudonym."""
        if entry.actor.type != ActorType.MEMBER or entry.actor.id in (account, ""):
            return
        within = self._question.since <= entry.at < self._question.until
        if not within or entry.actor.id != entry.subject or _is_ones_own(entry):
            return
        one = Done(entry.id, entry.at, _says_guardian(entry))
        self._done.setdefault(entry.subject, []).append(one)

    def of_one(self, ordinal: int, subject: str, rows: Sequence[Row] | None) -> None:
        """What their ledger says of it; None for one that does not open."""
        who = BitMap([ordinal])
        for one in self._done[subject]:
            was = None if rows is None else was_by(self.holder, rows, one)
            if was is False:
                continue
            self._tally.used(one.at)
            if was:
                self._tally.gave(_MEMBER, How.GUARDIAN, (), who)
            else:
                self._tally.perhaps(_MEMBER, How.GUARDIAN, who)

    def of_nobody(self, unmet: set[str], erased: Mapping[str, datetime]) -> None:
        """What was done for those whom no key leads to any more."""
        for subject in unmet & self._done.keys():
            known = subject in self._question.wards
            if known or any(one.guardian for one in self._done[subject]):
                for one in self._done[subject]:
                    self._tally.used(one.at)
                    self._tally.gave_of_gone(_MEMBER, How.GUARDIAN, (), subject)
                if subject in erased:
                    self._tally.gone_subjects.add(subject)
            self._tally.wards += not known


#: Stands for the account: nothing in an answer leads to a pseudonym.
_MEMBER = f"{ActorType.MEMBER}/"


def was_by(holder: UUID | None, rows: Sequence[Row], one: Done) -> bool | None:
    """Whether this guardian did it, by the ledger of whom it was done for; None where that cannot
    be told: there were two, or the member may have done it themselves.

    `rows`: in the order in which they were written.
    """
    said = next((row.choice for row in rows if row.id == one.entry), None)
    if said is not None and said.by is not By.GUARDIAN:
        return False
    named = set[UUID | None]()
    for row in rows:
        if made_at(row.id) > one.at:
            continue
        if row.choice.action is Action.GUARDIAN_NAMED:
            named.add(row.choice.guardian)
        elif row.choice.action is Action.GUARDIAN_REMOVED:
            named.discard(row.choice.guardian)
    if said is not None and holder is not None:
        return said.guardian == holder
    if holder is None:
        return None if named else False
    if holder not in named:
        return False
    return True if one.guardian and len(named) == 1 else None


def _is_ones_own(entry: Told) -> bool:
    if entry.kind == Kind.PROFILE_READ:  # but what a request asks for is read to who asked for it
        return entry.facts.get("how") != "request"
    return entry.kind in _ONES_OWN


def _says_guardian(entry: Told) -> bool:
    if entry.kind == Kind.CHOICES_VIEWED:  # members' own are looked at without an entry
        return True
    if entry.kind == Kind.IDENTITY_TRIED:
        return entry.facts.get("how") == "guardian_sign_in"
    return entry.kind == Kind.REQUEST_OPENED and entry.facts.get("channel") == "guardian"
