"""A members file is one line for each member."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.imports import ImportRefused, MembersFile, parse_mapping, read_members

MAPPING = """
source = "crm"
decimal = ","
[members]
number = "no"
{section}
[members.fields]
email = "mail"
born = {{ column = "born", format = "%d/%m/%Y" }}
interests = {{ column = "likes", split = ";" }}
points = {{ column = "points", number = true }}
news = {{ column = "news", true_is = ["ja", "true"], false_is = ["nej", "false"] }}
"""
HEADER = "no,mail,born,likes,points,news\n"


def read(folder: Path, lines: str, section: str = "") -> MembersFile:
    (folder / "crm.csv").write_text(HEADER + lines)
    return read_members(folder / "crm.csv", parse_mapping(MAPPING.format(section=section)))


def refusal(folder: Path, lines: str) -> str:
    with pytest.raises(ImportRefused) as refused:
        read(folder, lines)
    return str(refused.value)


def test_a_line_is_a_member_with_typed_fields(tmp_path: Path) -> None:
    found = read(tmp_path, '2,b@example.com,31/12/1999,ski; hike;;ski,"7,5",ja\n1,,,,10,nej\n')
    first, second = found
    assert (first.number, first.line, first.fields) == ("1", 3, {"points": 10, "news": False})
    assert (second.number, second.line) == ("2", 2)
    assert second.fields == {
        "email": "b@example.com",
        "born": date(1999, 12, 31),
        "interests": ("ski", "hike"),
        "points": Decimal("7.5"),
        "news": True,
    }
    assert (found.lines, found.taken, len(found)) == (2, 2, 2)
    assert list(found.distinct_values("email")) == [("b@example.com", 2)]
    assert found.place(2, "born") == "crm.csv line 2, column born"


def test_typed_columns_give_the_same_fields(tmp_path: Path) -> None:
    table = pa.table(
        {
            "no": pa.array([1.0, 2.0]),
            "mail": ["a@example.com", None],
            "born": pa.array([date(1999, 12, 31), None]),
            "likes": pa.array([["ski", "hike"], None]),
            "points": pa.array([7.5, 10.0]),
            "news": pa.array([True, False]),
        }
    )
    pq.write_table(table, tmp_path / "crm.parquet")
    found = read_members(tmp_path / "crm.parquet", parse_mapping(MAPPING.format(section="")))
    text = '1,a@example.com,31/12/1999,ski;hike,"7,5",ja\n2,,,,10,nej\n'
    assert [(m.number, m.fields) for m in found] == [
        (m.number, m.fields) for m in read(tmp_path, text)
    ]


def test_a_member_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    said = refusal(tmp_path, "1,,,,,\n2,,,,,\n1.0,,,,,\n")
    assert said == (
        "crm.csv line 4, column no: the same member number as on line 2; "
        "keep one line for each member"
    )


def test_a_line_without_number_is_refused_or_left_out(tmp_path: Path) -> None:
    assert "crm.csv line 2, column no: no member number" in refusal(tmp_path, ",a,,,,\n")
    found = read(tmp_path, ",a,,,,\n1,,,,,\n", 'without_member = "leave_out"')
    assert (found.lines, found.taken, found.not_taken) == (2, 1, {"no_member": 1})


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("1,,1999-12-31,,,\n", "line 2, column born: not a date like 01/12/2009 (format %d/%m/%Y)"),
        ("1,,,,7.5,\n", "line 2, column points: not a number like 1234,50"),
        ("1,,,,,kanske\n", "line 2, column news: neither yes nor no; write one of false, ja, nej"),
    ],
)
def test_a_wrong_field_is_refused(tmp_path: Path, lines: str, says: str) -> None:
    said = refusal(tmp_path, lines)
    assert says in said
    assert "kanske" not in said
