"""The store that the rows share: members enrolled through the domain functions, then folded.

Its own private PostgreSQL in its own folder; touches nobody's data. Two processes fill it, as an
import on two cores would, and it is built once for a run, or once for a kept folder.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from uuid import UUID

import msgspec
import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import make_url

from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings, read_settings
from bench.people import PURPOSES, People, club_day, made_up
from bench.temporary import temporary_folder
from consent.choices import Action as Said
from consent.choices import By, Choice
from consent.choosing import choose, restriction
from consent.ledger import record
from consent.programme import load_programme
from kernel.database import libpq
from kernel.postgres import private_server
from migrations import upgrade
from profiles.changes import SHARD_SIZE
from profiles.enrolment import enrol
from profiles.folding import fold
from profiles.members import Member

PROGRAMME = Path(__file__).parent / "programme.toml"
BATCH = 4_096
BUILDERS = 2

Tell = Callable[[str], None]


class Made(msgspec.Struct, frozen=True):
    """What a kept folder says of itself, written when the store is whole."""

    members: int
    day: date
    seconds: float


@dataclass(frozen=True)
class Store:
    """A whole store; `ids[at]` is the id of the member of that place, as two big-endian words."""

    settings: Settings
    url: str
    made: Made
    ids: NDArray[np.uint64]

    @cached_property
    def people(self) -> People:
        return made_up(self.made.members, today=self.made.day)

    def id(self, at: int) -> UUID:
        return UUID(bytes=self.ids[at].tobytes())


def beside(url: str, name: str) -> str:
    """The URL of another database on the same server, made when it is not there."""
    with psycopg.connect(libpq(url, role=None), autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, (name,)).fetchone() is None:
            connection.execute(f"CREATE DATABASE {name}".encode())
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def store_of(members: int, *, keep: Path | None, tell: Tell) -> Iterator[Store]:
    """A store of that many members: the one in `keep` if it is whole, else a new one.

    Raises `SystemExit` when the folder holds a store of another size.
    """
    if keep is not None:
        yield _found(keep, members) or _built(keep, members, tell)
        return
    with temporary_folder() as folder:
        yield _built(folder, members, tell)


def settings_of(folder: Path, url: str) -> Settings:
    return read_settings({"TILLIT_DATA": str(folder), "TILLIT_DATABASE_URL": url})


def _found(folder: Path, members: int) -> Store | None:
    if not (folder / "made.json").exists():
        return None
    made = msgspec.json.decode((folder / "made.json").read_bytes(), type=Made)
    if made.members != members:
        raise SystemExit(f"{folder} keeps a store of {made.members:,} members, not {members:,}")
    url = private_server(folder / "postgres")
    return Store(settings_of(folder, url), url, made, np.load(folder / "ids.npy"))


def _built(folder: Path, members: int, tell: Tell) -> Store:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # the server runs as another user when we are root
    started, today = time.perf_counter(), club_day()
    url = private_server(folder / "postgres")
    upgrade(url)
    settings = settings_of(folder, url)
    asyncio.run(_begin(settings))
    ids = np.zeros((members, 2), dtype=">u8")
    with multiprocessing.get_context("spawn").Pool(BUILDERS) as builders:
        work = [(settings, members, today, builder) for builder in range(BUILDERS)]
        for at, those in (done for part in builders.imap(_fill, work) for done in part):
            ids[at : at + len(those)] = those
    tell(f"{members:,} members enrolled in {time.perf_counter() - started:.0f} s")
    asyncio.run(_settle(settings, members))
    _analyse(url)
    made = Made(members, today, time.perf_counter() - started)
    np.save(folder / "ids.npy", ids)
    (folder / "made.json").write_bytes(msgspec.json.encode(made))
    tell(f"store ready after {made.seconds:.0f} s")
    return Store(settings, url, made, ids)


async def _begin(settings: Settings) -> None:
    async with opened(settings) as tillit:
        await tillit.apply(SYSTEM, load_programme(PROGRAMME))


def _fill(work: tuple[Settings, int, date, int]) -> list[tuple[int, NDArray[np.uint64]]]:
    """One builder's batches: every `BUILDERS`-th, with the ids it got for each."""
    settings, members, today, builder = work
    people = made_up(members, today=today)
    starts = range(builder * BATCH, members, BUILDERS * BATCH)
    return asyncio.run(_fill_batches(settings, people, starts))


async def _fill_batches(
    settings: Settings, people: People, starts: range
) -> list[tuple[int, NDArray[np.uint64]]]:
    filled = []
    async with opened(settings) as tillit:
        for start in starts:
            places = range(start, min(start + BATCH, len(people)))
            members = await _batch(tillit, people, places)
            packed = b"".join(member.id.bytes for member in members)
            filled.append((start, np.frombuffer(packed, dtype=">u8").reshape(-1, 2)))
    return filled


async def _batch(tillit: Tillit, people: People, places: range) -> list[Member]:
    """Enrol these people; those who said yes to offers say so in the same transaction."""
    async with tillit.unit() as work:
        unit = work.unit
        rows = [people.person(at) for at in places]
        members = await enrol(unit, SYSTEM, rows, source="bench")
        offers = work.active.programme.purpose(PURPOSES[0])
        yes = choose(unit, offers, Said.GIVEN, at=unit.now, by=By.MEMBER, language="en")
        silenced = restriction(unit, on=True, by=By.MEMBER)
        said: dict[Member, list[Choice]] = {}
        for member, at in zip(members, places, strict=True):
            choices = [yes] if people.consents[at, 0] else []
            if people.restricted[at]:
                choices.append(silenced)
            if choices:
                said[member] = choices
        await record(unit, SYSTEM, said, new=True)
    return members


async def _settle(settings: Settings, members: int) -> None:
    """What a worker has done in a system that has been running for a while."""
    async with opened(settings) as tillit:
        for shard in range((members + SHARD_SIZE - 1) // SHARD_SIZE):
            async with tillit.unit() as work:
                await fold(work.session, work.unit.epoch, shard)


def _analyse(url: str) -> None:
    with psycopg.connect(libpq(url, role=None), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
