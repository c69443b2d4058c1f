"""Past uses and decisions asked again, of every member there is: what a draft would flip.

Opens the ledgers and birth dates of members, some hundreds at a time, and no other value. Writes
nothing: whoever calls it puts on record that it happened, before telling anybody what came of it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from pyroaring import BitMap

from audit.acts import Act
from audit.entries import Entry, Fact, Kind, rfc3339
from consent import ledger
from consent.footprints import EVERYBODY, open_sets
from consent.programme import Programme
from consent.programmes import Active
from consent.replay.hindsight import Judge, Life
from consent.replay.past_scanning import Past, past, uses_of_each
from consent.replay.past_uses import PastQuestion, Span
from consent.replay.reasking import Reasking, Shared, Sink
from consent.replay.tallying import OneMember, Tally
from kernel.database import raw
from kernel.ids import made_at
from profiles.changes import SHARD_BITS, SHARD_SIZE
from profiles.errors import ProfilesError
from profiles.members import load
from profiles.unit import Unit

_BATCH = 500
_IDS = "SELECT id FROM member WHERE ordinal >= %s AND ordinal < %s ORDER BY ordinal"
_SHARDS = "SELECT number FROM shard ORDER BY number"
_NOBODY = BitMap()

#: Told how far it is: the stage, how many of how many.
Progress = Callable[[str, int, int | None], None]
_Sets = Mapping[bytes, BitMap | None]


@dataclass
class Replayed:
    """What came of a replay.

    `entries` of the record were meant, `questions` of them about many. `refused`: how many
    questions the draft's policy would newly refuse, by kind, service, purpose and reason.
    `miscounted`: questions whose permission or counts on record do not follow.
    `left_out`: why answers could not be asked again, and how many.
    """

    span: Span
    entries: int = 0
    questions: int = 0
    refused: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    miscounted: list[UUID] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        """Whether every answer that was asked again came out as it is on record."""
        return not self.tally.wrong and not self.miscounted

    def entry(self, act: Act, *, draft: Programme | None, lines: bool) -> Entry:
        """What puts the replay on record: counts, and whether a file names members. Its subject
        is everybody, because everybody's ledger was opened."""
        tally = self.tally
        facts: dict[str, Fact] = {
            "since": rfc3339(self.span.since),
            "until": rfc3339(self.span.until),
            "draft": draft.digest.hex() if draft else None,
            "replayed": tally.replayed,
            "wrong": sum(one.answers for one in tally.wrong.values()) + len(self.miscounted),
            "yes_to_no": tally.total("yes_to_no").answers,
            "no_to_yes": tally.total("no_to_yes").answers,
            "lines": int(lines),
        }
        return act.entry(Kind.POLICY_REPLAYED, subject=EVERYBODY, facts=facts)


def _nobody_watches(stage: str, done: int, total: int | None) -> None:
    """No progress is shown."""


async def replay(
    unit: Unit,
    active: Active,
    span: Span,
    *,
    draft: Programme | None = None,
    sink: Sink | None = None,
    progress: Progress = _nobody_watches,
) -> Replayed:
    """Ask everything in the span again; without a draft, only whether it was answered rightly.

    `unit` should see one moment (REPEATABLE READ), or what is written meanwhile is half seen.
    Holds the questions about many in memory, one batch of members, and a page of entries.
    """
    found = Past()
    async for found in past(unit, span):
        progress("Entries", found.entries, None)
    run = _Run(unit, active, found, span, draft=draft, sink=sink)
    await run.everybody(progress)
    return run.result()


