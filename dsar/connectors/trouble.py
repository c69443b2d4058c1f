"""What can be wrong between us and a recipient, and why an officer gives one up: closed lists.

Shown to officers and kept in the database. Nothing that a recipient wrote is: it may be about
the member.
"""

from enum import StrEnum

from consent.programme.suggestion import did_you_mean
from consent.programme.words import Explained
from dsar.errors import UnknownReason
from dsar.outgoing import LOST


class Trouble(Explained):
    """What went wrong last; `meaning` says what helps. None of them ends anything by itself."""

    NO_CONNECTOR = "no_connector", "the programme names no connector for it any more"
    NO_SECRET = "no_secret", "its secret is missing, or is none: see keys/connectors/NAME.secret"
    NO_CERTIFICATE = (
        "no_certificate",
        "its certificate is missing, or is none: see keys/connectors/NAME.pem",
    )
    CERTIFICATE_OVER = "certificate_over", "its certificate is not valid on this day"
    BAD_ADDRESS = "bad_address", "its address is none that personal data may be sent to"
    PRIVATE_ADDRESS = "private_address", "its address leads into a private network"
    UNRESOLVED = "unresolved", "nobody knows the name in its address"
    UNREACHABLE = "unreachable", "it does not answer, or broke off"
    NO_TLS = "no_tls", "its server's certificate is not one that is trusted"
    TOO_SLOW = "too_slow", "it took too long to answer"
    UNAVAILABLE = "unavailable", "it says that it has a fault of its own (5xx)"
    BUSY = "busy", "it asks to be told later (429)"
    REDIRECTED = "redirected", "it wants us elsewhere: put the right address into the programme"
    NOT_LET_IN = (
        "not_let_in",
        "it asks who we are (401, 403): see keys/connectors/NAME.authorization",
    )
    REFUSED = "refused", "it refuses what it was told (4xx)"
    GONE = "gone", "it takes nothing any more (410); not tried again before an officer says so"
    BAD_SIGNATURE = "bad_signature", "what it answered is not signed by it"
    MALFORMED = "malformed", "what it answered cannot be read"
    TOO_LARGE = "too_large", "what it answered is too long to be an answer"
    OF_ANOTHER = "of_another", "what it answered is about something else"
    CANCELLED = "cancelled", "it has cancelled this; not told again before an officer says so"
    UNKNOWN_THERE = "unknown_there", "it does not know of this any more, and is told again"
    LOST = (
        LOST,
        "somebody has deleted or changed it in our database: have it told again, or give it up",
    )
    NO_MAIL_SERVER = "no_mail_server", "no settings name a mail server"
    MAIL_FAILED = "mail_failed", "the mail server did not take the letter"

    @property
    def is_the_recipients(self) -> bool:
        """Whether the next word to the same recipient would fail the same way."""
        return self in _OF_ALL

    @property
    def holds(self) -> bool:
        """Whether it is not tried again before an officer says so."""
        return self in (Trouble.GONE, Trouble.CANCELLED, Trouble.LOST)


_OF_ALL = frozenset(
    {
        Trouble.NO_SECRET,
        Trouble.NO_CERTIFICATE,
        Trouble.CERTIFICATE_OVER,
        Trouble.BAD_ADDRESS,
        Trouble.PRIVATE_ADDRESS,
        Trouble.UNRESOLVED,
        Trouble.UNREACHABLE,
        Trouble.NO_TLS,
        Trouble.TOO_SLOW,
        Trouble.UNAVAILABLE,
        Trouble.BUSY,
        Trouble.NO_MAIL_SERVER,
    }
)


class GivingUp(StrEnum):
    """Why an officer gives a recipient up (Art. 19: impossible, or disproportionate effort)."""

    TOLD_OTHERWISE = "told_otherwise"  # by letter or telephone, and has said that it is done
    HOLDS_NOTHING = "holds_nothing"  # it has no data of this member
    IMPOSSIBLE = "impossible"  # there is nobody left to be told
    DISPROPORTIONATE = "disproportionate"


def giving_up_named(name: str) -> GivingUp:
    """Raises `UnknownReason`, which repeats nothing."""
    if name not in set(GivingUp):
        raise UnknownReason(
            "this is no reason to give a recipient up",
            place="reason",
            remedy=did_you_mean(name, GivingUp),
        )
    return GivingUp(name)
