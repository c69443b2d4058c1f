"""What a request waits for, in words and for machines, and the command that comes next."""

from typing import Any

from dsar.desk import Seen
from dsar.states import Right, State, Step
from dsar.waiting import Waiting, Waits

_WORDS = {
    Waits.REPAIR: "repair: something of it is broken",
    Waits.IDENTITY: "identity",
    Waits.DECISION: "your decision",
    Waits.SECOND_OFFICER: "a second pair of eyes",
    Waits.LEGAL_HOLD: "a legal hold",
    Waits.COOLING_OFF: "cooling-off",
    Waits.LETTER: "the letter that says so",
    Waits.RECIPIENTS: "recipients",
    Waits.WORKER: "a worker",
    Waits.NOTHING: "nothing",
}


def said(waits: Waiting) -> str:
    """What it waits for, in words: `cooling-off until 2026-03-09 12:00 UTC`."""
    words = _WORDS[waits.what]
    left = "?" if waits.by_hand is None else str(len(waits.by_hand))
    hand = f", {left} to be told by hand" if waits.by_hand != () else ""
    if waits.what is Waits.RECIPIENTS:
        trouble = f", {waits.troubled} with a problem" if waits.troubled else ""
        return f"{words}: {waits.recipients} open{trouble}{hand}"
    if waits.unsent is not None:
        return f"{words}: not sent ({waits.unsent})"
    if waits.until is not None:
        return f"{words} until {waits.until:%Y-%m-%d %H:%M %Z}"
    return f"{words}{hand}"


def next_command(seen: Seen, waits: Waiting) -> str:
    """What to type next; `tillit request show` where there is nothing to do but to look."""
    request = seen.request
    of_it = {
        Waits.IDENTITY: "identify {} --how officer",
        Waits.DECISION: "approve {}",
        Waits.SECOND_OFFICER: "approve {}",
        Waits.LEGAL_HOLD: "preview {}",
    }
    elsewhere = {
        Waits.REPAIR: "tillit audit verify",
        Waits.RECIPIENTS: f"tillit connectors list --request {request.id}",
    }
    if (other := elsewhere.get(waits.what)) is not None:
        return other
    step = of_it.get(waits.what, "show {}")
    if waits.unsent is not None:
        step = "letter {} release --out release.pdf"
    if waits.what is Waits.IDENTITY and Step.ASK_IDENTITY in seen.steps:
        step = "ask {}"
    if waits.what is Waits.IDENTITY and request.state is State.ACCEPTED:
        step = "show {}"  # whoever spoke may no more: the member asks themselves, or nobody does
    if waits.what is Waits.DECISION and request.right is Right.REVIEW:
        step += " --outcome FILE"
    return f"tillit request {step.format(request.id)}"


def waits_plain(seen: Seen, waits: Waiting) -> dict[str, Any]:
    """The same for machines."""
    return {
        "waits_for": waits.what.value,
        "letter_problem": waits.unsent,
        "waits_until": waits.until.isoformat() if waits.until is not None else None,
        "recipients_open": waits.recipients,
        "recipients_troubled": waits.troubled,
        "recipients_by_hand": None if waits.by_hand is None else list(waits.by_hand),
        "next": next_command(seen, waits),
    }
