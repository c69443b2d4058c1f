"""The access package holds everything: each field, purchase, choice and use, with proofs."""

import io
import json
import zipfile
from typing import Any

import pytest
from a_life import ITEMS, VALUES, Life

from api.bootstrap import SYSTEM
from audit.verify import VerifierKey, verify_proof
from consent.programme import read_programme
from consent.programme.catalogue import IMPLICIT
from dsar import packages, register
from dsar.errors import NotReady
from dsar.states import Right, State


async def _package(life: Life) -> tuple[dict[str, Any], zipfile.ZipFile]:
    request = await life.answered(Right.ACCESS)
    async with life.tillit.unit() as work:
        made = await packages.fetch(work.unit, SYSTEM, request, life.member)
        assert (await register.get(work.unit, request)).state is State.FULFILLED
    archive = zipfile.ZipFile(io.BytesIO(made.zipped))
    return json.loads(archive.read("package.json")), archive


async def test_every_field_and_trait_is_in_it_with_its_source(life: Life) -> None:
    told, _ = await _package(life)
    values = {name: one["value"] for name, one in told["values"].items()}
    assert {name: values[name] for name in VALUES} == VALUES
    async with life.tillit.unit() as work:
        programme = work.active.programme
    assert set(values) == set(programme.names)
    assert values["spend_365d"] == "2698.50"
    assert values["orders_365d"] == 1
    assert told["values"]["email"]["source"] == "till"
    assert told["values"]["spend_365d"]["source"] == "computed"


async def test_the_member_number_has_the_category_that_it_has_everywhere(life: Life) -> None:
    told, _ = await _package(life)
    assert told["values"]["member_number"]["category"] == IMPLICIT.category


async def test_every_purchase_is_in_it_with_its_items(life: Life) -> None:
    told, _ = await _package(life)
    first, second = told["purchases"]
    assert (first["reference"], first["amount"], first["cancelled"]) == ("R-1", "2898.00", False)
    assert [(i["sku"], i["description"], i["quantity"], i["price"]) for i in first["items"]] == [
        (i.sku, i.description, str(i.quantity), str(i.price)) for i in ITEMS
    ]
    assert (second["reference"], second["amount"], second["cancelled"]) == ("R-2", "-199.50", True)


async def test_every_choice_is_in_it_with_the_notice_that_was_shown(life: Life) -> None:
    told, _ = await _package(life)
    async with life.tillit.unit() as work:
        purposes = work.active.programme.purposes
    said = [(one["action"], one["purpose"], one["notice"]) for one in told["consents"]]
    assert sorted(said, key=str) == sorted(
        [
            ("given", "personalised_offers", purposes["personalised_offers"].notice["sv"]),
            ("given", "newsletter", purposes["newsletter"].notice["en"]),
            ("withdrawn", "newsletter", None),
        ],
        key=str,
    )
    allowed = {one["name"]: one["your_data_may_be_used"] for one in told["purposes"]}
    assert (allowed["personalised_offers"], allowed["newsletter"]) == (True, False)


async def test_a_notice_is_shown_as_it_was_also_when_the_programme_says_it_otherwise_now(
    life: Life,
) -> None:
    async with life.tillit.unit() as work:
        programme = work.active.programme
    before = programme.purposes["newsletter"].notice["en"]
    source = programme.source.replace("about once a month", "about once a week")
    assert await life.tillit.apply(SYSTEM, read_programme(source)) == 2
    told, _ = await _package(life)
    shown = {one["notice"] for one in told["consents"] if one["purpose"] == "newsletter"}
    assert shown == {before, None}


async def test_every_use_is_in_it_and_its_proof_verifies_offline(life: Life) -> None:
    told, archive = await _package(life)
    uses = {(one["what"], one["by"], one["purpose"], one["outcome"]) for one in told["uses"]}
    segment = ("segment.evaluated", "service offers-engine", "personalised_offers", "matched")
    read = ("profile.read", "service offers-engine", "personalised_offers", "given")
    assert {segment, read} <= uses
    [asked] = [one for one in told["uses"] if one["what"] == "segment.evaluated"]
    assert asked["question"] == "tier = 'gold'"
    key = VerifierKey.parse((await life.tillit.signer()).verifier_key)
    assert all(one["proof"] for one in told["uses"])
    async with life.tillit.database.transaction() as session:
        for one in told["uses"]:
            row = await session.connection()
            found = await row.exec_driver_sql(
                "SELECT body FROM audit_entry WHERE id = %s", (one["entry"],)
            )
            proof = archive.read(one["proof"]).decode()
            verify_proof(proof, entry=found.scalar_one(), key=key)


async def test_the_page_says_what_the_file_says(life: Life) -> None:
    _, archive = await _package(life)
    page = archive.read("index.html").decode()
    for word in ("Åsa Öberg", "asa.oberg@post.example", "R-1", "Tält, två personer"):
        assert word in page


async def test_nothing_of_the_neighbour_is_in_it(life: Life) -> None:
    _, archive = await _package(life)
    everything = b"".join(archive.read(name) for name in archive.namelist())
    for other in ("FK-1002", "o@post.example", str(life.neighbour)):
        assert other.encode() not in everything


async def test_only_the_member_it_is_about_can_fetch_it(life: Life) -> None:
    request = await life.answered(Right.ACCESS)
    async with life.tillit.unit() as work:
        with pytest.raises(NotReady):
            await packages.fetch(work.unit, SYSTEM, request, life.neighbour)


async def test_a_package_is_made_once_however_often_its_job_runs(life: Life) -> None:
    request = await life.answered(Right.ACCESS)
    async with life.tillit.unit() as work:
        assert not await packages.make(work.unit, SYSTEM, work.active, request)
