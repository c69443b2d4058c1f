"""`import`: members from a file into the store, against a straight pipeline from the same file.

Ours is what `tillit import members` and `tillit import consents` do: the file read and checked
whole, six fields sealed under each member's own key, two lookups, the sets, three consents in the
ledger, an entry for each of these, and the record integrated. Both in the same PostgreSQL with
fsync on; a row is a member. Its own databases: the other rows' store is left alone.
"""

import asyncio
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg

from api.bootstrap import SYSTEM, Tillit, opened
from api.imports.loading import parse_mapping
from api.imports.running import run
from bench.context import Bench
from bench.equality import same
from bench.measuring import Result, Rounds, Side, result, seconds, throughput
from bench.people import PURPOSES, TIERS, People, club_day, day, made_up
from bench.store import PROGRAMME, beside, settings_of
from bench.straight import Straight
from bench.temporary import temporary_folder
from consent.programme import load_programme
from kernel.database import libpq, raw
from kernel.postgres import private_server
from migrations import upgrade
from profiles import reading
from profiles.members import load
from profiles.opened import Opened

FIELDS = ("member_number", "name", "email", "birth_date", "tier", "interests")
_MEMBERS = 10_000

_MAPPING = """
source = "bench"
format = "csv"

[members]
number = "member_number"

[members.fields]
name = "name"
email = "email"
birth_date = "birth_date"
tier = "tier"
interests = { column = "interests", split = ";" }

[consents]
language = "en"

[consents.columns]
member = "member_number"
purpose = "purpose"
action = "action"
at = "at"
"""


class Ours:
    """One process that imports; its loop runs only while it is asked to do something."""

    def __init__(self, folder: Path, url: str) -> None:
        self._runner = asyncio.Runner()
        self._opening = opened(settings_of(folder, url))
        self._tillit: Tillit = self._runner.run(self._opening.__aenter__())
        self._runner.run(self._tillit.apply(SYSTEM, load_programme(PROGRAMME)))
        self._mapping = parse_mapping(_MAPPING)

    def load(self, members: Path, consents: Path) -> None:
        """Both files, durable on return."""
        self._runner.run(self._import(members, consents))

    def opened(self) -> list[tuple[str, ...]]:
        """The six values of every member, as the file has them."""
        return self._runner.run(self._opened())

    def close(self) -> None:
        self._runner.run(self._opening.__aexit__(None, None, None))
        self._runner.close()

    async def _import(self, members: Path, consents: Path) -> None:
        await run(self._tillit, "members", members, self._mapping, progress=_silent)
        await run(self._tillit, "consents", consents, self._mapping, progress=_silent)

    async def _opened(self) -> list[tuple[str, ...]]:
        async with self._tillit.unit() as work:
            connection = await raw(work.session)
            cursor = await connection.execute("SELECT id FROM member", binary=True)
            members = await load(work.unit, [row[0] for row in await cursor.fetchall()])
            read = [await reading.values(work.unit, one, FIELDS) for one in members.values()]
        return [tuple(_written(one.get(name)) for name in FIELDS) for one in read]


def measure(bench: Bench) -> Result:
    each = bench.part(_MEMBERS)
    with temporary_folder() as folder:
        url = private_server(folder / "postgres")
        upgrade(url)
        ours, theirs = Ours(folder, url), Straight(beside(url, "straight"), FIELDS)
        try:
            files = Files(folder, made_up(each * (bench.rounds + 1), today=club_day()), each)
            _compare(url, ours, theirs, files)
            rounds = _in_turn(ours, theirs, files, bench.rounds)
        finally:
            theirs.close()
            ours.close()
    size = bench.size(each, "members a round")
    return result("import", rounds, size=size, goal="≥ 1.5× rows/s", say=throughput("members"))


@dataclass(frozen=True)
class Files:
    """Files of `each` members, other ones in every round, with their consents."""

    folder: Path
    people: People
    each: int

    def of(self, number: int) -> tuple[Path, Path]:
        """The members and the consents of a round, written when asked for."""
        places = range(number * self.each, (number + 1) * self.each)
        members = self._write("members.csv", FIELDS, (self._member(at) for at in places))
        header = ("member_number", "purpose", "action", "at")
        return members, self._write("consents.csv", header, self._consents(places))

    def _write(self, name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
        path = self.folder / name
        with path.open("w", newline="", encoding="utf-8") as text:
            writer = csv.writer(text)
            writer.writerow(header)
            writer.writerows(rows)
        return path

    def _member(self, at: int) -> tuple[str, ...]:
        people = self.people
        likes = ";".join(sorted(people.likes(at)))
        born, tier = day(int(people.born[at])).isoformat(), TIERS[people.tier[at]]
        return str(at), people.name(at), people.email(at), born, tier, likes

    def _consents(self, places: range) -> Iterator[tuple[str, ...]]:
        when = f"{club_day() - timedelta(days=2)}T12:00:00Z"
        for at in places:
            for purpose, given in zip(PURPOSES, self.people.consents[at], strict=True):
                yield str(at), purpose, "given" if given else "refused", when


def _compare(url: str, ours: Ours, theirs: Straight, files: Files) -> None:
    """Both hold the same six values of the same members, and ours three consents of each."""
    members, consents = files.of(0)
    ours.load(members, consents)
    same([theirs.load(members)], [files.each])
    same(ours.opened(), theirs.opened())
    with psycopg.connect(libpq(url)) as connection:
        kept = connection.execute("SELECT count(*) FROM ledger").fetchone()
    same([kept], [(files.each * len(PURPOSES),)])


def _in_turn(ours: Ours, theirs: Straight, files: Files, rounds: int) -> Rounds:
    """Seconds a member, round by round, now one side first and now the other."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(1, rounds + 1):
        members, consents = files.of(number)
        sides: list[tuple[list[float], Side]] = [
            (taken[0], partial(ours.load, members, consents)),
            (taken[1], partial(theirs.load, members)),
        ]
        for into, side in sides if number % 2 else reversed(sides):
            into.append(seconds(side) / files.each)
    return Rounds(*taken)


def _written(one: Opened | None) -> str:
    """A value as the file has it."""
    if one is None:
        return ""
    return ";".join(one.value) if isinstance(one.value, tuple) else str(one.value)


def _silent(_stage: str, _done: int, _total: int | None) -> None:
    """Nobody watches this import."""
