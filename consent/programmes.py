"""The programme in force: applied versions, and the one that answers are given under.

A version says who may do what, so each is signed with the record's key when it is applied, and
none is obeyed unsigned: a row that somebody slipped into the database gives nobody a right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from audit.acts import Act
from audit.entries import Kind, rfc3339
from audit.notes import Signer
from consent.errors import NoProgramme, ProgrammeInvalid
from consent.footing import Footing, footings_of
from consent.policy import CompiledPolicy
from consent.programme.loading import read_programme
from consent.programme.model import Programme
from consent.programme.rules_change import refuse_silent_changes
from kernel.database import Connection, raw
from kernel.errors import Problem, Unavailable
from profiles.refreshing import changed, mark_all_due
from profiles.unit import Schema, Unit

#: Which version is in force; for whoever sends it together with something else.
LATEST = "SELECT max(number) FROM programme_version"
_ONE = "SELECT digest, source, applied_at, signature FROM programme_version WHERE number = %s"
_SOURCES = "SELECT source FROM programme_version ORDER BY number"
_ADD = (
    "INSERT INTO programme_version (number, digest, source, applied_at, signature) "
    "VALUES (%s, %s, %s, %s, %s)"
)

#: Gives the record's signer of that name; reads its key, which no rotation of epochs changes.
Signers = Callable[[str], Signer]


@dataclass(frozen=True)
class Active:
    """A programme version with what is compiled from it, once."""

    version: int
    programme: Programme
    policy: CompiledPolicy
    applied_at: datetime
    footings: Mapping[str, Footing] = field(default_factory=dict, repr=False)
    earlier: Mapping[int, "Active"] = field(default_factory=dict, repr=False)

    @property
    def schema(self) -> Schema:
        controller = self.programme.controller
        return Schema(
            self.version, self.programme.catalogue(), self.programme.zone, controller.country
        )

    def at(self, version: int | None) -> "Active":
        """This version, or the one before it with that number; this one for an unknown number."""
        return self if version is None else self.earlier.get(version, self)

    def footing(self, purpose: str) -> Footing:
        """What the purpose stands on. Raises `UnknownPurpose`."""
        return self.footings[self.programme.purpose(purpose).name]


class Programmes:
    """Applied versions, kept in memory once read: a version never changes."""

    def __init__(self, signers: Signers) -> None:
        self._signers = signers
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
        """One applied version, also one no longer in force. Raises as `read` when first read."""
        if number not in self._versions:
            self._versions[number] = await self.read(session, number)
        return self._versions[number]

    async def read(self, session: AsyncSession, number: int) -> Active:
        """The version as it is stored now, whatever is in memory.

        Raises `NoProgramme` for one that is not there, and `Unavailable` for one that was not
        signed with the record's key as it stands: then nothing is answered under it.
        """
        row = await (await (await raw(session)).execute(_ONE, (number,))).fetchone()
        if row is None:
            raise NoProgramme(f"there is no programme version {number}", place="programme")
        digest, source, applied_at, signature = row
        programme = read_programme(source)
        signer = self._signers(programme.origin)
        said = signed_bytes(number=number, programme=programme, at=applied_at)
        if digest != programme.digest or not signer.key.verifies(signature, said):
            raise Unavailable(
                f"version {number} was not signed with the record's key",
                place="programme_version",
                remedy="somebody has changed the table, or TILLIT_RECORD_KEY is another key",
            )
        earlier = await self._earlier(session, number)
        policy = CompiledPolicy(programme)
        footings = footings_of(programme, [one.programme for one in earlier.values()])
        return Active(number, programme, policy, applied_at, footings, earlier)

    async def _earlier(self, session: AsyncSession, number: int) -> dict[int, Active]:
        """The versions before that one.

        One that cannot be trusted vouches for no consent and is left out; `check` reports it.
        """
        earlier = {}
        for before in range(1, number):
            try:
                earlier[before] = await self.version(session, before)
            except (NoProgramme, ProgrammeInvalid, Unavailable):
                continue
        return earlier


def signed_bytes(*, number: int, programme: Programme, at: datetime) -> bytes:
    """What the signature of a version covers.

    The first line has spaces, which no log's name has: these bytes are never a checkpoint.
    """
    text = f"tillit programme version v1\n{number}\n{programme.digest.hex()}\n{rfc3339(at)}\n"
    return text.encode() + programme.source.encode()


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


async def apply(
    unit: Unit, act: Act, programme: Programme, *, before: Active | None, signers: Signers
) -> int:
    """Put a programme in force from this transaction's commit on; returns its version.

    The same content again changes nothing and keeps its version. Everything that was derived
    under other fields or traits is marked to be computed anew. Raises `ProgrammeInvalid` when a
    field would get another type than it ever had: what is sealed could not be read as that; and
    when a purpose's legal basis is changed in silence (Art. 13).
    """
    if before is not None and before.programme.digest == programme.digest:
        return before.version
    number = before.version + 1 if before else 1
    connection = await raw(unit.session)
    await _refuse_other_types(connection, programme)
    if before is not None:
        earlier = [one.programme for one in before.earlier.values()]
        refuse_silent_changes(before.programme, programme, earlier=earlier)
    said = signed_bytes(number=number, programme=programme, at=unit.now)
    signature = signers(programme.origin).sign(said)
    await connection.execute(
        _ADD, (number, programme.digest, programme.source, unit.now, signature)
    )
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
