"""Erasure (Art. 17): everything about a member goes, and a certificate says so.

In one transaction: what bookkeeping law keeps goes into its ledger, apart; rows, sets, packages,
proofs, letters, ledger and key go; recipients are put on the list of those to be told. Just before
it commits, the erasure is journalled outside the database. While a legal hold stands, nothing is
done. Idempotent: done again, it finds nobody and changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import col, or_, select

from audit.acts import Act
from audit.browsing import naming
from audit.entries import Fact, rfc3339
from audit.entries import Kind as EntryKind
from consent import guardians
from consent.programmes import Active
from dsar import carrying, holds, identity, outgoing, register, telling, vouchers
from dsar.bookkeeping import books_of
from dsar.carrying import Carried
from dsar.journal import Journal, Line
from dsar.letters import kept as letters
from dsar.letters.cases import Links
from dsar.letters.making import Parting, farewells
from dsar.opendsr import forgetting
from dsar.previews import values_of
from dsar.states import Right, State, Step
from dsar.tables import RequestRow
from kernel.database import before_commit, deleted, raw
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

    async def fulfil(
        self,
        unit: Unit,
        act: Act,
        active: Active,
        requests: Sequence[UUID],
        *,
        certificate_at: Callable[[UUID], str] | None = None,
    ) -> list[UUID]:
        """Erase the members of accepted requests, all or none; returns those carried out.

        `certificate_at`: where the certificate of a request is fetched, for the last letter.
        Not among them is what has been done before, and what a legal hold keeps from being done:
        `dsar.overdue` takes it up again when that has ended. Nor is, of several, what cannot be
        carried out; of one, it raises as `carrying.accepted` does. Some hundreds at most, for they
        are locked while it lasts.
        """
        accepted, broken = await carrying.accepted_each(
            unit, active, requests, rights={Right.ERASURE}
        )
        if broken and len(requests) == 1:
            raise broken[requests[0]]
        # Of two for one member, which nobody could ask for, the first leaves nothing to the other.
        cases = {member.id: (row, member) for row, member in reversed(accepted)}
        held = await holds.standing_each(unit, [member for _, member in cases.values()])
        going = {member.id: (row, member) for row, member in cases.values() if not held[member.id]}
        # While what they said is there: it goes with them.
        known = await telling.known(unit, active, [member for _, member in going.values()])
        parting = [
            _Parting(row.id, row, one, known[one.id], links=_links(row.id, certificate_at))
            for row, one in going.values()
        ]
        if not parting:
            return []
        await self._carry_out(unit, act, active, parting)
        lines = [Line(one.member.id, one.request) for one in parting]

        async def journal() -> None:
            self._journal.append(*lines, at=unit.now)

        # When nothing but the commit can fail any more: should it, start-up erases them.
        before_commit(unit.session, journal, outside=True)
        return [line.request for line in lines]

    async def ready(self, unit: Unit, *, limit: int) -> list[UUID]:
        """Erasures that are approved and wait for no day, the oldest first; locks nothing."""
        waits_until = col(RequestRow.not_before)
        query = (
            select(RequestRow.id)
            .where(col(RequestRow.kind) == Right.ERASURE.value)
            .where(col(RequestRow.state) == State.ACCEPTED.value)
            .where(or_(waits_until.is_(None), waits_until <= unit.now))
            .order_by(col(RequestRow.id))
            .limit(limit)
        )
        return list((await unit.session.execute(query)).scalars())

    def mark(self) -> int:
        """Where an attempt that begins now will be journalled: for `take_back`."""
        return self._journal.mark()

    async def take_back(self, unit: Unit, requests: Sequence[UUID], *, since: int) -> bool:
        """After an attempt that failed: journal that they were not carried out, if that is so.

        Waits for a commit that is still under way, of which nobody was told. `since`: `mark`, when
        the attempt began; what was journalled before is left as it stands, and is not read.
        """
        lines = [line for line in self._journal.lines(since) if line.request in requests]
        there = await members.load(unit, {line.member for line in lines}, lock=True)
        alive = [line for line in lines if line.member in there]
        if alive:
            self._journal.take_back(*alive, at=unit.now)
        return bool(alive)

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
        row = await unit.session.get(RequestRow, request, with_for_update=True)
        if row is not None and not _is_erasure(row):
            row = None  # it is closed with what else they had asked for
        known = await telling.known_of(unit, active, member)
        parting = _Parting(request, row, member, known, journalled=standing[-1].at)
        # One that is over names nobody: who is still named was not erased by it, whatever it says.
        over = row is not None and row.member is None and State(row.state) is State.FULFILLED
        if row is not None and not over:
            row.state = State.ACCEPTED.value
        await self._carry_out(unit, act, active, [parting])
        return True

    async def _cancelled(self, unit: Unit, member: Member, line: Line) -> bool:
        """Whether the record shows it cancelled after its line; no backup from before does."""
        said = await naming(
            unit.session, str(line.request), subject=member.key.subject(), trust=unit.record.trust
        )
        return any(
            entry.facts.get("step") == Step.CANCEL
            and entry.facts.get("request") == str(line.request)
            and line.at is not None
            and entry.at >= line.at
            for entry in said
        )

    async def _carry_out(
        self, unit: Unit, act: Act, active: Active, parting: Sequence["_Parting"]
    ) -> None:
        """Erase them, and take the step in those of their requests that are to be carried out."""
        subjects = {one.request: one.member.key.subject() for one in parting}
        entries = await self._erase(unit, act, active, parting)
        done = []
        for one in parting:
            if one.row is not None and State(one.row.state) is State.ACCEPTED:
                one.row.erased = entries[one.request]
                done.append(Carried(one.row, subjects[one.request], one.known))
        await carrying.carried_each(unit, act, active, done)

    async def _erase(
        self, unit: Unit, act: Act, active: Active, parting: Sequence["_Parting"]
    ) -> dict[UUID, UUID]:
        """The entries of these erasures, by request."""
        kept = {one.request: await _kept(unit, act, active, one) for one in parting}
        stays = {request: one.facts() if one else [] for request, one in kept.items()}
        # While they can still be named, and before what says where to write to is gone.
        last = [
            Parting(one.row, one.member, one.known, stays[one.request], one.links)
            for one in parting
        ]
        await farewells(unit, act, active, last)
        await self._overtake(unit, act, parting)
        gone = await _forgotten(unit, parting)
        people = [one.member for one in parting]
        destroyed = await destroy(unit, people, self._power)
        # The ledger can only be deleted once the key is gone: see migration 0004.
        ledger = await _ledger_erased(unit, people)
        entries = []
        for one in parting:
            id, books = one.member.id, kept[one.request]
            rows = {**destroyed[id].rows, **{what: count[id] for what, count in gone.items()}}
            rows |= {"value": values_of(one.member), "ledger": ledger[id]}
            if books is not None and books.unreadable:
                rows["unreadable"] = books.unreadable
            facts: dict[str, Fact] = {
                "request": str(one.request),
                "key": destroyed[id].key,
                "epoch": unit.epoch.number,
                "rows": rows,
                "kept": stays[one.request],
            }
            if one.journalled is not None:
                facts["journalled"] = rfc3339(one.journalled)
            subject = one.member.key.subject()
            entries.append(act.entry(EntryKind.MEMBER_ERASED, subject=subject, facts=facts))
        written = await unit.record.write_many(unit.session, entries)
        return {one.request: entry for one, entry in zip(parting, written, strict=True)}

    async def _overtake(self, unit: Unit, act: Act, parting: Sequence["_Parting"]) -> None:
        """What else they had asked for cannot be answered any more: there is nobody left."""
        people = {one.member.id: one.member for one in parting}
        query = (
            select(RequestRow)
            .where(col(RequestRow.member).in_(people))
            .where(col(RequestRow.id).not_in([one.request for one in parting if one.row]))
            .order_by(col(RequestRow.id))
            .with_for_update()
        )
        others = (await unit.session.execute(query)).scalars().all()
        await carrying.overtake(
            unit, act, [(row, people[row.member]) for row in others if row.member is not None]
        )
        await unit.session.flush()


@dataclass(frozen=True)
class _Parting:
    """Somebody who is being erased, by which request, and how recipients may know them.

    `row`: None where a restored backup is older than the request, and where it says no more that
    this is an erasure: then it takes no step of one, for the audit to name. `journalled`: when, of
    one that is erased again by the journal.
    """

    request: UUID
    row: RequestRow | None
    member: Member
    known: telling.Known = field(repr=False)
    journalled: datetime | None = None
    links: Links = field(default_factory=Links)


def _links(request: UUID, certificate_at: Callable[[UUID], str] | None) -> Links:
    return Links(certificate=None if certificate_at is None else certificate_at(request))


def _is_erasure(row: RequestRow) -> bool:
    return register.readable(row) and Right(row.kind) is Right.ERASURE


async def _kept(unit: Unit, act: Act, active: Active, one: _Parting) -> vouchers.Staying | None:
    """What goes into the bookkeeping ledger of them, where the programme has one."""
    if (books := books_of(active.programme)) is None:
        return None
    return await vouchers.keep(unit, act, one.member, books, request=one.request)


async def _forgotten(unit: Unit, parting: Sequence[_Parting]) -> dict[str, dict[UUID, int]]:
    """Everything that other rooms keep of them is deleted: how many rows, by what and of whom."""
    people = [one.member for one in parting]
    ids = [one.id for one in people]
    gone = {
        "package": await deleted(unit.session, "package", "member", ids),
        "identity": await identity.forget(unit, ids),
        "outgoing": await outgoing.forget(unit, ids),
        "letter": await letters.forget(unit, ids),
        "guardianship": await guardians.forget(unit, people),
        "hold": await holds.forget(unit, ids),
    }
    await forgetting.forget(unit, [one.known.identities for one in parting])
    return gone


async def _ledger_erased(unit: Unit, people: Sequence[Member]) -> dict[UUID, int]:
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT member, tillit_erase_ledger(member) FROM unnest(%b::uuid[]) AS gone (member)",
        ([one.id for one in people],),
        binary=True,
    )
    return dict(await cursor.fetchall())
