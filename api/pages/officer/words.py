"""The words that officers read for the codes of requests: closed lists, in the officer's voice.

What members read for the same codes (`dsar.packages.request_words`) speaks to them. Tests hold
that no code of any list lacks its words.
"""

from collections.abc import Mapping

from api.mail import Outcome
from dsar.connectors.trouble import GivingUp, Trouble
from dsar.holds import Ground
from dsar.identity import How
from dsar.letters.kinds import Kind as Letter
from dsar.letters.kinds import WhyNot
from dsar.outgoing import State as Way
from dsar.packages.marking import mark
from dsar.states import Right, State, Step
from dsar.waiting import Waits
from dsar.words import Channel, Delay, Reason, Snag

RIGHTS: Mapping[str, str] = {
    Right.ACCESS: mark("Access"),
    Right.RECTIFICATION: mark("Rectification"),
    Right.ERASURE: mark("Erasure"),
    Right.RESTRICTION: mark("Restriction"),
    Right.RELEASE: mark("End of a restriction"),
    Right.PORTABILITY: mark("Portability"),
    Right.OBJECTION: mark("Objection"),
    Right.REVIEW: mark("Human review"),
    Right.WITHDRAWAL: mark("Withdrawal"),
}
STATES: Mapping[str, str] = {
    State.INITIATED: mark("Received"),
    State.ACKNOWLEDGED: mark("Acknowledged"),
    State.REQUIRES_ACTION: mark("Asked who they are"),
    State.DELAYED: mark("Extended"),
    State.ACCEPTED: mark("Approved"),
    State.CARRIED_OUT: mark("Done here"),
    State.FULFILLED: mark("Completed"),
    State.REJECTED: mark("Refused"),
    State.UNFULFILLED: mark("Closed without an answer"),
}
CHANNELS: Mapping[str, str] = {
    Channel.MEMBER: mark("The member's own page or app"),
    Channel.GUARDIAN: mark("A guardian, for a child"),
    Channel.OFFICER: mark("Letter, telephone or counter"),
    Channel.SERVICE: mark("A service of the programme"),
    Channel.OPENDSR: mark("Another company, by OpenDSR"),
}
WAITS: Mapping[str, str] = {
    Waits.REPAIR: mark("Repair: something of it is broken"),
    Waits.IDENTITY: mark("Proof of who asked"),
    Waits.DECISION: mark("A decision"),
    Waits.SECOND_OFFICER: mark("A second officer"),
    Waits.LEGAL_HOLD: mark("A legal hold to end"),
    Waits.COOLING_OFF: mark("The cooling-off to end"),
    Waits.LETTER: mark("The letter that announces it"),
    Waits.RECIPIENTS: mark("Recipients to answer"),
    Waits.WORKER: mark("Nobody: it is being carried out"),
    Waits.NOTHING: mark("Nothing: it is closed"),
}
#: What an officer can do about it.
NEXT: Mapping[str, str] = {
    Waits.REPAIR: mark("Have whoever runs the system verify the record."),
    Waits.IDENTITY: mark("Ask who they are, or put on record what you have seen."),
    Waits.DECISION: mark("Decide."),
    Waits.SECOND_OFFICER: mark("An officer who has not approved yet decides."),
    Waits.LEGAL_HOLD: mark("See the hold, and whether it still has its ground."),
    Waits.COOLING_OFF: mark("Nothing: it can still be taken back."),
    Waits.LETTER: mark("If it could not be mailed, print it and hand it over."),
    Waits.RECIPIENTS: mark("See who has not answered."),
    Waits.WORKER: mark("Nothing."),
    Waits.NOTHING: mark("Nothing."),
}
STEPS: Mapping[str, str] = {
    Step.APPROVE: mark("Approve"),
    Step.ASK_IDENTITY: mark("Ask who they are"),
    Step.EXTEND: mark("Take two months more"),
    Step.REFUSE: mark("Refuse"),
    Step.CANCEL: mark("Close: the member took it back"),
}
REASONS: Mapping[str, str] = {
    Reason.IDENTITY: mark("Nobody could tell that it was the member who asked"),
    Reason.LAW: mark("A law stands against it"),
    Reason.CLAIMS: mark("The data is needed for legal claims"),
    Reason.EXCESSIVE: mark("It is excessive: asked for over and over"),
    Reason.UNFOUNDED: mark("It is clearly unfounded"),
    Reason.OTHERS: mark("It would harm the rights of others"),
    Reason.UNMET: mark("The conditions for this right are not met"),
    Reason.UNUSABLE: mark("That number or address cannot be used"),
    Delay.COMPLEX: mark("The request is complex"),
    Delay.MANY: mark("There are many requests"),
    Snag.NOT_SET: mark("The member number could not be set: it cannot be used"),
    Snag.NOT_KEPT: mark("The programme does not keep such a value any more"),
}
HOWS: Mapping[str, str] = {
    How.STEP_UP: mark("Signed in with a second proof"),
    How.SIGN_IN: mark("Signed in"),
    How.CODE: mark("A one-time code"),
    How.PURCHASE: mark("A recent purchase on the card"),
    How.OFFICER: mark("An officer saw who it is"),
    How.GUARDIAN: mark("A guardian who proved who they are"),
    How.GUARDIAN_SIGN_IN: mark("A guardian who signed in"),
    How.MANDATE: mark("A mandate that an officer saw"),
}
#: What an officer puts on record of what they have seen.
ATTESTED: Mapping[str, str] = {
    How.OFFICER: mark("I have seen who it is, and answer for it"),
    How.MANDATE: mark("I have seen the mandate of somebody who acts for them"),
    How.GUARDIAN: mark("I have seen papers that make somebody the child's guardian"),
}
GROUNDS: Mapping[str, str] = {
    Ground.LEGAL_CLAIMS: mark("Legal claims"),
    Ground.AUTHORITY_ORDER: mark("A court's or an authority's order"),
    Ground.DISPUTE: mark("A dispute that is not settled"),
}
LETTERS: Mapping[str, str] = {
    Letter.ACKNOWLEDGEMENT: mark("Acknowledgement"),
    Letter.IDENTITY_QUERY: mark("Question who they are"),
    Letter.EXTENSION: mark("Notice of two months more"),
    Letter.REFUSAL: mark("Refusal"),
    Letter.ANSWER: mark("Answer"),
    Letter.RELEASE: mark("Notice that a restriction ends"),
    Letter.FAREWELL: mark("Farewell after an erasure"),
}
#: What became of a letter.
SENT: Mapping[str, str] = {
    Way.WAITING: mark("Waiting to be sent"),
    Way.SENT: mark("On its way"),
    Way.DONE: mark("Sent, or handed over"),
    Way.GIVEN_UP: mark("Not sent"),
    Way.DOWNLOAD: mark("Waiting to be fetched or printed"),
}
#: Why a letter is not mailed.
UNSENT: Mapping[str, str] = {
    WhyNot.NO_ADDRESS: mark("there is no e-mail address on file"),
    WhyNot.NOT_PROVED: mark("nobody has proved that the address is theirs"),
    WhyNot.FOR_A_GUARDIAN: mark("it is for a child's guardian"),
    Outcome.NO_SERVER: mark("no mail server is set up"),
    Outcome.UNREACHABLE: mark("the mail server does not answer"),
    Outcome.NOT_ENCRYPTED: mark("the mail server does not encrypt"),
    Outcome.NOT_LET_IN: mark("the mail server does not let us in"),
    Outcome.LATER: mark("the mail server asks for another try later"),
    Outcome.NO_SUCH_ADDRESS: mark("the mail server refuses the address"),
    Outcome.REFUSED: mark("the mail server refuses the letter"),
}
#: What became of a word to a recipient.
TOLD: Mapping[str, str] = {
    Way.WAITING: mark("Not told yet"),
    Way.SENT: mark("Told, and has not answered"),
    Way.DONE: mark("Has confirmed that it is done"),
    Way.GIVEN_UP: mark("Given up by an officer"),
    Way.DOWNLOAD: mark("Not told yet"),
}
GIVEN_UP: Mapping[str, str] = {
    GivingUp.TOLD_OTHERWISE: mark("Told by letter or telephone, and has said that it is done"),
    GivingUp.HOLDS_NOTHING: mark("It has no data of this member"),
    GivingUp.IMPOSSIBLE: mark("There is nobody left to be told"),
    GivingUp.DISPROPORTIONATE: mark("Telling it takes a disproportionate effort"),
}
TROUBLES: Mapping[str, str] = {
    Trouble.NO_CONNECTOR: mark("the programme names no way to it any more"),
    Trouble.NO_SECRET: mark("its secret is missing"),
    Trouble.NO_CERTIFICATE: mark("its certificate is missing"),
    Trouble.CERTIFICATE_OVER: mark("its certificate is not valid today"),
    Trouble.BAD_ADDRESS: mark("no personal data may be sent to its address"),
    Trouble.PRIVATE_ADDRESS: mark("its address leads into a private network"),
    Trouble.UNRESOLVED: mark("nobody knows the name in its address"),
    Trouble.UNREACHABLE: mark("it does not answer"),
    Trouble.NO_TLS: mark("its server's certificate is not trusted"),
    Trouble.TOO_SLOW: mark("it took too long to answer"),
    Trouble.UNAVAILABLE: mark("it has a fault of its own"),
    Trouble.BUSY: mark("it asks to be told later"),
    Trouble.REDIRECTED: mark("it wants us at another address"),
    Trouble.NOT_LET_IN: mark("it does not let us in"),
    Trouble.REFUSED: mark("it refuses what it was told"),
    Trouble.GONE: mark("it takes nothing any more; an officer decides"),
    Trouble.BAD_SIGNATURE: mark("its answer is not signed by it"),
    Trouble.MALFORMED: mark("its answer cannot be read"),
    Trouble.TOO_LARGE: mark("its answer is too long"),
    Trouble.OF_ANOTHER: mark("its answer is about something else"),
    Trouble.CANCELLED: mark("it has cancelled this; an officer decides"),
    Trouble.UNKNOWN_THERE: mark("it does not know of this, and is told again"),
    Trouble.LOST: mark("somebody has deleted or changed it in the database; an officer decides"),
    Trouble.NO_MAIL_SERVER: UNSENT[Outcome.NO_SERVER],
    Trouble.MAIL_FAILED: mark("the mail server did not take the letter"),
}
#: What an erasure destroys, by the names that `dsar.previews` counts by.
DESTROYED: Mapping[str, str] = {
    "member": mark("The member"),
    "member_key": mark("Their key"),
    "value": mark("Stored values"),
    "event": mark("Purchases"),
    "unreadable": mark("Of those, damaged and lost to the books"),
    "ledger": mark("Lines of choices"),
    "lookup": mark("Entries of the index"),
    "audit_detail": mark("Sealed details of uses"),
    "package": mark("Packages"),
    "identity": mark("Proofs of identity"),
    "letter": mark("Letters"),
    "outgoing": mark("Messages on their way"),
    "guardianship": mark("Ties to guardians or children"),
    "hold": mark("Ended legal holds"),
}
