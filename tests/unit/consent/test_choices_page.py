"""The page of choices names every word of the ledger, and no other."""

import re
from pathlib import Path

from consent.choices import Action, By, State

PAGE = (Path(__file__).parents[3] / "docs" / "choices.md").read_text(encoding="utf-8")


def _first_column(title: str) -> list[str]:
    section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_every_action_is_explained_once() -> None:
    assert sorted(_first_column("What can be said")) == sorted(Action)


def test_everybody_who_can_say_it_is_explained_once() -> None:
    assert sorted(_first_column("By whom")) == sorted(By)


def test_every_state_stands_with_its_term_in_the_dpv() -> None:
    assert sorted(_first_column("Where a consent stands")) == sorted(State)
    for state in State:
        assert f"| `{state}` | `{state.term}` |" in PAGE
