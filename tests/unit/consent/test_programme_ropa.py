"""The Art. 30 record says all that the programme knows, the same way each time."""

import csv
import io
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.programme import Programme, load_programme, read_programme
from consent.programme.ropa import SECURITY, record_of_processing
from consent.programme.ropa_text import Form, written

EXAMPLES = Path(__file__).parents[3] / "examples"
CLUB = EXAMPLES / "fjallklubben.toml"
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def record(programme: Programme | None = None) -> dict[str, Any]:
    return record_of_processing(programme or load_programme(CLUB))


def lines_of(programme: Programme) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(record(programme), Form.CSV), newline="")))


def test_each_item_of_the_article_is_there() -> None:
    programme = load_programme(CLUB)
    said = record(programme)
    assert said["controller"]["name"] == "Fjällklubben AB"
    assert said["controller"]["address"].startswith("Stigvägen")
    assert [one["name"] for one in said["joint_controllers"]] == ["Tindeblikk Reiser AS"]
    assert said["data_protection_officer"]["contact"] == "dpo@fjallklubben.example"
    assert [one["purpose"] for one in said["activities"]] == sorted(programme.purposes)
    assert {one["key"] for one in said["recipients"]} == set(programme.recipients)
    assert said["security"] == list(SECURITY)
    for one in said["activities"]:
        purpose = programme.purposes[one["purpose"]]
        assert [data["name"] for data in one["data"]] == sorted(purpose.fields)
        assert one["retention"] == programme.retention_of(purpose.name)
        assert one["description"] == dict(purpose.notice)
        assert one["article"].startswith(purpose.legal_basis.article)
        assert one["data_subjects"] == ["members"]


def test_a_purpose_shows_who_decides_who_receives_and_what_leaves_the_area() -> None:
    by_name = {one["purpose"]: one for one in record()["activities"]}
    partner = by_name["partner_offers"]
    assert partner["controllers"] == ["Fjällklubben AB", "Tindeblikk Reiser AS"]
    assert "Tindeblikk Reiser AS" in partner["recipients"]
    assert partner["transfers"] == []
    (transfer,) = by_name["newsletter"]["transfers"]
    assert (transfer["country"], transfer["safeguard"]) == ("US", "scc")
    assert transfer["article"] == "Art. 46(2)(c), (d)"
    assert transfer["reference"] == "Processing agreement of 2026-02-10, annex 3"


def test_a_country_found_adequate_is_a_transfer_under_its_decision() -> None:
    text = CLUB.read_text().replace('country = "FI"', 'country = "CH"')
    recipients = {one["key"]: one for one in record(read_programme(text))["recipients"]}
    transfer = recipients["hosting"]["transfer"]
    assert (transfer["safeguard"], transfer["decision"]) == ("adequacy", "Decision 2000/518/EC")


def test_a_joint_controller_outside_the_area_gets_a_transfer_once() -> None:
    abroad = 'country = "US"\nsafeguard = "scc"\nsafeguard_reference = "C"\n'
    start = CLUB.read_text().index("[recipients.tindeblikk]")
    end = CLUB.read_text().index("[recipients.hosting]")
    both = CLUB.read_text().replace('AS"\ncountry = "NO"\n', f'AS"\n{abroad}')
    alone = (CLUB.read_text()[:start] + CLUB.read_text()[end:]).replace(
        'AS"\ncountry = "NO"\n', f'AS"\n{abroad}'
    )
    for text in (both, alone):
        by_name = {one["purpose"]: one for one in record(read_programme(text))["activities"]}
        (transfer,) = by_name["partner_offers"]["transfers"]
        assert (transfer["recipient"], transfer["country"]) == ("Tindeblikk Reiser AS", "US")


def test_explicit_consent_to_a_transfer_is_no_special_category() -> None:
    text = CLUB.read_text().replace(
        "[purposes.newsletter]", "[purposes.newsletter]\nexplicit = true"
    )
    by_name = {one["purpose"]: one for one in record(read_programme(text))["activities"]}
    assert by_name["newsletter"]["article"] == "Art. 6(1)(a)"


