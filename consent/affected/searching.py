"""Who was affected: one walk through the record, and one through the members' keys.

A use of many leaves a sealed set of ordinals, which is opened. A use of one leaves a pseudonym, and
nothing in the database leads from it to its member: so every member's key is opened in turn, and
asked which pseudonym it makes. A table that led there would outlive an erasure.

Opens keys, the details of uses, the ledgers of those for whom a guardian may have acted, and no
value of anybody. Writes nothing: whoever calls it has put on record that it was asked.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pyroaring import BitMap

from audit.browsing import Told
from audit.entries import ActorType, Kind
from audit.walking import walk
from consent import ledger
from consent.affected.giving import KINDS, PURCHASES, WORDS, Given, came_out, given
from consent.affected.question import Affected, How, Question
from consent.affected.tallying import People, Tally
from consent.affected.wards import Wards
from consent.footprints import Footprint, open_footprint, open_sets
from consent.glances import open_glance
from consent.programmes import Active
from kernel.database import raw
from profiles import members
from profiles.catalogue import TraitKind
from profiles.conditions import fields as fields_of
from profiles.errors import ProfilesError, UnknownMember
from profiles.expressions import parse
from profiles.keys import MemberKey
from profiles.shard import MemberSets, span
from profiles.unit import Unit

_BATCH = 1_000
_PAGE = "SELECT id, ordinal FROM member WHERE ordinal >= %s ORDER BY ordinal LIMIT %s"
_COUNT = "SELECT count(*) FROM member"
_AT = "SELECT id FROM member WHERE ordinal = %s"
_DETAILS = "SELECT entry, sealed FROM audit_detail WHERE entry = ANY(%s)"
#: Where a question about fields does not narrow these: nobody can tell what was in them.
_HOLDS_ANYTHING = frozenset({How.COPY, How.LETTER, How.REPLAYED, How.EVERYTHING, How.ACCOUNT})
#: A member's session ends by then, whatever is done in it.
SESSION = timedelta(hours=12)


@dataclass(frozen=True)
class Progress:
    """How far it is. `stage`: ``record`` or ``members``."""

    stage: str
    done: int
    total: int


async def search(
    unit: Unit, active: Active, question: Question, sets: MemberSets
) -> AsyncIterator[Progress | Affected]:
    """How far it is, again and again, and the answer at last.

    `sets`: the members as of a barrier just passed; what is needed of them is copied at once.
    Raises `RecordTampered` where the record cannot be told at all, and `Unavailable`.
    Holds a line for each use of one member that is meant, and one page of the record.
    """
    run = _Search(unit, active, question, People.of(sets, active, unit.now))
    await run.begin()
    async for step in run.through_the_record():
        yield step
    async for step in run.through_the_members():
        yield step
    yield run.result()


class _Search:
    """One search under way."""

    def __init__(self, unit: Unit, active: Active, question: Question, people: People) -> None:
        self._unit, self._active, self._question, self._people = unit, active, question, people
        self._tally = Tally(people, active)
        self._account: str | None = None
        self._single: dict[str, list[Given]] = {}
        self._erased: dict[str, datetime] = {}
        self._lost_since: datetime | None = None
        self._replayed_since: datetime | None = None
        self._sessions: dict[str, tuple[datetime, str]] = {}
        self._ended: set[str] = set()
        self._wanted = _told_by(active, question.fields)
        self._wards = Wards(question, self._tally)

    async def begin(self) -> None:
        """Find the pseudonym of the member whose account was misused.

        Raises `UnknownMember` where nobody can tell it any more: that is not to find nobody.
        """
        self._account = self._question.pseudonym
        if self._question.account is None:
            return
        connection = await raw(self._unit.session)
        row = await (await connection.execute(_AT, (self._question.account,))).fetchone()
        if row is not None:
            self._wards.holder = row[0]
        if self._account is not None:
            return
        if row is None:
            raise UnknownMember("the member whose account it was is erased", place="account")
        _, key = (await members.keys(self._unit, [row[0]]))[row[0]]
        self._account = key.subject().hex()

    async def through_the_record(self) -> AsyncIterator[Progress]:
        trust = self._unit.record.trust
        kinds = KINDS if self._account is None else tuple(Kind)
        async for page in walk(self._unit.session, kinds, trust=trust):
            self._tally.broken += page.broken
            self._tally.strangers += page.strangers
            many = [one for entry in page.found if (one := self._noted(entry)) is not None]
            await self._of_many(many)
            yield Progress("record", page.done, page.total)
        self._of_sessions()

    def _noted(self, entry: Told) -> Given | None:
        """Take note of an entry; what is about many is handed back, to be opened."""
        if entry.kind == Kind.MEMBER_ERASED:
            if entry.subject is not None:
                self._erased.setdefault(entry.subject, entry.at)
            return None
        if self._question.whole:
            return None
        if entry.kind == Kind.VOUCHERS_READ:
            self._tally.vouchers += self._meant(entry)
            return None
        one = given(entry, self._question, self._account)
        if self._account is not None:
            self._wards.note(entry, self._account)
        if entry.actor.type == ActorType.MEMBER and entry.actor.id == self._account:
            self._by_account(entry, counted=one is not None)
        if one is None or one.subject is None:
            return one
        self._single.setdefault(one.subject, []).append(one)
        return None

    def _by_account(self, entry: Told, *, counted: bool) -> None:
        """An act in the misused account, or its session: whoever was there saw what a member sees.

        `counted`: it stands among the uses already.
        """
        question, session = self._question, str(entry.facts.get("session", entry.id))
        if entry.kind == Kind.SESSION_BEGUN:
            self._sessions[session] = entry.at, f"{entry.actor.type}/{entry.actor.id}"
        elif entry.kind == Kind.SESSION_ENDED and entry.at < question.since:
            self._ended.add(session)  # maybe read before its beginning, which has its number
        if question.since <= entry.at < question.until:
            if not counted:
                self._tally.used(entry.at)
            self._account_used(f"{entry.actor.type}/{entry.actor.id}")

    def _of_sessions(self) -> None:
        """Sessions that began before the time that is asked about, and may have stood in it."""
        since = self._question.since
        for session, (at, actor) in self._sessions.items():
            if at < since < at + SESSION and session not in self._ended:
                self._tally.used(since)
                self._account_used(actor)

    def _account_used(self, actor: str) -> None:
        account = self._question.account
        assert account is not None
        self._tally.gave(actor, How.ACCOUNT, (), BitMap([account]))

    def _meant(self, entry: Told) -> bool:
        actor = f"{entry.actor.type}/{entry.actor.id}"
        within = self._question.since <= entry.at < self._question.until
        return within and (not self._question.actors or actor in self._question.actors)

    async def _of_many(self, many: Sequence[Given]) -> None:
        """What was given out of many, by the sets that were sealed beside it."""
        details = await self._details(many)
        for one in many:
            if one.how is How.REPLAYED:
                self._gave(one, one.how, (), self._people.joined_by(one.at))
                # Those who have been erased since stood in the file as well.
                self._replayed_since = min(one.at, self._replayed_since or one.at)
                continue
            print_ = self._footprint(one, details.get(one.entry))
            if print_ is None:
                self._lost(one, self._people.joined_by(one.at))
                continue
            fields = self._fields(one, print_)
            if not self._within(one.how, fields):
                continue
            named, lost = await self._named(one, print_)
            if lost:
                self._lost(one, lost)
            self._gave(one, one.how, fields or (), named)

    def _footprint(self, one: Given, sealed: bytes | None) -> Footprint | None:
        if sealed is None or one.commitment is None:
            return None
        return open_footprint(self._unit.epoch, one.entry, sealed, commitment=one.commitment)

    def _fields(self, one: Given, print_: Footprint) -> tuple[str, ...] | None:
        """The fields that an expression told of; None where that cannot be said any more."""
        if one.how is not How.MATCHED:
            return ()
        catalogue = self._active.at(one.programme).programme.catalogue()
        day = one.at.astimezone(self._unit.schema.zone).date()
        try:
            return tuple(sorted(fields_of(parse(print_.expression, catalogue, today=day))))
        except ProfilesError:
            return None

    async def _named(self, one: Given, print_: Footprint) -> tuple[BitMap, BitMap]:
        """Those in its sets, and those of whom nobody can tell, because a set is lost."""
        opened = await open_sets(self._unit, set(print_.matched.values()))
        named, lost = BitMap(), BitMap()
        for shard, address in print_.matched.items():
            those = opened[address]
            if those is None:
                lost |= span(shard) & self._people.joined_by(one.at)
            else:
                named |= those
        return named, lost

    async def through_the_members(self) -> AsyncIterator[Progress]:
        """Whose pseudonyms stand in the record, found by their keys."""
        unmet = self._single.keys() | self._wards.subjects
        asked, done, first = BitMap(), 0, 0
        connection = await raw(self._unit.session)
        row = await (await connection.execute(_COUNT)).fetchone()
        total = row[0] if row else 0
        while unmet:
            cursor = await connection.execute(_PAGE, (first, _BATCH), binary=True)
            page = await cursor.fetchall()
            if not page:
                break
            acted: dict[UUID, tuple[int, MemberKey]] = {}
            for id, ordinal, key in await self._keys([id for id, _ in page]):
                asked.add(ordinal)
                subject = key.subject().hex()
                if subject in unmet:
                    unmet.discard(subject)
                    await self._of_one(ordinal, key, self._single.get(subject, ()))
                    if subject in self._wards.subjects:
                        acted[id] = ordinal, key
            await self._of_wards(acted)
            done += len(page)
            first = page[-1][1] + 1
            yield Progress("members", done, total)
        self._of_nobody(unmet, self._people.everyone - asked)

    async def _of_wards(self, acted: Mapping[UUID, tuple[int, MemberKey]]) -> None:
        """What was done by members or their guardians, told apart by the ledgers that open."""
        ledgers = await self._ledgers({id: key for id, (_, key) in acted.items()})
        for id, (ordinal, key) in acted.items():
            self._wards.of_one(ordinal, key.subject().hex(), ledgers.get(id))

    async def _ledgers(self, keys: Mapping[UUID, MemberKey]) -> dict[UUID, list[ledger.Row]]:
        try:
            return await ledger.rows_of(self._unit, keys) if keys else {}
        except ProfilesError:
            if len(keys) == 1:
                return {}
            each = [await self._ledgers({id: key}) for id, key in keys.items()]
            return {id: rows for one in each for id, rows in one.items()}

    async def _keys(self, ids: Sequence[UUID]) -> list[tuple[UUID, int, MemberKey]]:
        """Ordinals and keys, without those whose key does not open or is not there."""
        try:
            found = await members.keys(self._unit, ids)
            return [(id, ordinal, key) for id, (ordinal, key) in found.items()]
        except ProfilesError:
            if len(ids) == 1:
                return []
            half = len(ids) // 2
            return [*await self._keys(ids[:half]), *await self._keys(ids[half:])]

    async def _of_one(self, ordinal: int, key: MemberKey, uses: Sequence[Given]) -> None:
        """What was given out of one member, by what was sealed for them."""
        details = await self._details([one for one in uses if one.fields is None])
        who = BitMap([ordinal])
        for one in uses:
            if one.fields is not None:
                if self._within(one.how, one.fields):
                    self._gave(one, one.how, one.fields, who)
                continue
            sealed = details.get(one.entry)
            glance = sealed and open_glance(key, one.entry, sealed, commitment=one.commitment or "")
            if not glance:
                self._lost(one, who)
            elif (came := came_out(one, glance)) is not None and self._within(*came):
                self._gave(one, *came, who)

    def _of_nobody(self, unmet: set[str], silent: BitMap) -> None:
        """Uses of those who were erased since; of others nobody can tell whom they are of.

        `silent`: members whose keys made no pseudonym, because they do not open: it may be they.
        """
        self._wards.of_nobody(unmet, self._erased)
        for subject in unmet:
            erased = subject in self._erased
            self._tally.untold += not erased
            for one in self._single.get(subject, ()):
                fields = one.fields or ()
                if one.fields is not None and not self._within(one.how, fields):
                    continue
                self._tally.used(one.at)
                self._tally.gave_of_gone(one.actor, one.how, fields, subject)
                if erased and one.how is not How.ANSWER:
                    self._tally.gone_subjects.add(subject)
        if any(subject not in self._erased for subject in unmet):
            self._tally.maybe |= silent

    async def _details(self, uses: Sequence[Given]) -> dict[UUID, bytes]:
        if not uses:
            return {}
        connection = await raw(self._unit.session)
        cursor = await connection.execute(_DETAILS, ([one.entry for one in uses],), binary=True)
        return dict(await cursor.fetchall())

    def _within(self, how: How, fields: tuple[str, ...] | None) -> bool:
        """Whether the fields asked about are among those given out, or may be."""
        wanted = self._wanted
        if not wanted or how in _HOLDS_ANYTHING or fields is None:
            return True
        return WORDS in fields or not wanted.isdisjoint(fields)

    def _gave(self, one: Given, how: How, fields: tuple[str, ...], those: BitMap) -> None:
        self._tally.used(one.at)
        self._tally.gave(one.actor, how, fields, those)

    def _lost(self, one: Given, those: BitMap) -> None:
        """What was given out is lost with the detail; of a decision it was an answer at most."""
        if one.how is How.ANSWER and self._question.fields:
            return
        self._tally.used(one.at)
        if one.how is How.ANSWER:
            self._tally.lost += 1
            self._tally.gave(one.actor, one.how, (), those)
            return
        self._tally.nobody_can_tell(one.actor, one.how, those)
        if one.subject is None:
            self._lost_since = min(one.at, self._lost_since or one.at)

    def result(self) -> Affected:
        """What it came to, failing towards "may have been affected"."""
        tally, question = self._tally, self._question
        if question.whole:
            self._whole()
        elif tally.broken:
            # It may have been a use like those that were asked about, of anybody there was.
            tally.maybe |= self._people.joined_by(question.until)
            self._lost_since = min(question.since, self._lost_since or question.since)
        for since in (self._lost_since, self._replayed_since):
            if since is not None:
                tally.gone_subjects |= self._erased_since(since)
        return tally.result()

    def _whole(self) -> None:
        """Everybody there was, with everything that is kept of anybody."""
        question, names = self._question, self._active.programme.names
        fields = tuple(sorted(question.fields or names))
        everybody = self._people.joined_by(question.until)
        self._tally.used(question.since)
        self._tally.gave("database", How.EVERYTHING, fields, everybody)
        self._tally.gone_subjects |= self._erased_since(question.since)

    def _erased_since(self, since: datetime) -> set[str]:
        return {subject for subject, at in self._erased.items() if at >= since}


def _told_by(active: Active, fields: Sequence[str]) -> frozenset[str]:
    """Fields, with what is worked out of them and what they are worked out of: each tells of the
    other. By all versions of the programme."""
    found = set(fields)
    for one in (active, *active.earlier.values()):
        for name, trait in one.programme.traits.items():
            source = trait.source if trait.kind is TraitKind.AGE else PURCHASES
            if name in fields:
                found.add(source)
            if source in fields:
                found.add(name)
    return frozenset(found)
