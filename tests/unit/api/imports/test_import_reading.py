"""Three formats, one sheet; a broken file is refused with the line that breaks it."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.imports import ImportRefused, parse_mapping, sheet
from api.imports.reading import read_sheet
from api.imports.sheet import MOST_LINES, Sheet
from api.imports.values import text

MAPPING = parse_mapping('source = "shop"')
WANTED = {"who": "events.columns.member", "what": "events.columns.sku"}
ROWS = [("1", "tea"), ("2", 'a "hot"\ncup'), ("3", None), (None, "å; ø, æ"), ("1", "tea")]


def read(path: Path, head: str = "") -> Sheet:
    return read_sheet(path, parse_mapping('source = "shop"\n' + head), WANTED)


def rows(sheet: Sheet) -> list[tuple[object, ...]]:
    return [tuple(sheet.columns[name].at(i) for name in WANTED) for i in range(len(sheet))]


def refusal(path: Path, head: str = "") -> str:
    with pytest.raises(ImportRefused) as refused:
        read(path, head)
    return str(refused.value)


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "shop.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def _as_csv(path: Path) -> None:
    quoted = [",".join('"' + (v or "").replace('"', '""') + '"' for v in row) for row in ROWS]
    path.write_text("\n".join(["who,what", *quoted]))


def _as_ndjson(path: Path) -> None:
    records = [{"who": who, "what": what} for who, what in ROWS]
    path.write_text("\n".join(map(json.dumps, records)))


def _as_parquet(path: Path) -> None:
    who, what = zip(*ROWS, strict=True)
    pq.write_table(pa.table({"who": who, "what": what}), path, row_group_size=2)


@pytest.mark.parametrize(
    ("name", "write"),
    [("a.csv", _as_csv), ("a.ndjson", _as_ndjson), ("a.parquet", _as_parquet)],
)
def test_the_formats_give_the_same_rows(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    assert rows(read(tmp_path / name)) == ROWS


def test_a_parquet_file_of_too_many_lines_is_refused_before_it_is_read(tmp_path: Path) -> None:
    table = pa.table({"neither": pa.nulls(MOST_LINES + 1, pa.string())})
    pq.write_table(table, tmp_path / "a.parquet")
    # Its columns would be refused too, once anything is read.
    assert refusal(tmp_path / "a.parquet") == (
        "a.parquet: more than 5,000,000 lines; split the file"
    )


@pytest.mark.parametrize(
    ("name", "write"),
    [("a.csv", _as_csv), ("a.ndjson", _as_ndjson), ("a.parquet", _as_parquet)],
)
def test_a_file_may_have_so_many_lines_and_none_more(
    tmp_path: Path, name: str, write: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / name)
    monkeypatch.setattr(sheet, "MOST_LINES", len(ROWS))
    assert rows(read(tmp_path / name)) == ROWS
    monkeypatch.setattr(sheet, "MOST_LINES", len(ROWS) - 1)
    assert refusal(tmp_path / name) == f"{name}: more than {len(ROWS) - 1} lines; split the file"


def test_a_parquet_time_beyond_the_calendar_is_refused_with_its_row(tmp_path: Path) -> None:
    when = pa.array([0, 10**18, 0], pa.timestamp("us"))
    pq.write_table(pa.table({"who": ["1", "2", "3"], "what": when}), tmp_path / "a.parquet")
    said = refusal(tmp_path / "a.parquet")
    assert said == "a.parquet row 2, column what: a time or day outside the years 1 to 9999"


def test_lines_are_numbered_as_a_person_sees_them(
    csv_file: Callable[[str | bytes], Path],
) -> None:
    path = csv_file('who,what\n1,"two\nlines"\n\n2,x\n')
    assert read(path).numbers.tolist() == [2, 5]


def test_more_rows_than_a_batch_keep_their_places(tmp_path: Path) -> None:
    expected = [(str(i % 7), f"item {i}") for i in range(5_000)]
    (tmp_path / "a.csv").write_text("who,what\n" + "".join(f"{a},{b}\n" for a, b in expected))
    (tmp_path / "a.ndjson").write_text(
        "".join(json.dumps({"who": a, "what": b}) + "\n" for a, b in expected)
    )
    assert rows(read(tmp_path / "a.csv")) == expected
    assert rows(read(tmp_path / "a.ndjson")) == expected


@given(
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=1, max_size=30).filter(
        lambda rows: all("\r" not in cell for row in rows for cell in row)
    )
)
def test_any_text_survives_the_formats_alike(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    expected = [tuple(cell.strip() or None for cell in row) for row in cells]
    quoted = [",".join('"' + v.replace('"', '""') + '"' for v in row) for row in cells]
    (folder / "a.csv").write_text("\n".join(["who,what", *quoted]), "utf-8", newline="")
    (folder / "a.ndjson").write_text(
        "\n".join(json.dumps(dict(zip(WANTED, row, strict=True))) for row in cells)
    )
    pq.write_table(
        pa.table({name: [row[i] for row in cells] for i, name in enumerate(WANTED)}),
        folder / "a.parquet",
    )
    for name in ("a.csv", "a.ndjson", "a.parquet"):
        assert rows(read(folder / name)) == expected, name


def test_typed_columns_are_read_for_what_they_mean(tmp_path: Path) -> None:
    table = pa.table(
        {
            "who": pa.array([13085.0, None, 7.0], pa.float64()),
            "what": pa.array([6.95, 0.1, None], pa.float32()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    found = rows(read(tmp_path / "a.parquet"))
    assert [text(who) if who else None for who, _ in found] == ["13085", None, "7"]  # type: ignore[arg-type]
    assert [what for _, what in found] == [Decimal("6.95"), Decimal("0.1"), None]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([True, None, False]), ["true", None, "false"]),
        (pa.array([date(2020, 1, 2), None]), [date(2020, 1, 2), None]),
        (
            pa.array([datetime(2020, 1, 2, 3, 4, 5)], pa.timestamp("ns")),
            [datetime(2020, 1, 2, 3, 4, 5)],
        ),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([["a", "b"], None, []]), [("a", "b"), None, None]),
        (pa.array([Decimal("1.50")]), [Decimal("1.50")]),
        (pa.array([None, None], pa.null()), [None, None]),
        (pa.array([float("nan"), 1.5]), [None, Decimal("1.5")]),
    ],
)
def test_parquet_types_are_read(tmp_path: Path, values: pa.Array, expected: list[object]) -> None:
    pq.write_table(pa.table({"who": values, "what": values}), tmp_path / "a.parquet")
    assert [who for who, _ in rows(read(tmp_path / "a.parquet"))] == expected


def test_json_values_are_read_for_what_they_mean(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"who": 13085, "what": 6.95}\n\n{"who": true, "what": ["a", "b"]}\n{"what": null}\n'
    )
    sheet = read(tmp_path / "a.jsonl")
    assert rows(sheet) == [(13085, Decimal("6.95")), ("true", ("a", "b")), (None, None)]
    assert sheet.numbers.tolist() == [1, 3, 4]


def test_encoding_delimiter_and_byte_order_mark(csv_file: Callable[[str | bytes], Path]) -> None:
    head = 'encoding = "latin-1"\ndelimiter = ";"'
    assert rows(read(csv_file("who;what\n1;å\n".encode("latin-1")), head)) == [("1", "å")]
    assert rows(read(csv_file(b"\xef\xbb\xbfwho,what\r\n1,x\r\n"))) == [("1", "x")]
    assert rows(read(csv_file("who,what\n1,å\n".encode("utf-16")), 'encoding = "utf-16"'))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "shop.csv: the file is empty"),
        (b"\n\n", "shop.csv line 1: the header is missing"),
        (b"\x1f\x8b\x08\x00", "shop.csv: the file is compressed; unpack it first"),
        (b"PAR1....PAR1", "shop.csv: this is a Parquet file, not CSV"),
        (b"who,what\n1,x\n2\n", "shop.csv line 3: 1 values, where the header has 2"),
        (b'who,what\n1,"a\nb"\n2,x,y\n', "shop.csv line 4: 3 values, where the header has 2"),
        (b'who,what\n1,x\n2,"never closed\n', "shop.csv line 3: a quoted value is not closed"),
        (b'who,what\n1,"x"y\n', "shop.csv line 2: a quoted value is not closed, or goes on"),
        (b"who,what\n1,\xe5\n", "shop.csv line 2: not UTF-8 text; set encoding in the mapping"),
        (b"who;what\n1;x\n", 'line 1: the header is one single column; set delimiter = ";"'),
        (
            b"who,waht\n1,x\n",
            "shop.csv: no column 'what' (the mapping's events.columns.sku); did you mean 'waht'?",
        ),
        (b"who,what,who\n1,x,2\n", "shop.csv: more than one column 'who'"),
    ],
)
def test_a_broken_csv_file_is_refused(
    csv_file: Callable[[str | bytes], Path], content: bytes, says: str
) -> None:
    assert says in refusal(csv_file(content))


def test_a_late_break_is_found_on_its_line(csv_file: Callable[[str | bytes], Path]) -> None:
    good = b"who,what\n" + b"1,x\n" * 9_000
    assert "line 9002: not UTF-8" in refusal(csv_file(good + b"\xff,x\n"))
    assert "line 9002: 1 values" in refusal(csv_file(good + b"1"))


def test_a_file_without_header_does_not_show_its_first_member(
    csv_file: Callable[[str | bytes], Path],
) -> None:
    said = refusal(csv_file("4711,Anna Andersson\n4712,Bo Berg\n"))
    assert "no column 'who'" in said
    assert "Anna" not in said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "a.ndjson: the file is empty"),
        (b"\n\n", "a.ndjson: the file holds no line"),
        (b'{"who": 1, "what": 2}\n{"who": 1, "wh', "a.ndjson line 2: not JSON that can be read"),
        (b'[{"who": 1}]', "a.ndjson line 1: not a JSON object; each line is one object"),
        (b"who,what\n", "a.ndjson line 1: not a JSON object"),
        (b'{"who": "\xe5"}', "a.ndjson line 1: not UTF-8 text"),
        (b'{"who": NaN, "what": 1}', "a.ndjson line 1: not JSON that can be read"),
        (b'{"who": 1e99999999999999999999}', "a.ndjson line 1: not JSON that can be read"),
        (b'{"a":' + b"[" * 5000, "a.ndjson line 1: not JSON that can be read"),
        (b'{"who": 1}\n{"who": {"a": 1}}', "a.ndjson line 2, column who: an object, or a list"),
        (b'{"who": 1}', "a.ndjson: no column 'what'"),
    ],
)
def test_a_broken_ndjson_file_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.ndjson").write_bytes(content)
    assert says in refusal(tmp_path / "a.ndjson")


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    _as_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    for length in (4, 30, len(whole) // 2, len(whole) - 1):
        (tmp_path / "a.parquet").write_bytes(whole[:length])
        assert "a.parquet: not a whole Parquet file" in refusal(tmp_path / "a.parquet")


def test_a_parquet_column_of_structures_is_refused(tmp_path: Path) -> None:
    table = pa.table({"who": [{"a": 1}], "what": ["x"]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert "a.parquet, column who: a column of type struct" in refusal(tmp_path / "a.parquet")


def test_a_parquet_file_without_the_column_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"who": [1], "Waht": ["x"]}), tmp_path / "a.parquet")
    assert "no column 'what'" in refusal(tmp_path / "a.parquet")


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    assert "a.xlsx: the file's name does not tell its format" in refusal(tmp_path / "a.xlsx")


def test_the_mapping_s_format_goes_before_the_ending(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("who,what\n1,x\n")
    assert rows(read(tmp_path / "a.txt", 'format = "csv"')) == [("1", "x")]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path / "none.csv")
    assert "none.csv: the file cannot be opened (No such file or directory)" in said
    assert str(tmp_path) not in said
    (tmp_path / "folder.csv").mkdir()
    assert "cannot be opened (Is a directory)" in refusal(tmp_path / "folder.csv")
