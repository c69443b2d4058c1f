"""docs/requests.md says what the tables of states say, and names every word of the closed lists."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from dsar.reference import BEGIN, REASONS, RIGHTS, reference, renewed
from dsar.states import TABLES, Right, State, Step
from dsar.words import REFUSED_BY, Delay, Reason, Snag

PAGE = (Path(__file__).parents[3] / "docs" / "requests.md").read_text(encoding="utf-8")


def _words_in(heading: str) -> list[str]:
    table = PAGE.partition(heading)[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.M)


def test_the_tables_on_the_page_are_those_of_the_code() -> None:
    assert renewed(PAGE) == PAGE, "run python -m dsar.reference docs/requests.md"


def test_every_right_has_its_article_and_stands_in_one_table() -> None:
    assert set(RIGHTS) == set(Right)
    assert sorted(re.findall(r"`(\w+)`", " ".join(re.findall(r"^For (.+)\.$", PAGE, re.M)))) == (
        sorted(Right)
    )


def test_every_step_of_every_table_is_told_with_where_it_leads() -> None:
    told = re.findall(r"`(\w+)` → `(\w+)`", reference())
    different = {frozenset(table.items()) for table in TABLES.values()}
    assert len(told) == sum(len(table) for table in different)
    assert {Step(step) for step, _ in told} == set(Step)
    assert all(f"| `{state}` | `{state.term}` |" in PAGE for state in State)


def test_who_takes_a_step_is_told_of_each() -> None:
    assert _words_in("| step | who | what comes with it |\n|---|---|---|\n") == list(Step)


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("| to refuse | |\n|---|---|\n", Reason),
        ("| to extend | |\n|---|---|\n", Delay),
        ("| to return | |\n|---|---|\n", Snag),
    ],
)
def test_every_reason_is_told_and_no_other(heading: str, words: type[StrEnum]) -> None:
    assert sorted(_words_in(heading)) == sorted(words)


def test_every_pair_of_right_and_reason_is_told_with_its_articles_and_no_other() -> None:
    told = PAGE.partition(REASONS)[2].partition("<!-- end -->")[0]
    rows = {
        right: re.findall(r"`(\w+)` \((Art\. [^`|]+)\)", row)
        for right, row in re.findall(r"^\| `(\w+)` \| (.+) \|$", told, re.M)
    }
    assert rows == {right: list(fitting.items()) for right, fitting in REFUSED_BY.items()}


@pytest.mark.parametrize("mark", [BEGIN, REASONS])
def test_a_page_that_lost_its_marks_is_not_written_over(mark: str) -> None:
    with pytest.raises(ValueError, match="marks"):
        renewed(PAGE.replace(mark, ""))
