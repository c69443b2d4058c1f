"""The words of a segment expression: cut by sqlglot's tokenizer, and only the few that may occur.

What is not on the list below never reaches a parser. Errors name the place and the keyword, and
never repeat a literal: it may be a member's.
"""

import re

from sqlglot import Dialect
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from profiles.catalogue import Catalogue
from profiles.errors import BadExpression

LONGEST = 10_000
DIALECT = Dialect.get_or_raise("postgres")
UNITS = ("DAY", "DAYS", "WEEK", "WEEKS", "MONTH", "MONTHS", "YEAR", "YEARS")
GRAMMAR = (
    "an expression is made of fields, values, = <> < <= > >=, BETWEEN, IN, IS NULL, "
    "AND, OR, NOT and parentheses"
)
_T = TokenType
COMPARISONS = (_T.EQ, _T.NEQ, _T.LT, _T.LTE, _T.GT, _T.GTE)
_WORDS = frozenset(
    {_T.AND, _T.OR, _T.NOT, _T.IN, _T.BETWEEN, _T.IS, _T.NULL, _T.TRUE, _T.FALSE, _T.CURRENT_DATE}
)
_SIGNS = frozenset({*COMPARISONS, _T.L_PAREN, _T.R_PAREN, _T.COMMA, _T.DASH, _T.PLUS})
_SPELT = frozenset({"=", "<>", "!=", "<", "<=", ">", ">=", "(", ")", ",", "-", "+"})
_NUMBER = re.compile(r"\d+(\.\d*)?", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]\w{0,62}", re.ASCII)


def place(text: str, start: int) -> str:
    """Where offset `start` is, for people: lines and columns count from one."""
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    return f"line {line}, column {column}"


def read_tokens(text: str, catalogue: Catalogue) -> list[Token]:
    """The tokens of `text`; names of fields come out as identifiers, whatever SQL means by them.

    Raises `BadExpression` when the text is too long, empty, or holds anything but fields,
    values and the few words and signs of a condition.
    """
    if len(text) > LONGEST:
        raise BadExpression(
            "the expression is too long", remedy=f"use at most {LONGEST:,} characters"
        )
    try:
        raw = DIALECT.tokenize(text)
    except TokenError:
        raise BadExpression(
            "the expression cannot be cut into words",
            place=place(text, _unclosed(text)),
            remedy="see that each quotation mark is closed",
        ) from None
    if not raw:
        raise BadExpression("the expression is empty", remedy="write, say, tier = 'gold'")
    names = catalogue.names
    return [_admit(text, raw, index, names) for index in range(len(raw))]


def _unclosed(text: str) -> int:
    """Where the quotation mark stands that is never closed."""
    opened: int | None = None
    for index, character in enumerate(text):
        if opened is None and character in "'\"":
            opened = index
        elif opened is not None and character == text[opened]:
            opened = None
    return opened or 0


def _admit(text: str, raw: list[Token], index: int, names: frozenset[str]) -> Token:
    token = raw[index]
    previous = raw[index - 1].token_type if index else None
    following = raw[index + 1].token_type if index + 1 < len(raw) else None
    where = place(text, token.start)
    if token.comments:
        raise BadExpression("comments cannot be used", place=where, remedy="leave them out")
    if token.token_type is _T.NUMBER:
        if len(token.text) > 40 or not _NUMBER.fullmatch(token.text):
            raise BadExpression("a number is malformed", place=where, remedy="write, say, 499.50")
        return token
    if token.token_type is _T.STRING or token.token_type in _WORDS:
        return token
    if token.token_type in _SIGNS and token.text in _SPELT:
        _check_sign(token, previous, where)
        return token
    if _is_keyword_here(token, raw, index, following):
        return token
    return _name(token, names, where)


def _check_sign(token: Token, previous: TokenType | None, where: str) -> None:
    signs = (_T.DASH, _T.PLUS)
    if token.token_type in signs and previous in signs:
        raise BadExpression("two signs follow each other", place=where, remedy="write one or none")
    if token.token_type is _T.L_PAREN and previous in (_T.VAR, _T.IDENTIFIER, _T.CURRENT_DATE):
        raise BadExpression("functions cannot be used", place=where, remedy=GRAMMAR)


def _is_keyword_here(
    token: Token, raw: list[Token], index: int, following: TokenType | None
) -> bool:
    """DATE, INTERVAL, ANY and the units are words only in their places, and names elsewhere."""
    match token.token_type:
        case _T.DATE:
            return following is _T.STRING
        case _T.INTERVAL:
            return following in (_T.NUMBER, _T.STRING)
        case _T.ANY:
            return following is _T.L_PAREN
        case _:
            after_interval = index >= 2 and raw[index - 2].token_type is _T.INTERVAL
            return after_interval and token.text.upper() in UNITS


def _name(token: Token, names: frozenset[str], where: str) -> Token:
    quoted = token.token_type is _T.IDENTIFIER
    name = token.text if quoted else token.text.lower()
    if name in names or (token.token_type is _T.VAR and _WORD.fullmatch(token.text)):
        return Token(
            _T.IDENTIFIER, name, line=token.line, col=token.col, start=token.start, end=token.end
        )
    if quoted:
        raise BadExpression(
            "double quotes name a field, and there is none of that name",
            place=where,
            remedy="write texts in single quotes",
        )
    # Only words that SQL itself has are repeated; anything else may be somebody's data.
    spelt = token.text.upper() if token.text.upper() in DIALECT.tokenizer_class.KEYWORDS else ""
    sign = token.text if len(token.text) == 1 and not token.text.isalnum() else ""
    raise BadExpression(
        f"{spelt or sign or 'this'} cannot be used in a segment expression",
        place=where,
        remedy=GRAMMAR,
    )
