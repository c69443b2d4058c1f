"""Which letters there are, and what is particular to each: closed lists."""

from enum import StrEnum

from dsar.errors import UnknownLetter
from dsar.states import AT_ONCE, Right


class Kind(StrEnum):
    """A letter about a request. Each is written once for a request."""

    ACKNOWLEDGEMENT = "acknowledgement"  # it has come, and until when it is answered
    IDENTITY_QUERY = "identity_query"  # who asked is asked who they are (Art. 12(6))
    EXTENSION = "extension"  # two months more, and why (Art. 12(3))
    REFUSAL = "refusal"  # why not, and where to complain (Art. 12(4))
    ANSWER = "answer"  # what was done
    RELEASE = "release"  # a restriction is about to end (Art. 18(3))
    FAREWELL = "farewell"  # what an erasure destroyed and what it left, to who was erased


class WhyNot(StrEnum):
    """Why a letter is not sent by e-mail; what a mail server says is in `api.mail`."""

    NO_ADDRESS = "no_address"
    NOT_PROVED = "address_not_proved"
    FOR_A_GUARDIAN = "for_a_guardian"  # what is on file of a child may be read by others


#: They tell no more than that something was asked for, and so go to the address on file whoever
#: asked. The others go there only once it was proved to be the reader's.
TELL_LITTLE = frozenset(
    {Kind.ACKNOWLEDGEMENT, Kind.IDENTITY_QUERY, Kind.EXTENSION, Kind.REFUSAL, Kind.RELEASE}
)
#: What somebody may have to show to others goes with a PDF of itself.
WITH_PDF = frozenset({Kind.EXTENSION, Kind.REFUSAL, Kind.ANSWER, Kind.RELEASE, Kind.FAREWELL})


def wants_proof(kind: Kind, right: Right) -> bool:
    """Whether its member reads it after a second proof only, at every door of theirs.

    The question of who one is holds a link by which a purchase proves the card; an answer may
    repeat what somebody wrote, and tells what was set right and what is kept: it hangs on more
    than the address signed in by, as a package does. What tells no more than where a request
    stands is open, and so is the answer to what was asked for without that proof.
    """
    if kind is Kind.IDENTITY_QUERY:
        return True
    return kind not in TELL_LITTLE and right not in AT_ONCE


def kind_named(name: str) -> Kind:
    """Raises `UnknownLetter`, which repeats nothing."""
    if name not in set(Kind):
        raise UnknownLetter(
            "there is no such letter", place="letter", remedy="one of " + ", ".join(Kind)
        )
    return Kind(name)


def matter(kind: Kind) -> str:
    """What `outgoing` knows the letter by: its id follows from this and the request."""
    return f"letter:{kind.value}"
