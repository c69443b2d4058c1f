"""Made-up members and expressions over them, as trees and as SQL: what several tests draw from."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st
from pyroaring import BitMap

from profiles.catalogue import Catalogue, Field, FieldType, Trait, TraitKind, sets_of, to_number
from profiles.stacks import assign

TODAY = date(2024, 2, 29)
WORDS = ("gold", "silver", "o'hara", "skönt", "AND", "x = 1", "100%")
Member = dict[str, Any]
Tree = tuple[Any, ...]


@dataclass
class World:
    """Members' values, and the sets that hold them."""

    catalogue: Catalogue
    members: dict[int, Member]
    sets: dict[str, BitMap] = field(default_factory=dict)
    number: int = 1

    def __post_init__(self) -> None:
        self.rebuild()

    def rebuild(self) -> None:
        self.sets = {}
        self.number += 1
        for name, entry in self.catalogue:
            known = {o: m[name] for o, m in self.members.items() if m.get(name) is not None}
            if entry.type.numeric and not (isinstance(entry, Trait) and not entry.stored):
                numbers = np.array([to_number(value) for value in known.values()], dtype=np.int64)
                assign(self.sets, name, np.array(list(known), dtype=np.uint32), numbers)
            elif isinstance(entry, Field):
                for ordinal, value in known.items():
                    for set_name in sets_of(entry, value):
                        self.sets.setdefault(set_name, BitMap()).add(ordinal)

    def get(self, name: str, /) -> BitMap:
        return self.sets.get(name) or BitMap()

    @property
    def everyone(self) -> BitMap:
        return BitMap(self.members)

    def version(self, name: str, /) -> int:
        assert self.catalogue.get(name)
        return self.number


