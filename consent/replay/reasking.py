"""One member's past answers asked again: under the programme of their time, then under a draft.

Pure but for the member's own birth date. An answer that does not come out as it is on record is
told as wrong and not compared, so that a flip is the draft's doing and nothing else's.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

from consent.replay.hindsight import Judge, Life, Seen
from consent.replay.past_uses import PastQuestion, PastUse
from consent.replay.tallying import YES, Line, OneMember, Tally

#: Takes each answer that flips; one member's id each.
Sink = Callable[[Line], None]
_Known = dict[tuple[int, int, date], tuple[str | None, str | None]]


@dataclass
class Shared:
    """A question about many, while it is asked again of one member after the other.

    `group`: questions that only their time tells apart share one. `sums`: reason to how
    many, the empty reason being yes; `unsure` of whom it cannot be told which was theirs.
    """

    question: PastQuestion
    judge: Judge
    group: int
    sums: Counter[str] = field(default_factory=Counter)
    unsure: int = 0

    @property
    def asked(self) -> int:
        """How many living members it was about."""
        return sum(self.sums.values())

    def miscounted(self, erased: int, unopened: int) -> bool:
        """Whether its counts on record are not those that follow, give or take whom nobody can
        tell: `erased` at most since it was asked, `unopened` now."""
        counted = self.question.counted
        if counted is None:
            return False
        return any(
            self.sums[reason] - counted.get(reason, 0) > self.unsure
            or counted.get(reason, 0) - self.sums[reason] > self.unsure + erased + unopened
            for reason in {*counted, *self.sums}
        )


class Reasking:
    """Asks again of one member after the other, and keeps the tally."""

    def __init__(
        self,
        judges: Mapping[int, Judge],
        tally: Tally,
        zone: ZoneInfo,
        *,
        draft: Judge | None,
        sink: Sink | None,
    ) -> None:
        self._judges = judges
        self._tally = tally
        self._zone = zone
        self._draft = draft
        self._sink = sink

    def judge(self, use: PastUse | PastQuestion) -> Judge | None:
        """The programme that it was answered under; None when nobody knows that one."""
        judge = self._judges.get(use.version or 0)
        return judge if judge and judge.knows(use.asked.purpose) else None

    def one(self, life: Life, count: OneMember, use: PastUse) -> None:
        """One use of one member."""
        self._tally.single += 1
        judge = self.judge(use)
        if judge is None:
            self._tally.left_out["version_unknown"] += 1
            return
        answers: list[str | None] = []
        for seen in life.sights(use.at, self._zone, reached=use.asked.channel is not None):
            answers.append(judge.answer(use.asked, life, seen))
            if answers[-1] == use.answer:
                break
        if answers[-1] != use.answer:
            self._wrong(life, count, use, judge, said=use.answer, follows=answers[0])
            return
        self._tally.replayed += 1
        self._tally.in_flight += len(answers) > 1
        if self._draft is not None:
            self._compare(life, count, use, seen)

    def _compare(self, life: Life, count: OneMember, use: PastUse, seen: Seen) -> None:
        """What the draft would have answered, to the same fields if it said yes to those."""
        assert self._draft is not None
        asked = use.asked
        if asked.fields is None and use.answer is None:
            asked = replace(asked, fields=use.given)
        after = self._draft.answer(asked, life, seen)
        if (use.answer is None) == (after is None):
            return
        refusal = self._draft.refusal(asked, seen.day)
        for name in refusal.fields if refusal else ():
            self._tally.fields[asked.service, asked.purpose, name] += 1
        self._flip(life, count, use, before=use.answer, after=after, named=None)

    def of_many(
        self, life: Life, count: OneMember, shared: Shared, known: _Known, *, named: bool
    ) -> None:
        """A question about many, of one of them: whether they might be used.

        That who was `named` might is on record, and of decisions that the others might not; else
        it follows. `known`: what has been found of this member, for questions alike.
        """
        question = shared.question
        on_record = question.answer_of(named=named)
        unsure = life.unsure(question.at, shared.judge, question.asked.purpose)
        shared.unsure += unsure
        reached = question.asked.channel is not None
        answers: list[str | None] = []
        for seen in life.sights(question.at, self._zone, reached=reached):
            before, after = self._both(life, shared, seen, known)
            answers.append(before)
            if on_record in (None, before is None):
                break
        else:
            shared.sums["" if on_record else answers[0] or ""] += 1
            said = None if on_record else "no"
            self._wrong(life, count, question, shared.judge, said=said, follows=answers[0])
            return
        shared.sums[before or ""] += 1
        self._tally.replayed += 1
        self._tally.in_flight += len(answers) > 1
        if self._draft is not None and (before is None) != (after is None):
            self._flip(life, count, question, before=before, after=after, named=named)

    def _both(
        self, life: Life, shared: Shared, seen: Seen, known: _Known
    ) -> tuple[str | None, str | None]:
        """The answer then, and under the draft."""
        asked = shared.question.asked
        key = (shared.group, seen.lines, seen.day)  # hours matter to contacts alone
        found = known.get(key)
        if found is None:
            before = shared.judge.answer(asked, life, seen)
            after = self._draft.answer(asked, life, seen) if self._draft else None
            found = before, after
            if asked.channel is None:  # how often hangs on the very time
                known[key] = found
        return found

    def _wrong(
        self,
        life: Life,
        count: OneMember,
        use: PastUse | PastQuestion,
        judge: Judge,
        *,
        said: str | None,
        follows: str | None,
    ) -> None:
        if life.rectified(use.at, judge, use.asked.purpose):
            self._tally.left_out["rectified_since"] += 1
            return
        words = {"said": said or YES, "follows": follows or YES}
        count.wrong(use.asked, use.kind, use.entry, **words)

    def _flip(
        self,
        life: Life,
        count: OneMember,
        use: PastUse | PastQuestion,
        *,
        before: str | None,
        after: str | None,
        named: bool | None,
    ) -> None:
        asked, was, would_be = use.asked, before or YES, after or YES
        count.flipped(asked, use.kind, before=was, after=would_be, named=bool(named))
        if self._sink is not None:
            where = (life.member.id, use.entry, use.at, use.kind, asked.service, asked.purpose)
            self._sink(Line(*where, was, would_be, named))
