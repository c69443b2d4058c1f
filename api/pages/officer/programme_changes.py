"""`/desk/programme/changes`: the versions there have been, and what one changed of another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from api.http.errors import Misshapen
from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.programme import PATH
from api.pages.officer.programme_words import CHANGES
from api.people.people import Kind
from consent.programme import Ability
from consent.programme.difference import Change, difference
from consent.programmes import Active
from dsar.packages.marking import mark

pages = Pages(Kind.OFFICER)


@dataclass(frozen=True)
class Version:
    """One that was put in force. `changed`: how many things, against the one before it that is
    still known; None for the first.
    """

    number: int
    applied_at: datetime
    in_force: bool
    before: int | None
    changed: int | None


@dataclass(frozen=True)
class Line:
    """One difference. `follows`: the consequence, in English, as the command line says it."""

    place: str
    kind: str
    before: str
    after: str
    follows: str


@dataclass(frozen=True)
class ChangesPage(View):
    """From `older` to `newer`; `older` is None where there is nothing before."""

    template: ClassVar[str] = "officer/programme_changes.html"
    title: ClassVar[str] = mark("Versions of the programme")

    versions: Sequence[Version]
    lost: Sequence[int]
    older: int | None
    newer: int
    lines: Sequence[Line]


@pages("GET", f"{PATH}/changes", ability=Ability.PROGRAMME, query=("from", "to"))
async def see(asked: Asked) -> ChangesPage:
    """Between two versions, or what the newest one changed."""
    known = {**asked.active.earlier, asked.active.version: asked.active}
    newer = _version(asked, known, "to") or asked.active.version
    older = _version(asked, known, "from") or _before(known, newer)
    old = known[older].programme if older is not None else None
    changes = difference(old, known[newer].programme) if old is not None else []
    return ChangesPage(
        versions=[_told(known, number, asked.active.version) for number in sorted(known)[::-1]],
        lost=[one for one in range(1, asked.active.version) if one not in known],
        older=older,
        newer=newer,
        lines=[_line(asked, one) for one in changes],
    )


def _version(asked: Asked, known: dict[int, Active], name: str) -> int | None:
    """Raises `Misshapen` for a version that there never was, or that cannot be trusted."""
    sent = asked.query.get(name)
    if not sent:
        return None
    found = next((one for one in known if str(one) == sent), None)
    if found is None:
        raise Misshapen("there is no such version", place=name)
    return found


def _before(known: dict[int, Active], number: int) -> int | None:
    return max((one for one in known if one < number), default=None)


def _told(known: dict[int, Active], number: int, in_force: int) -> Version:
    before = _before(known, number)
    changed = None
    if before is not None:
        changed = len(difference(known[before].programme, known[number].programme))
    return Version(number, known[number].applied_at, number == in_force, before, changed)


def _line(asked: Asked, one: Change) -> Line:
    kind = asked.speaking.say(CHANGES[one.kind])
    return Line(one.place, kind, one.before, one.after, one.consequence)