class _Run:
    """One replay under way."""

    def __init__(
        self,
        unit: Unit,
        active: Active,
        found: Past,
        span: Span,
        *,
        draft: Programme | None,
        sink: Sink | None,
    ) -> None:
        self._unit, self._span, self._past = unit, span, found
        versions = (active, *active.earlier.values())
        judges = {one.version: Judge(one) for one in versions}
        self._draft = Judge.draft(draft, active) if draft else None
        self._out = Replayed(span, found.entries, len(found.questions))
        self._tally = self._out.tally
        zone = unit.schema.zone
        self._asking = Reasking(judges, self._tally, zone, draft=self._draft, sink=sink)
        self._shared = list(self._prepared(found.questions))

    def _prepared(self, questions: Sequence[PastQuestion]) -> Iterator[Shared]:
        """Each question with its judge; the policy's part is the same for every member."""
        groups: dict[object, int] = {}
        for one in sorted(questions, key=lambda question: (question.at, question.entry)):
            judge = self._asking.judge(one)
            if judge is None:
                self._tally.left_out["version_unknown"] += 1
                continue
            day = one.at.astimezone(self._unit.schema.zone).date()
            if one.asked.expression is not None and judge.refusal(one.asked, day) is not None:
                self._out.miscounted.append(one.entry)
                continue
            refusal = self._draft.refusal(one.asked, day) if self._draft else None
            if refusal is not None and judge.refusal(one.asked, day) is None:
                told = (one.kind, one.asked.service, one.asked.purpose, refusal.reason)
                self._out.refused[told] += 1
            # What an expression says makes no difference to whether a member may be used.
            asked = one.asked if one.asked.expression is None else one.asked.purpose
            alike = (one.version, asked, refusal)
            yield Shared(one, judge, groups.setdefault(alike, len(groups)))

    async def everybody(self, progress: Progress) -> None:
        """Every member there is, shard by shard."""
        connection = await raw(self._unit.session)
        total = await (await connection.execute("SELECT count(*) FROM member")).fetchone()
        shards = [row[0] for row in await (await connection.execute(_SHARDS)).fetchall()]
        done = 0
        for shard in shards:
            sets = await self._sets(shard)
            contacts = self._contacts(sets, shard)
            first = shard << SHARD_BITS
            cursor = await connection.execute(_IDS, (first, first + SHARD_SIZE), binary=True)
            ids = [row[0] for row in await cursor.fetchall()]
            for start in range(0, len(ids), _BATCH):
                batch = ids[start : start + _BATCH]
                await self._batch(batch, sets, contacts)
                done += len(batch)
                progress("Members", done, total[0] if total else None)

    async def _sets(self, shard: int) -> dict[bytes, BitMap | None]:
        """Who was handed out, and who was asked about, as far as this shard goes."""
        kept = [one.question.yes for one in self._shared]
        kept += [one.question.among or {} for one in self._shared]
        kept += [one.those for one in self._past.contacts]
        return await open_sets(self._unit, {one[shard] for one in kept if shard in one})

    def _contacts(self, sets: _Sets, shard: int) -> dict[int, list[tuple[datetime, date]]]:
        """When each member of a shard was contacted, by ordinal."""
        found: dict[int, list[tuple[datetime, date]]] = {}
        for contact in self._past.contacts:
            for ordinal in _part(sets, contact.those, shard) or ():
                found.setdefault(ordinal, []).append((contact.at, contact.day))
        return found

    async def _batch(
        self, ids: Sequence[UUID], sets: _Sets, contacts: Mapping[int, list[tuple[datetime, date]]]
    ) -> None:
        lives = {life.member.id: life for life in await self._lives(ids)}
        for life in lives.values():
            life.contacts = contacts.get(life.member.ordinal, ())
        counts = {id: OneMember(self._tally) for id in lives}
        for id, life in lives.items():
            self._tally.members += 1
            self._asked_with_others(life, counts[id], sets)
        members = [life.member for life in lives.values()]
        async for member, use in uses_of_each(self._unit, self._span, members):
            if isinstance(use, str):
                self._tally.left_out[use] += 1
            else:
                self._asking.one(lives[member.id], counts[member.id], use)

    async def _lives(self, ids: Sequence[UUID]) -> list[Life]:
        """These members with their ledgers; one whose rows are forged spoils no other's."""
        try:
            members = await load(self._unit, ids)
            rows = await ledger.rows_of(self._unit, {one.id: one.key for one in members.values()})
        except ProfilesError:
            if len(ids) > 1:
                return [life for id in ids for life in await self._lives([id])]
            self._tally.unopened += 1
            self._tally.left_out["member_unopened"] += 1
            return []
        return [
            Life(member, [(row.id, row.choice) for row in rows[member.id]])
            for member in members.values()
        ]

    def _asked_with_others(self, life: Life, count: OneMember, sets: _Sets) -> None:
        """Every question about many that this member was part of."""
        ordinal = life.member.ordinal
        shard = ordinal >> SHARD_BITS
        joined = made_at(life.member.id)
        known: dict[tuple[int, int, date], tuple[str | None, str | None]] = {}
        for shared in self._shared:
            question = shared.question
            if question.at < joined:
                continue
            among = _part(sets, question.among, shard) if question.among is not None else None
            named = _part(sets, question.yes, shard)
            if named is None or (among is None and question.among is not None):
                self._tally.left_out["set_lost"] += 1
                shared.unsure += 1
                continue
            if among is None or ordinal in among:
                self._asking.of_many(life, count, shared, known, named=ordinal in named)

    def result(self) -> Replayed:
        """What it came to."""
        out, found, tally = self._out, self._past, self._tally
        spoilt = tally.left_out["detail_lost"] + tally.left_out["words_not_kept"]
        erased = max(0, found.single - tally.single - spoilt)
        for shared in self._shared:
            question = shared.question
            since = sum(1 for at in found.erasures if at >= question.at)
            if shared.miscounted(since, tally.unopened):
                out.miscounted.append(question.entry)
            gone = question.members - shared.asked - tally.unopened
            erased += max(0, min(gone, since))
        tally.left_out.update(
            erased_since=erased,
            found_nobody=found.nobody,
            words_not_kept=found.unworded,
            detail_lost=found.lost,
            entry_unreadable=found.unreadable,
        )
        out.left_out = {reason: count for reason, count in tally.left_out.items() if count}
        return out


def _part(sets: _Sets, addresses: Mapping[int, bytes], shard: int) -> BitMap | None:
    """The part of a set that lies in this shard; None when it is lost."""
    return sets[addresses[shard]] if shard in addresses else _NOBODY
