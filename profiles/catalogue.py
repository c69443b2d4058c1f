"""The catalogue: which fields a programme stores about a member, and which traits it derives.

Pure description. It reads no database and opens nothing; it says what a value must look like,
whether it may be used in segments, and what its member sets are called.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property

from profiles.errors import BadCatalogue, BadValue, UnknownField
from profiles.values import (
    FieldType,
    Plain,
    Value,
    check_value,
    decode_value,
    encode_value,
    from_number,
    to_number,
)

__all__ = [
    "Catalogue",
    "Field",
    "FieldType",
    "Plain",
    "Trait",
    "TraitKind",
    "Value",
    "from_number",
    "known_set",
    "member_set",
    "negative_set",
    "plane_set",
    "sets_of",
    "to_number",
]

LOOKUPS = ("email", "phone", "member_number", "text")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_COMPARED = 64  # characters; no name is longer, and comparing long texts takes long
_SHOWN = re.compile(r"[a-z][a-z0-9_-]{0,62}")  # what is repeated of names that were sent


#: The category of the date that tells how old a member is.
BIRTH_DATE = "pd:BirthDate"
OLDEST = 130  # years


@dataclass(frozen=True, slots=True)
class Field:
    """One thing stored about each member.

    A field with a `lookup` identifies its member: it goes to the lookup index and never into
    a set. A text (or texts) field has sets when its `values` are declared or `segment` is true;
    every other field has them always.
    """

    name: str
    type: FieldType
    category: str = "pd:PersonalData"  # a term of the DPV's personal data extension
    lookup: str | None = None
    values: tuple[str, ...] = ()
    segment: bool = False
    special: bool = False  # Art. 9: a special category

    def __post_init__(self) -> None:
        _check_name(self.name)
        place = f"fields.{self.name}"
        textual = self.type in (FieldType.TEXT, FieldType.TEXTS)
        if self.lookup is not None and self.lookup not in LOOKUPS:
            raise BadCatalogue(
                f"there is no lookup {self.lookup!r}",
                place=place,
                remedy="use one of " + ", ".join(LOOKUPS),
            )
        if self.lookup is not None and self.type is not FieldType.TEXT:
            raise BadCatalogue("only a text field can be looked up", place=place)
        if self.values and not textual:
            raise BadCatalogue("only text and texts fields declare values", place=place)
        if self.lookup is not None and (self.segment or self.values):
            raise BadCatalogue("an identifier cannot be used in segments", place=place)
        for value in self.values:
            if check_value(FieldType.TEXT, value, place=f"{place}.values") != value:
                raise BadCatalogue("declared values must be in Unicode NFC", place=place)

    @property
    def segmentable(self) -> bool:
        if self.lookup is not None:
            return False
        textual = self.type in (FieldType.TEXT, FieldType.TEXTS)
        return not textual or bool(self.values) or self.segment

    def check(self, raw: object, *, today: date) -> Value:
        """`raw` as the value this field keeps; see `check_value` for the forms.

        Nobody was born after `today`, or longer ago than people live: ages decide what may be
        done with a member's data (Art. 8). Raises `BadValue`, naming the field and what would be
        right, never the value.
        """
        value = check_value(self.type, raw, place=self.name)
        given = value if isinstance(value, tuple) else (value,)
        if self.values and any(one not in self.values for one in given):
            raise BadValue(
                "the value is not among the declared ones",
                place=self.name,
                remedy="use one of " + ", ".join(self.values),
            )
        if (
            self.category == BIRTH_DATE
            and isinstance(value, date)
            and not (today.year - OLDEST <= value.year and value <= today)
        ):
            raise BadValue(
                "nobody who lives was born on that day",
                place=self.name,
                remedy=f"give a day of the last {OLDEST} years",
            )
        return value

    def encode(self, value: Value) -> Plain:
        """A checked value in plain form, ready to be packed and sealed."""
        return encode_value(value)

    def decode(self, plain: object) -> Value:
        """What `encode` wrote. A value since struck from the declared ones still decodes."""
        return decode_value(self.type, plain, place=self.name)


class TraitKind(StrEnum):
    LATEST = "latest"
    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"
    AGE = "age"


_RESULTS: Mapping[TraitKind, FieldType] = {
    TraitKind.LATEST: FieldType.DATE,
    TraitKind.COUNT: FieldType.INTEGER,
    TraitKind.SUM: FieldType.MONEY,
    TraitKind.AVERAGE: FieldType.MONEY,
    TraitKind.AGE: FieldType.INTEGER,
}
_SOURCES: Mapping[TraitKind, str] = {
    TraitKind.LATEST: "purchase.at",
    TraitKind.COUNT: "purchase",
    TraitKind.SUM: "purchase.amount",
    TraitKind.AVERAGE: "purchase.amount",
}


@dataclass(frozen=True, slots=True)
class Trait:
    """A number or date derived from a member's purchases or, for an age, from a date field.

    With `days` = N the last N days count, today included: purchases whose day is later than
    today - N. Without, all of them. A member with no purchase in the window has the count 0 and
    the sum 0; their average and latest are unknown, and so is the age of a member whose birth
    date is. An age is never stored: it is computed from the date field when a question is asked.
    """

    name: str
    kind: TraitKind
    source: str
    days: int | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        place = f"traits.{self.name}"
        right = _SOURCES.get(self.kind)
        if right is not None and self.source != right:
            raise BadCatalogue(
                f"{self.kind} cannot be taken of {self.source!r}",
                place=place,
                remedy=f'write {self.kind} = "{right}"',
            )
        if self.days is not None and (self.days < 1 or self.kind is TraitKind.AGE):
            raise BadCatalogue(
                "the window makes no sense", place=place, remedy="days is 1 or more, none for ages"
            )

    @property
    def type(self) -> FieldType:
        """latest: date; count and age: integer; sum and average: money."""
        return _RESULTS[self.kind]

    @property
    def stored(self) -> bool:
        """Whether the trait has member sets of its own; an age reads its date field's."""
        return self.kind is not TraitKind.AGE


