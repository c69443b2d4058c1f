"""What can be asked for and why it is refused or put off: closed lists, in the words of the DPV.

Closed, because a reason stands in the record for ever, where no free text about a person may.
"""

from enum import StrEnum

from consent.programme.suggestion import did_you_mean, shown
from dsar.errors import UnknownReason, UnknownRight
from dsar.states import Right


class Reason(StrEnum):
    """Why a request is refused (Art. 12(4))."""

    IDENTITY = "IdentityVerificationFailure"  # nobody could tell that it was the member who asked
    LAW = "LegalObligation"  # Art. 17(3)(b)
    EXCESSIVE = "ProcessExcessive"  # Art. 12(5)
    UNFOUNDED = "ProcessUnfounded"  # Art. 12(5)
    OTHERS = "ThirdPartyRightsImpaired"  # Art. 15(4)


class Delay(StrEnum):
    """Why an answer takes two months more (Art. 12(3))."""

    COMPLEX = "ComplexityOfProcess"
    MANY = "HighVolumeOfProcesses"


class Channel(StrEnum):
    """How a request came in."""

    MEMBER = "member"  # by the member's own page or app
    GUARDIAN = "guardian"  # by a child's guardian, for the child
    OFFICER = "officer"  # by letter, telephone or counter, written down by an officer
    SERVICE = "service"  # by a service of the programme, over HTTP
    OPENDSR = "opendsr"  # handed in by another company, by OpenDSR 2.0


def right_named(name: str) -> Right:
    """Raises `UnknownRight`."""
    if name not in set(Right):
        raise UnknownRight(
            f"there is no request for {shown(name)}",
            place="right",
            remedy=did_you_mean(name, Right),
        )
    return Right(name)


def reason_named(name: str) -> Reason:
    """Raises `UnknownReason`, which repeats nothing: what was written may be about a person."""
    if name not in set(Reason):
        raise UnknownReason(
            "this is no reason to refuse", place="reason", remedy=did_you_mean(name, Reason)
        )
    return Reason(name)


def delay_named(name: str) -> Delay:
    """Raises `UnknownReason`, as `reason_named` does."""
    if name not in set(Delay):
        raise UnknownReason(
            "this is no reason for an extension", place="reason", remedy=did_you_mean(name, Delay)
        )
    return Delay(name)
