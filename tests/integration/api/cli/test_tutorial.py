"""The tutorial, done as it is written: its files, its commands, and what it says comes out."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")


def _steps() -> dict[int, str]:
    parts = re.split(r"^## (\d)\. .*$", PAGE, flags=re.MULTILINE)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def _commands(text: str) -> list[list[str]]:
    lines = "\n".join(_blocks(text, "sh")).replace("\\\n", " ").splitlines()
    return [words[1:] for line in lines if (words := shlex.split(line))[:1] == ["tillit"]]


def _ask(cli: Callable[..., Any], command: list[str]) -> tuple[list[str], int]:
    """The member numbers that come out, and how many are eligible."""
    came = cli(*command)
    assert came.status == 0, came.err
    return re.findall(r"^\d{4}$", came.out, re.MULTILINE), cli(*command, "--json").json["eligible"]


@pytest.fixture
def imported(cli: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Steps 2 and 3."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    steps = _steps()
    members, choices = _blocks(steps[3], "csv")
    (mapping,) = _blocks(steps[3], "toml")
    for name, text in (("members.csv", members), ("choices.csv", choices)):
        (tmp_path / name).write_text(text)
    (tmp_path / "mapping.toml").write_text(mapping)
    for command in (*_commands(steps[2]), *_commands(steps[3])):
        more = ["--yes"] if command[:2] == ["programme", "apply"] else []
        came = cli(*command, *more)
        assert came.status == 0, (command, came.err)
    return cli


def test_what_the_tutorial_says_comes_out(imported: Callable[..., Any], tmp_path: Path) -> None:
    steps = _steps()
    ask, *refused = _commands(steps[4])
    assert "1001 and 1002." in steps[4]
    assert _ask(imported, ask) == (["1001", "1002"], 2)
    assert len(refused) == 2
    assert all(imported(*command).status == 1 for command in refused)
    (line,) = _blocks(steps[5], "csv")
    with (tmp_path / "choices.csv").open("a") as file:
        file.write(line)
    assert imported(*_commands(steps[3])[1]).status == 0
    assert "1001 alone, and one more held back" in steps[5]
    assert _ask(imported, ask) == (["1001"], 1)
    for command in _commands(steps[6]):
        came = imported(*command)
        assert came.status == 0, (command, came.err)
    assert (tmp_path / "record").is_dir()
