"""The benchmark, run as it is run: in a process of its own.

DuckDB, which some rows are measured against, has much to say when the process that loaded it ends.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def python() -> Run:
    """Runs Python with these arguments, where the benchmark is."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def rows(python: Run) -> list[str]:
    """The names of all rows, in their order."""
    program = "import json; from bench.rows import ROWS; print(json.dumps(list(ROWS)))"
    names: list[str] = json.loads(python("-c", program).stdout)
    return names
