"""What this room raises.

RequestError
├── UnknownRequest    no request has that id
├── WrongState        the request is not where this step can be taken
├── UnknownKind       nothing of that name can be requested
├── UnknownReason     nothing of that name is a reason to refuse
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


class UnknownKind(RequestError, Invalid):
    slug = "unknown-kind"


class UnknownReason(RequestError, Invalid):
    slug = "unknown-reason"


class NotYours(RequestError, Refused):
    slug = "not-yours"


class NotReady(RequestError, NotFound):
    slug = "not-ready"
