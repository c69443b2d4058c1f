"""The access package holds everything that was put in, in words, and everything it holds agrees."""

import csv
import io
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import reading_pages
from a_whole_life import EVIL, FORMER, ITEMS, LANGUAGES, NOTE, ODD, OFFICER, VALUES, WholeLife
from markupsafe import escape

from api.bootstrap import SYSTEM
from audit.verify import VerifierKey, verify_proof
from consent.programme import read_programme
from consent.programme.catalogue import IMPLICIT
from dsar.languages import Language
from dsar.packages.wording import Wording

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = json.loads((DOCS / "package.schema.json").read_text())
#: What was put in, as it stands after the corrections that were made since.
KEPT = VALUES | {"country": "NO"}


def _json(files: dict[str, bytes]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(files["package.json"])
    jsonschema.validate(told, SCHEMA, format_checker=jsonschema.FormatChecker())
    return told


def _sheet(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everything_that_was_put_in_is_in_it(whole_life: WholeLife, language: str) -> None:
    files = await whole_life.package(language=language)
    told = _json(files)
    assert told["language"] == language
    _check_values(told)
    _check_traits(told)
    _check_purchases(told)
    _check_choices(told, whole_life)
    _check_uses(told)
    _check_requests(told)
    _check_processing(told, language)
    _check_page(told, files, language)
    _check_sheets(told, files)
    _check_readme(files, language)


def _check_values(told: dict[str, Any]) -> None:
    found = {one["name"]: one for one in told["values"]}
    assert {name: one["value"] for name, one in found.items()} == KEPT
    sources = {name: one["source"]["code"] for name, one in found.items()}
    assert sources == dict.fromkeys(KEPT, "till") | {"country": "member", "income": "request"}
    assert found["email"]["category"]["term"] == "pd:EmailAddress"
    assert found["member_number"]["category"]["term"] == IMPLICIT.category
    assert found["email"]["purposes"] == ["membership", "newsletter", "partner_offers"]
    assert found[FORMER]["purposes"] == []


def _check_traits(told: dict[str, Any]) -> None:
    found = {one["name"]: one for one in told["traits"]}
    assert set(found) == {"age", "average_order", "last_purchase", "orders_365d", "spend_365d"}
    assert (found["spend_365d"]["value"], found["orders_365d"]["value"]) == ("2698.50", 1)
    assert (found["spend_365d"]["from"], found["spend_365d"]["days"]) == ("purchase.amount", 365)
    assert "365" in found["spend_365d"]["how"]


def _check_purchases(told: dict[str, Any]) -> None:
    first, second = told["purchases"]
    assert (first["reference"], first["amount"], first["cancelled"]) == ("R-1", "2898.00", False)
    assert [tuple(item.values()) for item in first["items"]] == [
        (one.sku, one.description, str(one.quantity), str(one.price)) for one in ITEMS
    ]
    assert (second["reference"], second["amount"], second["cancelled"]) == ("=R-2", "-199.50", True)
    assert [one["source"]["code"] for one in (first, second)] == ["till", "web-shop"]
    assert first["currency"] == "SEK"


def _check_choices(told: dict[str, Any], life: WholeLife) -> None:
    lines = [
        (
            one["said"]["code"],
            one["purpose"],
            one["language"],
            one["by"]["code"],
            one["evidence"],
        )
        for one in told["consents"]
    ]
    assert sorted(lines, key=str) == sorted(life.said, key=str)
    times = [one["recorded"] for one in told["consents"]]
    assert times == sorted(times)
    shown = {one["language"]: one["notice"] for one in told["consents"] if one["language"]}
    assert shown["da"].startswith("Dansk tekst")
    assert shown["fi"].startswith("Suomeksi")
    assert shown["sv"].startswith("Om du säger ja")
    assert all(one["notice_sha256"] for one in told["consents"] if one["notice"])
    wishes = told["preferences"]
    assert (wishes["restricted"], wishes["objected_to_marketing"]) == (False, True)
    assert (wishes["days_between_contacts"], wishes["hours_without_contacts"]) == (14, [22, 23])
    assert [one["code"] for one in wishes["channels_off"]] == ["phone"]
    assert wishes["paused"]
    assert wishes["paused_until"]
    assert (wishes["guardians"], wishes["guardian_of"]) == (0, 1)


def _check_uses(told: dict[str, Any]) -> None:
    found = {
        (one["what"]["code"], one["by"]["name"] or one["by"]["type"], one["purpose"])
        for one in told["uses"]
    }
    service = ("offers-engine", "personalised_offers")
    assert {("segment.evaluated", *service), ("profile.read", *service)} <= found
    assert ("profile.read", "till", "membership") in found
    assert ("profile.read", "officer", None) in found
    assert ("choices.viewed", "officer", None) in found
    [asked] = [one for one in told["uses"] if one["what"]["code"] == "segment.evaluated"]
    assert asked["question"] == "tier = 'gold' AND spend_365d > 100"
    assert asked["outcome"]["code"] == "objected"
    [read] = [one for one in told["uses"] if one["by"]["name"] == "till"]
    assert "name" in [one["name"] for one in read["fields"]]
    tried = [one for one in told["uses"] if one["what"]["code"] == "identity.tried"]
    assert {one["outcome"]["code"] for one in tried} == {"proved"}


def _check_requests(told: dict[str, Any]) -> None:
    first, second, this = told["requests"]
    assert (first["right"]["code"], first["state"]["code"]) == ("rectification", "fulfilled")
    assert first["corrections"] == {"income": "1234.50"}
    assert (second["note"], second["outcome"]) == (NOTE, f"It stands. {EVIL}")
    assert (this["right"]["code"], this["state"]["code"]) == ("access", "accepted")
    assert this["request"] == told["request"]
    [hold] = told["holds"]
    assert (hold["ground"]["code"], hold["until"]) == ("dispute", "2099-01-01")


def _check_processing(told: dict[str, Any], language: str) -> None:
    assert told["controller"]["name"] == "Fjällklubben AB"
    [joint] = told["joint_controllers"]
    assert joint["name"] == "Tindeblikk Reiser AS"
    assert told["data_protection_officer"]["contact"] == "dpo@fjallklubben.example"
    assert told["complaints"]["site"] == "https://www.imy.se"
    purposes = {one["name"]: one for one in told["purposes"]}
    assert len(purposes) == 6
    bases = {name: one["legal_basis"]["article"] for name, one in purposes.items()}
    assert bases["newsletter"] == "Art. 6(1)(a)"
    assert bases["bookkeeping"] == "Art. 6(1)(c)"
    assert purposes["newsletter"]["recipients"] == [
        "Tallmo Drift Oy",
        "Brevduvan Utskick AB",
        "Pine Lantern Messaging, Inc.",
    ]
    assert {one["notice_language"] for one in purposes.values()} == {language}
    stands = {name: one["standing"] for name, one in purposes.items()}
    assert stands["newsletter"]["state"]["code"] == "withdrawn"
    assert stands["partner_offers"]["state"]["code"] == "refused"
    assert stands["membership"]["used_today"]
    assert stands["personalised_offers"]["because"]["code"] == "objected"
    retained = {name: one["retention"]["code"] for name, one in purposes.items()}
    assert (retained["membership"], retained["bookkeeping"]) == ("12 months", "7 years")
    profiled = {name: one["profiling"]["code"] for name, one in purposes.items()}
    assert profiled["personalised_offers"] == "selection"
    assert (profiled["membership"], profiled["bookkeeping"]) == ("traits", "none")
    americans = [one for one in told["recipients"] if one["outside_eea"]]
    assert [one["name"] for one in americans] == ["Pine Lantern Messaging, Inc."]
    assert americans[0]["safeguard"]["code"] == "scc"


def _check_page(told: dict[str, Any], files: dict[str, bytes], language: str) -> None:
    """The page shows what the JSON says, row by row, in words."""
    page = reading_pages.read(files["index.html"])
    wording = Wording(Language(language), ZoneInfo(told["programme"]["time_zone"]), "SEK")
    rows = page.tables
    said = [[f"{one['label']} {one['name']}", _flat(one["words"])] for one in told["values"]]
    assert [row[:2] for row in rows["values"]] == said
    whence = [one["source"]["words"] for one in told["values"]]
    assert [row[2] for row in rows["values"]] == whence
    computed = [[one["words"], one["how"]] for one in told["traits"]]
    assert [row[1:3] for row in rows["traits"]] == [[_flat(one) for one in row] for row in computed]
    assert [row[-1] for row in rows["purchases"]] == [
        _flat(wording.money(one["amount"])) for one in told["purchases"]
    ]
    for item in told["purchases"][0]["items"]:
        assert _flat(item["description"]) in rows["purchases"][0][2]
    assert [row[0] for row in rows["consents"]] == [
        wording.moment(one["at"]) for one in told["consents"]
    ]
    assert [row[5] for row in rows["consents"]] == [
        _flat(one["notice"] or "") for one in told["consents"]
    ]
    assert [(row[2], row[4]) for row in rows["uses"]] == [
        (one["by"]["words"], one["outcome"]["words"]) for one in told["uses"]
    ]
    assert [row[0] for row in rows["recipients"]] == [one["name"] for one in told["recipients"]]
    assert len(rows["requests"]) == len(told["requests"])
    assert NOTE in rows["requests"][1][5]
    _check_form(page, language)


def _check_form(page: reading_pages.Page, language: str) -> None:
    """Headings in order, a caption on each table, a language, a policy, no script."""
    assert page.headings[0][0] == 1
    levels = [level for level, _ in page.headings]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.captions == len(page.tables) == 7
    assert ("html", "lang", language) in page.attributes
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "form", "object", "base"})
    [policy] = [value for tag, name, value in page.attributes if value.startswith("default-src")]
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'; style-src")
    assert "unsafe" not in policy
    links = [value for tag, name, value in page.attributes if name in ("href", "src")]
    assert all(one.startswith(("#", "proofs/", "https://")) for one in links)
    anchors = {value for _, name, value in page.attributes if name == "id"}
    assert {one[1:] for one in links if one.startswith("#")} <= anchors
    assert not any(name.startswith("on") or name == "style" for _, name, _ in page.attributes)


