"""Wiring: every door starts here, and only here are settings read and keys put in place."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from api.mail import Sends, mail_of
from api.settings import Settings
from audit.acts import Act
from audit.entries import ActorType, Kind
from audit.errors import RecordTampered
from audit.integrator import integrate
from audit.memory import CheckpointFile
from audit.notes import Signer
from audit.record import Record
from audit.strangers import strangers
from consent.errors import NoProgramme
from consent.figures import kept as figures
from consent.gate import Gate
from consent.programme import Programme
from consent.programmes import LATEST, Active, Programmes, apply
from dsar import outgoing, overdue, vouchers
from dsar.breaches import resealing
from dsar.erasure import Erasure
from dsar.journal import Journal
from dsar.opendsr import handed
from dsar.opendsr.signing import Seal, our_seal
from kernel.clock import Clock, SystemClock
from kernel.database import Database, raw
from kernel.errors import Problem, TillitError, Unavailable
from kernel.postgres import private_server
from migrations import check_current, upgrade
from profiles.epochs import EpochFiles
from profiles.erasing import DestroyKeys
from profiles.keyring import PIN, Keyring
from profiles.labels import Label
from profiles.replica import Replica
from profiles.roots import FileRootKey
from profiles.rotation import Rotated, hold, rotate
from profiles.secret_files import secret_file
from profiles.unit import Schema, Unit

SYSTEM = Act(ActorType.SYSTEM, "tillit")
_log = structlog.get_logger("tillit")


@dataclass(frozen=True)
class Work:
    """One unit of work at a door: the unit domain functions take, and the programme in force."""

    unit: Unit
    active: Active

    @property
    def session(self) -> AsyncSession:
        return self.unit.session


class Tillit:
    """One running process: its database, keys, replica, gate and queue. Make it with `opened`."""

    def __init__(self, settings: Settings, url: str, clock: Clock) -> None:
        self.settings = settings
        self.url = url
        self.clock = clock
        self.database = Database(url)
        self.keyring = Keyring(
            FileRootKey(settings.root_key), EpochFiles(settings.root_key.parent), clock
        )
        self.programmes = Programmes(self._signs_as)
        self.record = Record(
            lambda: self.keyring.live.derive(Label.AUDIT_MAC),
            clock,
            public=lambda: self._signs_as("record").key.public,
        )
        self.replica = Replica(url, self.keyring)
        self.gate = Gate(self.replica)
        self.erasure = Erasure(DestroyKeys(), Journal(settings.journal))
        self.checkpoint = CheckpointFile(settings.checkpoint)
        #: What letters are handed to; None when the settings name no mail server.
        self.mail: Sends | None = mail_of(settings.mail)
        self._signer: Signer | None = None
        self._seal: Seal | None = None

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Work]:
        """One transaction under the programme in force. Raises `NoProgramme` before the first."""
        async with self.database.transaction() as session:
            connection = await raw(session)
            # Sent together, run in turn: the programme is looked up when the pin is held.
            async with connection.pipeline():
                pinned = await connection.execute(PIN)
                latest = await connection.execute(LATEST)
                epoch_number, version = await pinned.fetchone(), await latest.fetchone()
            epoch = await self.keyring.use(connection, epoch_number[0] if epoch_number else None)
            active = await self.programmes.in_force(session, version[0] if version else None)
            yield Work(Unit(session, epoch, self.record, active.schema, self.clock.now()), active)

    async def apply(self, act: Act, programme: Programme) -> int:
        """Put a programme in force, also the first one; returns its version."""
        async with self.database.transaction() as session:
            # Nothing is written under the programme before while its successor is applied:
            # it would be derived the old way, and nobody would know.
            await self.keyring.alone(session)
            epoch = await self.keyring.pin(session)
            try:
                before = await self.programmes.active(session)
            except NoProgramme:
                before = None
            version = before.version + 1 if before else 1
            schema = Schema(
                version, programme.catalogue(), programme.zone, programme.controller.country
            )
            unit = Unit(session, epoch, self.record, schema, self.clock.now())
            return await apply(unit, act, programme, before=before, signers=self._signs_as)

    async def signer(self, session: AsyncSession | None = None) -> Signer:
        """What signs the record: its name is the programme's origin, fixed by the first version.

        Whoever is inside a transaction gives its `session`: waiting for a second connection
        while holding one is how a pool comes to a standstill.
        """
        if self._signer is None:
            if session is None:
                async with self.database.transaction() as own:
                    return await self.signer(own)
            latest = await (await (await raw(session)).execute(LATEST)).fetchone()
            # The first alone: a forged version after it must not keep the check from running.
            first = await self.programmes.in_force(session, 1 if latest and latest[0] else None)
            self._signer = self._signs_as(first.programme.origin)
        return self._signer

    async def seal(self) -> Seal:
        """What signs for other companies (OpenDSR 2.0), as the domain that members reach us at.

        The first one ever takes a second: its key is made.
        """
        if self._seal is None:
            domain = urlsplit(self.settings.public_url).hostname or ""
            folder, now = self.settings.data / "keys", self.clock.now()
            self._seal = await asyncio.to_thread(our_seal, folder, domain, now=now)
        return self._seal

    def _signs_as(self, name: str) -> Signer:
        return Signer(name=name, seed=secret_file(self.settings.record_key))

    async def integrate(self) -> int:
        """Give pending entries their leaf numbers and sign a checkpoint; returns how many."""
        try:
            signer = await self.signer()
        except NoProgramme:
            return 0
        total = 0
        while True:
            notes: list[str] = []
            remembered = await asyncio.to_thread(self.checkpoint.recall)
            async with self.database.transaction() as session:
                epoch = await self.keyring.pin(session)
                taken = await integrate(
                    session,
                    mac_keys=[epoch.derive(Label.AUDIT_MAC)],
                    signer=signer,
                    clock=self.clock,
                    remembered=remembered,
                    signed=notes.append,
                )
            await self._remember(notes)
            total += taken
            if not taken:
                return total

    async def _remember(self, notes: Sequence[str]) -> None:
        """Keep what was signed last, now that it has committed."""
        for note in notes[-1:]:
            await asyncio.to_thread(self.checkpoint.remember, note)

    async def rotate(self, act: Act) -> Rotated:
        """A new key epoch; the old one's key is destroyed. Everybody else waits meanwhile."""
        signer = await self.signer()
        notes: list[str] = []
        remembered = await asyncio.to_thread(self.checkpoint.recall)
        async with self.database.transaction() as session:
            await hold(session)
            connection = await raw(session)
            await self.keyring.refresh(connection)
            mac_keys = [self.keyring.live.derive(Label.AUDIT_MAC)]
            while await integrate(
                session,
                mac_keys=mac_keys,
                signer=signer,
                clock=self.clock,
                remembered=remembered,
                signed=notes.append,
            ):
                pass
            active = await self.programmes.active(session)
            rotated = await rotate(
                session,
                self.keyring,
                active.schema,
                self.clock,
                also=[
                    figures.reseal,
                    outgoing.reseal,
                    handed.reseal,
                    vouchers.reseal,
                    resealing.reseal,
                ],
            )
            facts = {"epoch": rotated.epoch, "members": rotated.members}
            await self.record.write(session, act.entry(Kind.KEYS_ROTATED, facts=facts))
            await overdue.horizons(session)
        await self.bury()
        await self._remember(notes)
        return rotated

    async def bury(self) -> None:
        """Delete the keys of epochs that are over."""
        async with self.database.transaction() as session:
            await self.keyring.bury(session)

    async def open_keys(self) -> None:
        """Refuse to start with keys that do not open this database; finish a rotation cut off."""
        async with self.database.transaction() as session:
            await self.keyring.refresh(await raw(session))
        await self.bury()

    async def erase_revived(self) -> None:
        """Nobody who was erased is served again, whatever a restore has brought back.

        One at a time, so that one who cannot be erased keeps nobody else from it. Raises
        `Unavailable` when there is such a one: they must not be served.
        """
        if not self.erasure.journalled():
            return
        try:
            async with self.unit() as work:
                revived = await self.erasure.revived(work.unit)
        except NoProgramme:
            return
        failed: list[Problem] = []
        for lines in revived:
            request = str(lines[-1].request)
            try:
                async with self.unit() as work:
                    done = await self.erasure.erase_again(work.unit, SYSTEM, work.active, lines)
            except Exception as error:
                # Whatever it is: the others are erased first, and then nothing is served.
                why = _why(error)
                _log.error("not_erased_again", request=request, why=why)
                slipped_in = await self._slipped_in(error)
                failed.append(_not_erased(request, why, slipped_in))
            else:
                _log.warning("erased_again" if done else "erasure_spared", request=request)
        if failed:
            raise Unavailable.of(tuple(failed))

    async def _slipped_in(self, error: Exception) -> list[UUID]:
        """The entries that stand in the way and can be shown not to be ours, if that is why."""
        if not isinstance(error, RecordTampered):
            return []
        try:
            entry = UUID(error.problems[0].place)
        except ValueError:  # it is about no one entry
            return []
        async with self.database.transaction() as session:
            return await strangers(session, entry, trust=self.record.trust)

    async def close(self) -> None:
        await self.replica.close()
        await self.database.close()


