"""Every row of the benchmark runs, small, so that the figures can be taken again on any day.

Each row checks that both sides give the same before it measures anything; that check runs here.
"""

import json
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.rows import ROWS

KEYS = {
    "row", "size", "ours", "theirs", "ratio", "ratio_min", "ratio_max", "goal", "machine",
}  # fmt: skip


@pytest.mark.slow
def test_every_row_runs_and_publishes_its_figures(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    assert main(["--members", "3000", "--rounds", "1", "--out", str(out)]) == 0
    results = json.loads(out.read_text())
    assert [one["row"] for one in results] == list(ROWS)
    for one in results:
        assert set(one) == KEYS
        assert one["ours"]
        if one["row"] != "start-1m":
            assert 0 < one["ratio_min"] <= one["ratio"] <= one["ratio_max"]


def test_a_misspelt_row_is_named_with_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "segment-warm"])
    assert "did you mean segment-warm-1m?" in capsys.readouterr().err
