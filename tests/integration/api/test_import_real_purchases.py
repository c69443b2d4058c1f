"""The real purchases, imported by the command a newcomer types, and asked about."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from api.cli import app

ROOT = Path(__file__).parents[3]
FILE = ROOT.parent / "shared/data/online_retail_2009_2010.parquet"
EXAMPLES = ROOT / "examples"
IMPORT = ("import", "events", str(FILE), "--mapping", str(EXAMPLES / "online_retail.toml"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILE.exists(), reason="the real purchases are not part of the project"),
]


def tillit(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(app, [*arguments, "--json"], prog_name="tillit")
    assert result.exit_code == 0, result.stderr
    told: dict[str, object] = json.loads(result.stdout)
    return told


def test_the_real_purchases_come_in_once_and_add_up(
    database_url: str,
    tmp_path: Path,
    tables: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TILLIT_DATABASE_URL", database_url)
    monkeypatch.setenv("TILLIT_DATA", str(tmp_path))
    tillit("programme", "apply", str(EXAMPLES / "online_retail_programme.toml"))
    busy, began = time.process_time(), time.monotonic()
    first = tillit(*IMPORT)
    # Other work on the machine must not fail this: ours is what counts, where it is less.
    assert min(time.monotonic() - began, 2 * (time.process_time() - busy)) < 60
    raw = pd.read_parquet(FILE)
    known = raw[raw["Customer ID"].notna()]
    purchases = known.groupby(["Customer ID", "Invoice"]).ngroups
    assert first == {
        "lines": len(raw),
        "taken": len(known),
        "purchases": purchases,
        "members": known["Customer ID"].nunique(),
        "not_taken": {"no_member": len(raw) - len(known)},
        "new": {"members": 4_383, "purchases": purchases},
    }
    assert (len(raw), len(raw) - len(known), first["members"]) == (525_461, 107_927, 4_383)

    before = tables()
    second = tillit(*IMPORT)
    assert tables() == before
    assert second == first | {"new": {"members": 0, "purchases": 0}}

    matched = tillit(
        *("segment", "evaluate", "country = 'Germany' AND spend_365d >= 2000"),
        *("--purpose", "stock_planning", "--service", "analytics"),
    )
    assert matched["members"] == german_spenders(known)


def german_spenders(known: pd.DataFrame) -> list[str]:
    """Members whose newest line says Germany, and whose last 365 days come to 2,000 or more."""
    at = pd.to_datetime(known["InvoiceDate"])
    days = at.dt.normalize()
    # To the tenth of a penny and exactly: prices have at most three decimals.
    tenths = (known["Price"] * 1000).round().astype(int) * known["Quantity"]
    of = known["Customer ID"].astype(int).astype(str)
    spent = tenths[days > days.max() - pd.Timedelta(days=365)].groupby(of).sum()
    newest = known.assign(at=at, of=of).sort_values("at", kind="stable").groupby("of").tail(1)
    german = set(newest.loc[newest["Country"] == "Germany", "of"])
    return sorted(number for number in german if spent.get(number, 0) >= 2_000_000)
