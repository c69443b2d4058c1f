"""The programme in force: applied versions, and the one that answers are given under."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from audit.acts import Act
from audit.entries import Kind
from consent.errors import NoProgramme, ProgrammeInvalid
from consent.policy import CompiledPolicy
from consent.programme.loading import read_programme
from consent.programme.model import Programme
from kernel.database import Connection, raw
from kernel.errors import Problem
from profiles.refreshing import changed, mark_all_due
from profiles.unit import Schema, Unit

#: Which version is in force; for whoever sends it together with something else.
LATEST = "SELECT max(number) FROM programme_version"
_ONE = "SELECT source, applied_at FROM programme_version WHERE number = %s"
_SOURCES = "SELECT source FROM programme_version ORDER BY number"
_ADD = "INSERT INTO programme_version (number, digest, source, applied_at) VALUES (%s, %s, %s, %s)"


@dataclass(frozen=True)
class Active:
    """A programme version with what is compiled from it, once."""

    version: int
    programme: Programme
    policy: CompiledPolicy
    applied_at: datetime

    @property
    def schema(self) -> Schema:
        controller = self.programme.controller
        return Schema(
            self.version, self.programme.catalogue(), self.programme.zone, controller.country
        )


class Programmes:
    """Applied versions, kept in memory once read: a version never changes."""

    def __init__(self) -> None:
        self._versions: dict[int, Active] = {}

    async def active(self, session: AsyncSession) -> Active:
        """The version in force in this transaction. Raises `NoProgramme` when none ever was."""
        connection = await raw(session)
        row = await (await connection.execute(LATEST)).fetchone()
        return await self.in_force(session, row[0] if row else None)

    async def in_force(self, session: AsyncSession, number: int | None) -> Active:
        """The version that `LATEST` answered with. Raises `NoProgramme` for none."""
        if number is None:
            raise NoProgramme(
                "no programme has been applied yet",
                place="programme",
                remedy="run `tillit programme apply FILE`",
            )
        return await self.version(session, number)

    async def version(self, session: AsyncSession, number: int) -> Active:
        """One applied version, also one no longer in force."""
        if number not in self._versions:
            connection = await raw(session)
            row = await (await connection.execute(_ONE, (number,))).fetchone()
            if row is None:
                raise NoProgramme(f"there is no programme version {number}", place="programme")
            programme = read_programme(row[0])
            self._versions[number] = Active(number, programme, CompiledPolicy(programme), row[1])
        return self._versions[number]


async def notices(session: AsyncSession) -> dict[bytes, str]:
    """Every notice that any version ever showed, by the digest that choices keep (Art. 7(1))."""
    rows = await (await (await raw(session)).execute(_SOURCES)).fetchall()
    return {
        purpose.notice_digest(language): text
        for row in rows
        for purpose in read_programme(row[0]).purposes.values()
        for language, text in purpose.notice.items()
    }


async def _refuse_other_types(connection: Connection, programme: Programme) -> None:
    rows = await (await connection.execute(_SOURCES)).fetchall()
    earlier = {f.name: f.type for row in rows for f in read_programme(row[0]).fields.values()}
    problems = tuple(
        Problem(
            f"fields.{name}.type",
            f"values of {name!r} have been stored as {earlier[name]}",
            "give the new field another name",
        )
        for name, field in programme.fields.items()
        if earlier.get(name, field.type) is not field.type
    )
    if problems:
        raise ProgrammeInvalid.of(problems)


async def apply(unit: Unit, act: Act, programme: Programme, *, before: Active | None) -> int:
    """Put a programme in force from this transaction's commit on; returns its version.

    The same content again changes nothing and keeps its version. Everything that was derived
    under other fields or traits is marked to be computed anew. Raises `ProgrammeInvalid` when a
    field would get another type than it ever had: what is sealed could not be read as that.
    """
    if before is not None and before.programme.digest == programme.digest:
        return before.version
    number = before.version + 1 if before else 1
    connection = await raw(unit.session)
    await _refuse_other_types(connection, programme)
    await connection.execute(_ADD, (number, programme.digest, programme.source, unit.now))
    old = before.programme.catalogue() if before else None
    if old is not None and changed(old, programme.catalogue()):
        await mark_all_due(unit, old=old)
    await unit.record.write(
        unit.session,
        act.entry(
            Kind.PROGRAMME_APPLIED, facts={"version": number, "digest": programme.digest.hex()}
        ),
    )
    return number
