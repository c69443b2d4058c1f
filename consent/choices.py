"""What a member can say, and who can say it for them: the words of the ledger.

Pure. One `Choice` is one line of the ledger, and never changes; where a member stands follows
from all their lines, in `consent.standings`.
"""

import calendar
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec


class Action(StrEnum):
    """What was said. The list is closed; docs/choices.md explains each."""

    GIVEN = "given"
    RENEWED = "renewed"  # given again while the consent before it stood
    REQUESTED = "requested"  # a yes that counts once it is confirmed: double opt-in
    UNPROVEN = "unproven"  # a yes that others say was given, and nothing proves
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"  # it was never a consent, such as a child's own
    OBJECTED = "objected"  # to a purpose or, without one, to direct marketing (Art. 21)
    OBJECTION_LIFTED = "objection_lifted"
    RESTRICTED = "restricted"  # everything (Art. 18)
    RESTRICTION_LIFTED = "restriction_lifted"
    PAUSED = "paused"  # everything there is a choice about, for a while or until resumed
    RESUMED = "resumed"
    CHANNEL_OFF = "channel_off"  # of a purpose or, without one, of them all
    CHANNEL_ON = "channel_on"
    OFTEN = "often"  # how many days there must be between two contacts
    HOURS = "hours"  # the hours of the day without contacts
    GUARDIAN_NAMED = "guardian_named"
    GUARDIAN_REMOVED = "guardian_removed"


class By(StrEnum):
    """Who brought it. The list is closed."""

    MEMBER = "member"
    GUARDIAN = "guardian"
    TILL = "till"  # a service wrote down what the member told it
    OFFICER = "officer"
    IMPORT = "import"
    GPC = "gpc"  # Global Privacy Control: the browser's `Sec-GPC: 1`
    UNSUBSCRIBE = "unsubscribe"  # the one click of RFC 8058
    REQUEST = "request"  # a data subject request that was carried out
    SYSTEM = "system"  # time passed


class State(StrEnum):
    """Where a consent stands; `term` is the DPV's name for it."""

    UNKNOWN = "unknown"
    REQUESTED = "requested"
    UNPROVEN = "unproven"
    GIVEN = "given"
    RENEWED = "renewed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"

    @property
    def term(self) -> str:
        return f"dpv:{_TERMS[self]}"


_TERMS = {
    State.UNKNOWN: "ConsentUnknown",
    State.REQUESTED: "ConsentRequested",
    State.UNPROVEN: "ConsentUnknown",
    State.GIVEN: "ConsentGiven",
    State.RENEWED: "RenewedConsentGiven",
    State.REFUSED: "ConsentRefused",
    State.WITHDRAWN: "ConsentWithdrawn",
    State.EXPIRED: "ConsentExpired",
    State.INVALIDATED: "ConsentInvalidated",
}

#: The consent actions, each with the state it leads to.
STATES = {
    action: State(action)
    for action in (
        Action.GIVEN,
        Action.RENEWED,
        Action.REQUESTED,
        Action.UNPROVEN,
        Action.REFUSED,
        Action.WITHDRAWN,
        Action.EXPIRED,
        Action.INVALIDATED,
    )
}
#: What must lie between two contacts, in days, for those who want fewer; 0 is no wish.
OFTEN = (0, 1, 7, 14, 30, 90)
ALL_HOURS = (1 << 24) - 1


class Choice(msgspec.Struct, frozen=True, array_like=True):
    """One line of the ledger (Art. 7(1)): what was said, when, by whom, and under which notice.

    `purpose`: None for what is about all of them. `until`: the first day on which a consent, or
    a pause, no longer holds. `notice`: SHA-256 of the text shown; `terms`: what it was a consent
    to (`Purpose.terms`). `how`: by which means, such as "web" or "paper"; `evidence`: what
    proves it, such as a form's number. `setting`: days for OFTEN, for HOURS a bit an hour, the
    lowest for the hour after midnight. `guardian`: who spoke for a child, or is named.
    `before`: how the consent stood when this was written down. `confirmed`: the member has
    answered what was sent to them, as double opt-in asks.
    """

    action: Action
    purpose: str | None
    at: datetime
    by: By
    programme: int
    language: str | None = None
    notice: bytes | None = None
    until: date | None = None
    terms: bytes | None = None
    how: str = ""
    evidence: str = ""
    channel: str | None = None
    setting: int | None = None
    guardian: UUID | None = None
    before: State | None = None
    confirmed: bool = False

    def __repr__(self) -> str:
        return "Choice(***)"


def holds_until(given: datetime, months: int | None, zone: ZoneInfo) -> date | None:
    """The first day on which a consent given then no longer holds: the same day, months on."""
    if months is None:
        return None
    day = given.astimezone(zone).date()
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
