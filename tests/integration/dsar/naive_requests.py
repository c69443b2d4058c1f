"""A desk that handles requests on paper: what may be done with a request, and what comes of it.

Shares no table, no clock and no code with `dsar`; it is told what happens and says what must hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import naive_deadlines

STOPS = {"withdrawal", "objection", "restriction"}
PARTLY = {"access", "portability"}
AT_ONCE = {"withdrawal", "objection"}
TOLD_OF = {"erasure", "rectification", "restriction", "release"}
WAITING = ("acknowledged", "delayed")
UNDECIDED = (*WAITING, "requires_action")
OVER = ("fulfilled", "rejected", "unfulfilled")
#: A law, claims and other people stand in the way of what they are named beside, and of nothing
#: else. That they ask too much, or for no reason, is said of all but those that take effect at
#: once; and of everybody, that nobody knows who they are.
IN_THE_WAY = {
    "LegalObligation": "access erasure",
    "LegalClaimImpaired": "erasure",
    "ThirdPartyRightsImpaired": "access portability",
    "IdentifierUnusable": "rectification",
}
#: What somebody has a right to if something is so, and to which it may be said that it is not:
#: that the data is wrong; that there is a ground to erase, or to restrict; that it is theirs to
#: take along; that a machine alone decided.
ONLY_IF = {"rectification", "erasure", "restriction", "portability", "review"}


#: By which fields people are found.
FOUND_BY = {"member_number", "email", "phone"}


class No(Exception):
    """It may not be done; says which error says so."""


def may_be_refused(right: str, reason: str) -> bool:
    if reason in ("ProcessExcessive", "ProcessUnfounded"):
        return right not in AT_ONCE
    if reason == "NotRequiredJustification":
        return right in ONLY_IF
    return reason == "IdentityVerificationFailure" or right in IN_THE_WAY[reason].split()


#: What members, and each sender for a member, may have in their trays at a time. What takes effect
#: at once lies in no tray, and what is done and waits for recipients has left it.
OPEN_AT_A_TIME = 20


def older_than_three_years(day: date, today: date) -> bool:
    return (today.year - day.year, (today.month, today.day) > (day.month, day.day)) >= (3, True)


@dataclass
class Person:
    file: dict[str, str]  # what they are found by
    gone: bool = False
    restricted: bool = False

    @property
    def known(self) -> set[str]:
        return set(self.file)


@dataclass
class Case:
    right: str
    person: Person
    received: date
    wish: Any = None
    tray: str = "officers"  # whose asking it is: officers', the member's own, or a sender's name
    state: str = "acknowledged"
    #: "*" for the whole person, "signed in", or the name and the value of what was proved
    proofs: set[str | tuple[str, str]] = field(default_factory=set)
    by: list[str] = field(default_factory=list)
    extended: bool = False
    asked_on: date | None = None
    paused_on: date | None = None
    paused_days: int = 0
    not_before: datetime | None = None
    reason: str | None = None
    open_recipients: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    steps: list[tuple[str, str, str]] = field(default_factory=list)  # step, state after it, who
    forgotten: bool = False  # its member was erased

    @property
    def lacks(self) -> bool:
        if "*" in self.proofs or (self.right in AT_ONCE and "signed in" in self.proofs):
            return False
        shown = {name for name, value in self.person.file.items() if (name, value) in self.proofs}
        enough = bool(shown) if self.right in STOPS | PARTLY else False
        return not enough and shown != self.person.known

    def repeats(self, other: "Case") -> bool:
        """What stops at once is about what is to stop, whatever is said beside it."""
        if self.right in AT_ONCE:
            mine, theirs = ({**(one.wish or {}), "note": ""} for one in (self, other))
            return self.right == other.right and mine == theirs
        return self.right == other.right and self.wish in (None, other.wish)

    def show(self, proof: str) -> None:
        self.proofs.add((proof, self.person.file[proof]) if proof in self.person.file else proof)


@dataclass
class Desk:
    """`four_eyes`, `cooling`, `identity_days`, `prompt_days`: as the programme says now."""

    country: str
    recipients: dict[str, str]  # by which identifier each knows members
    keeps: set[str] = field(default_factory=set)  # the fields that can be set right
    passes_on: set[str] = field(default_factory=set)  # those of them that recipients have as well
    people: list[Person] = field(default_factory=list)
    four_eyes: set[str] = field(default_factory=set)
    cooling: int = 0
    identity_days: int = 30
    prompt_days: int = 7
    cases: list[Case] = field(default_factory=list)

    def due(self, case: Case) -> date:
        months = 3 if case.extended else 1
        return naive_deadlines.due(
            case.received, self.country, months=months, paused=case.paused_days
        )

    def last_to_extend(self, case: Case) -> date:
        return naive_deadlines.due(case.received, self.country, paused=case.paused_days)

    # What people do. Each raises `No` or returns what there is to return.

    def open(
        self,
        case: Case,
        *,
        proof: str | None,
        who: str,
        now: datetime,
        today: date,
    ) -> tuple[Case, bool]:
        """The request that it is now, and whether it was open already."""
        if self._odd(case):
            raise No("UnknownField")
        if case.received > today or older_than_three_years(case.received, today):
            raise No("NotARequest")
        if case.person.gone:
            raise No("UnknownMember")
        for other in self.of(case.person):
            if case.repeats(other) and other.state not in (*OVER, "carried_out"):
                other.received = min(other.received, case.received)
                other.steps.append(("join", other.state, who))
                if proof and other.lacks:
                    other.show(proof)
                    if other.state != "accepted" and not other.lacks:
                        self._go_on(other, who=who, now=now, today=today)
                return other, True
        if case.right == "release" and not case.person.restricted:
            raise No("NotARequest")
        if case.right not in AT_ONCE and self._full(case):
            raise No("TooMany")
        self.cases.append(case)
        case.steps.append(("opened", "initiated", who))
        if proof:
            case.show(proof)
        case.steps.append(("acknowledge", "acknowledged", who))
        if case.right in AT_ONCE and not case.lacks:
            self._accept(case, who=who, now=now)
        return case, False

    def ask_identity(self, case: Case, *, who: str, today: date) -> None:
        self._there(case)
        if not case.lacks:
            raise No("NotARequest")
        self._in(case, *WAITING)
        self._move(case, "ask_identity", "requires_action", who)
        case.asked_on = today
        if (today - case.received).days <= self.prompt_days:
            case.paused_on = today

    def prove(self, case: Case, proof: str, *, who: str, now: datetime, today: date) -> None:
        self._there(case)
        case.show(proof)
        if not case.lacks:
            self._go_on(case, who=who, now=now, today=today)

    def lapse(self, case: Case, *, who: str, now: datetime, today: date) -> bool:
        self._there(case)
        if case.state != "requires_action" or case.asked_on is None:
            return False
        if today < case.asked_on + timedelta(days=self.identity_days):
            return False
        if not case.lacks:  # what was still to be shown is not kept any more
            self._go_on(case, who=who, now=now, today=today)
            return False
        self._move(case, "lapse", "unfulfilled", who, reason="IdentityVerificationFailure")
        return True

    def extend(self, case: Case, *, who: str, today: date) -> None:
        self._there(case)
        if case.extended or case.right in AT_ONCE:
            raise No("WrongState")
        self._in(case, "acknowledged")
        if today > self.last_to_extend(case):
            raise No("TooLate")
        case.extended = True
        self._move(case, "extend", "delayed", who, reason="ComplexityOfProcess")

    def approve(self, case: Case, *, who: str, now: datetime) -> None:
        self._there(case)
        self._in(case, *WAITING)
        if case.lacks:
            raise No("NotIdentified")
        if who in case.by:
            raise No("SameOfficer")
        if not case.by and case.right in self.four_eyes:
            case.by.append(who)
            self._move(case, "endorse", case.state, who)
        else:
            self._accept(case, who=who, now=now)

    def refuse(self, case: Case, reason: str, *, who: str) -> None:
        self._there(case)
        if not may_be_refused(case.right, reason):
            raise No("UnfitReason")
        self._in(case, *UNDECIDED)
        if reason == "IdentityVerificationFailure" and not case.lacks:
            raise No("UnfitReason")  # they have shown who they are
        if reason == "IdentifierUnusable" and not FOUND_BY & set(case.wish["values"]):
            raise No("UnfitReason")  # of a tier or a size, it would not be true
        self._move(case, "refuse", "rejected", who, reason=reason)

    def cancel(self, case: Case, *, who: str) -> None:
        self._there(case)
        self._in(case, *UNDECIDED, "accepted")
        case.not_before = None
        self._move(case, "cancel", "unfulfilled", who)

    # What follows by itself

    def carry_out(self, case: Case, *, who: str, now: datetime) -> bool:
        if case.state != "accepted" or (case.not_before and now < case.not_before):
            return False
        if case.right == "rectification" and (snag := self._snag(case)):
            case.by = []
            self._move(case, "return", "acknowledged", who, reason=snag)
            return False
        if case.right == "rectification":
            new = case.wish["values"]
            case.person.file |= {name: new[name] for name in case.person.known if name in new}
        if case.right in ("restriction", "release"):
            case.person.restricted = case.right == "restriction"
        if case.right == "erasure":
            for other in self.of(case.person):
                other.forgotten = True
                if other is not case and other.state not in OVER:
                    self._move(other, "overtake", "unfulfilled", who)
            case.person.gone = True
        self._move(case, "carry_out", "carried_out", who)
        passed_on = case.right != "rectification" or self.passes_on & set(case.wish["values"])
        if case.right in TOLD_OF and passed_on:
            case.told = {name for name, by in self.recipients.items() if by in case.person.known}
            case.open_recipients = set(case.told)
        self.settle(case, who=who)
        return True

    def settle(self, case: Case, *, who: str) -> bool:
        if case.state != "carried_out" or case.open_recipients:
            return False
        self._move(case, "fulfil", "fulfilled", who)
        return True

    # Looking

    def of(self, person: Person) -> Iterator[Case]:
        return (case for case in self.cases if case.person is person)

    def _full(self, case: Case) -> bool:
        """Officers' trays never are. Members put in a first of each right, however many lie there;
        a sender puts in no second of a right as long as we ask who is behind the first.
        """
        there = [
            one
            for one in self.of(case.person)
            if one.tray == case.tray
            and one.right not in AT_ONCE
            and one.state not in (*OVER, "carried_out")
        ]
        alike = [one for one in there if one.right == case.right]
        if case.tray == "officers":
            return False
        if case.tray == "own":
            return bool(alike) and len(there) >= OPEN_AT_A_TIME
        asking = any(one.state == "requires_action" for one in alike)
        return asking or len(there) >= OPEN_AT_A_TIME

    def _odd(self, case: Case) -> bool:
        """Whether it would set right what is not kept."""
        return case.right == "rectification" and not set(case.wish["values"]) <= self.keeps

    def _snag(self, case: Case) -> str | None:
        if self._odd(case):
            return "ValueNotKept"
        wanted = case.wish["values"].get("member_number")
        others = [one for one in self.people if one is not case.person and not one.gone]
        taken = wanted in {one.file["member_number"] for one in others}
        return "IdentifierNotSet" if taken else None

    def _there(self, case: Case) -> None:
        if case.forgotten:
            raise No("NotReady")

    def _in(self, case: Case, *states: str) -> None:
        if case.state not in states:
            raise No("WrongState")

    def _go_on(self, case: Case, *, who: str, now: datetime, today: date) -> None:
        if case.state == "requires_action":
            if case.paused_on:
                case.paused_days += (today - case.paused_on).days
            case.paused_on = None
            self._move(case, "identify", "acknowledged", who)
        if case.right in AT_ONCE and case.state in WAITING:
            self._accept(case, who=who, now=now)

    def _accept(self, case: Case, *, who: str, now: datetime) -> None:
        case.by.append(who)
        if case.right == "erasure" and self.cooling:
            case.not_before = now + timedelta(days=self.cooling)
        self._move(case, "approve", "accepted", who)

    def _move(
        self, case: Case, step: str, state: str, who: str, *, reason: str | None = None
    ) -> None:
        case.state = state
        case.reason = reason or case.reason
        if state in OVER:
            case.paused_on = None
        case.steps.append((step, state, who))
