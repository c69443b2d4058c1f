"""The page about benchmarks shows what was measured, and tells of every row."""

from bench import publishing
from bench.rows import ROWS

PAGE = publishing.DOCS.read_text("utf-8")


def test_the_table_in_the_docs_is_the_one_in_the_results() -> None:
    results = publishing.read(publishing.RESULTS)
    assert [one.row for one in results] == list(ROWS)
    assert publishing.with_table(PAGE, results) == PAGE


def test_every_row_is_explained() -> None:
    for row in ROWS:
        assert f"### `{row}`" in PAGE
