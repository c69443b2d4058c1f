"""A year of a real shop's purchases: imported by command, asked about, compared with pandas.

What the raw file gives by plain sums, intersected with those who consented, is what a segment
must give. The oracle shares no code with the product and reads the file itself.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from api.settings import Settings
from consent.programme import load_programme

ROOT = Path(__file__).parents[2]
RAW = ROOT.parent / "shared" / "data" / "online_retail_2009_2010.parquet"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not RAW.exists(), reason="the real purchases are not part of the project"),
]

CONSENTS = """
source = "consent-survey"
format = "csv"
timezone = "Europe/London"

[consents]
date_format = "%Y-%m-%d %H:%M:%S"
purpose = "personalised_offers"
language = "en"

[consents.columns]
member = "member"
action = "answer"
at = "at"
notice = "shown"

[consents.values]
yes = "given"
no = "refused"
"""


@dataclass(frozen=True)
class Shop:
    """The imported store, the raw lines, and what members said."""

    settings: Settings
    lines: pd.DataFrame
    consented: set[str]
    today: date

    def run(self, *words: str) -> str:
        environment = os.environ | {
            "TILLIT_DATA": str(self.settings.data),
            "TILLIT_DATABASE_URL": str(self.settings.database_url),
        }
        done = subprocess.run(
            [str(Path(sys.executable).with_name("tillit")), *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def per_member(self, days: int = 365) -> pd.DataFrame:
        """Orders, spend, average and last day of each customer, straight from the lines."""
        lines, first = self.lines, self.today - timedelta(days=days - 1)
        recent = lines[lines.day >= first]
        orders = recent[~recent.cancelled].groupby("member").Invoice.nunique()
        spend = recent.groupby("member").amount.sum()
        frame = pd.DataFrame(index=sorted(lines.member.unique()))
        frame["orders"] = orders.reindex(frame.index).fillna(0)
        frame["spend"] = spend.reindex(frame.index).fillna(0.0).round(2)
        frame["average"] = (frame.spend / frame.orders).where(frame.orders > 0)
        frame["last"] = lines[~lines.cancelled].groupby("member").day.max()
        latest = lines.sort_values(["InvoiceDate"], kind="stable").groupby("member")
        frame["country"] = latest.Country.last()
        return frame


def _lines(today: date) -> pd.DataFrame:
    raw = pd.read_parquet(RAW)
    shift = today - pd.to_datetime(raw.InvoiceDate).max().date()
    lines = raw[raw["Customer ID"].notna()].copy()
    lines["member"] = lines["Customer ID"].astype(int).astype(str)
    lines["day"] = (pd.to_datetime(lines.InvoiceDate) + shift).dt.date
    lines["amount"] = lines.Quantity * lines.Price
    lines["cancelled"] = lines.Invoice.str.startswith("C")
    # An invoice with two times is one purchase, of the earlier.
    lines["day"] = lines.groupby(["member", "Invoice"]).day.transform("min")
    return lines


@pytest.fixture
def shop(settings: Settings, tmp_path: Path) -> Shop:
    today = pd.Timestamp.now(tz="Europe/London").date()
    lines = _lines(today)
    dice = random.Random(7)
    members = sorted(lines.member.unique())
    answers = {member: dice.choice(("yes", "yes", "no", "")) for member in members}
    consented = {member for member, answer in answers.items() if answer == "yes"}
    made = Shop(settings, lines, consented, today)
    survey, mapping = tmp_path / "survey.csv", tmp_path / "survey.toml"
    mapping.write_text(CONSENTS)
    said_on = today - timedelta(days=30)
    # Without the text that was shown, nothing would prove a yes.
    programme = load_programme(ROOT / "examples/online_retail_programme.toml")
    shown = programme.purposes["personalised_offers"].notice_digest("en").hex()
    survey.write_text(
        "member,answer,at,shown\n"
        + "".join(
            f"{member},{answer},{said_on} 10:00:00,{shown}\n"
            for member, answer in answers.items()
            if answer
        )
    )
    made.run("programme", "apply", "examples/online_retail_programme.toml", "--yes")
    counts = json.loads(
        made.run("import", "events", str(RAW), "--mapping", "examples/online_retail.toml", "--json")
    )
    assert counts["members"] == 4_383
    assert counts["lines"] == 525_461
    assert counts["not_taken"] == {"no_member": 107_927}
    assert counts["taken"] == 525_461 - 107_927
    made.run("import", "consents", str(survey), "--mapping", str(mapping), "--json")
    return made


Oracle = Callable[[pd.DataFrame, date], "pd.Series[bool]"]
ASKED: dict[str, Oracle] = {
    "spend_365d >= 1000": lambda of, _: of.spend >= 1000,
    "country = 'France' OR country = 'Germany'": lambda of, _: of.country.isin(
        ["France", "Germany"]
    ),
    "orders_365d BETWEEN 3 AND 7 AND country <> 'United Kingdom'": lambda of, _: (
        of.orders.between(3, 7) & (of.country != "United Kingdom")
    ),
    "last_purchase >= CURRENT_DATE - INTERVAL 90 DAY": lambda of, today: (
        of["last"] >= today - timedelta(days=90)
    ),
    "spend_365d < 0": lambda of, _: of.spend < 0,
    "average_order > 500 AND NOT country IN ('United Kingdom', 'EIRE')": lambda of, _: (
        (of.average.round(2) > 500) & ~of.country.isin(["United Kingdom", "EIRE"])
    ),
    "orders_365d = 0 OR last_purchase IS NULL": lambda of, _: (of.orders == 0) | of["last"].isna(),
}


def test_segments_of_real_purchases_are_what_plain_sums_over_the_raw_file_give(
    shop: Shop,
) -> None:
    of = shop.per_member()
    assert len(of) == 4_383
    for expression, oracle in ASKED.items():
        chosen = oracle(of, shop.today)
        expected = {member for member in of.index[chosen] if member in shop.consented}
        answer = json.loads(
            shop.run(
                "segment",
                "evaluate",
                expression,
                "--purpose",
                "personalised_offers",
                "--service",
                "offers-engine",
                "--json",
            )
        )
        assert set(answer["members"]) == expected, expression
        assert answer["matched"] == len(expected) > 0
        assert answer["eligible"] == len(shop.consented)
        assert answer["eligible"] + sum(answer["held_back"].values()) == 4_383
