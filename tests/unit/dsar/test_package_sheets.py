"""A CSV file holds each value once, read back as it was, and no spreadsheet runs any of it."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.packages.bought import Line, Taken
from dsar.packages.sheets import portable_sheets

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_ODD = st.text(st.sampled_from([*_FORMULA, *";,|\t\r\n \"'a1"]), max_size=12)


def _read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def _told(**values: Any) -> dict[str, Any]:
    return {"values": [], "purchases": [], "choices": [], **values}


def _value(value: Any) -> dict[str, Any]:
    return {"name": "name", "category": "pd:Name", "type": "text", "value": value,
            "source": "till", "since": "2026-01-01T00:00:00.000000Z"}  # fmt: skip


def _cell(value: Any) -> str:
    [row] = _read(portable_sheets(_told(values=[_value(value)]))["csv/values.csv"])
    return row["value"]


@given(st.text() | _ODD)
def test_a_text_comes_back_as_it_was_but_for_apostrophes(text: str) -> None:
    assert _cell(text).replace("'", "") == text.replace("'", "")


@given(st.text(st.characters(codec="utf-8", exclude_characters="=+-@＝＋－＠\t\r\n")))
def test_a_text_without_such_signs_comes_back_as_it_was(text: str) -> None:
    assert _cell(text) == text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@given(before=_ODD | st.text(), text=_ODD | st.text())
def test_no_cell_is_a_formula_whatever_a_spreadsheet_splits_at(
    delimiter: str, before: str, text: str
) -> None:
    values = [_value(before), {**_value(text), "source": before}]
    content = portable_sheets(_told(values=values))["csv/values.csv"].decode()
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    assert not [one for row in rows for one in row if one.lstrip().startswith(_FORMULA)]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("=cmd()", "'=cmd()"),
        ("+46701234567", "'+46701234567"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\nhej", "'\nhej"),
        ('hej;=HYPERLINK("x")', 'hej;\'=HYPERLINK("x")'),
        ('hej, "=1"', 'hej, "\'=1"'),
        ("hej\n- du", "hej\n'- du"),
        ("a-b; c+d, e=f", "a-b; c+d, e=f"),
    ],
)
def test_what_a_spreadsheet_would_run_is_a_text(text: str, marked: str) -> None:
    assert _cell(text) == marked


def test_numbers_keep_their_sign() -> None:
    item = Line("-X", "=1", "-1", "199.50")
    bought = Taken("R-2", "till", "2026-01-01T00:00:00.000000Z", "-199.50", True, (item,))
    sheets = portable_sheets(_told(purchases=[bought]))
    [row] = _read(sheets["csv/purchases.csv"])
    assert (row["amount"], row["cancelled"]) == ("-199.50", "true")
    [row] = _read(sheets["csv/items.csv"])
    assert list(row.values()) == ["R-2", "'-X", "'=1", "-1", "199.50"]


def test_what_is_not_there_is_an_empty_cell() -> None:
    choice = {"at": "x", "said": "paused", "purpose": None, "by": "member", "how": "",
              "channel": None, "setting": 0, "language": None, "notice_sha256": None,
              "holds_until": None}  # fmt: skip
    [row] = _read(portable_sheets(_told(choices=[choice]))["csv/choices.csv"])
    assert (row["purpose"], row["setting"], row["how"]) == ("", "0", "")


def test_lines_end_as_rfc_4180_has_it() -> None:
    content = portable_sheets(_told())["csv/values.csv"]
    assert content == b"name,category,type,value,source,since\r\n"
