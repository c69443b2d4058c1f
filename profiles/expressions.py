"""Segment expressions: SQL conditions over the fields and traits of a programme.

AND, OR, NOT and parentheses are read here, so that nesting is counted and costs a known stack;
each predicate between them is parsed by sqlglot and compiled against the catalogue. Pure: the
day is given, no database is asked.
"""

from collections.abc import Collection
from datetime import date

from sqlglot import exp
from sqlglot.errors import ParseError
from sqlglot.tokenizer_core import Token, TokenType

from profiles.catalogue import Catalogue
from profiles.conditions import And, Condition, Not, Or, leaves, normalise
from profiles.errors import BadExpression, ProfilesError
from profiles.predicates import Predicates
from profiles.tokens import COMPARISONS, DIALECT, GRAMMAR, place, read_tokens

DEEPEST = 50
MOST_PREDICATES = 500
# sqlglot's parser descends dozens of calls for each level: what it is given is kept shallow.
_DEEPEST_OPERAND = 5
_VERBS = (*COMPARISONS, TokenType.IN, TokenType.BETWEEN, TokenType.IS)


def parse(
    text: str,
    catalogue: Catalogue,
    *,
    today: date,
    allowed: Collection[str] | None = None,
) -> Condition:
    """The condition that `text` states, in normal form, on the day `today`.

    At most 10,000 characters, 50 levels of nesting and 500 predicates. `allowed` are the fields
    and traits the caller may ask about; None is all of them.

    Raises `UnknownField`, `FieldNotAllowed`, and for everything else that is wrong
    `BadExpression`; each names the line and column and says what would be right.
    """
    tokens = read_tokens(text, catalogue)
    predicates = Predicates(text, catalogue, today, allowed)
    condition = _Reader(text, tokens, predicates).read()
    if len(leaves(condition)) > MOST_PREDICATES:
        raise BadExpression(
            "the expression has too many predicates", remedy=f"use at most {MOST_PREDICATES}"
        )
    return normalise(condition)


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, text: str, tokens: list[Token], predicates: Predicates) -> None:
        self._text = text
        self._tokens = tokens
        self._predicates = predicates
        self._closing = self._pair_parentheses()
        self._parser = DIALECT.parser()
        self._at = 0

    def read(self) -> Condition:
        condition = self._disjunction(0)
        assert self._type() is None  # parentheses are paired, and all else belongs to predicates
        return condition

    def _disjunction(self, depth: int) -> Condition:
        parts = [self._conjunction(depth)]
        while self._accept(TokenType.OR):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self, depth: int) -> Condition:
        parts = [self._negation(depth)]
        while self._accept(TokenType.AND):
            parts.append(self._negation(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negation(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise self._wrong(
                "the expression is nested too deeply", self._at, f"use at most {DEEPEST} levels"
            )
        if self._accept(TokenType.NOT):
            return Not(self._negation(depth + 1))
        if self._type() is TokenType.L_PAREN and self._is_group():
            self._at += 1
            condition = self._disjunction(depth + 1)
            self._at += 1
            return condition
        return self._predicate()

    def _is_group(self) -> bool:
        """Whether the parenthesis here holds conditions, rather than a comparison's one side."""
        after = self._type(self._closing[self._at] + 1)
        return after in (None, TokenType.AND, TokenType.OR, TokenType.R_PAREN)

    def _predicate(self) -> Condition:
        start = self._at
        end = self._at = self._end_of_predicate()
        if start == end:
            raise self._wrong("a condition is missing", start, "write, say, tier = 'gold'")
        verbs = [at for at in range(start, end) if self._type(at) in _VERBS]
        if len(verbs) > 1:
            raise self._wrong("this compares a second time", verbs[1], "join comparisons with AND")
        try:
            node = self._parser.parse_into(exp.Condition, self._tokens[start:end], self._text)[0]
        except ParseError:
            node = None
        if node is None:
            raise self._wrong("this condition cannot be read", start, GRAMMAR)
        return self._predicates.compile(node, self._tokens[start].start)

    def _end_of_predicate(self) -> int:
        """The index after the predicate's last token; the AND of a BETWEEN is inside it."""
        index, between = self._at, False
        while (type_ := self._type(index)) not in (None, TokenType.OR, TokenType.R_PAREN):
            if type_ is TokenType.AND and not between:
                break
            if type_ is TokenType.NOT:
                self._check_not(index)
            if type_ is TokenType.L_PAREN:
                self._check_operand(index)
                index = self._closing[index]
            between = type_ is TokenType.BETWEEN or (between and type_ is not TokenType.AND)
            index += 1
        return index

    def _check_not(self, index: int) -> None:
        """Inside a predicate NOT is part of IS NOT, NOT IN or NOT BETWEEN, and nothing else."""
        after_is = self._type(index - 1) is TokenType.IS
        if not after_is and self._type(index + 1) not in (TokenType.IN, TokenType.BETWEEN):
            raise self._wrong("NOT is out of place", index, "write it before a whole condition")

    def _check_operand(self, opening: int) -> None:
        depth = 0
        for index in range(opening, self._closing[opening]):
            depth += (self._type(index) is TokenType.L_PAREN) - (
                self._type(index) is TokenType.R_PAREN
            )
            if depth > _DEEPEST_OPERAND:
                raise self._wrong("a value stands in too many parentheses", index, "leave them out")

    def _pair_parentheses(self) -> dict[int, int]:
        """The index of the closing parenthesis for that of each opening one."""
        closing: dict[int, int] = {}
        opened: list[int] = []
        for index, token in enumerate(self._tokens):
            if token.token_type is TokenType.L_PAREN:
                opened.append(index)
            elif token.token_type is TokenType.R_PAREN:
                if not opened:
                    raise self._wrong("this parenthesis was never opened", index, "remove it")
                closing[opened.pop()] = index
        if opened:
            raise self._wrong("this parenthesis is never closed", opened[-1], "close it")
        return closing

    def _type(self, index: int | None = None) -> TokenType | None:
        index = self._at if index is None else index
        return self._tokens[index].token_type if index < len(self._tokens) else None

    def _accept(self, type_: TokenType) -> bool:
        if self._type() is not type_:
            return False
        self._at += 1
        return True

    def _wrong(self, message: str, index: int, remedy: str) -> ProfilesError:
        token = self._tokens[min(index, len(self._tokens) - 1)]
        return BadExpression(message, place=place(self._text, token.start), remedy=remedy)
