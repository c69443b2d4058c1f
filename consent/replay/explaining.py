"""One answer, explained step by step: what the policy says, where in the programme file it says
it, what the member said, and what would make the answer another.

Pure. Shows when something was said, under which notice and version, and never a value.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from consent.choices import Choice
from consent.eligibility import Reason
from consent.footing import Footing
from consent.programme.declarations import Action
from consent.reach import Unreached
from consent.reasons import MEANINGS, Meaning
from consent.replay.hindsight import Judge, Life, Refusal, Seen
from consent.replay.past_uses import Asked

#: What a segment's expression can be refused for, beside a decision's reasons.
_EXPRESSION = Meaning(
    "the expression says what the programme does not know", "write it for the fields there are"
)
_OF_ANYBODY = (Reason.RESTRICTED,)
_OF_AGE = (Reason.GUARDIAN_NEEDED, Reason.AGE_UNKNOWN, Reason.COME_OF_AGE)


@dataclass(frozen=True)
class Step:
    """One thing that was looked at. `passed` is None for what made no difference, or came after
    the first no. `place`: where the programme file says so, with the line if it was found."""

    what: str
    passed: bool | None
    says: str
    place: str = ""


@dataclass(frozen=True)
class Explanation:
    """`reason`: why not, None for yes; `remedy`: what would change it. `version`: None for a
    draft. `day`: by the programme's clock."""

    reason: str | None
    means: str
    remedy: str
    version: int | None
    day: date
    steps: tuple[Step, ...]

    @property
    def allowed(self) -> bool:
        return self.reason is None


def explained(
    judge: Judge, asked: Asked, seen: Seen, *, life: Life | None = None, draft: bool = False
) -> Explanation:
    """The answer to a question about a member or, without one, as far as the policy goes."""
    refusal = judge.refusal(asked, seen.day)
    steps = list(_policy(judge, asked, refusal))
    reason = refusal.reason if refusal else None
    if life is not None and judge.knows(asked.purpose):
        reason = judge.answer(asked, life, seen)
        steps += _member(judge, asked, life, seen)
    meaning = MEANINGS.get(reason or "", _EXPRESSION)
    means = f"{asked.service} may {asked.action} for {asked.purpose}"
    return Explanation(
        reason=reason,
        means=means if reason is None else meaning.means,
        remedy="" if reason is None else _remedy(judge, asked, reason, meaning),
        version=None if draft else judge.active.version,
        day=seen.day,
        steps=tuple(steps),
    )


def _remedy(judge: Judge, asked: Asked, reason: str, meaning: Meaning) -> str:
    policy = judge.active.policy
    for name in (None, *(asked.fields or ())):
        denial = policy.why_not(asked.service, asked.purpose, asked.action, name)
        if denial is not None and denial.reason.value == reason and denial.remedy:
            return denial.remedy
    return meaning.remedy


def _policy(judge: Judge, asked: Asked, refusal: Refusal | None) -> Iterator[Step]:
    programme, policy = judge.active.programme, judge.active.policy
    place = _service_place(judge, asked)
    denial = policy.why_not(asked.service, asked.purpose, asked.action)
    may = f"{asked.service} may {asked.action} for {asked.purpose}"
    yield Step("action", denial is None, denial.message if denial else may, place)
    purpose = programme.purposes.get(asked.purpose)
    if purpose is None:
        return
    basis = purpose.legal_basis
    place = _place(programme.source, f"purposes.{asked.purpose}", "legal_basis")
    says = f"{asked.purpose} rests on {basis.value.replace('_', ' ')} ({basis.article})"
    yield Step("legal basis", None, says, place)
    place = _place(programme.source, f"purposes.{asked.purpose}", "fields")
    for name in asked.fields or ():
        why = denial or policy.why_not(asked.service, asked.purpose, asked.action, name)
        says = why.message if why else f"{asked.purpose} uses {name}"
        yield Step(f"field {name}", why is None, says, place)
    if asked.channel is not None:
        place = _place(programme.source, f"purposes.{asked.purpose}", "channels")
        about = f"@{asked.channel}"
        why = policy.why_not(asked.service, asked.purpose, Action.CONTACT, about)
        says = why.message if why else f"members are reached by {asked.channel} for it"
        yield Step(f"channel {asked.channel}", why is None, says, place)
    if asked.expression is not None and denial is None:
        says = "its fields may be used" if refusal is None else _meaning(refusal.reason).means
        yield Step("expression", refusal is None, says, "")


