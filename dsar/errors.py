"""What this room raises.

RequestError
├── UnknownRequest    no request has that id
├── WrongState        the request is not where this step can be taken
├── UnknownKind       nothing of that name can be requested
└── NotReady          what was asked for is still being made
"""

from kernel.errors import Conflict, Invalid, NotFound, TillitError


class RequestError(TillitError):
    """The root of this room's errors."""


class UnknownRequest(RequestError, NotFound):
    slug = "unknown-request"


class WrongState(RequestError, Conflict):
    slug = "wrong-state"


class UnknownKind(RequestError, Invalid):
    slug = "unknown-kind"


class NotReady(RequestError, NotFound):
    slug = "not-ready"
