"""The rows of a page of which there may be many thousands, filled in one after the other.

What a row looks like stands in the template alone (`rows.html`): it is rendered once with signs
where the values go, and every text is escaped as the template would escape it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Template
from markupsafe import Markup, escape

from dsar.packages.bought import Bought, Line
from dsar.packages.once import Once
from dsar.packages.wording import Wording

#: What the template escapes; a text without any of these is the same before and after.
_MARKS = re.compile("[&<>'\"]")
_HOLE = re.compile("\x1a([0-9]+)\x1a")


def purchases(
    template: Template, words: Mapping[str, Any], told: Iterable[Bought], wording: Wording
) -> Markup:
    """The rows of all purchases, in their order."""
    forms: Any = template.make_module(dict(words))
    row, good = _form(forms.purchase, 6), _form(forms.good, 4)
    goods, nothing = _form(forms.goods, 1), str(forms.no_goods())
    notes = ("", str(forms.cancellation()))
    text = Once(_escaped)
    number = Once[str, str](lambda one: text[wording.number(one)])
    money = Once[str, str](lambda one: text[wording.money(one)])

    def described(one: Line) -> str:
        return good % (
            number[one.quantity],
            text[one.description],
            text[one.sku],
            money[one.price],
        )

    line = Once(described)
    filled = [
        row
        % (
            text[wording.moment(one.at)],
            text[one.reference],
            notes[one.cancelled],
            goods % "".join([line[item] for item in one.items]) if one.items else nothing,
            text[one.source["words"]],
            money[one.amount],
        )
        for one in told
    ]
    return Markup("".join(filled))  # noqa: S704 - our own forms, and each text in them escaped


def _escaped(text: str) -> str:
    return str(escape(text)) if _MARKS.search(text) else text


def _form(macro: Any, values: int) -> str:
    """A macro as a format for `%`. Raises `ValueError` if it takes its values in disorder."""
    parts = _HOLE.split(str(macro(*(f"\x1a{number}\x1a" for number in range(values)))))
    if parts[1::2] != [str(number) for number in range(values)]:
        raise ValueError("a form takes each of its values once, in order")
    return "%s".join(part.replace("%", "%%") for part in parts[::2])