def age_on(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


PLAIN = Catalogue(
    fields={
        one.name: one
        for one in (
            Field("tier", FieldType.TEXT, values=WORDS),
            Field("interests", FieldType.TEXTS, segment=True),
            Field("club", FieldType.BOOLEAN),
            Field("children", FieldType.INTEGER),
            Field("born", FieldType.DATE),
        )
    },
    traits={
        "age": Trait("age", TraitKind.AGE, "born"),
        "spend": Trait("spend", TraitKind.SUM, "purchase.amount", days=365),
    },
)


# ── the same tree as SQL ──


def sql(tree: Tree, inside: int = 0) -> str:
    """`inside` is how tightly the surroundings bind: 0 OR, 1 AND, 2 NOT."""
    kind, *rest = tree
    if kind in ("and", "or"):
        level = 1 if kind == "and" else 0
        text = f" {kind.upper()} ".join(sql(part, level) for part in rest[0])
        return f"({text})" if level < inside or len(rest[0]) == 1 else text
    if kind == "not":
        return "NOT " + sql(rest[0], 2)
    return leaf_sql(kind, *rest)


def leaf_sql(kind: str, *rest: Any) -> str:
    match kind, rest:
        case "constant" | "bare", (word,):
            text = str(word)
        case "null", (name,):
            text = f"{name} IS NULL"
        case "contains", (name, wanted, any_):
            text = quoted(wanted) + (f" = ANY({name})" if any_ else f" IN {name}")
        case "in", (name, wanted):
            text = f"{name} IN ({', '.join(one for _, one in wanted)})"
        case "between", (name, (_, low), (_, high)):
            text = f"{name} BETWEEN {low} AND {high}"
        case "compare", (name, op, (_, literal), False):
            text = f"{name} {op} {literal}"
        case "compare", (name, op, (_, literal), True):
            mirrored = op.translate(str.maketrans("<>", "><")) if op != "<>" else op
            text = f"{literal} {mirrored} {name}"
        case _:
            raise AssertionError(kind)
    return text


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# ── what is drawn ──

MONEY = st.decimals("-20", "20", places=2) | st.sampled_from([Decimal("0.00"), Decimal("9.99")])
DATES = st.dates(date(1940, 1, 1), date(2025, 1, 1)) | st.sampled_from(
    [TODAY, date(2000, 2, 29), date(2004, 2, 29), date(1999, 3, 1), date(1999, 2, 28)]
)
VALUES: Mapping[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TEXT: st.sampled_from(WORDS),
    FieldType.INTEGER: st.integers(-9, 9) | st.sampled_from([2**53, -(2**53)]),
    FieldType.MONEY: MONEY,
    FieldType.DATE: DATES,
    FieldType.BOOLEAN: st.booleans(),
    FieldType.TEXTS: st.lists(st.sampled_from(WORDS), unique=True, max_size=3).map(
        lambda texts: tuple(sorted(texts))
    ),
}
NAMES = st.sampled_from(
    ["tier", "club", "first", "level", "day", "date", "position", "interval", "born", "row"]
) | st.text(string.ascii_lowercase, min_size=4, max_size=5).map(lambda word: f"f_{word}")


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    fields: dict[str, Field] = {}
    for name in draw(st.lists(NAMES, unique=True, min_size=1, max_size=5)):
        type_ = draw(st.sampled_from(FieldType))
        declared = WORDS if type_ is FieldType.TEXT and draw(st.booleans()) else ()
        segment = type_ in (FieldType.TEXT, FieldType.TEXTS)
        fields[name] = Field(name, type_, values=declared, segment=segment)
    traits = {
        f"age_{name}": Trait(f"age_{name}", TraitKind.AGE, name)
        for name, one in fields.items()
        if one.type is FieldType.DATE
    }
    traits["spend"] = Trait("spend", TraitKind.SUM, "purchase.amount", days=365)
    return Catalogue(fields=fields, traits=traits)


@st.composite
def members_of(draw: st.DrawFn, catalogue: Catalogue, today: date = TODAY) -> Member:
    member: Member = {}
    for name, entry in catalogue:
        if isinstance(entry, Trait) and entry.kind is TraitKind.AGE:
            born = member[entry.source]
            member[name] = None if born is None else age_on(born, today)
        else:
            member[name] = draw(st.none() | VALUES[entry.type])
    return member


@st.composite
def literals(draw: st.DrawFn, type_: FieldType, today: date) -> tuple[Any, str]:
    if type_ is FieldType.INTEGER:
        value = draw(VALUES[type_] | st.decimals("-9", "90", places=1))
        return value, f"{value}"
    if type_ is FieldType.MONEY:
        value = draw(MONEY | st.decimals("-20", "20", places=3) | st.integers(-9, 9))
        return value, f"{value}"
    if type_ is FieldType.BOOLEAN:
        value = draw(st.booleans())
        return value, str(value).upper()
    if type_ is FieldType.TEXT:
        value = draw(VALUES[type_])
        return value, quoted(value)
    if draw(st.booleans()):
        days = draw(st.integers(-300, 30_000))
        sign, form = "-" if days >= 0 else "+", draw(st.sampled_from(["{} DAY", "'{} days'"]))
        text = f"CURRENT_DATE {sign} INTERVAL {form.format(abs(days))}"
        return today - timedelta(days=days), text
    value = draw(DATES)
    return value, draw(st.sampled_from(["'{}'", "DATE '{}'"])).format(value)


@st.composite
def leaves_of(draw: st.DrawFn, catalogue: Catalogue, today: date) -> Tree:
    name, entry = draw(st.sampled_from(list(catalogue)))
    type_ = entry.type
    kinds = ["null"]
    if type_ is FieldType.TEXTS:
        kinds += ["contains"] * 3
    else:
        kinds += ["compare"] * 3 + ["in"]
    if type_.numeric:
        kinds += ["between"]
    if type_ is FieldType.BOOLEAN:
        kinds += ["bare"] * 2
    kind = draw(st.sampled_from(kinds))
    if kind == "contains":
        return (kind, name, draw(st.sampled_from(WORDS)), draw(st.booleans()))
    if kind in ("null", "bare"):
        return (kind, name)
    literal = literals(type_, today)
    if kind == "in":
        return (kind, name, draw(st.lists(literal, min_size=1, max_size=3)))
    if kind == "between":
        return (kind, name, draw(literal), draw(literal))
    ops = ["=", "<>", "!="] + (["<", "<=", ">", ">="] * 2 if type_.numeric else [])
    return (kind, name, draw(st.sampled_from(ops)), draw(literal), draw(st.booleans()))


def trees(catalogue: Catalogue, today: date = TODAY) -> st.SearchStrategy[Tree]:
    constants = st.booleans().map(lambda value: ("constant", value))
    leaf = st.one_of([leaves_of(catalogue, today)] * 9 + [constants])
    return st.recursive(
        leaf,
        lambda inner: (
            st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3))
            | st.tuples(st.just("not"), inner)
        ),
        max_leaves=8,
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    catalogue = draw(catalogues())
    ordinals = st.integers(0, 30) | st.integers(65_530, 65_540)
    return World(catalogue, draw(st.dictionaries(ordinals, members_of(catalogue), max_size=8)))
