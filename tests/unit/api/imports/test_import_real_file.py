"""The real gift shop's year: the counts, the sums and the speed of the example mapping."""

import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from api.imports import MemberPurchases, PurchaseFile, load_mapping, read_purchases

ROOT = Path(__file__).parents[4]
REAL = ROOT.parent / "shared" / "data" / "online_retail_2009_2010.parquet"
TODAY = date(2026, 3, 4)
LONDON = ZoneInfo("Europe/London")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL.exists(), reason="the real purchases are not part of the project"),
]


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    frame = pd.read_parquet(REAL)
    frame = frame[frame["Customer ID"].notna()]
    frame["member"] = frame["Customer ID"].astype(int).astype(str)
    frame["mills"] = frame["Quantity"] * (frame["Price"] * 1000).round().astype(int)
    return frame


@pytest.fixture(scope="module")
def timed() -> tuple[PurchaseFile, list[MemberPurchases], float]:
    start = time.perf_counter()
    found = read_purchases(REAL, load_mapping(ROOT / "examples/online_retail.toml"), today=TODAY)
    members = list(found.members)
    return found, members, time.perf_counter() - start


Timed = tuple[PurchaseFile, list[MemberPurchases], float]


def test_the_counts_are_the_file_s(timed: Timed) -> None:
    found, members, _ = timed
    assert (found.lines, found.taken, found.not_taken) == (525_461, 417_534, {"no_member": 107_927})
    assert len(found.members) == len(members) == 4_383
    assert found.purchases == sum(len(member.purchases) for member in members) == 23_587
    assert sum(member.lines for member in members) == found.taken


def test_every_purchase_adds_up_like_pandas(timed: Timed, raw: pd.DataFrame) -> None:
    summed = raw.groupby(["member", "Invoice"]).agg(
        mills=("mills", "sum"), lines=("mills", "size"), at=("InvoiceDate", "min")
    )
    columns = (summed[name].tolist() for name in ("mills", "lines", "at"))
    expected = dict(zip(summed.index.tolist(), zip(*columns, strict=True), strict=True))
    back = timedelta(days=timed[0].shifted_days)
    got = {}
    for member in timed[1]:
        for one in member.purchases:
            invoice = one.reference.removeprefix("online-retail:")
            local = one.at.astimezone(LONDON).replace(tzinfo=None) - back
            got[member.number, invoice] = (int(one.amount * 1000), one.lines, f"{local}")
            assert one.cancelled == invoice.startswith("C")
            assert one.amount == sum((i.quantity * i.price for i in one.items), Decimal(0))
    # A clock put forward in 2025 or 2026 may have skipped a time that 2010 knew.
    assert {key: one[:2] for key, one in got.items()} == {k: v[:2] for k, v in expected.items()}
    assert sum(got[key] != expected[key] for key in got) < 5


def test_the_newest_purchase_is_of_today(timed: Timed) -> None:
    found, members, _ = timed
    newest = max(one.at for member in members for one in member.purchases)
    assert newest.astimezone(LONDON).date() == TODAY
    assert found.shifted_days == (TODAY - date(2010, 12, 9)).days


def test_the_newest_line_gives_the_country(timed: Timed, raw: pd.DataFrame) -> None:
    newest = raw.sort_values("InvoiceDate", kind="stable").groupby("member")["Country"].last()
    got = {member.number: member.fields["country"] for member in timed[1]}
    assert got == newest.to_dict()
    assert (raw.groupby("member")["Country"].nunique() > 1).sum() == 5


def test_a_second_run_makes_up_the_same_people(timed: Timed) -> None:
    found, members, _ = timed
    assert [m.fields for m in found.members] == [m.fields for m in members]
    for field in ("email", "phone"):
        assert len({m.fields[field] for m in members}) == 4_383


def test_reading_it_takes_seconds(timed: Timed) -> None:
    # About 4 s on two quiet cores; the bound leaves room for busy ones.
    assert timed[2] < 20