def _why(error: Exception) -> str:
    """Of an error that is not ours the kind alone: its text may be about a person."""
    if not isinstance(error, TillitError):
        return type(error).__name__
    problem = error.problems[0]
    return f"{problem.place}: {problem.message}" if problem.place else problem.message


def _not_erased(request: str, why: str, slipped_in: Sequence[UUID]) -> Problem:
    """Why the store stays closed, and how it is opened."""
    if slipped_in:
        named = " and ".join(str(entry) for entry in slipped_in)
        return Problem(
            f"request {request}",
            f"its member was erased, is in the database, and cannot be erased again ({why})",
            f"entry {named} was slipped in: it has no leaf number, does not wait for one, and its "
            "hash is no leaf of the signed log. Keep a copy, delete it from audit_subject, "
            "audit_detail and audit_entry as decision 9 says, and start again; "
            "until then nobody is served",
        )
    return Problem(
        f"request {request}",
        f"its member was erased, is in the database, and cannot be erased again ({why})",
        "put their rows back from a backup in which they are whole, and start again; "
        "until then nobody is served",
    )


@asynccontextmanager
async def opened(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Tillit]:
    """A process that is ready to serve; closed when the block ends.

    Starts the private PostgreSQL when no server is set, and brings that one's schema up to
    date; another server's schema is only checked. Raises `Unavailable` or `CannotOpen` for a
    state it must not serve from.
    """
    if settings.database_url is None:
        url = private_server(settings.data / "postgres")
        upgrade(url)
    else:
        url = settings.database_url
        check_current(url)
    tillit = Tillit(settings, url, clock or SystemClock())
    try:
        await tillit.open_keys()
        await tillit.erase_revived()
        yield tillit
    finally:
        await tillit.close()
