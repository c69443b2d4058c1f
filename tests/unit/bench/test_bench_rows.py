"""Every row of the benchmark runs, small, so that the figures can be taken again on any day.

Each row checks that both sides give the same before it measures anything; that check runs here.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

KEYS = {
    "row", "size", "ours", "theirs", "ratio", "ratio_min", "ratio_max", "goal", "machine",
}  # fmt: skip
#: Measured against a goal, and against nothing else.
ALONE = {"start-1m", "pages"}


@pytest.mark.slow
def test_every_row_runs_and_publishes_its_figures(
    tmp_path: Path, python: Callable[..., Any], rows: list[str]
) -> None:
    out = tmp_path / "results.json"
    ran = python("-m", "bench", "--members", "3000", "--rounds", "1", "--out", str(out))
    assert ran.returncode == 0, ran.stderr
    results = json.loads(out.read_text())
    assert [one["row"] for one in results] == rows
    for one in results:
        assert set(one) == KEYS
        assert one["ours"]
        if one["row"] not in ALONE:
            assert 0 < one["ratio_min"] <= one["ratio"] <= one["ratio_max"]


def test_a_misspelt_row_is_named_with_the_right_one(python: Callable[..., Any]) -> None:
    ran = python("-m", "bench", "--only", "segment-warm")
    assert ran.returncode == 2
    assert "did you mean segment-warm-1m?" in ran.stderr
