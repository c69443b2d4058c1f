"""Long tables are filled in outside the template, and say just what the template would."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from dsar.languages import LANGUAGES, Language
from dsar.packages import rows
from dsar.packages.bought import Bought, Line
from dsar.packages.pages import _TEMPLATES, _words
from dsar.packages.wording import Wording

#: Each row by the template itself, with its own escaping, and nothing remembered.
_PLAIN = """
{%- import "rows.html" as row with context -%}
{%- macro lines(one) %}{% for item in one["items"] -%}
{{ row.good(number(item.quantity), item.description, item.sku, money(item.price)) }}
{%- endfor %}{% endmacro -%}
{%- for one in told -%}
{%- set goods %}{% if one["items"] %}{{ row.goods(lines(one)) }}{% else -%}
{{ row.no_goods() }}{% endif %}{% endset -%}
{{ row.purchase(moment(one.at), one.reference, row.cancellation() if one.cancelled else "", goods,
one.source.words, money(one.amount)) }}
{%- endfor %}
"""
_SIGNS = st.sampled_from([*"<>&\"'%{}s0\x1a\x00", "\u202e"])
_ODD = st.text(_SIGNS, max_size=6) | st.text(max_size=8)
_SUM = st.decimals(Decimal(-9999), Decimal(9999), places=2).map(str)
_LINES = st.lists(st.builds(Line, _ODD, _ODD, _SUM, _SUM), max_size=3).map(tuple)
_BOUGHT = st.builds(
    Bought,
    reference=_ODD,
    source=st.fixed_dictionaries({"code": _ODD, "words": _ODD}),
    at=st.sampled_from(["2026-02-03T13:05:00Z", "2025-07-31T22:30:00Z"]),
    amount=_SUM,
    currency=st.just("SEK"),
    cancelled=st.booleans(),
    items=_LINES,
)


@given(st.lists(_BOUGHT, max_size=3), st.sampled_from(LANGUAGES))
def test_a_row_says_what_the_template_says_of_it(told: list[Bought], code: str) -> None:
    wording = Wording(Language(code), ZoneInfo("Europe/Stockholm"), "SEK")
    words = _words(wording)
    found = rows.purchases(_TEMPLATES.get_template("rows.html"), words, told, wording)
    plain = _TEMPLATES.overlay(autoescape=True).from_string(_PLAIN)
    wanted = plain.render(words | {"money": wording.money, "number": wording.number, "told": told})
    assert _flat(found) == _flat(wanted)


def _flat(html: str) -> str:
    return html.replace("\n", "")


def test_no_mark_in_a_text_gets_out_of_its_place() -> None:
    wording = Wording(Language("en"), ZoneInfo("UTC"), "EUR")
    odd = "<b>%s\x1a0\x1a\"'&"
    line = Line(odd, odd, "1", "1.00")
    source = {"code": odd, "words": odd}
    one = Bought(odd, source, "2026-01-01T00:00:00Z", "1", "EUR", True, (line,))
    template = _TEMPLATES.get_template("rows.html")
    found = rows.purchases(template, _words(wording), [one], wording)
    assert "<b>" not in found
    assert found.count("&lt;b&gt;%s\x1a0\x1a&#34;&#39;&amp;") == 4


def test_a_form_with_its_values_in_disorder_is_refused() -> None:
    template = Environment(autoescape=True).from_string(
        "{% macro one(a, b) %}{{ b }}{{ a }}{% endmacro %}"
    )
    with pytest.raises(ValueError, match="in order"):
        rows._form(template.module.one, 2)  # type: ignore[attr-defined]
