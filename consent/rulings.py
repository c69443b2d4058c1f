"""What the policy says to a question about members, before any member is looked at.

Pure, and the same for everybody, so it is worked out once for each programme version. Never
raises: a service, purpose, action, field or channel that there is not is a no like any other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from audit.entries import Fact
from consent.footing import Footing
from consent.policy import CHANNEL, Denial, Denied
from consent.programme.declarations import Action, Channel
from consent.programme.suggestion import did_you_mean, shown
from consent.programmes import Active

#: Stands for an action or a channel that there is not.
_UNKNOWN = "unknown"
_KEPT = 4_096


class Undecided(StrEnum):
    """Why a decision says no to what the policy allows. The list is closed."""

    NAMES_NOBODY = "names_nobody"  # the action is to count; an answer about a member would name one


COUNT_INSTEAD = "ask how many with POST /v1/segments/preview"
_NOBODY_NAMED = Denial(
    Undecided.NAMES_NOBODY, "a preview counts members and names none", COUNT_INSTEAD
)


@dataclass(frozen=True)
class Question:
    """May a service do `action` for `purpose`, with these fields, and reach members by `channel`?

    `fields` None: every field that the policy gives the action. All names as they were sent.
    """

    purpose: str
    action: str = Action.READ.value
    fields: tuple[str, ...] | None = None
    channel: str | None = None

    @property
    def names_nobody(self) -> bool:
        """Whether no answer may say which members it is about."""
        return self.action == Action.PREVIEW


@dataclass(frozen=True)
class Ruling:
    """The policy's answer. `denial`: why not at all; `fields` and `channel`: why not with that,
    None where the policy has nothing against it. `footing` is None for an unknown purpose.

    Invariant: when `denial` is set, no field is allowed.
    """

    service: str
    question: Question
    version: int
    footing: Footing | None
    denial: Denial | None
    fields: Mapping[str, Denial | None]
    channel: Denial | None = None
    #: How the record names the purpose and tells the question: see `words_of`.
    purpose: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    #: Filled by `consent.decisions`: what is answered for each thing that holds a member back.
    verdicts: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def uses_choices(self) -> bool:
        """Whether the answer hangs on what the member chose: not when that is what is brought."""
        return self.question.action != Action.CONSENT

    @property
    def refused_field(self) -> Denial | None:
        """The first field, in the order asked, that the policy refuses."""
        return next((one for one in self.fields.values() if one is not None), None)

    @property
    def tells(self) -> bool:
        """Whether the service may learn anything about the member by asking this."""
        return self.denial is None or self.reaches is not None

    @property
    def reaches(self) -> str | None:
        """The channel that was asked about, where the policy allows it."""
        return None if self.channel is not None else self.question.channel


def ruling(active: Active, service: str, question: Question) -> Ruling:
    """What the policy in force says to the question, field by field."""
    policy, purpose, action = active.policy, question.purpose, question.action
    denial = policy.why_not(service, purpose, action)
    if denial is None and question.names_nobody:
        denial = _NOBODY_NAMED
    recorded, facts = words_of(active, question)
    names = question.fields
    if names is None:
        allowed = None if denial else policy.allowed(service, purpose, action)
        names = tuple(sorted(one for one in allowed or () if not one.startswith(CHANNEL)))
    return Ruling(
        service=service,
        question=question,
        version=active.version,
        footing=active.footings.get(purpose),
        denial=denial,
        fields={name: denial or _why_not_field(active, service, question, name) for name in names},
        channel=_why_not_channel(active, service, question),
        purpose=recorded,
        facts=facts,
    )


def _why_not_field(active: Active, service: str, question: Question, name: str) -> Denial | None:
    if name.startswith(CHANNEL):  # the policy's own word for a channel is no field's name
        names = active.programme.names
        message = f"there is no field or trait {shown(name)}"
        return Denial(Denied.UNKNOWN_FIELD, message, did_you_mean(name, names))
    return active.policy.why_not(service, question.purpose, question.action, name)


def _why_not_channel(active: Active, service: str, question: Question) -> Denial | None:
    if question.channel is None:
        return None
    name = f"{CHANNEL}{question.channel}"
    return active.policy.why_not(service, question.purpose, Action.CONTACT.value, name)


class Rulings:
    """Rulings worked out before: a programme version never changes, so they never go stale."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str, Question], Ruling] = {}

    def of(self, active: Active, service: str, question: Question) -> Ruling:
        """As `ruling`."""
        asked = (active.version, service, question)
        known = self._kept.get(asked)
        if known is None:
            known = ruling(active, service, question)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[asked] = known
        return known


def words_of(active: Active, question: Question) -> tuple[str | None, dict[str, Fact]]:
    """The purpose and the facts by which the record tells a question: names of the programme.

    What is none of them may be anything, and the record keeps it for ever: it is left out, and
    of fields it is told how many they were.
    """
    programme = active.programme
    facts: dict[str, Fact] = {"action": _one_of(Action, question.action)}
    if question.fields is not None:
        known = [one for one in question.fields if one in programme.names]
        facts["fields"] = known
        if made_up := len(question.fields) - len(known):
            facts["unknown_fields"] = made_up
    if question.channel is not None:
        facts["channel"] = _one_of(Channel, question.channel)
    purpose = question.purpose if question.purpose in programme.purposes else None
    return purpose, facts


def question_in(purpose: str | None, facts: Mapping[str, Any]) -> Question:
    """The question that an entry tells of, as `words_of` wrote it."""
    fields = facts.get("fields")
    return Question(
        purpose=purpose or "",
        action=str(facts.get("action")),
        fields=None if fields is None else tuple(fields),
        channel=facts.get("channel"),
    )


def described(facts: Mapping[str, Any]) -> str:
    """The question in one line, such as `read: tier, age; email`."""
    parts = [str(facts["action"])]
    if fields := facts.get("fields"):
        parts[0] += ": " + ", ".join(fields)
    return "; ".join([*parts, *([facts["channel"]] if "channel" in facts else [])])


def _one_of(known: Iterable[str], sent: str) -> str:
    return sent if sent in set(known) else _UNKNOWN
