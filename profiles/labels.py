"""Every label that a derived key may carry, in one place: no two uses share a key.

Keys are derived from the live epoch key with HKDF-SHA256 (RFC 5869), the label as `info`.
"""

from enum import StrEnum


class Label(StrEnum):
    """What a key derived from an epoch key is for."""

    SETS = "tillit/member-sets/v1"
    LOOKUP = "tillit/lookup-index/v1"
    AUDIT_DETAIL = "tillit/audit-detail/v1"
    AUDIT_SETS = "tillit/audit-sets/v1"
    AUDIT_ADDRESS = "tillit/audit-set-address/v1"
    AUDIT_MAC = "tillit/audit-pending/v1"
    FIGURES = "tillit/figures/v1"
    OUTGOING = "tillit/outgoing/v1"
    VOUCHERS = "tillit/vouchers/v1"
    HANDED_IN = "tillit/handed-in/v1"
    BREACHES = "tillit/breaches/v1"


#: The pseudonym under which a member appears in the record: HMAC under the member's own key,
#: so that it can be found while the member lives and by nobody once the key is gone.
SUBJECT = b"tillit/audit-subject/v1"

#: The pseudonym under which guardian and child find each other, apart from the record's.
KINSHIP = b"tillit/kinship/v1"

#: What keeps one purchase of one source from being counted twice, under the member's own key.
REFERENCE = b"tillit/event-reference/v1"

#: Names a voucher, so that the same purchase is kept once; apart from `REFERENCE`, so that no old
#: row of an event leads to it.
VOUCHER = b"tillit/voucher-id/v1"

#: What a one-time code is kept as, under the member's own key: who has the database alone cannot
#: try all million codes.
CODE = b"tillit/one-time-code/v1"

#: Seals links that need no sign-in; derived from the token key, so that rotations leave them be.
LINKS = b"tillit/links/v1"

#: Seals how people sign in, and marks what proves it; derived from the token key, as `LINKS` is.
PEOPLE_SEALED = b"tillit/people-sealed/v1"
PEOPLE_MARKED = b"tillit/people-marked/v1"
