"""Figures as they are kept: a row a day and purpose, sealed under the live epoch.

Touches ``consent_figure``. A row holds the exact counts, which nobody is shown, and the steady
ones (`disclosure.steady`), which all that is shown is made from: written once, so that however
and whenever somebody asks about a day, they are told the same.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from consent.figures.disclosure import steady
from kernel.database import raw
from profiles.errors import CannotOpen
from profiles.keys import EpochKey, fill, place, strip
from profiles.labels import Label
from profiles.unit import Unit

Counts = Mapping[str, int]

#: Rows are sealed in steps of this many bytes: lengths tell little of counts.
_PAD = 1024
# A day or a time that Python cannot hold was not written by us.
_EVERY = (
    "SELECT CASE WHEN day BETWEEN '1970-01-01' AND '9999-12-31' THEN day END, purpose, programme, "
    "CASE WHEN counted_at BETWEEN '1970-01-01Z' AND '9999-12-31Z' THEN counted_at END, sealed "
    "FROM consent_figure WHERE epoch = %s"
)
_READ = f"{_EVERY} AND day BETWEEN %s AND %s ORDER BY day, purpose"
_NEAREST = (
    "SELECT (SELECT max(day) FROM consent_figure "
    "WHERE epoch = %(epoch)s AND day >= '1970-01-01' AND day < %(day)s), "
    "(SELECT min(day) FROM consent_figure "
    "WHERE epoch = %(epoch)s AND day > %(day)s AND day <= '9999-12-31')"
)
_DAYS = "SELECT DISTINCT day FROM consent_figure WHERE epoch = %s AND day BETWEEN %s AND %s"
_ADD = (
    "INSERT INTO consent_figure (day, purpose, epoch, programme, counted_at, sealed) "
    "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)


class Figures(msgspec.Struct, frozen=True, array_like=True):
    """Counts by kind of figure, then by group: as they were, and as they may be told."""

    counts: dict[str, dict[str, int]]
    told: dict[str, dict[str, int]]

    def __repr__(self) -> str:
        return "Figures(***)"


class Day(msgspec.Struct, frozen=True):
    """One purpose on one day; `counted_at`: the moment it is about."""

    day: date
    purpose: str
    programme: int
    counted_at: datetime
    figures: Figures


async def between(unit: Unit, first: date, last: date) -> list[Day]:
    """What is kept of these days, both included, oldest first.

    Raises `CannotOpen` for a row that is not as it was written.
    """
    connection = await raw(unit.session)
    key = unit.epoch.sealing(Label.FIGURES)
    cursor = await connection.execute(_READ, (unit.epoch.number, first, last), binary=True)
    found = []
    for day, purpose, programme, counted_at, sealed in await cursor.fetchall():
        figures = _open(key.open(sealed, at=_place(day, purpose, programme)))
        found.append(Day(day, purpose, programme, _time(counted_at), figures))
    return found


async def days(unit: Unit, first: date, last: date) -> set[date]:
    """Which of these days are kept."""
    connection = await raw(unit.session)
    cursor = await connection.execute(_DAYS, (unit.epoch.number, first, last))
    return {row[0] for row in await cursor.fetchall()}


async def neighbours(unit: Unit, day: date) -> tuple[list[Day], list[Day]]:
    """The nearest day before that is kept, and the nearest after; empty where there is none."""
    connection = await raw(unit.session)
    cursor = await connection.execute(_NEAREST, {"epoch": unit.epoch.number, "day": day})
    row = await cursor.fetchone()
    before, after = row or (None, None)
    return (
        await between(unit, before, before) if before else [],
        await between(unit, after, after) if after else [],
    )


def told_of(kept: Collection[Day]) -> dict[str, dict[str, dict[str, int]]]:
    """The steady counts of one day: by purpose, kind and group."""
    return {one.purpose: one.figures.told for one in kept}


def after(
    told: Mapping[str, Mapping[str, Counts]], purpose: str, counts: Mapping[str, Counts]
) -> Figures:
    """These counts with what may be told of them, next to a day of which `told` was."""
    was = told.get(purpose, {})
    return Figures(
        {kind: dict(groups) for kind, groups in counts.items()},
        {kind: steady(was.get(kind, {}), groups) for kind, groups in counts.items()},
    )


async def keep(unit: Unit, rows: Sequence[Day]) -> None:
    """Keep these. What is kept of a day and purpose already stays as it is."""
    connection = await raw(unit.session)
    key = unit.epoch.sealing(Label.FIGURES)
    async with connection.cursor() as cursor:
        await cursor.executemany(
            _ADD,
            [
                (
                    one.day,
                    one.purpose,
                    unit.epoch.number,
                    one.programme,
                    one.counted_at,
                    key.seal(
                        fill(msgspec.msgpack.encode(one.figures), _PAD),
                        at=_place(one.day, one.purpose, one.programme),
                    ),
                )
                for one in rows
            ],
        )


async def reseal(session: AsyncSession, old: EpochKey, new: EpochKey) -> None:
    """Within a rotation: everything once more, under the new epoch. Nothing is changed.

    Raises `CannotOpen` for a row that is not as it was written.
    """
    connection = await raw(session)
    cursor = await connection.execute(_EVERY, (old.number,), binary=True)
    rows = []
    for day, purpose, programme, at, sealed in await cursor.fetchall():
        where = _place(day, purpose, programme)
        plain = old.sealing(Label.FIGURES).open(sealed, at=where)
        anew = new.sealing(Label.FIGURES).seal(plain, at=where)
        rows.append((day, purpose, new.number, programme, _time(at), anew))
    async with connection.cursor() as writing:
        await writing.executemany(_ADD, rows)


def _open(filled: bytes) -> Figures:
    return msgspec.msgpack.decode(strip(filled), type=Figures)


def _time(counted_at: datetime | None) -> datetime:
    if counted_at is None:
        raise _broken()
    return counted_at


def _broken() -> CannotOpen:
    return CannotOpen(
        "figures are kept of a day or a time that cannot be",
        place="consent_figure",
        remedy="somebody has changed the database: put the row back from a backup",
    )


def _place(day: date | None, purpose: str, programme: int) -> bytes:
    if day is None:
        raise _broken()
    return place("consent_figure", f"{day.isoformat()}:{programme}", purpose)
