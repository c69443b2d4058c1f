"""Erasure (Art. 17): everything about a member goes, and a certificate says so.

In one transaction: what bookkeeping law keeps goes into its ledger, apart; rows, sets, packages,
proofs, letters, ledger and key go; recipients are put on the list of those to be told. Before it
commits, the erasure is journalled outside the database. While a legal hold stands, nothing is
done. Idempotent: done again, it finds nobody and changes nothing.
"""

from uuid import UUID

from sqlmodel import col, select

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent import guardians
from consent.programmes import Active
from dsar import carrying, holds, identity, outgoing, telling, vouchers
from dsar.bookkeeping import books_of
from dsar.journal import Journal, Line
from dsar.letters import kept as letters
from dsar.letters.making import farewell
from dsar.previews import values_of
from dsar.states import State
from dsar.tables import RequestRow
from kernel.database import raw
from profiles import members
from profiles.erasing import DestroyKeys, destroy
from profiles.members import Member
from profiles.unit import Unit


class Erasure:
    """Carries out erasures; the one holder of the power to destroy keys."""

    def __init__(self, power: DestroyKeys, journal: Journal) -> None:
        self._power = power
        self._journal = journal

    async def fulfil(self, unit: Unit, act: Act, active: Active, request: UUID) -> bool:
        """Erase the member of an accepted request; False when that has been done before.

        False too while a legal hold stands: `dsar.overdue` takes it up again when that has ended.
        """
        if (found := await carrying.accepted(unit, request)) is None:
            return False
        row, member = found
        if await holds.standing(unit, member):
            return False
        # Journalled first: should the commit fail, start-up erases them, as was decided.
        self._journal.append(Line(member.id, request), at=unit.now)
        subject, known = member.key.subject(), telling.identities(unit, member)
        row.erased = await self._erase(unit, act, active, member, request=request)
        await carrying.carried(unit, act, active, row, subject=subject, identities=known)
        return True

    def journalled(self) -> bool:
        """Whether anybody was ever erased. Raises `Unavailable` as `erase_revived` does."""
        return bool(self._journal.lines())

    async def erase_revived(self, unit: Unit, act: Act, active: Active) -> int:
        """Erase again whoever is journalled and yet there; before anything is served.

        After a crash between journal and commit, or after a backup was restored. Recipients are
        told again: it cannot be known here whether they were, and they know the word by its id.
        One cut off before its commit, upon whom another process has put a legal hold since, is
        left to wait as approved. Returns how many. Raises `Unavailable` when the journal cannot be
        read.
        """
        lines = {line.member: line for line in self._journal.lines()}
        revived = await members.load(unit, list(lines), lock=True)
        count = 0
        for member in revived.values():
            if await holds.placed_since(unit, member, lines[member.id].at):
                continue
            count += 1
            request = lines[member.id].request
            subject, known = member.key.subject(), telling.identities(unit, member)
            entry = await self._erase(unit, act, active, member, request=request)
            row = await unit.session.get(RequestRow, request, with_for_update=True)
            # Older than the request, a backup has no row to close.
            if row is not None and State(row.state) is not State.FULFILLED:
                row.state, row.erased = State.ACCEPTED.value, entry
                await carrying.carried(unit, act, active, row, subject=subject, identities=known)
        return count

    async def _erase(
        self, unit: Unit, act: Act, active: Active, member: Member, *, request: UUID
    ) -> UUID:
        connection = await raw(unit.session)
        subject = member.key.subject()
        books = books_of(active.programme)
        kept = await vouchers.keep(unit, act, member, books, request=request) if books else None
        stays = kept.facts() if kept else []
        # While the member can still be named, and before what says where to write to is gone.
        await farewell(unit, act, active, request, member, stays=stays)
        await self._overtake(unit, act, member, request)
        packages = await connection.execute("DELETE FROM package WHERE member = %s", (member.id,))
        rows = {
            "package": packages.rowcount,
            "identity": await identity.forget(unit, member.id),
            "outgoing": await outgoing.forget(unit, member.id),
            "letter": await letters.forget(unit, member.id),
            "guardianship": await guardians.forget(unit, member),
            "hold": await holds.forget(unit, member.id),
            "value": values_of(member),
        }
        destroyed = await destroy(unit, member, self._power)
        # The ledger can only be deleted once the key is gone: see migration 0004.
        ledger = await (
            await connection.execute("SELECT tillit_erase_ledger(%s)", (member.id,))
        ).fetchone()
        assert ledger is not None
        facts: dict[str, Fact] = {
            "request": str(request),
            "key": destroyed.key,
            "epoch": unit.epoch.number,
            "rows": {**destroyed.rows, **rows, "ledger": ledger[0]},
            "kept": stays,
        }
        return await unit.record.write(
            unit.session, act.entry(EntryKind.MEMBER_ERASED, subject=subject, facts=facts)
        )

    async def _overtake(self, unit: Unit, act: Act, member: Member, request: UUID) -> None:
        """What else they had asked for cannot be answered any more: there is nobody left."""
        query = (
            select(RequestRow)
            .where(col(RequestRow.member) == member.id)
            .where(col(RequestRow.id) != request)
            .with_for_update()
        )
        others = (await unit.session.execute(query)).scalars().all()
        await carrying.overtake(unit, act, member.id, others)
        await unit.session.flush()
