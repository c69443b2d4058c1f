"""What a door itself refuses, before any room below is asked.

DoorError
├── Unauthenticated  no token, or none that holds; 401
├── StepUpNeeded     the sign-in was too long ago, or without a second proof; 401
├── WrongCaller      the token is good, and this is not for its bearer; 403
├── Malformed        the body is not JSON; 400
├── Misshapen        the body, or the query, is not what this door takes; 422
├── TooLarge         the body is longer than a door reads; 413
├── NoSuchRoute      nothing is at this address; 404
└── UnknownLink      a sealed link that does nothing, whatever the reason; 404
"""

from kernel.errors import Invalid, NotFound, Refused, TillitError


class DoorError(TillitError):
    """The root of the doors' errors."""


class Unauthenticated(DoorError, Refused):
    slug = "unauthenticated"


class StepUpNeeded(DoorError, Refused):
    slug = "step-up-needed"


class WrongCaller(DoorError, Refused):
    slug = "wrong-caller"


class Malformed(DoorError, Invalid):
    slug = "malformed"


class Misshapen(DoorError, Invalid):
    slug = "misshapen"


class TooLarge(DoorError, Invalid):
    slug = "too-large"


class NoSuchRoute(DoorError, NotFound):
    slug = "no-such-route"


class UnknownLink(DoorError, NotFound):
    slug = "unknown-link"
