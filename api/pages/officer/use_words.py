"""The words that officers read for what is on record: kinds, families of kinds, actors, standings.

What members read for the same kinds (`dsar.packages.meanings`) speaks to them.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from audit.entries import ActorType, Kind
from audit.looking import Standing
from dsar.packages.marking import mark


class Family(StrEnum):
    """Kinds that are looked for together."""

    QUESTIONS = "questions"
    DATA = "data"
    CHOICES = "choices"
    REQUESTS = "requests"
    SIGN_IN = "sign-in"
    BREACHES = "breaches"
    RULES = "rules"


FAMILIES: Mapping[Family, str] = {
    Family.QUESTIONS: mark("Questions and decisions"),
    Family.DATA: mark("Members' data"),
    Family.CHOICES: mark("What members say"),
    Family.REQUESTS: mark("Requests by members"),
    Family.SIGN_IN: mark("Signing in"),
    Family.BREACHES: mark("Breaches"),
    Family.RULES: mark("Programme, keys and record"),
}
#: Each kind is in one.
KINDS_OF: Mapping[Family, Sequence[Kind]] = {
    Family.QUESTIONS: (
        Kind.SEGMENT_EVALUATED,
        Kind.SEGMENT_PREVIEWED,
        Kind.DECISION_MADE,
        Kind.DECISIONS_MADE,
        Kind.CONTACTS_RECORDED,
        Kind.CONSENTS_LISTED,
        Kind.FIGURES_VIEWED,
        Kind.POLICY_REPLAYED,
    ),
    Family.DATA: (
        Kind.MEMBER_ENROLLED,
        Kind.PROFILE_READ,
        Kind.PROFILE_CHANGED,
        Kind.EVENTS_RECORDED,
        Kind.MEMBER_ERASED,
    ),
    Family.CHOICES: (
        Kind.CHOICE_RECORDED,
        Kind.CHOICES_VIEWED,
        Kind.RECEIPT_ISSUED,
        Kind.USES_VIEWED,
    ),
    Family.REQUESTS: (
        Kind.REQUEST_OPENED,
        Kind.REQUEST_MOVED,
        Kind.REQUEST_APPROVED,
        Kind.REQUEST_REFUSED,
        Kind.REQUEST_COMPLETED,
        Kind.IDENTITY_ASKED,
        Kind.IDENTITY_TRIED,
        Kind.LETTER_MADE,
        Kind.LETTER_SENT,
        Kind.RECIPIENT_TOLD,
        Kind.RECIPIENT_BY_HAND,
        Kind.RECIPIENT_ANSWERED,
        Kind.HOLD_PLACED,
        Kind.HOLD_LIFTED,
        Kind.ERASURE_PREVIEWED,
        Kind.VOUCHERS_KEPT,
        Kind.VOUCHERS_READ,
        Kind.VOUCHERS_DELETED,
        Kind.PACKAGE_MADE,
        Kind.PACKAGE_FETCHED,
        Kind.PACKAGE_DELETED,
        Kind.CERTIFICATE_ISSUED,
    ),
    Family.SIGN_IN: (
        Kind.SIGN_IN_ASKED,
        Kind.SIGN_IN_FAILED,
        Kind.SESSION_BEGUN,
        Kind.SESSION_ENDED,
        Kind.SECOND_PROOF_ASKED,
        Kind.SECOND_PROOF_GIVEN,
        Kind.SECOND_PROOF_FAILED,
        Kind.OFFICER_ADDED,
        Kind.OFFICER_REMOVED,
        Kind.OFFICER_SECOND_FACTOR_SET,
        Kind.OFFICER_SECOND_FACTOR_REMOVED,
    ),
    Family.BREACHES: (
        Kind.BREACH_OPENED,
        Kind.BREACH_MOVED,
        Kind.BREACH_SEARCHED,
        Kind.BREACH_TOLD,
    ),
    Family.RULES: (
        Kind.PROGRAMME_APPLIED,
        Kind.KEYS_ROTATED,
        Kind.TOKEN_MINTED,
        Kind.RECORD_VIEWED,
    ),
}
KINDS: Mapping[str, str] = {
    Kind.SEGMENT_EVALUATED: mark("Members who fit a question were found"),
    Kind.SEGMENT_PREVIEWED: mark("Members who fit a question were counted"),
    Kind.DECISION_MADE: mark("It was asked whether a member's data may be used"),
    Kind.DECISIONS_MADE: mark("It was asked whether many members' data may be used"),
    Kind.CONTACTS_RECORDED: mark("A service reported whom it had contacted"),
    Kind.CONSENTS_LISTED: mark("A list of whom to ask or to remind was given out"),
    Kind.FIGURES_VIEWED: mark("Figures about groups of members were looked at"),
    Kind.POLICY_REPLAYED: mark("Earlier decisions were checked again"),
    Kind.MEMBER_ENROLLED: mark("A member joined"),
    Kind.PROFILE_READ: mark("A member's data was read"),
    Kind.PROFILE_CHANGED: mark("A member's data was changed"),
    Kind.EVENTS_RECORDED: mark("Purchases were stored"),
    Kind.MEMBER_ERASED: mark("A member was erased"),
    Kind.CHOICE_RECORDED: mark("A choice was written down"),
    Kind.CHOICES_VIEWED: mark("What a member had said was looked at"),
    Kind.RECEIPT_ISSUED: mark("A receipt for a choice was issued"),
    Kind.USES_VIEWED: mark("A member looked at the uses of their data"),
    Kind.REQUEST_OPENED: mark("A request came in"),
    Kind.REQUEST_MOVED: mark("A request took a step"),
    Kind.REQUEST_APPROVED: mark("A request was approved"),
    Kind.REQUEST_REFUSED: mark("A request was refused"),
    Kind.REQUEST_COMPLETED: mark("A request was completed"),
    Kind.IDENTITY_ASKED: mark("Somebody was asked to prove who they are"),
    Kind.IDENTITY_TRIED: mark("Somebody tried to prove who they are"),
    Kind.LETTER_MADE: mark("A letter about a request was written"),
    Kind.LETTER_SENT: mark("A letter about a request was sent or fetched"),
    Kind.RECIPIENT_TOLD: mark("A recipient was told of a request"),
    Kind.RECIPIENT_BY_HAND: mark("Recipients were left to officers to tell"),
    Kind.RECIPIENT_ANSWERED: mark("A recipient answered, or was given up"),
    Kind.HOLD_PLACED: mark("A legal hold was placed"),
    Kind.HOLD_LIFTED: mark("A legal hold ended"),
    Kind.ERASURE_PREVIEWED: mark("It was looked at what an erasure would take"),
    Kind.VOUCHERS_KEPT: mark("Purchases went into the books"),
    Kind.VOUCHERS_READ: mark("The books were read"),
    Kind.VOUCHERS_DELETED: mark("Old vouchers were deleted from the books"),
    Kind.PACKAGE_MADE: mark("A copy of a member's data was made"),
    Kind.PACKAGE_FETCHED: mark("A copy of a member's data was handed out"),
    Kind.PACKAGE_DELETED: mark("A copy of a member's data was deleted"),
    Kind.CERTIFICATE_ISSUED: mark("A certificate of an erasure was issued"),
    Kind.SIGN_IN_ASKED: mark("A link to sign in by was asked for"),
    Kind.SIGN_IN_FAILED: mark("Somebody came with a link that does not hold"),
    Kind.SESSION_BEGUN: mark("Somebody signed in"),
    Kind.SESSION_ENDED: mark("Somebody signed out"),
    Kind.SECOND_PROOF_ASKED: mark("A code for a second proof was asked for"),
    Kind.SECOND_PROOF_GIVEN: mark("A second proof was given"),
    Kind.SECOND_PROOF_FAILED: mark("A second proof did not hold"),
    Kind.OFFICER_ADDED: mark("An officer's account was made"),
    Kind.OFFICER_REMOVED: mark("An officer's account was deleted"),
    Kind.OFFICER_SECOND_FACTOR_SET: mark("An officer set up a second factor"),
    Kind.OFFICER_SECOND_FACTOR_REMOVED: mark("An officer's second factor was taken away"),
    Kind.PROGRAMME_APPLIED: mark("A programme took effect"),
    Kind.KEYS_ROTATED: mark("Keys were rotated"),
    Kind.TOKEN_MINTED: mark("An access token was made"),
    Kind.RECORD_VIEWED: mark("The record of use was looked at"),
    Kind.BREACH_OPENED: mark("A breach was put into the register"),
    Kind.BREACH_MOVED: mark("What is said of a breach was changed"),
    Kind.BREACH_SEARCHED: mark("It was asked whose data a breach concerned"),
    Kind.BREACH_TOLD: mark("A member was told of a breach"),
}
ACTOR_TYPES: Mapping[str, str] = {
    ActorType.SERVICE: mark("A service"),
    ActorType.OFFICER: mark("An officer"),
    ActorType.MEMBER: mark("A member"),
    ActorType.AGENT: mark("A company that asks for members"),
    ActorType.SYSTEM: mark("The system, by itself"),
}
#: What vouches for an entry, where it is not the signed tree.
DOUBTS: Mapping[Standing, str] = {
    Standing.WAITING: mark("Gets its number within a second or two"),
    Standing.FOREIGN: mark("Not ours: nothing vouches for it"),
    Standing.MISSING: mark("Taken away: there was an entry here"),
}
