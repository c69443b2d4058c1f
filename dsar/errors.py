"""What this room raises.

RequestError
├── UnknownRequest    no request has that id
├── WrongState        the request is not where this step can be taken
├── UnknownRight      nothing of that name can be requested
├── UnknownReason     nothing of that name is a reason to refuse, or to take longer
├── UnfitReason       the right that was asked for cannot be refused for that reason
├── UnknownLetter     there is no letter of that name, or it has not been written
├── NotARequest       the request does not say what it is about, or says too much
├── NotIdentified     what it hangs on has not been proved to be the member's
├── SameOfficer       two officers are asked for, and this is the one who was first
├── TooLate           the first month is over: nothing can be put off any more
├── NotYours          the programme hands this out; its members do not set it themselves
├── TooYoung          by that birth date somebody else would have to answer for the member
├── Held              a legal hold keeps the member from being erased
├── NotAHold          the hold does not say why, or until when
├── UnknownHold       no hold has that id
├── NoBookkeeping     the programme keeps no vouchers, or none for that purpose
├── NotTold           a recipient could not be told, or has not answered as it should
├── UnknownConnector  the programme names no such recipient, or none that is told of anything
├── UnknownOutgoing   nothing of that id is on its way to a recipient
├── NotSigned         what came as a recipient's answer is not signed by it
├── UnknownAgent      nobody who may hand in requests has signed this
├── TooMany           more was handed in within an hour, or is open at a time, than may be
├── NotACertificate   what was sent is no certificate of an erasure that was signed here
├── NotAnAnswer       it is signed, and says nothing that can be understood
├── UnknownBreach     no breach in the register has that id
├── NotABreach        what was written of a breach cannot be so, or lacks what the law asks for
├── Overtaken         what was written is of a breach as it stood before somebody changed it
├── BrokenRequest     something of this one request is not as it was written
└── NotReady          what was asked for is still being made
"""

from datetime import timedelta

from consent.programme.words import Explained
from kernel.errors import Conflict, Invalid, NotFound, Refused, TillitError, Unavailable


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


class UnfitReason(RequestError, Invalid):
    slug = "unfit-reason"


class UnknownLetter(RequestError, NotFound):
    slug = "unknown-letter"


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


class TooYoung(RequestError, Invalid):
    slug = "too-young"


class NotReady(RequestError, NotFound):
    slug = "not-ready"


class Held(RequestError, Conflict):
    slug = "held"


class NotAHold(RequestError, Invalid):
    slug = "not-a-hold"


class UnknownHold(RequestError, NotFound):
    slug = "unknown-hold"


class NoBookkeeping(RequestError, NotFound):
    slug = "no-bookkeeping"


class NotTold(RequestError, Unavailable):
    """`trouble`: the word of `dsar.connectors.trouble` for what is wrong.

    `wish`: how long the recipient itself wants to be left alone.
    """

    slug = "not-told"

    def __init__(self, trouble: str, *, wish: timedelta = timedelta()) -> None:
        meaning = trouble.meaning if isinstance(trouble, Explained) else ""
        super().__init__(meaning, place=str(trouble))
        self.trouble = trouble
        self.wish = wish


class UnknownConnector(RequestError, NotFound):
    slug = "unknown-connector"


class UnknownOutgoing(RequestError, NotFound):
    slug = "unknown-outgoing"


class NotSigned(RequestError, Refused):
    slug = "not-signed"


class NotACertificate(RequestError, Invalid):
    slug = "not-a-certificate"


class NotAnAnswer(RequestError, Invalid):
    slug = "not-an-answer"


class UnknownAgent(RequestError, Refused):
    slug = "unknown-agent"


class TooMany(RequestError, Refused):
    slug = "too-many"


class UnknownBreach(RequestError, NotFound):
    slug = "unknown-breach"


class NotABreach(RequestError, Invalid):
    slug = "not-a-breach"


class Overtaken(RequestError, Conflict):
    slug = "overtaken"


class BrokenRequest(RequestError, Unavailable):
    """Nothing is done with this one until it is as it was; the others are none the worse."""

    slug = "broken-request"

    def __init__(self, message: str, *, place: str = "request") -> None:
        super().__init__(
            message,
            place=place,
            remedy="run `tillit audit verify`: somebody has changed the database, and what they "
            "changed has to be put back from a backup",
        )
