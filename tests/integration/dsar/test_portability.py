"""What can be taken elsewhere is what was provided or observed, and nothing that was inferred."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
from a_whole_life import FORMER, ITEMS, LANGUAGES, VALUES, WholeLife

from api.bootstrap import SYSTEM
from consent.programme import read_programme
from dsar.states import Right

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "portability.schema.json").read_text())
#: Handed out or worked out by the programme, of no purpose on consent or contract, or gone.
NOT_THEIRS = {"tier", "income", FORMER}


async def _data(life: WholeLife, language: str = "sv") -> tuple[dict[str, Any], dict[str, bytes]]:
    files = await life.package(Right.PORTABILITY, language=language)
    data: dict[str, Any] = json.loads(files["data.json"])
    jsonschema.validate(data, SCHEMA)
    return data, files


def _sheet(content: bytes) -> list[dict[str, str]]:
    assert not content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


async def test_everything_that_was_provided_is_in_it_as_it_is_kept(whole_life: WholeLife) -> None:
    data, files = await _data(whole_life)
    assert set(files) == {
        *("README.txt", "data.json", "csv/values.csv", "csv/purchases.csv", "csv/items.csv"),
        "csv/choices.csv",
    }
    values = {one["name"]: one["value"] for one in data["values"]}
    kept = VALUES | {"country": "NO"}
    assert values == {name: one for name, one in kept.items() if name not in NOT_THEIRS}
    assert [one["reference"] for one in data["purchases"]] == ["R-1", "=R-2"]
    assert [tuple(item.values()) for item in data["purchases"][0]["items"]] == [
        (one.sku, one.description, str(one.quantity), str(one.price)) for one in ITEMS
    ]
    said = [(one["said"], one["purpose"]) for one in data["choices"]]
    assert sorted(said, key=str) == sorted(((one[0], one[1]) for one in whole_life.said), key=str)


async def test_nothing_that_was_inferred_or_handed_out_is_in_it(whole_life: WholeLife) -> None:
    data, files = await _data(whole_life)
    names = {one["name"] for one in data["values"]}
    async with whole_life.tillit.unit() as work:
        assert names.isdisjoint(work.active.programme.traits)
    assert names.isdisjoint(NOT_THEIRS)
    everything = b"".join(files.values())
    assert b"2698.50" not in everything
    assert b'"gold"' not in everything
    for stranger in whole_life.strangers:
        assert stranger.encode() not in everything


async def test_the_tables_say_what_the_file_says(whole_life: WholeLife) -> None:
    data, files = await _data(whole_life)
    values = _sheet(files["csv/values.csv"])
    assert [row["name"] for row in values] == [one["name"] for one in data["values"]]
    told = {row["name"]: row["value"] for row in values}
    assert told["phone"] == "'" + VALUES["phone"]
    assert told["county"] == "'" + VALUES["county"]
    assert told["interests"] == "hiking; skiing"
    assert told["newsletter_on_paper"] == "true"
    bought = _sheet(files["csv/purchases.csv"])
    assert [row["amount"] for row in bought] == [one["amount"] for one in data["purchases"]]
    assert len(_sheet(files["csv/items.csv"])) == len(ITEMS)
    assert len(_sheet(files["csv/choices.csv"])) == len(data["choices"])


async def test_the_data_is_the_same_in_every_language_and_the_page_is_not(
    whole_life: WholeLife,
) -> None:
    asked = [await _data(whole_life, language) for language in LANGUAGES]
    same = [{**data, "made_at": "", "request": ""} for data, _ in asked]
    assert all(one == same[0] for one in same)
    assert len({files["README.txt"].partition(b"\n")[0] for _, files in asked}) == len(LANGUAGES)


async def test_what_only_law_or_interest_uses_is_not_in_it(whole_life: WholeLife) -> None:
    tillit = whole_life.tillit
    async with tillit.unit() as work:
        source = work.active.programme.source
    changed = source
    for name in ('"spend_365d", "newsletter_on_paper"]', '"tier", "interests",'):
        assert name in source
    changed = changed.replace('"tier", "interests", "county",\n    "country", "spend_365d", ',
                              '"interests", "county",\n    "country", ')  # fmt: skip
    changed = changed.replace(
        '"last_purchase", "orders_365d", "spend_365d", "average_order",', ""
    ).replace('"member_number", "tier", "interests", "county", "country", "age",',
              '"member_number", "interests", "county", "country", "age",')  # fmt: skip
    changed = changed.replace('"interests", "country", "spend_365d"]', '"interests", "country"]')
    await tillit.apply(SYSTEM, read_programme(changed))
    async with tillit.unit() as work:
        purposes = work.active.programme.purposes
        assert "spend_365d" not in purposes["membership"].fields
        assert "spend_365d" in purposes["assortment_insight"].fields
    data, _ = await _data(whole_life)
    assert data["purchases"] == []
