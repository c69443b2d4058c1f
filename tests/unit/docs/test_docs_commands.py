"""The commands that the README and the pages show are commands there are."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from api.cli.app import app
from api.imports import parse_mapping

ROOT = Path(__file__).parents[3]
SHOWN = [ROOT / "README.md", ROOT / "docs" / "tutorial.md"]


def shell_lines(page: Path) -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in joined.splitlines() if line.strip()]


def test_the_readme_begins_with_the_two_commands() -> None:
    lines = shell_lines(ROOT / "README.md")
    assert lines[:2] == [["make", "demo"], ["make", "test"]]


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_every_make_target_shown_is_in_the_makefile(page: Path) -> None:
    shown = [line[1:] for line in shell_lines(page) if line[0] == "make"]
    shown += [found.split()[1:] for found in re.findall(r"`(make [^`]+)`", page.read_text("utf-8"))]
    assert shown
    for arguments in shown:
        command = ["make", "--dry-run", "--directory", str(ROOT), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        if "once=1" in arguments:
            assert "--once" in done.stdout


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.name)
def test_every_tillit_command_shown_is_understood(page: Path) -> None:
    shown = [line[1:] for line in shell_lines(page) if line[0] == "tillit"]
    assert len(shown) >= 4
    for arguments in shown:
        command, left = get_command(app), list(arguments)
        context = command.make_context("tillit", list(arguments))
        while hasattr(command, "resolve_command"):
            _, command, left = command.resolve_command(context, left)
            context = command.make_context(command.name, list(left), parent=context)


def test_the_python_and_the_examples_shown_are_there() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert required["requires-python"] == ">=3.11"
    for page in SHOWN:
        assert "Python 3.11 or" in page.read_text("utf-8")
        for word in (word for line in shell_lines(page) for word in line):
            if word.startswith(("examples/", "audit/")):
                assert (ROOT / word).exists(), word


def test_the_tutorials_mapping_is_one() -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    (mapping,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    parse_mapping(mapping)
