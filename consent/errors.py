"""What the consent room raises.

    ConsentError
    ├── ProgrammeInvalid   the programme file has mistakes; carries all of them
    ├── UnknownPurpose     no purpose has that name
    ├── UnknownService     no service has that name
    ├── NotAChoice         a choice about something that nobody is asked about
    ├── TermsChanged       a yes to what was shown, which is not what is done now
    ├── AnsweredSince      a yes from a panel shown before what they have said since
    ├── GuardianUnknown    nobody has put on record that they are the member's guardian
    ├── GuardianNeeded     a child's own yes: their guardian says it for them (Art. 8)
    ├── ChildUnknown       no child of theirs, whether or not there is such a member
    ├── OfAge              they are old enough to answer for themselves
    ├── NotPermitted       the policy does not allow it
    ├── OutOfDate          members have to be brought up to date before the gate answers
    ├── NoReceipt          the line of the ledger is about no consent, and has no receipt
    └── NoProgramme        no programme has been applied yet

Messages name keys of the programme file and never a member's values.
"""

from kernel.errors import Conflict, Invalid, NotFound, Refused, TillitError, Unavailable


class ConsentError(TillitError):
    """The root of this room's errors."""


class ProgrammeInvalid(ConsentError, Invalid):
    slug = "programme-invalid"


class UnknownPurpose(ConsentError, Invalid):
    slug = "unknown-purpose"


class UnknownService(ConsentError, Invalid):
    slug = "unknown-service"


class NotAChoice(ConsentError, Invalid):
    slug = "not-a-choice"


class TermsChanged(ConsentError, Conflict):
    slug = "terms-changed"


class AnsweredSince(ConsentError, Conflict):
    slug = "answered-since"


class GuardianUnknown(ConsentError, Refused):
    slug = "guardian-unknown"


class GuardianNeeded(ConsentError, Refused):
    slug = "guardian-needed"


class ChildUnknown(ConsentError, NotFound):
    slug = "child-unknown"


class OfAge(ConsentError, Refused):
    slug = "of-age"


class NotPermitted(ConsentError, Refused):
    slug = "not-permitted"


class OutOfDate(ConsentError, Unavailable):
    slug = "out-of-date"


class NoReceipt(ConsentError, NotFound):
    slug = "no-receipt"


class NoProgramme(ConsentError, Unavailable):
    slug = "no-programme"