def _check_sheets(told: dict[str, Any], files: dict[str, bytes]) -> None:
    for name in ("values", "purchases", "items", "consents", "uses"):
        assert files[f"{name}.csv"].startswith(b"\xef\xbb\xbf")
    rows = _sheet(files["values.csv"])
    both = [*told["values"], *told["traits"]]
    assert [(row["name"], row["words"]) for row in rows] == [
        (one["name"], _guarded(one["words"])) for one in both
    ]
    bought = _sheet(files["purchases.csv"])
    assert [(row["reference"], row["amount"]) for row in bought] == [
        (_guarded(one["reference"]), one["amount"]) for one in told["purchases"]
    ]
    assert len(_sheet(files["items.csv"])) == len(ITEMS)
    consents = _sheet(files["consents.csv"])
    assert [(row["said"], row["notice"]) for row in consents] == [
        (one["said"]["words"], one["notice"] or "") for one in told["consents"]
    ]
    uses = _sheet(files["uses.csv"])
    assert [(row["entry"], row["outcome"]) for row in uses] == [
        (one["entry"], one["outcome"]["words"]) for one in told["uses"]
    ]


def _check_readme(files: dict[str, bytes], language: str) -> None:
    readme = files["README.txt"].decode()
    assert "python verify.py proof proofs/ENTRY.txt --entry proofs/ENTRY.json --key KEY" in readme
    assert all(one in readme for one in ("package.json", "values.csv", "uses.csv"))
    assert "fjallklubben.example/record" in readme
    assert max(len(line) for line in readme.splitlines()) < 110
    assert language == "en" or "How to check" not in readme


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _flat(text: str) -> str:
    return " ".join(text.split())


