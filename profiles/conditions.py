"""A segment's condition as a small tree of immutable values, and its normal form.

The logic is SQL's, with three truth values: a predicate on an unknown value is neither true nor
false, and NOT leaves it so. In normal form NOT stands only over single predicates, where it means
"known, and not so"; whoever matches is then found by intersecting and uniting sets.

Pure; nothing here knows members.
"""

from dataclasses import dataclass

from profiles.stacks import Op


@dataclass(frozen=True, slots=True)
class HasValue:
    """The field has (texts: contains) this value. Booleans have the values true and false."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Compare:
    """The number in stack `stored` stands to `constant` as `op` says.

    `field` is what the expression named: an age is asked about, a birth date is compared.
    The constant is in the stack's unit: days since 1970-01-01, minor units, or the integer.
    """

    field: str
    stored: str
    op: Op
    constant: int


@dataclass(frozen=True, slots=True)
class Known:
    """The field has a value. Never unknown itself."""

    field: str
    stored: str


@dataclass(frozen=True, slots=True)
class Constant:
    value: bool


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Condition", ...]


Leaf = HasValue | Compare | Known | Constant
Condition = Leaf | Not | And | Or

_OPPOSITE = {Op.LT: Op.GE, Op.GE: Op.LT}


def normalise(condition: Condition) -> Condition:
    """The same condition in normal form; two spellings of one thought often become one tree.

    NOT only over `HasValue`, `Known` and equality; of comparisons only =, < and >=; no AND within
    AND nor OR within OR; parts sorted, none twice; constants folded away.
    """
    return _normal(condition, positive=True)


def canonical(condition: Condition) -> str:
    """One text for the normal form, the same on every machine: for keys, digests and the record."""
    return _text(normalise(condition))


def fields(condition: Condition) -> frozenset[str]:
    """The names of fields and traits the condition asks about, as they were written."""
    return frozenset(leaf.field for leaf in leaves(condition) if not isinstance(leaf, Constant))


def stored_fields(condition: Condition) -> frozenset[str]:
    """The names whose member sets answer the condition: a birth date's for an age."""
    return frozenset(stored_field(leaf) for leaf in leaves(condition)) - {""}


def stored_field(leaf: Leaf) -> str:
    """The name whose sets answer this predicate; empty for a constant."""
    match leaf:
        case HasValue():
            return leaf.field
        case Compare() | Known():
            return leaf.stored
        case Constant():
            return ""


def leaves(condition: Condition) -> tuple[Leaf, ...]:
    """Every predicate in the tree, from left to right."""
    match condition:
        case And() | Or():
            return tuple(leaf for part in condition.parts for leaf in leaves(part))
        case Not():
            return leaves(condition.part)
        case _:
            return (condition,)


def _normal(condition: Condition, *, positive: bool) -> Condition:
    match condition:
        case Not():
            return _normal(condition.part, positive=not positive)
        case And():
            return _joined(And if positive else Or, condition.parts, positive=positive)
        case Or():
            return _joined(Or if positive else And, condition.parts, positive=positive)
        case Constant():
            return Constant(condition.value == positive)
        case Compare() if condition.op is not Op.EQ:
            return _compared(condition, positive=positive)
        case _:
            return condition if positive else Not(condition)


def _compared(condition: Compare, *, positive: bool) -> Compare:
    op, constant = condition.op, condition.constant
    # Numbers are whole: above n is from n + 1 on, and at most n is below n + 1.
    if op in (Op.GT, Op.LE):
        op, constant = (Op.GE if op is Op.GT else Op.LT), constant + 1
    return Compare(condition.field, condition.stored, op if positive else _OPPOSITE[op], constant)


def _joined(
    kind: type[And] | type[Or], parts: tuple[Condition, ...], *, positive: bool
) -> Condition:
    found: dict[str, Condition] = {}
    for part in parts:
        normal = _normal(part, positive=positive)
        for one in normal.parts if isinstance(normal, kind) else (normal,):
            found.setdefault(_text(one), one)
    absorbing, neutral = Constant(kind is Or), Constant(kind is And)
    # Sound with three truth values too: unknown AND false is false, unknown OR true is true.
    if _text(absorbing) in found:
        return absorbing
    found.pop(_text(neutral), None)
    kept = tuple(found[text] for text in sorted(found))
    if not kept:
        return neutral
    return kept[0] if len(kept) == 1 else kind(kept)


def _text(condition: Condition) -> str:
    match condition:
        case And() | Or():
            word = " AND " if isinstance(condition, And) else " OR "
            return "(" + word.join(_text(part) for part in condition.parts) + ")"
        case Not():
            return "NOT " + _text(condition.part)
        case HasValue():
            return f"{condition.field} HAS '" + condition.value.replace("'", "''") + "'"
        case Compare():
            return f"{_subject(condition)} {condition.op} {condition.constant}"
        case Known():
            return f"{_subject(condition)} KNOWN"
        case Constant():
            return str(condition.value).upper()


def _subject(leaf: Compare | Known) -> str:
    return leaf.field if leaf.field == leaf.stored else f"{leaf.field} BY {leaf.stored}"
