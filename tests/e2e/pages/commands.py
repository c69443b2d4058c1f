"""Commands that pages show, typed as they stand there."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: What a reader's own computer has by these names.
PROGRAMS: dict[str, Sequence[str]] = {
    "python": (sys.executable,),
    "tillit": (sys.executable, "-c", "from api.cli import main; main()"),
}
PATIENCE = 60.0  # seconds


def typed(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What came of it, in a folder that holds what was downloaded."""
    program, *words = shlex.split(command)
    return subprocess.run(
        [*PROGRAMS[program], *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
