"""Charts as SVG: every text escaped, nothing inline that a strict policy forbids, gaps as gaps."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pages.charts import Bar, Series, bars, lines

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "<script>\"'&</title>"
#: Without what no XML can hold.
TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Cn")))


def drawn(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(markup)  # noqa: S314 - our own


@pytest.mark.parametrize("values", [[], [0.0], [3.0, None, 7.0]])
def test_a_chart_has_a_name_and_a_description(values: list[float | None]) -> None:
    series = [Series("median", values)]
    labels = ["a"] * len(values)
    found = drawn(lines("days", title=NASTY, desc="of half", labels=labels, series=series))
    assert found.get("role") == "img"
    named = {one.get("id"): one.text for one in found}
    ids = str(found.get("aria-labelledby")).split()
    assert [named[one] for one in ids] == [NASTY, "of half"]


@given(label=TEXTS, said=TEXTS, title=TEXTS)
def test_no_text_becomes_markup(label: str, said: str, title: str) -> None:
    found = drawn(bars("b", title=title, desc="", rows=[Bar(label, 1, said)]))
    assert {one.tag for one in found.iter()} <= {
        SVG + name for name in ("svg", "title", "desc", "text", "rect")
    }
    texts = [one.text or "" for one in found.iter(SVG + "text")]
    assert texts == [label, said]


def test_nothing_is_inline_that_the_policy_forbids() -> None:
    rows = [Bar("a", 1, "1"), Bar("b", 0, "0")]
    markup = bars("b", title="t", desc="d", rows=rows)
    assert "style" not in markup
    assert "<script" not in markup


def test_the_longest_bar_fills_the_chart_and_nothing_is_no_bar() -> None:
    rows = [Bar("a", 10, "10"), Bar("b", 5, "5"), Bar("c", 0, "0")]
    found = drawn(bars("b", title="t", desc="d", rows=rows))
    wide = [
        float(str(one.get("width")))
        for one in found.iter(SVG + "rect")
        if one.get("class") == "bar"
    ]
    assert wide[1] == wide[0] / 2
    assert wide[2] == 0


def test_a_line_breaks_where_there_is_no_figure() -> None:
    series = [Series("median", [1.0, 2.0, None, 4.0, None])]
    found = drawn(lines("d", title="t", desc="d", labels=list("abcde"), series=series))
    runs = [str(one.get("points")).split() for one in found.iter(SVG + "polyline")]
    assert [len(one) for one in runs] == [2, 1]
    assert len(list(found.iter(SVG + "circle"))) == 3
