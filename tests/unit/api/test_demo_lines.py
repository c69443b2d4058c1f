"""What the demonstration prints, where nobody has a screen."""

import io

import pytest
from rich.console import Console

from api.cli.demo import _numbered


@pytest.mark.parametrize(("screen", "lines"), [(False, 1), (True, 3)])
def test_a_step_is_one_line_unless_it_is_told_on_a_screen(screen: bool, lines: int) -> None:
    told = io.StringIO()
    _numbered(Console(file=told, force_terminal=screen, width=80))("word " * 40)
    assert len(told.getvalue().splitlines()) == lines
