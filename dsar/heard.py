"""What recipients were told because of a request and have answered, as the record has it.

A request closes by this and its certificate says this: the table of what is on its way
(`outgoing`) is what carries words, and proves nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from audit.browsing import Told, naming_each
from audit.entries import Kind as EntryKind
from dsar.outgoing import State
from profiles.unit import Unit


@dataclass(frozen=True)
class Heard:
    """How one recipient stands. `what` it was told; `by` which way, by its connector's word.

    `answer`: SHA-256 of what it answered, in hex. `closed_at`: when it was done or given up.
    `reason`: why an officer gave it up, of the closed list in `dsar.connectors.trouble`.
    """

    what: str
    by: str | None
    state: State = State.WAITING
    answer: str | None = None
    closed_at: datetime | None = None
    reason: str | None = None


async def of_request(unit: Unit, request: UUID, *, subject: bytes) -> dict[str, Heard]:
    """Everyone who was told because of a request, by name. `subject`: whom it is on record for."""
    return (await of_requests(unit, {request: subject}))[request]


async def of_requests(unit: Unit, subjects: Mapping[UUID, bytes]) -> dict[UUID, dict[str, Heard]]:
    """The same for many, by request; each with its subject."""
    asked = {request: (subject, str(request)) for request, subject in subjects.items()}
    said = await naming_each(unit.session, asked.values(), trust=unit.record.trust)
    return {
        request: by_recipient(one for one in said[about] if one.facts.get("request") == about[1])
        for request, about in asked.items()
    }


def by_recipient(entries: Iterable[Told]) -> dict[str, Heard]:
    """The same from the entries about one request, in the order they were written."""
    found: dict[str, Heard] = {}
    for one in entries:
        name = str(one.facts.get("recipient"))
        if one.kind == EntryKind.RECIPIENT_TOLD and name not in found:
            found[name] = Heard(str(one.facts.get("what")), _text(one, "by"))
        elif one.kind == EntryKind.RECIPIENT_ANSWERED and name in found:
            found[name] = _after(found[name], one)
    return found


def _after(before: Heard, answered: Told) -> Heard:
    """What is closed stays as it was closed, whatever a recipient says afterwards."""
    if not before.state.is_open:
        return before
    state = State(str(answered.facts.get("state")))
    return replace(
        before,
        by=_text(answered, "by") or before.by,
        state=state,
        answer=_text(answered, "answer") or before.answer,
        closed_at=None if state.is_open else answered.at,
        reason=_text(answered, "reason") if state is State.GIVEN_UP else None,
    )


def _text(entry: Told, fact: str) -> str | None:
    value = entry.facts.get(fact)
    return None if value is None else str(value)
