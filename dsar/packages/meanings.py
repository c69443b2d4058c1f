"""What the codes in a package mean: closed lists, each with its words, said in five languages.

A copy of somebody's data is one only if it can be understood: no code stands without its words
(Arts. 12(1) and 15). A test sees to it that every code of every list is here.
"""

from collections.abc import Mapping

from audit.entries import ActorType, Kind
from consent.choices import Action, By, State
from consent.eligibility import Reason
from consent.policy import Denied
from consent.programme.declarations import Action as May
from consent.programme.declarations import Channel, LegalBasis
from consent.programme.parties import Role, Safeguard
from consent.reach import Unreached
from consent.rulings import Undecided
from dsar.identity import How
from dsar.packages.marking import mark

#: What was said, in a line of the ledger.
SAID: Mapping[str, str] = {
    Action.GIVEN: mark("Yes"),
    Action.RENEWED: mark("Yes, given again"),
    Action.REQUESTED: mark("Yes, waiting to be confirmed"),
    Action.UNPROVEN: mark("Yes reported by others, without proof"),
    Action.REFUSED: mark("No"),
    Action.WITHDRAWN: mark("Yes taken back"),
    Action.EXPIRED: mark("Yes ran out"),
    Action.INVALIDATED: mark("Yes found not to be valid"),
    Action.OBJECTED: mark("Objection"),
    Action.OBJECTION_LIFTED: mark("Objection taken back"),
    Action.RESTRICTED: mark("Use of data restricted"),
    Action.RESTRICTION_LIFTED: mark("Restriction ended"),
    Action.PAUSED: mark("Pause"),
    Action.RESUMED: mark("Pause ended"),
    Action.CHANNEL_OFF: mark("Channel turned off"),
    Action.CHANNEL_ON: mark("Channel turned on"),
    Action.OFTEN: mark("How often we may contact you"),
    Action.HOURS: mark("Hours at which we may not contact you"),
    Action.GUARDIAN_NAMED: mark("Your guardian was put on record"),
    Action.GUARDIAN_REMOVED: mark("Your guardian was taken off the record"),
}
BY: Mapping[str, str] = {
    By.MEMBER: mark("you"),
    By.GUARDIAN: mark("your guardian"),
    By.TILL: mark("a shop or service that wrote down what you said"),
    By.OFFICER: mark("one of our staff"),
    By.IMPORT: mark("brought over from an earlier system"),
    By.GPC: mark("your browser, by its privacy signal (Global Privacy Control)"),
    By.UNSUBSCRIBE: mark("the unsubscribe link in a letter"),
    By.REQUEST: mark("a request of yours"),
    By.SYSTEM: mark("nobody: the time had run out"),
}
STATES: Mapping[str, str] = {
    State.UNKNOWN: mark("Nothing said"),
    State.REQUESTED: SAID[Action.REQUESTED],
    State.UNPROVEN: SAID[Action.UNPROVEN],
    State.GIVEN: SAID[Action.GIVEN],
    State.RENEWED: SAID[Action.RENEWED],
    State.REFUSED: SAID[Action.REFUSED],
    State.WITHDRAWN: SAID[Action.WITHDRAWN],
    State.EXPIRED: SAID[Action.EXPIRED],
    State.INVALIDATED: SAID[Action.INVALIDATED],
}
REASONS: Mapping[str, str] = {
    Reason.RESTRICTED: mark("the use of your data is restricted"),
    Reason.OBJECTED: mark("you have objected"),
    Reason.PAUSED: mark("you have paused it"),
    Reason.NO_CONSENT: mark("you have not said yes"),
    Reason.UNPROVEN: mark("nothing proves that you said yes"),
    Reason.UNCONFIRMED: mark("you have not confirmed your yes"),
    Reason.EXPIRED: mark("your yes has run out"),
    Reason.ASK_AGAIN: mark("what you said yes to is not what we do now"),
    Reason.GUARDIAN_NEEDED: mark("your guardian has to say yes"),
    Reason.AGE_UNKNOWN: mark("we do not know how old you are"),
    Reason.COME_OF_AGE: mark("you are old enough to answer yourself now"),
}
_CONTACT: Mapping[str, str] = {
    Unreached.CHANNEL_OFF: mark("you have turned that channel off"),
    Unreached.QUIET_HOURS: mark("it was an hour at which you want to be left alone"),
    Unreached.TOO_OFTEN: mark("you had been contacted too short a time before"),
}
#: What a use came to, for this member.
OUTCOMES: Mapping[str, str] = {
    "given": mark("the data was given out"),
    "allowed": mark("allowed"),
    "matched": mark("you were among those found"),
    "not_matched": mark("you were not among those found"),
    "contacted": mark("you were contacted"),
    "listed": mark("you were on the list"),
    "done": mark("done"),
    "unknown": mark("what shows it is lost"),
    "unknown_member": mark("you were not known as a member"),
    **{one: mark("our own rules did not allow it") for one in (*Denied, *Undecided)},
    **REASONS,
    **_CONTACT,
}
#: What happened, in the record of use.
KINDS: Mapping[str, str] = {
    Kind.PROGRAMME_APPLIED: mark("Our rules for using data changed"),
    Kind.MEMBER_ENROLLED: mark("You became a member"),
    Kind.PROFILE_READ: mark("Your data was read"),
    Kind.PROFILE_CHANGED: mark("Your data was changed"),
    Kind.EVENTS_RECORDED: mark("Purchases were recorded"),
    Kind.SEGMENT_EVALUATED: mark("A search for members who fit a description"),
    Kind.SEGMENT_PREVIEWED: mark("A count of members who fit a description"),
    Kind.DECISION_MADE: mark("A check whether your data may be used"),
    Kind.DECISIONS_MADE: mark("A check of many members, whether their data may be used"),
    Kind.CONTACTS_RECORDED: mark("A service reported whom it had contacted"),
    Kind.POLICY_REPLAYED: mark("Earlier decisions were checked again"),
    Kind.CONSENTS_LISTED: mark("A list of whom to ask or to remind"),
    Kind.FIGURES_VIEWED: mark("Figures about groups of members were viewed"),
    Kind.CHOICE_RECORDED: mark("A choice was written down"),
    Kind.CHOICES_VIEWED: mark("Your choices were viewed"),
    Kind.REQUEST_OPENED: mark("A request of yours came in"),
    Kind.REQUEST_APPROVED: mark("A request of yours was approved"),
    Kind.REQUEST_REFUSED: mark("A request of yours was refused"),
    Kind.REQUEST_COMPLETED: mark("A request of yours was completed"),
    Kind.REQUEST_MOVED: mark("A request of yours took a step"),
    Kind.IDENTITY_ASKED: mark("You were asked to prove who you are"),
    Kind.IDENTITY_TRIED: mark("A check of who you are"),
    Kind.LETTER_MADE: mark("A letter to you was written"),
    Kind.LETTER_SENT: mark("A letter to you was sent or fetched"),
    Kind.RECIPIENT_TOLD: mark("A recipient was told of a request of yours"),
    Kind.RECIPIENT_BY_HAND: mark("Our staff had to tell recipients of a request of yours"),
    Kind.RECIPIENT_ANSWERED: mark("A recipient answered about a request of yours"),
    Kind.HOLD_PLACED: mark("A legal hold was put on your data"),
    Kind.HOLD_LIFTED: mark("A legal hold on your data ended"),
    Kind.ERASURE_PREVIEWED: mark("It was looked at what an erasure would take"),
    Kind.VOUCHERS_KEPT: mark("Purchases were put into the books"),
    Kind.VOUCHERS_READ: mark("The books were read"),
    Kind.VOUCHERS_DELETED: mark("Old vouchers were deleted from the books"),
    Kind.PACKAGE_MADE: mark("A copy of your data was made"),
    Kind.PACKAGE_FETCHED: mark("A copy of your data was handed out"),
    Kind.PACKAGE_DELETED: mark("A copy of your data was deleted"),
    Kind.MEMBER_ERASED: mark("Your data was erased"),
    Kind.CERTIFICATE_ISSUED: mark("A certificate of an erasure was issued"),
    Kind.RECEIPT_ISSUED: mark("A receipt for a choice was issued"),
    Kind.TOKEN_MINTED: mark("A sign-in was issued"),
    Kind.SIGN_IN_ASKED: mark("Somebody asked for a link to sign in as you"),
    Kind.SIGN_IN_FAILED: mark("A link to sign in did not hold"),
    Kind.SESSION_BEGUN: mark("You signed in"),
    Kind.SESSION_ENDED: mark("You signed out"),
    Kind.SECOND_PROOF_ASKED: mark("A code was asked for as a second proof of who you are"),
    Kind.SECOND_PROOF_GIVEN: mark("A second proof of who you are was given"),
    Kind.SECOND_PROOF_FAILED: mark("A second proof of who you are did not hold"),
    Kind.OFFICER_ADDED: mark("A member of staff was given access"),
    Kind.OFFICER_REMOVED: mark("A member of staff lost their access"),
    Kind.OFFICER_SECOND_FACTOR_SET: mark("A member of staff set up their second factor"),
    Kind.OFFICER_SECOND_FACTOR_REMOVED: mark("A member of staff had their second factor removed"),
    Kind.KEYS_ROTATED: mark("The encryption keys were changed"),
    Kind.USES_VIEWED: mark("You looked at the uses of your data"),
    Kind.RECORD_VIEWED: mark("Our staff looked at the record of use"),
    Kind.BREACH_OPENED: mark("A breach of data security was put on record"),
    Kind.BREACH_MOVED: mark("A breach of data security was dealt with"),
    Kind.BREACH_SEARCHED: mark("It was looked for whom a breach of data security concerned"),
    Kind.BREACH_TOLD: mark("You were told that a breach of data security concerned your data"),
}
#: The same of a check of who somebody is, by how it was made: most are the member's own sign-in.
CHECKS: Mapping[str, str] = {
    How.STEP_UP: mark("You signed in with a second proof of who you are"),
    How.SIGN_IN: mark("You signed in"),
    How.CODE: mark("A check of who you are, by a code that we sent"),
    How.PURCHASE: mark("A check of who you are, by a purchase of yours"),
    How.OFFICER: mark("A check of who you are, by one of our staff"),
    How.GUARDIAN: mark("Your guardian showed who they are"),
    How.GUARDIAN_SIGN_IN: mark("Your guardian signed in"),
    How.MANDATE: mark("Somebody showed that they act for you"),
}
#: The same of a letter, by how it left us; a draft that staff looked at never did.
LETTERS: Mapping[str, str] = {
    "preview": mark("Our staff looked at the draft of a letter to you"),
    "email": mark("A letter to you was sent"),
    "page": mark("A letter to you was put on your page"),
    "download": mark("A letter to you was fetched"),
}
#: Whoever types a command is staff, too.
_STAFF = frozenset({ActorType.OFFICER, ActorType.SYSTEM})
_OPENED_BY_STAFF = mark("Our staff opened a letter to you")
ACTORS: Mapping[str, str] = {
    "member": mark("you"),
    "officer": mark("one of our staff"),
    "system": mark("the system, by itself"),
}
CHANNELS: Mapping[str, str] = {
    Channel.EMAIL: mark("e-mail"),
    Channel.SMS: mark("text message"),
    Channel.POST: mark("post"),
    Channel.APP: mark("the app"),
    Channel.PHONE: mark("telephone"),
}
BASES: Mapping[str, str] = {
    LegalBasis.CONSENT: mark("your consent"),
    LegalBasis.CONTRACT: mark("our contract with you"),
    LegalBasis.LEGITIMATE_INTEREST: mark("a legitimate interest of ours"),
    LegalBasis.LEGAL_OBLIGATION: mark("a law that we must follow"),
}
#: What a service may do for a purpose.
MAY: Mapping[str, str] = {
    May.PREVIEW: mark("count how many members fit a description"),
    May.SEGMENT: mark("find the members who fit a description"),
    May.READ: mark("read the data"),
    May.ENROL: mark("add members and change their data"),
    May.RECORD: mark("add purchases"),
    May.CONSENT: mark("write down what you choose"),
    May.CONTACT: mark("contact you"),
}
ROLES: Mapping[str, str] = {
    Role.PROCESSOR: mark("works for us and follows our instructions (processor)"),
    Role.RECIPIENT: mark("decides itself what it does with the data"),
    Role.JOINT_CONTROLLER: mark("decides together with us (joint controller)"),
}
SAFEGUARDS: Mapping[str, str] = {
    Safeguard.ADEQUACY: mark("the EU has found that data is well protected there"),
    Safeguard.PUBLIC_INSTRUMENT: mark("an agreement between authorities"),
    Safeguard.BCR: mark("binding rules within its group of companies"),
    Safeguard.SCC: mark("the EU's standard contractual clauses"),
    Safeguard.CODE_OF_CONDUCT: mark("an approved code of conduct"),
    Safeguard.CERTIFICATION: mark("an approved certification"),
    Safeguard.AUTHORISED_CLAUSES: mark("clauses that the authority has authorised"),
    Safeguard.EXPLICIT_CONSENT: mark("your explicit consent"),
    Safeguard.CONTRACT: mark("it is needed for a contract with you or for you"),
    Safeguard.PUBLIC_INTEREST: mark("important reasons of public interest"),
    Safeguard.LEGAL_CLAIMS: mark("it is needed for legal claims"),
    Safeguard.VITAL_INTERESTS: mark("it is needed to protect somebody's life"),
    Safeguard.PUBLIC_REGISTER: mark("the data comes from a public register"),
    Safeguard.COMPELLING_INTEREST: mark("a compelling interest, once and for few members"),
}


def happened(kind: str, by: str, facts: Mapping[str, object]) -> str:
    """The text of what happened; the kind itself where it has none.

    `by`: the type of who did it, and `facts`: the entry's, which tell apart what a kind alone does
    not: how somebody showed who they are, and whether a letter went out or was only looked at.
    """
    how = str(facts.get("how", ""))
    if kind == Kind.LETTER_SENT and how == "download" and by in _STAFF:
        return _OPENED_BY_STAFF
    tables = {Kind.IDENTITY_TRIED.value: CHECKS, Kind.LETTER_SENT.value: LETTERS}
    return tables.get(kind, {}).get(how) or KINDS.get(kind, kind)
