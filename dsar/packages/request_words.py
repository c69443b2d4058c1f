"""What the codes of requests mean: rights, states, reasons and channels, in plain words."""

from collections.abc import Mapping

from dsar.holds import Ground
from dsar.packages.marking import mark
from dsar.states import Right, State
from dsar.words import Channel, Delay, Reason

ASKED_FOR: Mapping[str, str] = {
    Right.ACCESS: mark("A copy of your data"),
    Right.RECTIFICATION: mark("Correction"),
    Right.ERASURE: mark("Erasure"),
    Right.RESTRICTION: mark("Restriction of use"),
    Right.RELEASE: mark("End of a restriction"),
    Right.PORTABILITY: mark("Your data, to take elsewhere"),
    Right.OBJECTION: mark("Objection"),
    Right.REVIEW: mark("A human looks at an automated decision"),
    Right.WITHDRAWAL: mark("Yes taken back"),
}
STANDS: Mapping[str, str] = {
    State.INITIATED: mark("received"),
    State.ACKNOWLEDGED: mark("received, and you were told so"),
    State.REQUIRES_ACTION: mark("waiting for proof of who asked"),
    State.DELAYED: mark("put off by two months"),
    State.ACCEPTED: mark("approved"),
    State.CARRIED_OUT: mark("done here; recipients have yet to answer"),
    State.FULFILLED: mark("completed"),
    State.REJECTED: mark("refused"),
    State.UNFULFILLED: mark("closed without an answer"),
}
WHY: Mapping[str, str] = {
    Reason.IDENTITY: mark("it could not be told that it was you who asked"),
    Reason.LAW: mark("a law stands against it"),
    Reason.CLAIMS: mark("the data is needed for legal claims"),
    Reason.EXCESSIVE: mark("the request was excessive"),
    Reason.UNFOUNDED: mark("the request was clearly unfounded"),
    Reason.OTHERS: mark("it would have harmed the rights of others"),
    Reason.UNMET: mark("the conditions for it were not met"),
    Delay.COMPLEX: mark("the request was complex"),
    Delay.MANY: mark("there were many requests"),
    Reason.UNUSABLE: mark("such a number or other identifier could not be used"),
}
CAME_BY: Mapping[str, str] = {
    Channel.MEMBER: mark("your own page or app"),
    Channel.GUARDIAN: mark("your guardian"),
    Channel.OFFICER: mark("letter, telephone or counter"),
    Channel.SERVICE: mark("one of our services"),
    Channel.OPENDSR: mark("another company, on your behalf"),
}
#: What anybody may ask for, free of charge (Arts. 7(3) and 15 to 22).
RIGHTS: tuple[tuple[str, str], ...] = (
    ("Art. 15", mark("get a copy of your data, and be told how it is used")),
    ("Art. 16", mark("have what is wrong set right")),
    ("Art. 17", mark("have your data erased")),
    ("Art. 18", mark("have the use of your data restricted")),
    ("Art. 20", mark("take your data elsewhere")),
    ("Art. 21", mark("object to the use of your data, and to all direct marketing")),
    ("Art. 22", mark("have a human look at a decision that a machine took about you")),
    ("Art. 7(3)", mark("take back a yes at any time, as easily as you gave it")),
)
#: Why nothing of a member is erased for the time being.
GROUNDS: Mapping[str, str] = {
    Ground.LEGAL_CLAIMS: mark("it may be needed for legal claims"),
    Ground.AUTHORITY_ORDER: mark("a court or an authority wants it kept"),
    Ground.DISPUTE: mark("there is a dispute that is not settled"),
}
