"""`/desk/use`: the record of use, by what is looked for, newest first; an export, and the evidence
of one entry.

Addresses hold words of closed lists, names of services and officers, days and leaf numbers, and
nothing about a member. Each look is an entry of the record itself.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from api.pages.answers import File, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member.checking import packed
from api.pages.officer import use_filter
from api.pages.officer.inbox import Option, Tab
from api.pages.officer.use_filter import Group
from api.pages.officer.use_rows import FACTS, PATH, Line, line, of_waiting
from api.people.people import Kind
from audit.entries import ActorType
from audit.looking import Page, Place, Seen, Wanted
from audit.proofs import entry_use, inclusion
from consent import watching
from consent.cells import cell
from consent.footprints import EVERYBODY
from consent.programme import Ability
from dsar.packages.marking import mark

pages = Pages(Kind.OFFICER)
SHOWN = 25  # entries on a page
COLUMNS = (
    *("number", "entry", "at", "kind", "actor_type", "actor", "purpose", "programme"),
    *("about", "facts", "standing"),
)
_TABS = {
    PATH: mark("The record"),
    f"{PATH}/segments": mark("Questions about everybody"),
}


@dataclass(frozen=True)
class UsePage(View):
    """`wrong`: what of the address makes no sense; then nothing is looked for.

    `waiting`: entries without a number yet; `more`: there are more of those. `meddled`: somebody
    has been at the record; `doubtful`: the tallies by which entries are found are wrong. `most`:
    how many an export holds.
    """

    template: ClassVar[str] = "officer/use.html"
    title: ClassVar[str] = mark("Use of members' data")

    tabs: Sequence[Tab]
    wrong: str
    kinds: Sequence[Option]
    groups: Sequence[Group]
    people: Sequence[Option]
    purposes: Sequence[Option]
    first: str
    last: str
    picked: bool
    waiting: Sequence[Line]
    more: bool
    lines: Sequence[Line]
    older: str
    newer: str
    newest: str
    export: str
    most: int
    meddled: bool
    doubtful: bool


class WrongUsePage(UsePage):
    status = 422


@pages("GET", PATH, ability=Ability.RECORD, query=(*use_filter.QUERY, "before", "after"))
async def see(asked: Asked) -> UsePage:
    """The newest entries that are looked for, or those before or after a place."""
    filtered = await use_filter.read(asked)
    before, after = _place(asked, "before"), _place(asked, "after")
    wrong = filtered.wrong
    if not wrong and any(
        name in asked.query and place is None
        for name, place in (("before", before), ("after", after))
    ):
        wrong = asked.speaking.say(_NO_NUMBER)
    if wrong:
        return _page(WrongUsePage, asked, filtered, wrong, None)
    page = await watching.entries(
        asked.unit, asked.act, filtered.wanted, count=SHOWN, before=before, after=after
    )
    return _page(UsePage, asked, filtered, "", page)


_NO_NUMBER = mark("That is no number of an entry.")


def _page(
    shape: type[UsePage],
    asked: Asked,
    filtered: use_filter.Filter,
    wrong: str,
    page: Page | None,
) -> UsePage:
    lines = [line(asked, one) for one in (page.entries if page else ())]
    waiting = page.waiting if page else ()
    shown = of_waiting(asked, waiting, SHOWN)
    older, newer = (page.older, page.newer) if page else (None, None)
    return shape(
        tabs=tabs(asked, PATH),
        wrong=wrong,
        kinds=filtered.kinds,
        groups=filtered.groups,
        people=filtered.people,
        purposes=filtered.purposes,
        first=filtered.first,
        last=filtered.last,
        picked=filtered.picked,
        waiting=shown,
        more=bool(page and page.more) or len(shown) < len(waiting),
        lines=lines,
        older="" if older is None else filtered.address(PATH, before=older),
        newer="" if newer is None else filtered.address(PATH, after=newer),
        newest="" if newer is None else filtered.address(PATH),
        export=filtered.address(f"{PATH}/export"),
        most=watching.MOST,
        meddled=bool(page and page.broken) or any(one.bad for one in (*shown, *lines)),
        doubtful=bool(page and page.stray),
    )


def tabs(asked: Asked, here: str) -> list[Tab]:
    return [Tab(to, asked.speaking.say(text), to == here) for to, text in _TABS.items()]


def _place(asked: Asked, name: str) -> Place | None:
    return Place.read(asked.query.get(name, ""))


@pages("GET", f"{PATH}/export", ability=Ability.RECORD, query=use_filter.QUERY)
async def export(asked: Asked) -> File | UsePage:
    """What is looked for as CSV (RFC 4180), the newest first; no member's pseudonym is in it.

    Its name says `newest` where there are older ones, and `doubtful` where somebody has been at
    the record, so that it may not be all.
    """
    filtered = await use_filter.read(asked)
    if filtered.wrong:
        return _page(WrongUsePage, asked, filtered, filtered.wrong, None)
    found = await watching.export(asked.unit, asked.act, filtered.wanted)
    part = "" if found.whole else f"-newest-{len(found.entries)}"
    name = f"use{part}{'-doubtful' if found.doubtful else ''}.csv"
    return File(_csv(found.entries).encode(), "text/csv; charset=utf-8", name)


def _csv(entries: Iterable[Seen]) -> str:
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    for one in entries:  # an altered entry may say anything
        rows.writerow([cell(value) if isinstance(value, str) else value for value in _row(one)])
    return written.getvalue()


def _row(one: Seen) -> tuple[object, ...]:
    said = one.said
    if said is None:
        return (one.number, one.id, *[None] * 8, one.standing.value)
    about = "everybody" if said.subject == EVERYBODY.hex() else said.subject and "member"
    facts = {name: value for name, value in said.facts.items() if name in FACTS}
    return (
        *(one.number, said.id, said.at.isoformat(), said.kind, said.actor.type),
        "" if said.actor.type == ActorType.MEMBER else said.actor.id,
        *(said.purpose, said.programme, about),
        msgspec.json.encode(facts, order="sorted").decode() if facts else "",
        one.standing.value,
    )


@pages("GET", PATH + "/{entry:uuid}/evidence", ability=Ability.RECORD)
async def evidence(asked: Asked) -> File:
    """One entry, its proof, and the program that checks it, in one ZIP file."""
    session, entry = asked.unit.session, asked.id("entry")
    found, proof = await entry_use(session, entry), await inclusion(session, entry)
    await watching.viewed(asked.unit, asked.act, watching.View.ENTRY, Wanted(), 1)
    return await packed(asked, found.body, proof)
