"""How decisions are come to and put on record, from one process's replica: for the gate alone."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consent import batches
from consent.batches import Batch, Stand
from consent.decisions import Asking, Decision, Found, entry_of, verdict
from consent.eligibility import Eligibility, Eligibles
from consent.footprints import Footprint, keep_matched, seal_footprint
from consent.held import NOBODY, Held, reason, unreached
from consent.programmes import Active
from consent.reach import Moment
from consent.reach import unreached as unreached_of
from consent.rulings import Question, Ruling, Rulings, described
from profiles import members as people
from profiles.changes import SHARD_BITS
from profiles.ordinals import Ids, Index, OrdinalIndex
from profiles.replica import Replica
from profiles.unit import Unit

_NOTHING = Found()
_Looks = Mapping[str, Eligibility | None]


@dataclass(frozen=True)
class AskingMany:
    """One service asking one question about many members; about all there are, without `ids`.

    `ids`: a row of two big-endian 64-bit words each. `lines`: an answer for each is wanted.
    """

    service: str
    question: Question
    ids: Ids | None = field(repr=False)
    lines: bool = False


class Decider:
    """Holds what was worked out before; see `consent.gate` for the promises."""

    def __init__(self, replica: Replica, eligibles: Eligibles) -> None:
        self._replica = replica
        self._eligibles = eligibles
        self._rulings = Rulings()
        self._held = Held(eligibles)
        self._index = OrdinalIndex()

    async def one_by_one(
        self, unit: Unit, active: Active, asked: Sequence[Asking]
    ) -> list[Decision]:
        """See `Gate.decide`: questions that came together share all that asks the database."""
        found, _ = await asyncio.gather(
            people.keys(unit, {one.member for one in asked}), self._replica.barrier()
        )
        # From here to the next await the sets stand still.
        everyone, heads = self._replica.members.everyone, self._replica.heads
        rulings = [self._rulings.of(active, one.service, one.question) for one in asked]
        looks = self._looks(unit, rulings)
        answers, entries = [], []
        for one, ruling in zip(asked, rulings, strict=True):
            ordinal, key = found.get(one.member, (None, None))
            if ordinal is not None and ordinal not in everyone:
                ordinal = key = None
            said = verdict(ruling, self._found(unit, ruling, ordinal, looks))
            shard = None if ordinal is None or not ruling.tells else ordinal >> SHARD_BITS
            change = None if shard is None else heads.get(shard)
            entry = entry_of(ruling, said, key)
            assert entry.id is not None
            seen = (active.version, shard, change)
            answers.append(Decision(one.member, said, *seen, entry.id, unit.now))
            entries.append(entry)
        await unit.record.write_many(unit.session, entries)
        return answers

    async def many(self, unit: Unit, active: Active, asked: AskingMany) -> Batch:
        """See `Gate.decide_batch`: what is long is done in another thread."""
        ruling = self._rulings.of(active, asked.service, asked.question)
        await self._replica.barrier()
        if asked.ids is not None and self._index.is_far_behind(self._replica.members):
            members = self._replica.members.everyone.copy()
            base = await asyncio.to_thread(Index.of, self._replica.members.ids, members)
            self._index.rest_on(base, members)
            await self._replica.barrier()
        stand = self._stand(unit, ruling)
        if asked.ids is None:
            found = batches.sort_everyone(ruling, stand, lines=asked.lines)
        else:
            found = await asyncio.to_thread(
                batches.sort_named, ruling, stand, asked.ids, lines=asked.lines
            )
        footprint = Footprint(
            expression=described(ruling.facts),
            heads=stand.heads,
            matched=await keep_matched(unit, found.allowed),
            asked=None if asked.ids is None else await keep_matched(unit, found.asked),
        )
        detail = seal_footprint(unit, footprint)
        entry = await unit.record.write(unit.session, batches.entry_of(ruling, found, detail))
        return Batch(ruling, verdict(ruling, _NOTHING), found, stand.heads, entry)

    def _looks(self, unit: Unit, rulings: Sequence[Ruling]) -> _Looks:
        """For each purpose asked about, the set to look members up in, if one is worth it."""
        footings = {one.purpose: one.footing for one in rulings if one.footing is not None}
        questions = Counter(one.purpose for one in rulings)
        sets = self._replica.members
        return {
            footing.purpose.name: self._held.back(
                footing, sets, unit.today, questions=questions[name]
            )
            for name, footing in footings.items()
        }

    def _found(self, unit: Unit, ruling: Ruling, ordinal: int | None, looks: _Looks) -> Found:
        footing, sets = ruling.footing, self._replica.members
        if ordinal is None:
            return NOBODY
        if footing is None:
            return _NOTHING
        known = looks.get(footing.purpose.name)
        held = reason(footing, sets, unit.today, ordinal, worked_out=known)
        if held is not None or ruling.reaches is None:
            return Found(reason=held)
        return Found(
            unreached=unreached(footing, ruling.reaches, sets, _moment(unit), ordinal),
        )

    def _stand(self, unit: Unit, ruling: Ruling) -> Stand:
        sets, footing = self._replica.members, ruling.footing
        eligibility = reach = None
        if footing is not None:
            eligibility = self._eligibles.of(footing, sets, unit.today)
            if ruling.reaches is not None:
                reach = unreached_of(footing, ruling.reaches, sets, _moment(unit))
        everyone, heads = sets.everyone.copy(), dict(self._replica.heads)
        return Stand(everyone, eligibility, reach, self._index.view(sets), heads)


def _moment(unit: Unit) -> Moment:
    return Moment.of(unit.now.astimezone(unit.schema.zone))
