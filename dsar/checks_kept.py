"""Checks that what the record says was made is still there: letters, packages, proofs of identity.

Part of `tillit audit verify`. Looks for rows alone, and opens none: what was changed opens for
nobody. Of whom the record says that they were erased, all but the farewell is to be gone.
"""

from collections import Counter
from collections.abc import Awaitable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from audit.browsing import Told
from audit.entries import Kind as EntryKind
from dsar.identity import How
from dsar.letters.kinds import Kind, matter
from dsar.outgoing import id_of
from kernel.database import raw
from profiles.unit import Unit

KINDS = (
    EntryKind.LETTER_MADE,
    EntryKind.PACKAGE_MADE,
    EntryKind.PACKAGE_DELETED,
    EntryKind.IDENTITY_TRIED,
)
_PROVED = "proved"
_AT_ONCE = 10_000
_LETTERS = "SELECT id FROM letter WHERE id = ANY(%s)"
_POSTED = "SELECT id FROM outgoing WHERE id = ANY(%s)"
_PACKAGES = "SELECT request FROM package WHERE request = ANY(%s)"
_PROOFS = "SELECT request, count(*) FROM identity_proof WHERE request = ANY(%s) GROUP BY request"


@dataclass
class Made:
    """What the record says was made, each with whom it is about; and which packages were deleted.

    `letters`: by their ids. `proofs`: how many were given, by request and whom it is about.
    `stepped_up`: where a sign-in with a second proof was one. Given twice it may have been kept
    once, so that it counts once.
    """

    letters: dict[UUID, tuple[Kind, str, str | None]] = field(default_factory=dict)
    packages: dict[UUID, str | None] = field(default_factory=dict)
    deleted: set[UUID] = field(default_factory=set)
    proofs: Counter[tuple[UUID, str | None]] = field(default_factory=Counter)
    stepped_up: set[UUID] = field(default_factory=set)

    def take(self, entry: Told) -> None:
        request = UUID(str(entry.facts["request"]))
        if entry.kind == EntryKind.LETTER_MADE:
            kind = Kind(str(entry.facts["letter"]))
            self.letters[id_of(request, None, matter(kind))] = kind, str(request), entry.subject
        elif entry.kind == EntryKind.PACKAGE_MADE:
            self.packages[request] = entry.subject
        elif entry.kind == EntryKind.PACKAGE_DELETED:
            self.deleted.add(request)
        elif entry.facts.get("outcome") == _PROVED:
            if entry.facts.get("how") != How.STEP_UP:
                self.proofs[request, entry.subject] += 1
            elif request not in self.stepped_up:
                self.stepped_up.add(request)
                self.proofs[request, entry.subject] += 1


def checks(
    unit: Unit, made: Made, *, erased: Collection[str | None]
) -> Iterator[tuple[str, Awaitable[list[str]]]]:
    """Each check by the name of what it is about: what is wrong, in words."""
    yield "letters", _letters(unit, made, erased)
    yield "packages", _packages(unit, made, erased)
    yield "proofs given", _proofs(unit, made, erased)


async def _letters(unit: Unit, made: Made, erased: Collection[str | None]) -> list[str]:
    living = {id: one for id, one in made.letters.items() if one[2] not in erased}
    # What a farewell was written in goes, with no entry of its own; that it was sent does not.
    posted = living | {id: one for id, one in made.letters.items() if one[0] is Kind.FAREWELL}
    kept = {id: one for id, one in living.items() if one[0] is not Kind.FAREWELL}
    lost = kept.keys() - {id for (id,) in await _found(unit, _LETTERS, kept)}
    unsent = posted.keys() - {id for (id,) in await _found(unit, _POSTED, posted)}
    return [f"{_letter(made, id)} was written and is missing" for id in sorted(lost)] + [
        f"what became of {_letter(made, id)} is on record and missing" for id in sorted(unsent)
    ]


def _letter(made: Made, id: UUID) -> str:
    kind, request, _ = made.letters[id]
    return f"the {kind} letter of request {request}"


async def _packages(unit: Unit, made: Made, erased: Collection[str | None]) -> list[str]:
    kept = {
        request
        for request, subject in made.packages.items()
        if subject not in erased and request not in made.deleted
    }
    lost = kept - {request for (request,) in await _found(unit, _PACKAGES, kept)}
    return [f"the package of request {one} was made and is missing" for one in sorted(lost)]


async def _proofs(unit: Unit, made: Made, erased: Collection[str | None]) -> list[str]:
    given = Counter[UUID]()
    for (request, subject), count in made.proofs.items():
        if subject not in erased:
            given[request] += count
    there = Counter[UUID](dict(await _found(unit, _PROOFS, given)))
    return [
        f"request {request} has {there[request]} of the {count} proofs of identity that were given "
        "for it"
        for request, count in sorted(given.items())
        if there[request] < count
    ]


async def _found(unit: Unit, query: str, wanted: Collection[UUID]) -> list[Any]:
    connection, ids, found = await raw(unit.session), list(wanted), list[Any]()
    for first in range(0, len(ids), _AT_ONCE):
        part = ids[first : first + _AT_ONCE]
        found += await (await connection.execute(query, (part,), binary=True)).fetchall()
    return found
