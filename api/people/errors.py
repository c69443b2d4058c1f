"""What goes wrong with people's accounts.

PeopleError
├── UnknownOfficer  there is no account of that name; 404
├── OfficerExists   there is one of that name, or with that address; 409
├── UnfitOfficer    no name, address or role that an account can have; 422
└── SessionOver     somebody's session ended while they did something in it; 403
"""

from kernel.errors import Conflict, Invalid, NotFound, Refused, TillitError


class PeopleError(TillitError):
    """The root of the errors about who signs in."""


class UnknownOfficer(PeopleError, NotFound):
    slug = "unknown-officer"


class OfficerExists(PeopleError, Conflict):
    slug = "officer-exists"


class UnfitOfficer(PeopleError, Invalid):
    slug = "unfit-officer"


class SessionOver(PeopleError, Refused):
    slug = "session-over"
