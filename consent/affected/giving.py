"""What an entry of the record gave out, in which way; what gave nothing out is nothing here. Pure.

Counts, figures and previews of sizes give nothing out of anybody, and neither does a use that was
held back, which is found where the detail is opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.browsing import Told
from audit.entries import ActorType, Kind
from consent.affected.question import How, Question
from consent.footprints import EVERYBODY
from consent.glances import Glance

_SINGLE: Mapping[str, How] = {
    Kind.PROFILE_READ: How.VALUES,
    Kind.DECISION_MADE: How.ANSWER,
    Kind.CHOICES_VIEWED: How.SAID,
    Kind.RECEIPT_ISSUED: How.SAID,
    Kind.PACKAGE_FETCHED: How.COPY,
    Kind.LETTER_SENT: How.LETTER,
    Kind.RECIPIENT_TOLD: How.TOLD,
    Kind.USES_VIEWED: How.USES,
    # Where the member now stands is the answer to it.
    Kind.CHOICE_RECORDED: How.ANSWER,
}
_MANY: Mapping[str, How] = {
    Kind.SEGMENT_EVALUATED: How.MATCHED,
    Kind.CONSENTS_LISTED: How.LISTED,
    Kind.DECISIONS_MADE: How.ANSWER,
    Kind.POLICY_REPLAYED: How.REPLAYED,
    # The answer says which of them ought not to have been contacted, and why not.
    Kind.CONTACTS_RECORDED: How.ANSWER,
}
#: What is looked for in the record; the last two for what has become of people. Where a member's
#: account was misused, everything is.
KINDS = (*map(Kind, _SINGLE), *map(Kind, _MANY), Kind.VOUCHERS_READ, Kind.MEMBER_ERASED)
#: By e-mail a letter went to the member themselves.
_SEEN_BY_OTHERS = ("download", "preview")
_EVERYBODY = EVERYBODY.hex()


@dataclass(frozen=True, slots=True)
class Given:
    """A use that may have given something out. `subject`: of one member, None for one of many.

    `fields`: None while only the detail tells; `commitment`: what the detail has to open as.
    """

    entry: UUID
    at: datetime
    actor: str
    how: How
    programme: int | None
    subject: str | None
    fields: tuple[str, ...] | None
    commitment: str | None


def given(entry: Told, question: Question, account: str | None) -> Given | None:
    """What an entry within the question gave out; None for one that is not meant, or gave nothing.

    `account`: the pseudonym of the member whose account was misused.
    """
    if not question.since <= entry.at < question.until or not _is_meant(entry, question, account):
        return None
    single = _SINGLE.get(entry.kind)
    how = single or _MANY.get(entry.kind)
    if how is None or entry.subject is None or not _leaves(entry):
        return None
    fields: tuple[str, ...] | None = None
    if entry.commitment is None:
        told = entry.facts.get("fields")
        fields = tuple(str(one) for one in told) if isinstance(told, list) else ()
        if entry.facts.get("purchases"):
            fields = (*fields, PURCHASES)
        if single is How.VALUES and _is_worded(entry, fields):
            fields = (*fields, WORDS)
        if single is How.VALUES and not fields:
            return None
    return Given(
        entry=entry.id,
        at=entry.at,
        actor=f"{entry.actor.type}/{entry.actor.id}",
        how=how,
        programme=entry.programme,
        subject=entry.subject if single is not None else None,
        fields=fields,
        commitment=entry.commitment,
    )


#: Stands for what a member bought, which is no field.
PURCHASES = "purchases"
#: Stands for what was written in somebody's own words, which may hold anything; no field is so
#: called.
WORDS = "in words"


def came_out(one: Given, glance: Glance) -> tuple[How, tuple[str, ...]] | None:
    """What a use of one member gave out, by its detail; None when it was held back."""
    if glance.held_back is not None:
        return None
    if one.how is How.ANSWER:
        return How.ANSWER, ()
    # Nothing was known of what was asked for: that they may be used was told, and no value.
    return (How.VALUES, glance.fields) if glance.fields else (How.ANSWER, ())


def _is_worded(entry: Told, fields: tuple[str, ...]) -> bool:
    """Whether free text was read: a wish always may have a note; of a proof, where no field is
    named, an officer's note is what there was to read."""
    how = entry.facts.get("how")
    return how == "request" or (how == "identity" and not fields)


def _is_meant(entry: Told, question: Question, account: str | None) -> bool:
    # What was opened for no purpose may have been opened for any.
    if question.purposes and entry.purpose not in (None, *question.purposes):
        return False
    if entry.actor.type == ActorType.MEMBER and entry.actor.id == account:
        return True
    if question.actors or question.account is not None:
        return f"{entry.actor.type}/{entry.actor.id}" in question.actors
    return entry.actor.type != ActorType.MEMBER


def _leaves(entry: Told) -> bool:
    """Whether a use of this kind lets anything out at all, as far as the entry itself says."""
    if entry.kind == Kind.LETTER_SENT:
        return entry.facts.get("how") in _SEEN_BY_OTHERS
    if entry.kind == Kind.POLICY_REPLAYED:
        return bool(entry.facts.get("lines"))
    if entry.kind == Kind.CHOICE_RECORDED:
        return entry.actor.type == ActorType.SERVICE
    if entry.kind in _MANY:
        return entry.subject == _EVERYBODY
    return "held_back" not in entry.facts
