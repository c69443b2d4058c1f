"""Each command explains itself, and stands in docs/cli.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from api.cli import app

PAGE = (Path(__file__).parents[4] / "docs/cli.md").read_text()


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    inside = getattr(command, "commands", {})
    for name, one in inside.items():
        yield from walk(one, (*path, name))
    if not inside:
        yield path, command


COMMANDS = dict(walk(get_command(app)))


def test_there_are_the_commands_that_the_design_names() -> None:
    assert {" ".join(path) for path in COMMANDS} >= {
        *("serve", "worker", "migrate", "token"),
        *("programme check", "programme apply", "programme show"),
        *("import members", "import events", "import consents"),
        *("segment preview", "segment evaluate"),
        *("request open", "request list", "request show"),
        *("request approve", "request refuse", "request due"),
        *("keys status", "audit verify", "audit export", "audit evidence"),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_explains_itself(cli, path: tuple[str, ...]) -> None:
    came = cli(*path, "--help")
    assert came.status == 0
    assert "Usage: tillit " + " ".join(path) in " ".join(came.out.split())
    assert COMMANDS[path].help


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_is_documented_with_its_options(path: tuple[str, ...]) -> None:
    assert f"`tillit {' '.join(path)}" in PAGE
    for parameter in COMMANDS[path].params:
        for option in parameter.opts:
            if option.startswith("--") and option != "--help":
                assert re.search(rf"{option}\b", PAGE), option
                assert parameter.help, option


def test_every_command_in_the_page_exists() -> None:
    named = {
        tuple(found.split())
        for found in re.findall(r"`tillit ((?:[a-z]+)(?: [a-z-]+)?)", PAGE)
        if not found.startswith("--")
    }
    for path in named:
        groups = {known[: len(path)] for known in COMMANDS}
        assert path in groups or path[:1] in COMMANDS, path
