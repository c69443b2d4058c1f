"""Erasure (Art. 17): everything about a member goes, and a certificate says so.

In one transaction: what bookkeeping law keeps goes into its ledger, apart; rows, sets, packages,
proofs, letters, ledger and key go; recipients are put on the list of those to be told. Just before
it commits, the erasure is journalled outside the database. While a legal hold stands, nothing is
done. Idempotent: done again, it finds nobody and changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from audit.acts import Act
from audit.browsing import naming
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent import guardians
from consent.programmes import Active
from dsar import carrying, holds, identity, outgoing, telling, vouchers
from dsar.bookkeeping import books_of
from dsar.journal import Journal, Line
from dsar.letters import kept as letters
from dsar.letters.making import farewell
from dsar.opendsr import forgetting
from dsar.previews import values_of
from dsar.states import State, Step
from dsar.tables import RequestRow
from kernel.database import before_commit, raw
from kernel.errors import Unavailable
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
        if (found := await carrying.accepted(unit, active, request)) is None:
            return False
        row, member = found
        if await holds.standing(unit, member):
            return False
        subject, known = member.key.subject(), telling.identities(unit, member)
        row.erased = await self._erase(unit, act, active, member, request=request, known=known)
        await carrying.carried(unit, act, active, row, subject=subject, identities=known)
        line = Line(member.id, request)

        async def journal() -> None:
            self._journal.append(line, at=unit.now)

        # When nothing but the commit can fail any more: should it, start-up erases them.
        before_commit(unit.session, journal, outside=True)
        return True

    async def take_back(self, unit: Unit, request: UUID, *, since: datetime) -> bool:
        """After an attempt that failed: journal that it was not carried out, if that is so.

        Waits for a commit that is still under way, of which nobody was told. `since`: when the
        attempt began; what was journalled before is left as it stands.
        """
        for line in self._journal.lines():
            if line.request == request and line.at is not None and line.at >= since:
                if not await members.load(unit, [line.member], lock=True):
                    return False
                self._journal.take_back(line, at=unit.now)
                return True
        return False

    def journalled(self) -> bool:
        """Whether anybody was ever erased. Raises `Unavailable` as `revived` does."""
        return bool(self._journal.lines())

    async def revived(self, unit: Unit) -> list[list[Line]]:
        """Who is journalled and yet there, each with their lines, the oldest first.

        After a crash between journal and commit, or after a backup was restored. Raises
        `Unavailable` when the journal cannot be read.
        """
        lines: dict[UUID, list[Line]] = {}
        for line in self._journal.lines():
            lines.setdefault(line.member, []).append(line)
        there = await members.present(unit, lines)
        return [lines[member] for member in sorted(there)]

    async def erase_again(
        self, unit: Unit, act: Act, active: Active, lines: Sequence[Line]
    ) -> bool:
        """Erase one of those again; before anything is served. False for who is to be spared.

        Recipients are told again: it cannot be known here whether they were, and they know the
        word by its id. Spared is whose erasure never committed and is not to be done now: it was
        cancelled after its line was written, or waits, as approved, for a legal hold that was
        placed after it. Raises `Unavailable` or `CannotOpen` for who cannot be opened.
        """
        id = lines[0].member
        member = (await members.load(unit, [id], lock=True)).get(id)
        if member is None:
            if await members.present(unit, [id]):
                raise Unavailable("their key is missing", place="member_key")
            return False  # another process was faster
        standing = []
        for line in lines:
            if await self._cancelled(unit, member, line):
                self._journal.take_back(line, at=unit.now)  # so that no older backup forgets it
            else:
                standing.append(line)
        if not standing or await holds.placed_since(unit, member, standing[-1].at):
            return False
        request = standing[-1].request
        subject, known = member.key.subject(), telling.identities(unit, member)
        entry = await self._erase(unit, act, active, member, request=request, known=known)
        row = await unit.session.get(RequestRow, request, with_for_update=True)
        # Older than the request, a backup has no row to close.
        if row is not None and State(row.state) is not State.FULFILLED:
            row.state, row.erased = State.ACCEPTED.value, entry
            await carrying.carried(unit, act, active, row, subject=subject, identities=known)
        return True

    async def _cancelled(self, unit: Unit, member: Member, line: Line) -> bool:
        """Whether the record shows it cancelled after its line; no backup from before does."""
        said = await naming(unit.session, str(line.request), subject=member.key.subject())
        return any(
            entry.facts.get("step") == Step.CANCEL
            and entry.facts.get("request") == str(line.request)
            and line.at is not None
            and entry.at >= line.at
            for entry in said
        )

    async def _erase(
        self,
        unit: Unit,
        act: Act,
        active: Active,
        member: Member,
        *,
        request: UUID,
        known: telling.Identities,
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
        if kept and kept.unreadable:
            rows["unreadable"] = kept.unreadable
        await forgetting.forget(unit, known)
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