@dataclass(frozen=True)
class Catalogue:
    """All fields and traits of one programme version, by name; no name is used twice."""

    fields: Mapping[str, Field]
    traits: Mapping[str, Trait]

    def __post_init__(self) -> None:
        for name, entry in self:
            if entry.name != name:
                raise BadCatalogue(f"{entry.name!r} is filed under another name", place=name)
        for name in self.fields.keys() & self.traits.keys():
            raise BadCatalogue("a field and a trait share this name", place=f"traits.{name}")
        for trait in self.traits.values():
            if trait.kind is TraitKind.AGE:
                source = self.fields.get(trait.source)
                if source is None or source.type is not FieldType.DATE:
                    raise BadCatalogue(
                        f"{trait.source!r} is not a date field",
                        place=f"traits.{trait.name}",
                        remedy="an age is taken of a declared field of type date",
                    )

    def __iter__(self) -> Iterator[tuple[str, Field | Trait]]:
        yield from self.fields.items()
        yield from self.traits.items()

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(self.fields) | frozenset(self.traits)

    def get(self, name: str) -> Field | Trait:
        """The field or trait called `name`. Raises `UnknownField` with the nearest name."""
        found = self.fields.get(name) or self.traits.get(name)
        if found is None:
            looks = _SHOWN.fullmatch(name) is not None  # else it may be somebody's address
            raise UnknownField(
                f"there is no field {name!r}" if looks else "there is no field of that name",
                place=name if looks else "",
                remedy=nearest(name, self.names),
            )
        return found

    def segmentable(self, name: str) -> bool:
        """Whether `name` may stand in a segment expression. Raises `UnknownField`."""
        found = self.get(name)
        return found.segmentable if isinstance(found, Field) else True


def nearest(name: str, names: frozenset[str]) -> str:
    """The remedy for a misspelt name: the nearest one, or all of them when they are few."""
    plain = sorted(str(one) for one in names)  # a member of an enumeration is its text
    close = get_close_matches(name[:_COMPARED].lower(), plain, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return "the fields are " + ", ".join(plain) if 0 < len(plain) <= 30 else ""


def member_set(name: str, value: str | bool) -> str:
    """The set of members whose field `name` has (or, for texts, contains) `value`."""
    text = value if isinstance(value, str) else str(value).lower()
    return f"{name}={text}"


def known_set(name: str) -> str:
    """The set of members whose field `name` is known; every field with sets has one."""
    return f"{name}#?"


def negative_set(name: str) -> str:
    """The set of members whose number is below zero."""
    return f"{name}#-"


def plane_set(name: str, bit: int) -> str:
    """The set of members in whose magnitude this bit is one; bit 0 is the lowest."""
    return f"{name}#{bit}"


def sets_of(field: Field, value: Value) -> tuple[str, ...]:
    """Every set a member with this checked value belongs to, numbers excepted.

    A numeric field yields its known set alone: its stack is written by `stacks.assign`.
    """
    known = known_set(field.name)
    if not field.segmentable:
        return ()
    if isinstance(value, tuple):
        return (known, *(member_set(field.name, one) for one in value))
    if isinstance(value, str | bool):
        return (known, member_set(field.name, value))
    return (known,)


def field_of_set(set_name: str) -> str:
    """The field a set belongs to: names hold neither ``=`` nor ``#``."""
    return re.split("[=#]", set_name, maxsplit=1)[0]


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadCatalogue(
            f"{name!r} cannot be a name",
            place=name,
            remedy="use lower-case letters, digits and _, beginning with a letter, at most 63",
        )
