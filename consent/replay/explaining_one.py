"""What one explanation needs, gathered: the entry, the member it is about, their ledger.

Opens one member's ledger and birth date. That an officer looked is put on record in the same
transaction, for the member to see.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from audit.acts import Act
from audit.browsing import told
from audit.entries import ActorType, Kind
from audit.errors import EntryUnknown
from audit.proofs import entry_use
from consent import history, ledger
from consent.footprints import EVERYBODY, open_sets
from consent.programme import Programme
from consent.programmes import Active
from consent.replay.explaining import Explanation, explained
from consent.replay.hindsight import Judge, Life, Seen
from consent.replay.past_scanning import past
from consent.replay.past_uses import (
    MANY,
    SINGLE,
    Asked,
    PastContact,
    PastQuestion,
    PastUse,
    Span,
    footprint_of,
    question_of_many,
    single_use,
)
from consent.replay.tallying import YES
from kernel.database import raw
from profiles.changes import SHARD_BITS
from profiles.errors import UnknownMember
from profiles.members import Member, load, one
from profiles.unit import Unit

_BATCH = 1_000
_IDS = "SELECT id FROM member WHERE id > %s ORDER BY id LIMIT %s"
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Looked:
    """A past answer: as it stands on record, as it follows from its time, and as it would be now.

    `recorded`: "yes", or why not; None where the record says nothing of that member.
    """

    entry: UUID
    at: datetime
    kind: str
    asked: Asked
    recorded: str | None
    then: Explanation
    now: Explanation


async def explain(
    unit: Unit,
    act: Act,
    active: Active,
    asked: Asked,
    *,
    member: UUID | None,
    at: datetime,
    draft: Programme | None = None,
) -> Explanation:
    """The answer to a question at that time, under the version in force then or under a draft.

    By what was written down by then. Raises `UnknownMember`, and `EntryUnknown` for a time before
    the first version.
    """
    then = active if draft is not None else history.in_force(active, at)
    if then is None:
        raise EntryUnknown("no programme was in force then", place="at", remedy="a later time")
    judge = Judge(then) if draft is None else Judge.draft(draft, active)
    life = None if member is None else await _life(unit, asked, await one(unit, member), at)
    seen = _seen(judge, asked, life, at)
    if life is not None:
        await _on_record(unit, act, life.member)
    return explained(judge, asked, seen, life=life, draft=draft is not None)


async def explain_entry(
    unit: Unit,
    act: Act,
    active: Active,
    entry: UUID,
    *,
    member: UUID | None,
    draft: Programme | None = None,
) -> Looked:
    """A past answer about a member, as it was and as it would be now.

    Without `member`, whose it is is found by trying everybody's key; an entry about many needs
    one, or only the policy is explained. Raises `EntryUnknown` for an entry that is not there,
    is none of these questions, or whose detail is lost, and `UnknownMember`.
    """
    use, who = await _use(unit, entry, member)
    judge = next(
        (Judge(v) for v in (active, *active.earlier.values()) if v.version == use.version), None
    )
    if judge is None or not judge.knows(use.asked.purpose):
        raise EntryUnknown("its programme version is not there", place=str(entry))
    life = None if who is None else await _life(unit, use.asked, who, use.at)
    recorded = await _recorded(unit, use, who)
    seen = _seen(judge, use.asked, life, use.at, recorded=recorded)
    then = explained(judge, use.asked, seen, life=life)
    today = Judge(active) if draft is None else Judge.draft(draft, active)
    again = None if who is None else await _life(unit, use.asked, who, unit.now)
    sight = _seen(today, use.asked, again, unit.now)
    now = explained(today, use.asked, sight, life=again, draft=draft is not None)
    if who is not None:
        await _on_record(unit, act, who)
    return Looked(entry, use.at, use.kind, use.asked, recorded, then, now)


def _seen(
    judge: Judge, asked: Asked, life: Life | None, at: datetime, *, recorded: str | None = None
) -> Seen:
    """What could be seen then; of several, what leads to the answer that is on record."""
    zone = judge.active.programme.zone
    if life is None:
        local = at.astimezone(zone)
        return Seen(0, local.date(), local.hour, at)
    sights = list(life.sights(at, zone, reached=asked.channel is not None))
    alike = (one for one in sights if (judge.answer(asked, life, one) or YES) == recorded)
    return sights[0] if recorded is None else next(alike, sights[0])


async def _life(unit: Unit, asked: Asked, member: Member, at: datetime) -> Life:
    rows = (await ledger.rows_of(unit, {member.id: member.key}))[member.id]
    life = Life(member, [(row.id, row.choice) for row in rows])
    if asked.channel is None:
        return life
    contacts, shard = list[PastContact](), member.ordinal >> SHARD_BITS
    async for found in past(unit, Span(at, at + _INSTANT)):
        contacts = found.contacts
    sets = await open_sets(unit, {one.those[shard] for one in contacts if shard in one.those})
    life.contacts = [
        (one.at, one.day)
        for one in contacts
        if shard in one.those and member.ordinal in (sets[one.those[shard]] or ())
    ]
    return life


async def _use(
    unit: Unit, id: UUID, member: UUID | None
) -> tuple[PastUse | PastQuestion, Member | None]:
    found = await entry_use(unit.session, id)
    entry = told(found.body)
    service = entry.actor.type == ActorType.SERVICE and entry.purpose is not None
    if not service or entry.kind not in (*SINGLE, *MANY) or entry.subject is None:
        remedy = "one of a read, a decision, a segment or a contact"
        raise EntryUnknown("this entry answers no question", place=str(id), remedy=remedy)
    who = None if member is None else await one(unit, member)
    if entry.subject == EVERYBODY.hex():
        footprint = footprint_of(unit, entry, found.sealed_detail)
        question = question_of_many(entry, footprint) if footprint else None
        if question is None:
            raise EntryUnknown("its question cannot be read any more", place=str(id))
        return question, who
    who = who or await _whose(unit, bytes.fromhex(entry.subject))
    if who.key.subject().hex() != entry.subject:
        raise EntryUnknown("this entry is about another member", place=str(id))
    use = single_use(who, entry, found.sealed_detail)
    if isinstance(use, str):
        raise EntryUnknown("its question cannot be read any more", place=str(id))
    return use, who


async def _whose(unit: Unit, subject: bytes) -> Member:
    """The member behind a pseudonym, which only their own key leads to."""
    connection, last = await raw(unit.session), UUID(int=0)
    while True:
        cursor = await connection.execute(_IDS, (last, _BATCH), binary=True)
        ids = [row[0] for row in await cursor.fetchall()]
        for member in (await load(unit, ids)).values():
            if member.key.subject() == subject:
                return member
        if len(ids) < _BATCH:
            raise UnknownMember("nobody there is has this pseudonym", place="entry")
        last = ids[-1]


async def _recorded(unit: Unit, use: PastUse | PastQuestion, who: Member | None) -> str | None:
    if isinstance(use, PastUse):
        return use.answer or YES
    if who is None:
        return None
    shard = who.ordinal >> SHARD_BITS
    named = False
    if shard in use.yes:
        kept = (await open_sets(unit, {use.yes[shard]}))[use.yes[shard]]
        if kept is None:
            return None
        named = who.ordinal in kept
    answer = use.answer_of(named=named)
    return {None: None, True: YES, False: "no"}[answer]


async def _on_record(unit: Unit, act: Act, member: Member) -> None:
    facts = {"fields": [], "how": "officer"}
    await unit.record.write(
        unit.session,
        act.entry(Kind.CHOICES_VIEWED, subject=member.key.subject(), facts=facts),
    )
