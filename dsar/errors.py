"""What this room raises.

RequestError
├── UnknownRequest    no request has that id
├── WrongState        the request is not where this step can be taken
├── UnknownRight      nothing of that name can be requested
├── UnknownReason     nothing of that name is a reason to refuse, or to take longer
├── NotARequest       the request does not say what it is about, or says too much
├── NotIdentified     what it hangs on has not been proved to be the member's
├── SameOfficer       two officers are asked for, and this is the one who was first
├── TooLate           the first month is over: nothing can be put off any more
├── NotYours          the programme hands this out; its members do not set it themselves
└── NotReady          what was asked for is still being made
"""

from kernel.errors import Conflict, Invalid, NotFound, Refused, TillitError


class RequestError(TillitError):
    """The root of this room's errors."""


class UnknownRequest(RequestError, NotFound):
    slug = "unknown-request"


class WrongState(RequestError, Conflict):
    slug = "wrong-state"


class UnknownRight(RequestError, Invalid):
    slug = "unknown-right"


class UnknownReason(RequestError, Invalid):
    slug = "unknown-reason"


class NotARequest(RequestError, Invalid):
    slug = "not-a-request"


class NotIdentified(RequestError, Conflict):
    slug = "not-identified"


class SameOfficer(RequestError, Conflict):
    slug = "same-officer"


class TooLate(RequestError, Conflict):
    slug = "too-late"


class NotYours(RequestError, Refused):
    slug = "not-yours"


class NotReady(RequestError, NotFound):
    slug = "not-ready"
