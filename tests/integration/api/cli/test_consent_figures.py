"""`tillit consent`: figures at the command line, legible without colour."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.fixture
def many(cli: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """The outdoor club with 120 members, of whom 80 said yes to offers by way of a file."""
    assert cli("programme", "apply", str(EXAMPLES / "fjallklubben.toml"), "--yes").status == 0
    numbers = "".join(f"{n}\n" for n in range(120))
    (tmp_path / "m.csv").write_text("no\n" + numbers)
    (tmp_path / "m.toml").write_text('source = "crm"\n[members]\nnumber = "no"\n')
    assert cli("import", "members", "m.csv", "--mapping", "m.toml").status == 0
    lines = "".join(f"{n},2026-01-05\n" for n in range(80))
    (tmp_path / "c.csv").write_text("no,when\n" + lines)
    (tmp_path / "c.toml").write_text(
        'source = "forms"\n[consents]\npurpose = "personalised_offers"\naction = "given"\n'
        'columns = { member = "no", at = "when" }\n'
    )
    assert cli("import", "consents", "c.csv", "--mapping", "c.toml").status == 0
    return cli  # type: ignore[no-any-return]


def test_rates_are_a_table_with_a_bar(many: Callable[..., Any]) -> None:
    came = many("consent", "rates", "--purpose", "personalised_offers", "--since", "2026-01")
    assert came.status == 0
    assert "personalised_offers" in came.out
    assert "never asked" in came.out
    assert "\x1b" not in came.out
    assert "fewer than 10 members" in came.err
    plain = many(
        "consent", "rates", "--purpose", "personalised_offers", "--by", "day", "--json"
    ).json
    [one] = plain["figures"]
    assert sum(one["groups"].values()) + (one["together"] or 0) == one["members"]
    assert all(members % 10 == 0 for members in one["groups"].values())


def test_a_funnel_tells_each_step_it_may(many: Callable[..., Any]) -> None:
    came = many("consent", "funnel", "--purpose", "assortment_insight")
    assert came.status == 0
    assert "others, together: restricted, objected, paused, eligible" in came.out
    assert "100 %" not in came.out  # nothing is a share of what is hidden
    plain = many("consent", "funnel", "--purpose", "assortment_insight", "--json").json
    assert plain["funnel"]["purpose"] == "assortment_insight"


def test_many_who_are_held_back_are_told_together_with_the_few(many: Callable[..., Any]) -> None:
    came = many("consent", "funnel", "--purpose", "newsletter")
    line, *_ = [one for one in came.out.splitlines() if "others, together" in one and "│" in one]
    assert "120" in line, came.out
    assert "no consent" in came.out.partition("others, together: ")[2]


def test_a_channel_that_the_purpose_does_not_use_is_a_mistake(many: Callable[..., Any]) -> None:
    came = many("consent", "funnel", "--purpose", "assortment_insight", "--channel", "smoke")
    assert came.status == 1
    assert "--channel" in came.err


def test_what_runs_out_when_is_told_by_month(many: Callable[..., Any]) -> None:
    came = many("consent", "expiring", "--purpose", "personalised_offers")
    assert came.status == 0
    assert "no consent" in came.out
    assert many("consent", "expiring", "--json").json["figures"]


def test_nothing_is_told_of_a_handful(club: Callable[..., Any]) -> None:
    for command in (["rates"], ["funnel", "--purpose", "newsletter"], ["expiring"]):
        came = club("consent", *command)
        assert came.status == 0
        assert "nothing has been counted" in came.out
