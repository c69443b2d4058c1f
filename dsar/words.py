"""What can be asked for and why it is refused or put off: closed lists, in the words of the DPV.

Closed, because a reason stands in the record for ever, where no free text about a person may.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from consent.programme.suggestion import did_you_mean, shown
from dsar.errors import UnfitReason, UnknownReason, UnknownRight
from dsar.states import AT_ONCE, Right


class Reason(StrEnum):
    """Why a request is refused (Art. 12(4)). Not each of them refuses each right: `REFUSED_BY`."""

    IDENTITY = "IdentityVerificationFailure"  # nobody could tell that it was the member who asked
    LAW = "LegalObligation"  # a law asks for the data to be kept, or forbids to tell of it
    CLAIMS = "LegalClaimImpaired"  # the data is needed for legal claims
    EXCESSIVE = "ProcessExcessive"  # asked for over and over
    UNFOUNDED = "ProcessUnfounded"  # plainly without ground
    OTHERS = "ThirdPartyRightsImpaired"  # it would harm the rights of others
    UNMET = "NotRequiredJustification"  # the right does not reach what is asked for
    # Our own: the vocabulary has no word for it. It does not say why: that a number is somebody
    # else's is nobody's business. Not that of `Snag.NOT_SET`, which refuses nothing.
    UNUSABLE = "IdentifierUnusable"  # what is one member's alone, as a number is, cannot be this


class Delay(StrEnum):
    """Why an answer takes two months more (Art. 12(3))."""

    COMPLEX = "ComplexityOfProcess"
    MANY = "HighVolumeOfProcesses"


class Snag(StrEnum):
    """Why an approved correction cannot be made and is decided anew. Words of our own.

    Between the officers and the clock: members are told of a refusal, and of none of these.
    """

    NOT_SET = "IdentifierNotSet"  # the member number cannot be the one that was asked for
    NOT_KEPT = "ValueNotKept"  # the programme has no such field any more, or not such a value


class Channel(StrEnum):
    """How a request came in."""

    MEMBER = "member"  # by the member's own page or app
    GUARDIAN = "guardian"  # by a child's guardian, for the child
    OFFICER = "officer"  # by letter, telephone or counter, written down by an officer
    SERVICE = "service"  # by a service of the programme, over HTTP
    OPENDSR = "opendsr"  # handed in by another company, by OpenDSR 2.0


#: What Art. 12(5) says of every request, but for those that are granted whoever's they are.
_ABUSED = {Reason.EXCESSIVE: "Art. 12(5)", Reason.UNFOUNDED: "Art. 12(5)"}
#: Where the law gives a right under conditions, and who decides may find that they are not met.
#: Access is everybody's, a release is asked for by who is restricted, and for an objection and
#: a withdrawal nothing is weighed.
_CONDITIONS: Mapping[Right, str] = {
    Right.RECTIFICATION: "Art. 16",
    Right.ERASURE: "Art. 17(1)",
    Right.RESTRICTION: "Art. 18(1)",
    Right.PORTABILITY: "Art. 20(1)",
    Right.REVIEW: "Art. 22(1)",
}
#: What may be refused for one right alone, or otherwise there than elsewhere.
_PARTICULAR: Mapping[Right, Mapping[Reason, str]] = {
    # A law of the member state that keeps something secret: only through Art. 23.
    Right.ACCESS: {Reason.LAW: "Art. 23(1)", Reason.OTHERS: "Art. 15(4)"},
    # What leads to a member is accurate, of whoever has it as well.
    Right.RECTIFICATION: {Reason.UNUSABLE: "Art. 5(1)(d), 16"},
    Right.ERASURE: {Reason.LAW: "Art. 17(3)(b)", Reason.CLAIMS: "Art. 17(3)(e)"},
    Right.PORTABILITY: {Reason.OTHERS: "Art. 20(4)"},
    # Art. 12(6) speaks of Arts. 15 to 21; Art. 12(2) of Art. 22 too, and neither of Art. 7.
    Right.REVIEW: {Reason.IDENTITY: "Art. 12(2)"},
    Right.WITHDRAWAL: {Reason.IDENTITY: "Art. 7(3)"},
}


def _refused_by(right: Right) -> Mapping[Reason, str]:
    abused = {} if right in AT_ONCE else _ABUSED
    unmet = {Reason.UNMET: _CONDITIONS[right]} if right in _CONDITIONS else {}
    found = {Reason.IDENTITY: "Art. 12(2), 12(6)", **abused, **unmet, **_PARTICULAR.get(right, {})}
    return MappingProxyType({reason: found[reason] for reason in Reason if reason in found})


#: Which reasons may refuse which right, each with the articles that say so. An objection is
#: granted to everybody: no compelling grounds (Art. 21(1)) are weighed against it.
REFUSED_BY: Mapping[Right, Mapping[Reason, str]] = MappingProxyType(
    {right: _refused_by(right) for right in Right}
)


def grounds(right: Right, reason: Reason) -> str:
    """The articles by which that reason refuses that right, such as ``Art. 17(3)(b)``.

    Raises `UnfitReason` where there are none, naming the reasons that fit.
    """
    fitting = REFUSED_BY[right]
    if reason not in fitting:
        raise UnfitReason(
            f"{reason} is no reason to refuse {right}",
            place="reason",
            remedy="the law knows these: "
            + ", ".join(f"{one} ({article})" for one, article in fitting.items()),
        )
    return fitting[reason]


def check_doubt(lacking: Collection[str]) -> None:
    """Raises `UnfitReason` where a request would be refused for `Reason.IDENTITY` without ground.

    `lacking`: the identifiers whose proof lacks (`dsar.identity.lacking`).
    """
    if not lacking:
        raise UnfitReason(
            f"{Reason.IDENTITY} is no reason here: who asked has shown who they are",
            place="reason",
            remedy="approve the request, or give another reason",
        )


def check_unusable(identifiers: Collection[str]) -> None:
    """Raises `UnfitReason` where one would be refused for `Reason.UNUSABLE` that is about none.

    `identifiers`: those that are to be set right (`dsar.wanted.identifiers`).
    """
    if not identifiers:
        raise UnfitReason(
            f"{Reason.UNUSABLE} is no reason here: no identifier is to be set right",
            place="reason",
            remedy="give another reason",
        )


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
