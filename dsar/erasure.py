"""Erasure (Art. 17): everything about a member goes, and a certificate says so.

In one transaction: rows, sets, packages, ledger and key. Before it commits, the erasure is
journalled outside the database. Idempotent: done again, it finds nobody and changes nothing.
"""

from uuid import UUID

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent import guardians
from dsar import requests
from dsar.journal import Journal, Line
from kernel.database import raw
from kernel.jobs import enqueue
from profiles import members
from profiles.erasing import DestroyKeys, destroy
from profiles.members import Member
from profiles.unit import Unit

CERTIFICATE_JOB = "request.certificate"


class Erasure:
    """Carries out erasures; the one holder of the power to destroy keys."""

    def __init__(self, power: DestroyKeys, journal: Journal) -> None:
        self._power = power
        self._journal = journal

    async def fulfil(self, unit: Unit, act: Act, request: UUID) -> bool:
        """Erase the member of an accepted request; False when that has been done before."""
        asked = await requests.accepted(unit, request)
        if asked is None or asked.member is None:
            return False
        member = await members.one(unit, asked.member, lock=True)
        # Journalled first: should the commit fail, start-up erases them, as was decided.
        self._journal.append(Line(member.id, request), at=unit.now)
        subject = member.key.subject()
        entry = await self._erase(unit, act, member, request)
        await requests.fulfil(unit, act, request, subject=subject)
        await _certify(unit, request, entry)
        return True

    def journalled(self) -> bool:
        """Whether anybody was ever erased. Raises `Unavailable` as `erase_revived` does."""
        return bool(self._journal.lines())

    async def erase_revived(self, unit: Unit, act: Act) -> int:
        """Erase again whoever is journalled and yet there; before anything is served.

        After a crash between journal and commit, or after a backup was restored. Returns how
        many. Raises `Unavailable` when the journal cannot be read.
        """
        lines = {line.member: line for line in self._journal.lines()}
        revived = await members.load(unit, list(lines), lock=True)
        for member in revived.values():
            request = lines[member.id].request
            subject = member.key.subject()
            entry = await self._erase(unit, act, member, request)
            if await requests.fulfil_again(unit, act, request, subject=subject):
                await _certify(unit, request, entry)
        return len(revived)

    async def _erase(self, unit: Unit, act: Act, member: Member, request: UUID) -> UUID:
        connection = await raw(unit.session)
        subject = member.key.subject()
        packages = await connection.execute("DELETE FROM package WHERE member = %s", (member.id,))
        kin = await guardians.forget(unit, member)
        destroyed = await destroy(unit, member, self._power)
        # The ledger can only be deleted once the key is gone: see migration 0004.
        ledger = await (
            await connection.execute("SELECT tillit_erase_ledger(%s)", (member.id,))
        ).fetchone()
        assert ledger is not None
        facts: dict[str, Fact] = {
            "request": str(request),
            "key": destroyed.key,
            "rows": {
                **destroyed.rows,
                "package": packages.rowcount,
                "ledger": ledger[0],
                "guardianship": kin,
            },
        }
        entry = await unit.record.write(
            unit.session, act.entry(EntryKind.MEMBER_ERASED, subject=subject, facts=facts)
        )
        # What else they had asked for cannot be answered any more: there is nobody left.
        await connection.execute(
            "UPDATE request SET member = NULL, approval = NULL, "
            "closed_at = coalesce(closed_at, %s), "
            "state = CASE WHEN closed_at IS NULL THEN 'rejected' ELSE state END "
            "WHERE member = %s AND id <> %s",
            (unit.now, member.id, request),
        )
        return entry


async def _certify(unit: Unit, request: UUID, entry: UUID) -> None:
    await enqueue(unit.session, CERTIFICATE_JOB, request=str(request), entry=str(entry))
