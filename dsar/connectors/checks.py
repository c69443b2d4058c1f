"""Checks of what recipients were told and have answered, against the record.

For `tillit audit verify`. Reads everything; changes nothing. A word that the table calls done, and
the record does not, would have closed a request that nobody answered.
"""

import hashlib
import json
from collections.abc import Awaitable, Iterator, Set
from dataclasses import dataclass, field
from uuid import UUID

from audit.browsing import Told
from audit.entries import Kind as EntryKind
from dsar.outgoing import LOST, State, id_of, unopened
from dsar.states import Right
from kernel.database import raw
from profiles.unit import Unit

KINDS = (
    EntryKind.RECIPIENT_TOLD,
    EntryKind.RECIPIENT_ANSWERED,
    EntryKind.RECIPIENT_BY_HAND,
)


@dataclass
class Heard:
    """What the record says: who was told, how each stands, and every answer's digest.

    `done`: the digest of the answer by which a word was closed.

    By request and recipient, of which there is one word; `entries` by request.
    """

    told: dict[tuple[str, str], Told] = field(default_factory=dict)
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    done: dict[tuple[str, str], str | None] = field(default_factory=dict)
    answers: set[tuple[str, str, str]] = field(default_factory=set)
    entries: dict[str, list[Told]] = field(default_factory=dict)

    def take(self, entry: Told) -> None:
        key = (str(entry.facts.get("request")), str(entry.facts.get("recipient")))
        self.entries.setdefault(key[0], []).append(entry)
        if entry.kind == EntryKind.RECIPIENT_BY_HAND:
            return  # nothing is on its way to them; a certificate names them
        if entry.kind == EntryKind.RECIPIENT_TOLD:
            self.told[key] = entry
            return
        state, answer = str(entry.facts.get("state")), entry.facts.get("answer")
        self.states[key] = state
        if answer is not None:
            self.answers.add((*key, str(answer)))
        if state == State.DONE:
            self.done.setdefault(key, None if answer is None else str(answer))


def checks(
    unit: Unit, heard: Heard, *, erased: Set[str | None]
) -> Iterator[tuple[str, Awaitable[list[str]]]]:
    """Each check by the name of what it is about: what is wrong, in words.

    `erased`: the subjects who are.
    """
    yield "words to recipients", _words(unit, heard, erased)
    yield "answers of recipients", _answers(unit, heard)
    yield "what is on its way", _on_their_way(unit)


async def _on_their_way(unit: Unit) -> list[str]:
    closed = [f"what is on its way as {one} does not open" for one in await unopened(unit)]
    return closed + [
        f"what is on its way as {one} stands where nobody of ours put it"
        for one in await _nowhere(unit)
    ]


async def _nowhere(unit: Unit) -> list[UUID]:
    """Letters and words whose state is none."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id FROM outgoing WHERE state <> ALL(%s) ORDER BY id",
        ([one.value for one in State],),
    )
    return [id for (id,) in await cursor.fetchall()]


async def _words(unit: Unit, heard: Heard, erased: Set[str | None]) -> list[str]:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id, request::text, recipient, state, answer, problem FROM outgoing "
        "WHERE recipient IS NOT NULL"
    )
    problems, lost = [], dict(heard.told)
    for id, request, recipient, state, answer, problem in await cursor.fetchall():
        key = (request, recipient)
        lost.pop(key, None)
        said = _state(heard.states.get(key, State.WAITING.value))
        stands = _state(state)
        if key not in heard.told:
            problems.append(f"word {id} to a recipient was never put on record")
        elif said is None:
            problems.append(f"word {id} to a recipient has an answer on record that is none")
        elif stands is None:
            continue  # which is said of it already
        elif said.is_open and problem == LOST:
            problems.append(f"word {id} to a recipient was deleted or changed, and is put back")
        elif stands.is_open != said.is_open or (not said.is_open and said != state):
            problems.append(f"word {id} to a recipient is {state}, and the record says otherwise")
        elif state == State.DONE and answer != heard.done.get(key):
            problems.append(f"word {id} to a recipient was closed by another answer on record")
    for (request, recipient), entry in sorted(lost.items()):
        # What else was told of a member goes with them; that they were erased does not.
        if entry.facts.get("what") == Right.ERASURE or entry.subject not in erased:
            problems.append(f"what {recipient} was told by request {request} is missing")
    return problems


def _state(word: str) -> State | None:
    return State(word) if word in set(State) else None


async def _answers(unit: Unit, heard: Heard) -> list[str]:
    """A word goes with its member; what was answered to it stays, and is found by the word's id."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT id, outgoing, recipient, digest, document FROM recipient_answer"
    )
    words = {
        id_of(UUID(request), recipient, str(entry.facts.get("what"))): (request, recipient)
        for (request, recipient), entry in heard.told.items()
    }
    problems, lost = [], set(heard.answers)
    for id, word, recipient, digest, document in await cursor.fetchall():
        request, _ = words.get(word, ("", ""))
        lost.discard((request, recipient, digest))
        if (request, recipient, digest) not in heard.answers:
            problems.append(f"answer {id} of a recipient was never put on record")
        elif document is not None and not _is_of(document, digest):
            problems.append(f"answer {id} of a recipient is not what it signed")
    return problems + [
        f"an answer of {recipient} to request {request} is on record and missing"
        for request, recipient, _ in sorted(lost)
    ]


def _is_of(document: str, digest: str) -> bool:
    try:
        signed = json.loads(document)["signed"].encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return hashlib.sha256(signed).hexdigest() == digest