def test_children_their_guardians_and_special_categories_are_named() -> None:
    text = CLUB.read_text() + '\n[fields.allergies]\ncategory = "pd:Health"\n'
    text += "[children]\nadmitted = true\n"
    text += (
        '[purposes.camp]\nlegal_basis = "consent"\nexplicit = true\ndpv = "dpv:ServiceProvision"'
    )
    text += '\nfields = ["allergies"]\nnotice = { sv = "a", nb = "b", en = "c" }\n'
    (camp,) = [
        one for one in record(read_programme(text))["activities"] if one["purpose"] == "camp"
    ]
    assert camp["article"] == "Art. 6(1)(a) and Art. 9(2)(a)"
    assert camp["data"][0]["special"] is True
    assert camp["data_subjects"] == ["members", "members under 13", "their guardians"]


@pytest.mark.parametrize("form", Form)
def test_the_order_of_the_file_changes_nothing(form: Form) -> None:
    text = CLUB.read_text()
    head, *tables = text.split("\n[")
    random.Random(11).shuffle(tables)
    shuffled = "\n[".join([head, *tables])
    assert shuffled != text
    first, second = (record(read_programme(one)) for one in (text, shuffled))
    assert written(first, form) == written(second, form)


@pytest.mark.parametrize("name", ["fjallklubben.toml", "online_retail_programme.toml"])
def test_the_three_forms_say_the_same(name: str) -> None:
    programme = load_programme(EXAMPLES / name)
    said = record(programme)
    assert json.loads(written(said, Form.JSON)) == said
    page, lines = written(said, Form.MARKDOWN), lines_of(programme)
    assert [line["purpose"] for line in lines] == sorted(programme.purposes)
    for activity, line in zip(said["activities"], lines, strict=True):
        assert f"### {activity['purpose']}".replace("_", "\\_") in page
        assert line["retention"] == activity["retention"]
        for data in activity["data"]:
            assert data["name"] in line["categories_of_data"]
        for recipient in activity["recipients"]:
            assert recipient in line["recipients"]
            assert recipient in page


AWKWARD = ["=1+1", "a|b", 'say "hi"', "one\ntwo", "<b>x</b>", "*x* _y_ `z`", "@x", "a;b,c", "\\"]


@given(st.text(min_size=1, max_size=40).filter(str.strip) | st.sampled_from(AWKWARD))
def test_whatever_a_text_holds_it_stays_text(text: str) -> None:
    plain = CLUB.read_text().replace('name = "Fjällklubben AB"', "name = 'NAME'", 1)
    programme = read_programme(plain)
    controller = programme.controller.model_copy(update={"name": text})
    said = record(replace(programme, controller=controller))
    rows = list(csv.reader(io.StringIO(written(said, Form.CSV), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    column = rows[0].index("controllers")
    for row in rows[1:]:
        assert row[column].replace("'", "").startswith(text.replace("'", ""))
        assert not row[column].startswith(FORMULAS)
    page = written(said, Form.MARKDOWN)
    (line,) = [one for one in page.split("\n") if one.startswith("| controller |")]
    cells = re.split(r"(?<!\\)(?:\\\\)*\|", line)
    assert len(cells) == 5
    assert not re.search(r"(?<!\\)(?:\\\\)*[<`]", cells[2])


def test_a_programme_that_says_little_has_a_record_that_says_so() -> None:
    programme = read_programme(
        '[controller]\nname = "A"\ncountry = "SE"\ncontact = "a@b.example"\n'
        '[purposes.club]\nlegal_basis = "contract"\ndpv = "dpv:ServiceProvision"\n'
        'fields = ["member_number"]\nnotice.sv = "Vi gör så."\n'
    )
    page = written(record(programme), Form.MARKDOWN)
    assert "| data protection officer | none |" in page
    assert "| time limit for erasure | not said |" in page
    assert "\n## Recipients (d) and transfers (e)\n\nNone.\n" in page
