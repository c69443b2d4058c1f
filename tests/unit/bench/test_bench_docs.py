"""The page about benchmarks shows what was measured, and tells of every row."""

from bench import publishing

PAGE = publishing.DOCS.read_text("utf-8")


def test_the_table_in_the_docs_is_the_one_in_the_results(rows: list[str]) -> None:
    results = publishing.read(publishing.RESULTS)
    assert [one.row for one in results] == rows
    assert publishing.with_table(PAGE, results) == PAGE


def test_every_row_is_explained(rows: list[str]) -> None:
    for row in rows:
        assert f"### `{row}`" in PAGE
