"""One predicate of a segment expression: from sqlglot's tree to a condition that fits its field.

Every kind of node that may occur is named here; all others are refused. Errors name the field and
the place, and say what would be right; no literal is ever repeated: it may be a member's.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from sqlglot import exp

from profiles.catalogue import Catalogue, Field, FieldType, Trait, TraitKind, to_number
from profiles.conditions import And, Compare, Condition, Constant, HasValue, Known, Not, Or
from profiles.constants import age_compare, day_of, number_of, text_of, whole
from profiles.errors import BadExpression, BadValue, FieldNotAllowed, ProfilesError, UnknownField
from profiles.stacks import Op
from profiles.tokens import GRAMMAR, place
from profiles.values import check_value

_COMPARISONS: dict[type[exp.Expr], tuple[Op, Op]] = {  # as written, and read from the right
    exp.EQ: (Op.EQ, Op.EQ),
    exp.NEQ: (Op.EQ, Op.EQ),
    exp.LT: (Op.LT, Op.GT),
    exp.LTE: (Op.LE, Op.GE),
    exp.GT: (Op.GT, Op.LT),
    exp.GTE: (Op.GE, Op.LE),
}
_WANTED = {
    FieldType.TEXT: "give a text in single quotes, such as 'gold'",
    FieldType.INTEGER: "give a number without quotes, such as 25",
    FieldType.MONEY: "give an amount without quotes, such as 499.50",
    FieldType.DATE: "give a day there is, as 'YYYY-MM-DD', or CURRENT_DATE - INTERVAL 90 DAY",
    FieldType.BOOLEAN: "write TRUE or FALSE",
}
_Entry = Field | Trait


@dataclass(frozen=True)
class Predicates:
    """Compiles the predicates of one expression, against one catalogue, on one day."""

    text: str
    catalogue: Catalogue
    today: date
    allowed: Collection[str] | None

    def compile(self, node: exp.Expr, start: int) -> Condition:
        """The condition `node` stands for; `start` is where its first word is in the text.

        Raises `BadExpression`, `UnknownField` or `FieldNotAllowed`.
        """
        node = node.unnest()
        if isinstance(node, exp.Not):
            return Not(self.compile(node.this, start))
        if isinstance(node, exp.Boolean):
            return Constant(bool(node.this))
        reader = _READERS.get(type(node))
        if reader is None:
            raise self._wrong("this is not a condition", start, GRAMMAR)
        return reader(self, node, start)

    def _bare(self, node: exp.Expr, start: int) -> Condition:
        entry = self._entry(node, start)
        if entry.type is not FieldType.BOOLEAN:
            remedy = "compare it with a value"
            raise self._wrong(f"{entry.name!r} is not true or false by itself", start, remedy)
        return HasValue(entry.name, "true")

    def _comparison(self, node: exp.Expr, start: int) -> Condition:
        left, right = node.this.unnest(), node.expression.unnest()
        if isinstance(node, exp.EQ) and isinstance(right, exp.Any):
            return self._member(right.this, left, start)
        written, mirrored = _COMPARISONS[type(node)]
        if isinstance(left, exp.Column) and isinstance(right, exp.Column):
            raise self._two_columns(left, right, start)
        if isinstance(left, exp.Column):
            condition = self._compare(self._entry(left, start), written, right, start)
        elif isinstance(right, exp.Column):
            condition = self._compare(self._entry(right, start), mirrored, left, start)
        else:
            raise self._no_field(node, start)
        return Not(condition) if isinstance(node, exp.NEQ) else condition

    def _between(self, node: exp.Expr, start: int) -> Condition:
        column = node.this.unnest()
        if not isinstance(column, exp.Column):
            raise self._no_field(node, start)
        entry = self._entry(column, start)
        low = self._compare(entry, Op.GE, node.args["low"].unnest(), start)
        return And((low, self._compare(entry, Op.LE, node.args["high"].unnest(), start)))

    def _in(self, node: exp.Expr, start: int) -> Condition:
        if (listed := node.args.get("field")) is not None:
            return self._member(listed, node.this, start)
        column, values = node.this.unnest(), node.expressions
        if not isinstance(column, exp.Column):
            raise self._no_field(node, start, "write 'hiking' IN interests, or tier IN ('gold')")
        if not values:
            raise self._wrong("IN needs values", start, "write, say, tier IN ('silver', 'gold')")
        entry = self._entry(column, start)
        return Or(tuple(self._compare(entry, Op.EQ, one.unnest(), start) for one in values))

    def _is(self, node: exp.Expr, start: int) -> Condition:
        column = node.this.unnest()
        if not isinstance(column, exp.Column):
            raise self._no_field(node, start)
        entry = self._entry(column, start)
        if not isinstance(node.expression, exp.Null):
            raise self._wrong(
                f"{entry.name!r}: only NULL may follow IS", start, "write IS NULL or IS NOT NULL"
            )
        known = Known(entry.name, _stored(entry))
        return known if node.args.get("negate") else Not(known)

    def _member(self, listed: exp.Expr, node: exp.Expr, start: int) -> Condition:
        column, node = listed.unnest(), node.unnest()
        if isinstance(node, exp.Column):
            raise self._two_columns(node, column, start)
        entry = self._entry(column, start)
        if entry.type is not FieldType.TEXTS:
            remedy = f"write {entry.name} = … or {entry.name} IN (…)"
            raise self._wrong(f"{entry.name!r} does not hold several texts", start, remedy)
        return self._has(entry, node, start)

    def _compare(self, entry: _Entry, op: Op, node: exp.Expr, start: int) -> Condition:
        """`entry op value`, where the value must be of the entry's own type."""
        start = _start(node, start)
        if isinstance(node, exp.Null):
            remedy = f"write {entry.name} IS NULL or {entry.name} IS NOT NULL"
            raise self._wrong("nothing compares with NULL", start, remedy)
        match entry.type:
            case FieldType.TEXTS:
                remedy = f"write 'value' IN {entry.name}"
                raise self._wrong(f"{entry.name!r} holds several texts", start, remedy)
            case FieldType.TEXT | FieldType.BOOLEAN if op is not Op.EQ:
                remedy = "compare it with =, <> or IN"
                raise self._wrong(f"the values of {entry.name!r} have no order", start, remedy)
            case FieldType.TEXT:
                return self._has(entry, node, start)
            case FieldType.BOOLEAN:
                if not isinstance(node, exp.Boolean):
                    raise self._unfit(entry, start)
                return HasValue(entry.name, "true" if node.this else "false")
            case FieldType.DATE:
                day = day_of(node, self.today)
                if day is None:
                    raise self._unfit(entry, start)
                return Compare(entry.name, entry.name, op, to_number(day))
            case FieldType.INTEGER | FieldType.MONEY:
                return self._number(entry, op, node, start)

    def _number(self, entry: _Entry, op: Op, node: exp.Expr, start: int) -> Condition:
        number = number_of(node)
        if number is None:
            raise self._unfit(entry, start)
        op, constant = whole(op, number, scale=2 if entry.type is FieldType.MONEY else 0)
        stored = _stored(entry)
        if stored != entry.name:
            return age_compare(entry.name, stored, op, constant, today=self.today)
        return Compare(entry.name, stored, op, constant)

    def _has(self, entry: _Entry, node: exp.Expr, start: int) -> Condition:
        text = text_of(node)
        if text is None:
            raise self._wrong(
                f"{entry.name!r} is not compared with a text", start, _WANTED[FieldType.TEXT]
            )
        try:
            value = str(check_value(FieldType.TEXT, text, place=entry.name))
        except BadValue as error:
            raise self._wrong(
                f"{entry.name!r} has no such text", start, error.problems[0].remedy
            ) from None
        declared = entry.values if isinstance(entry, Field) else ()
        if declared and value not in declared:
            close = get_close_matches(value, declared, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else "use " + ", ".join(declared)
            raise self._wrong(f"{entry.name!r} has no such value", start, remedy)
        return HasValue(entry.name, value)

    def _entry(self, node: exp.Expr, start: int) -> _Entry:
        """The field or trait a column names, when it may be used here."""
        if not isinstance(node, exp.Column):
            raise self._wrong("a field is needed here", _start(node, start), GRAMMAR)
        name, where = node.name, place(self.text, _start(node, start))
        try:
            entry = self.catalogue.get(name)
        except UnknownField as error:
            found = error.problems[0]
            raise UnknownField(found.message, place=where, remedy=found.remedy) from None
        if isinstance(entry, Field) and entry.lookup is not None:
            remedy = "find one member by it instead"
            message = f"{name!r} identifies members and cannot be used in segments"
            raise BadExpression(message, place=where, remedy=remedy)
        if not self.catalogue.segmentable(name):
            remedy = "declare its values, or set segment = true, in the programme"
            raise BadExpression(f"{name!r} is free text", place=where, remedy=remedy)
        if self.allowed is not None and name not in self.allowed:
            remedy = "allowed: " + (", ".join(sorted(self.allowed)) or "none")
            raise FieldNotAllowed(f"{name!r} may not be used here", place=where, remedy=remedy)
        return entry

    def _two_columns(self, left: exp.Expr, right: exp.Expr, start: int) -> ProfilesError:
        unknown = [one for one in (left, right) if one.name not in self.catalogue.names]
        if len(unknown) == 1:
            # It may be a value whose quotes were forgotten, so it is not repeated.
            return self._wrong(
                "this is neither a field nor a value",
                _start(unknown[0], start),
                "write texts in single quotes, such as 'gold'",
            )
        return self._wrong("a field is compared with a field", start, "compare it with a value")

    def _no_field(self, node: exp.Expr, start: int, remedy: str = "") -> ProfilesError:
        columns = list(node.find_all(exp.Column))
        for column in columns:
            self._entry(column, start)
        if columns:
            message = f"{columns[0].name!r} must stand alone on its side"
            return self._wrong(
                message,
                _start(columns[0], start),
                remedy or "compare the field itself with a value",
            )
        remedy = remedy or "compare a field with a value"
        return self._wrong("there is no field in this condition", start, remedy)

    def _unfit(self, entry: _Entry, start: int) -> ProfilesError:
        message = f"{entry.name!r} is of type {entry.type} and is compared with something else"
        return self._wrong(message, start, _WANTED[entry.type])

    def _wrong(self, message: str, start: int, remedy: str) -> ProfilesError:
        return BadExpression(message, place=place(self.text, start), remedy=remedy)


_READERS: dict[type[exp.Expr], Callable[[Predicates, exp.Expr, int], Condition]] = {
    exp.Column: Predicates._bare,
    **dict.fromkeys(_COMPARISONS, Predicates._comparison),
    exp.Between: Predicates._between,
    exp.In: Predicates._in,
    exp.Is: Predicates._is,
}


def _stored(entry: _Entry) -> str:
    aged = isinstance(entry, Trait) and entry.kind is TraitKind.AGE
    return entry.source if aged and isinstance(entry, Trait) else entry.name


def _start(node: exp.Expr, otherwise: int) -> int:
    """Where a node's first word is: sqlglot notes it on names and literals only."""
    starts = [one.meta["start"] for one in node.walk() if "start" in one.meta]
    return min(starts, default=otherwise)
