"""The question that was asked about many members, in plain words: a tree of short lines.

Pure. A question that cannot be read under the programme it was asked under is told as it was
written, and in no other way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from api.pages.speaking import Speaking
from consent.programmes import Active
from dsar.packages.kept import Named, label, read_as
from dsar.packages.marking import mark
from profiles.catalogue import Field, Trait, TraitKind
from profiles.conditions import (
    And,
    Compare,
    Condition,
    Constant,
    HasValue,
    Known,
    Not,
    Or,
    fields,
)
from profiles.errors import ProfilesError
from profiles.expressions import parse
from profiles.stacks import Op
from profiles.values import EPOCH, FieldType, encode_value, from_number


@dataclass(frozen=True)
class Part:
    """A line, with what stands below it."""

    text: str
    parts: Sequence["Part"] = ()


@dataclass(frozen=True)
class Question:
    """`names`: the fields and traits it asks about."""

    whole: Part
    names: Sequence[str]


ALL, ANY = mark("All of this holds:"), mark("At least one of these holds:")
EVERYBODY, NOBODY = mark("Everybody"), mark("Nobody")
KNOWN, UNKNOWN = mark("%(what)s: known to us"), mark("%(what)s: not known to us")
IS, IS_NOT = mark("%(what)s: %(value)s"), mark("%(what)s: not %(value)s")
AMONG = mark("%(what)s: %(value)s among them")
NOT_AMONG = mark("%(what)s: %(value)s not among them")
AT_LEAST, AT_MOST = mark("%(what)s: at least %(value)s"), mark("%(what)s: at most %(value)s")
SINCE, UNTIL = mark("%(what)s: on %(value)s or later"), mark("%(what)s: on %(value)s or earlier")


def in_words(
    text: str, asked: Active, on: date, *, named: Named, speaking: Speaking
) -> Question | None:
    """A segment's expression as it was asked on that day under that version, or None.

    `named`: what fields are called by now.
    """
    condition = _read(text, asked, on)
    if condition is None:
        return None
    telling = _Telling(asked, on, named, speaking)
    return Question(telling.part(condition), sorted(fields(condition)))


#: What was read before, by the programme's digest, the day and the text: many members are asked
#: about by one question, and reading one takes milliseconds.
_known: dict[tuple[bytes, date, str], Condition | None] = {}
_MOST = 1_024


def _read(text: str, asked: Active, on: date) -> Condition | None:
    key = (asked.programme.digest, on, text)
    if key not in _known:
        if len(_known) >= _MOST:
            _known.clear()
        try:
            _known[key] = parse(text, asked.programme.catalogue(), today=on)
        except ProfilesError:
            _known[key] = None
    return _known[key]


@dataclass(frozen=True)
class _Telling:
    asked: Active
    on: date
    named: Named
    speaking: Speaking

    def part(self, condition: Condition) -> Part:
        match condition:
            case And() | Or():
                head = ALL if isinstance(condition, And) else ANY
                return Part(self.speaking.say(head), [self.part(one) for one in condition.parts])
            case Not():
                return Part(self._line(condition.part, so=False))
            case _:
                return Part(self._line(condition, so=True))

    def _line(self, leaf: Condition, *, so: bool) -> str:
        say = self.speaking.say
        match leaf:
            case HasValue():
                entry = self.asked.programme.catalogue().get(leaf.field)
                yes, no = (AMONG, NOT_AMONG) if entry.type is FieldType.TEXTS else (IS, IS_NOT)
                value = self._text(entry, leaf.value)
                return say(yes if so else no, what=self._label(leaf.field), value=value)
            case Known():
                return say(KNOWN if so else UNKNOWN, what=self._label(leaf.field))
            case Compare():
                return self._compared(leaf, so=so)
            case Constant():
                return say(EVERYBODY if leaf.value == so else NOBODY)
        raise AssertionError("in normal form NOT stands over single predicates")

    def _compared(self, leaf: Compare, *, so: bool) -> str:
        entry = self.asked.programme.catalogue().get(leaf.field)
        if isinstance(entry, Trait) and entry.kind is TraitKind.AGE:
            return self._aged(leaf)
        # Numbers are whole, so that "less than 5" is "at most 4".
        limit = leaf.constant - 1 if leaf.op is Op.LT else leaf.constant
        words = _DAYS if entry.type is FieldType.DATE else _NUMBERS
        text = (IS if so else IS_NOT) if leaf.op is Op.EQ else words[leaf.op]
        return self.speaking.say(
            text, what=self._label(leaf.field), value=self._number(entry, limit)
        )

    def _aged(self, leaf: Compare) -> str:
        """An age is asked about as a day of birth: who was born before a day is so old at least."""
        born = leaf.constant - 1 if leaf.op is Op.LT else leaf.constant
        try:
            years = _years(EPOCH + timedelta(days=born), self.on)
        except OverflowError:
            return self.speaking.say(IS, what=self._label(leaf.field), value=str(leaf.constant))
        text = AT_LEAST if leaf.op is Op.LT else AT_MOST
        return self.speaking.say(text, what=self._label(leaf.field), value=str(years))

    def _number(self, entry: Field | Trait, number: int) -> str:
        try:
            plain = encode_value(from_number(entry.type, number))
        except OverflowError:
            return str(number)
        return self.speaking.wording.value(plain, kind=entry.type, category="")

    def _text(self, entry: Field | Trait, value: str) -> str:
        if entry.type is FieldType.BOOLEAN:
            return self.speaking.wording.value(value == "true", kind="boolean", category="")
        category = entry.category if isinstance(entry, Field) else ""
        words = read_as(self.named, self.speaking.wording, entry.name)
        return self.speaking.wording.value(value, kind="text", category=category, words=words)

    def _label(self, name: str) -> str:
        return label(self.named, self.speaking.wording, name)


_NUMBERS = {Op.LT: AT_MOST, Op.GE: AT_LEAST}
_DAYS = {Op.LT: UNTIL, Op.GE: SINCE}


def _years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
