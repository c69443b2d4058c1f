"""The questions asked about everybody: who asked what, how often, and how many it found.

Opens the footprints of segments, which hold the questions, and nothing about any member. That they
were looked at is on record.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.acts import Act
from audit.entries import Kind
from audit.looking import Seen, Standing, Wanted, look
from audit.sealed import details
from consent.figures.disclosure import SMALLEST
from consent.footprints import open_footprint
from consent.watching import View, viewed
from profiles.unit import Unit

ASKING = (Kind.SEGMENT_EVALUATED, Kind.SEGMENT_PREVIEWED)
#: Entries that are read for one look, the newest.
MOST = 250
#: So many different questions of one service that found few members are worth a look.
MANY = 5


@dataclass(frozen=True)
class Question:
    """One question, by its text as it was asked, and one purpose.

    `text`: None where it does not open or is not the one that was put on record. `by`: who asked,
    and how often, most often first. `evaluated`, `previewed`: how often members were named, and
    how often only their number. `fewest`, `most`: members found. `programme`: the version of its
    last time. `small`: how often it found somebody, and fewer than `SMALLEST`.
    """

    text: str | None
    purpose: str | None
    programme: int | None
    by: Sequence[tuple[str, int]]
    evaluated: int
    previewed: int
    first: datetime
    last: datetime
    fewest: int
    most: int
    small: int

    @property
    def times(self) -> int:
        return self.evaluated + self.previewed


@dataclass(frozen=True)
class Narrow:
    """A service that asked `questions` different questions, each of which found few members."""

    service: str
    questions: int


@dataclass(frozen=True)
class Asked:
    """`questions`: the last asked first. `narrow`: what is worth a look, which need not be wrong.
    `whole`: False where there are older ones that were not read. `foreign`: entries that nothing
    vouches for, left out.
    """

    questions: Sequence[Question]
    narrow: Sequence[Narrow]
    whole: bool
    foreign: int


async def asked(unit: Unit, act: Act, wanted: Wanted) -> Asked:
    """The newest questions of what is looked for, `MOST` at most, each once."""
    read, whole = await _entries(unit, wanted)
    await viewed(unit, act, View.QUESTIONS, wanted, len(read))
    ours = [one for one in read if one.standing in (Standing.PROVED, Standing.WAITING)]
    texts = await _texts(unit, ours)
    groups: dict[tuple[str | None, str | None], list[Seen]] = {}
    for one in ours:
        assert one.said is not None
        assert one.id is not None
        groups.setdefault((texts.get(one.id), one.said.purpose), []).append(one)
    questions = [_question(text, purpose, those) for (text, purpose), those in groups.items()]
    questions.sort(key=lambda one: one.last, reverse=True)
    return Asked(questions, _narrow(texts, ours), whole, len(read) - len(ours))


async def _entries(unit: Unit, wanted: Wanted) -> tuple[list[Seen], bool]:
    read: list[Seen] = []
    before = None
    while True:
        page = await look(
            unit.session,
            wanted,
            trust=unit.record.trust,
            count=MOST - len(read),
            before=before,
        )
        read += [*page.waiting, *page.entries]
        before = page.older
        if before is None or len(read) >= MOST:
            return read, before is None and not page.more


async def _texts(unit: Unit, entries: Sequence[Seen]) -> dict[object, str]:
    """By entry, the question as it was asked; without those that do not open."""
    promised = {
        one.id: one.said.commitment
        for one in entries
        if one.id is not None and one.said is not None and one.said.commitment is not None
    }
    found: dict[object, str] = {}
    for id, sealed in (await details(unit.session, list(promised))).items():
        footprint = open_footprint(unit.epoch, id, sealed, commitment=promised[id])
        if footprint is not None:
            found[id] = footprint.expression
    return found


def _question(text: str | None, purpose: str | None, entries: Sequence[Seen]) -> Question:
    said = [one.said for one in entries if one.said is not None]
    matched = [_matched(one.facts) for one in said]
    kinds = Counter(one.kind for one in said)
    newest = max(said, key=lambda one: one.at)
    return Question(
        text=text,
        purpose=purpose,
        programme=newest.programme,
        by=Counter(one.actor.id for one in said).most_common(),
        evaluated=kinds[Kind.SEGMENT_EVALUATED],
        previewed=kinds[Kind.SEGMENT_PREVIEWED],
        first=min(one.at for one in said),
        last=newest.at,
        fewest=min(matched),
        most=max(matched),
        small=sum(map(_is_small, matched)),
    )


def _narrow(texts: dict[object, str], entries: Sequence[Seen]) -> list[Narrow]:
    few: dict[str, set[str | None]] = {}
    for one in entries:
        if one.said is not None and _is_small(_matched(one.said.facts)):
            few.setdefault(one.said.actor.id, set()).add(texts.get(one.id))
    return [
        Narrow(service, len(those))
        for service, those in sorted(few.items(), key=lambda one: -len(one[1]))
        if len(those) >= MANY
    ]


def _matched(facts: object) -> int:
    found = facts.get("matched") if isinstance(facts, dict) else None
    return found if isinstance(found, int) else 0


def _is_small(matched: int) -> bool:
    return 0 < matched < SMALLEST