def _service_place(judge: Judge, asked: Asked) -> str:
    """Where the file says what a service may do; of what is not there, the table to write."""
    programme, table = judge.active.programme, f"services.{asked.service}"
    if asked.service not in programme.services:
        return f"there is no [{table}]"
    if asked.purpose not in programme.purposes:
        return f"there is no [purposes.{asked.purpose}]"
    if asked.purpose not in programme.services[asked.service].may:
        return f"[{table}] has no {asked.purpose}"
    return _place(programme.source, table, asked.purpose)


def _member(judge: Judge, asked: Asked, life: Life, seen: Seen) -> Iterator[Step]:
    """The ledger's line, then each rule in order up to the first that holds the member back."""
    footing = judge.active.footings[asked.purpose]
    if (line := life.line_of(seen.lines, asked.purpose)) is not None:
        yield Step("ledger", None, _told(line[1]), f"ledger line {line[0]}")
    else:
        says = f"the member has said nothing about {asked.purpose}"
        yield Step("ledger", None, says)
    found = judge.found(asked, life, seen)
    left = True
    for rule in Reason:
        if not _applies(footing, rule):
            yield Step(rule.value, None, "makes no difference on this legal basis")
        elif rule == found.reason:
            yield Step(rule.value, False, MEANINGS[rule.value].means)
            left = False
        else:
            yield Step(rule.value, True if left else None, "passed" if left else "not looked at")
    for far in Unreached if asked.channel is not None else ():
        if far == found.unreached:
            yield Step(far.value, False, MEANINGS[far.value].means)
            left = False
        else:
            yield Step(far.value, True if left else None, "passed" if left else "not looked at")


def _applies(footing: Footing, rule: Reason) -> bool:
    if rule in _OF_ANYBODY:
        return True
    if rule is Reason.OBJECTED:
        return bool(footing.silencers)
    if rule is Reason.PAUSED:
        return footing.is_choice
    if rule in _OF_AGE and footing.birth_field is None and not footing.children:
        return False
    return footing.needs_consent


def _told(choice: Choice) -> str:
    """A line of the ledger: what was said and under what, without evidence or values."""
    parts = [f"{choice.action.value} on {choice.at:%Y-%m-%d %H:%M} UTC by {choice.by.value}"]
    parts.append(f"under version {choice.programme}")
    if choice.notice is not None:
        shown = f" in {choice.language}" if choice.language else ""
        parts.append(f"notice {choice.notice.hex()[:16]}…{shown}")
    if choice.until is not None:
        parts.append(f"holds until {choice.until}")
    return ", ".join(parts)


def _meaning(reason: str) -> Meaning:
    return MEANINGS.get(reason, _EXPRESSION)


def _place(source: str, table: str, key: str) -> str:
    """Where a key stands in the file: its dotted name, and the line where that is plain."""
    header = re.compile(r"^\[(?P<name>[^\[\]]+)\]")
    wanted = re.compile(rf"^\s*\"?{re.escape(key)}\"?\s*=")
    inside = False
    for number, line in enumerate(source.splitlines(), start=1):
        if (found := header.match(line)) is not None:
            inside = found["name"].replace('"', "").strip() == table
        elif inside and wanted.match(line):
            return f"{table}.{key}, line {number}"
    return f"{table}.{key}"