async def test_every_proof_verifies_with_nothing_but_the_package(whole_life: WholeLife) -> None:
    files = await whole_life.package()
    told = _json(files)
    key = VerifierKey.parse((await whole_life.tillit.signer()).verifier_key)
    assert len(told["uses"]) > 20
    for one in told["uses"]:
        body = files[one["proof"].replace(".txt", ".json")]
        verify_proof(files[one["proof"]].decode(), entry=body, key=key)
        assert json.loads(body)["id"] == one["entry"]
    proofs = [name for name in files if name.startswith("proofs/")]
    assert len(proofs) == 2 * len(told["uses"])


async def test_nothing_of_guardian_child_neighbour_or_staff_is_in_it(
    whole_life: WholeLife,
) -> None:
    files = await whole_life.package(language="en")
    # The record's own bytes name the officer by an id that names nobody to outsiders.
    told = {name: text for name, text in files.items() if not name.startswith("proofs/")}
    for stranger in whole_life.strangers:
        holding = [name for name, text in told.items() if stranger.encode() in text]
        assert holding == [], stranger
        if stranger not in ("needle", "officer-needle-7"):
            assert not any(stranger.encode() in text for text in files.values())


async def test_marks_in_a_name_neither_run_nor_turn_the_page_around(whole_life: WholeLife) -> None:
    files = await whole_life.package(language="en")
    page = files["index.html"].decode()
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    assert f"<bdi>{escape(ODD)}</bdi>" in page
    for name in ("values.csv", "items.csv", "purchases.csv"):
        for row in _sheet(files[name]):
            assert not any(cell.startswith(("=", "+", "@")) for cell in row.values())


async def test_a_notice_is_shown_as_it_was_also_when_the_programme_says_it_otherwise_now(
    whole_life: WholeLife,
) -> None:
    tillit = whole_life.tillit
    async with tillit.unit() as work:
        programme = work.active.programme
    before = programme.purposes["newsletter"].notice["en"]
    source = programme.source.replace("about once a month", "about once a week")
    assert source != programme.source
    await tillit.apply(SYSTEM, read_programme(source))
    told = await whole_life.told()
    shown = {one["notice"] for one in told["consents"] if one["purpose"] == "newsletter"}
    assert shown == {before, None}


async def test_a_proof_tells_whose_id_it_holds_and_the_package_says_so(
    whole_life: WholeLife,
) -> None:
    files = await whole_life.package(language="en")
    holding = {name for name, content in files.items() if OFFICER.actor.encode() in content}
    assert holding
    assert all(re.fullmatch(r"proofs/[0-9a-f-]{36}\.json", name) for name in holding)
    said = "holds the id under which whoever acted stands in our record, staff too"
    for name in ("README.txt", "index.html"):
        assert said in " ".join(files[name].decode().split())
