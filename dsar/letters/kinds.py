"""Which letters there are, and what is particular to each: closed lists."""

from enum import StrEnum

from dsar.errors import UnknownLetter


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
