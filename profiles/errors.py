"""The errors of this room.

ProfilesError
├── BadCatalogue      a field or trait is declared in a way that cannot work
├── UnknownField      no field or trait of that name is declared
├── FieldNotAllowed   the field exists, but not for this purpose
├── BadExpression     a segment expression is malformed or asks for something impossible
├── BadValue          a value does not fit its field; the value itself is never repeated
├── UnknownMember     no member goes by that identifier
├── AlreadyEnrolled   the member number is taken
├── KeyDestroyed      the member was erased: what is left cannot be opened by anyone
├── CannotOpen        something sealed does not open where it stands
└── EpochInUse        long work goes on under the live epoch, so that it cannot be rotated now
"""

from kernel.errors import Conflict, Invalid, NotFound, Refused, TillitError, Unavailable


class ProfilesError(TillitError):
    """Anything that goes wrong in the profile store on purpose."""


class BadCatalogue(ProfilesError, Invalid):
    slug = "bad-catalogue"


class UnknownField(ProfilesError, Invalid):
    slug = "unknown-field"


class FieldNotAllowed(ProfilesError, Refused):
    slug = "field-not-allowed"


class BadExpression(ProfilesError, Invalid):
    slug = "bad-expression"


class BadValue(ProfilesError, Invalid):
    slug = "bad-value"


class UnknownMember(ProfilesError, NotFound):
    slug = "unknown-member"


class AlreadyEnrolled(ProfilesError, Conflict):
    slug = "already-enrolled"


class KeyDestroyed(ProfilesError, NotFound):
    slug = "key-destroyed"


class CannotOpen(ProfilesError, Unavailable):
    slug = "cannot-open"


class EpochInUse(ProfilesError, Unavailable):
    slug = "epoch-in-use"
