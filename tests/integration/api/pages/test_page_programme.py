"""The programme as officers read it: the record of processing, versions, who may do what."""

import csv
import io
import json
import re

import psycopg
import pytest

from api.bootstrap import SYSTEM, Tillit
from api.pages.speaking import Speaking
from consent.programme import Ability, read_programme
from consent.programme.checking import check
from kernel.database import libpq
from tests.at_a_browser import browser, officer_at
from tests.conftest import EXAMPLES

PAGE = "/desk/programme"
SOURCE = (EXAMPLES / "fjallklubben.toml").read_text("utf-8")
#: Somebody has to be able to apply the next programme.
ROLES = """
[officers.chief]
can = ["programme"]

[officers.desk]
can = ["requests"]
"""
_ROW = re.compile(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', re.DOTALL)


async def applied(tillit: Tillit, source: str) -> None:
    await tillit.apply(SYSTEM, read_programme(source.encode()))


async def test_the_record_of_processing_is_on_the_page(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        text = (await at.open(PAGE)).text
    programme = read_programme(SOURCE.encode())
    said = Speaking.of("en", programme)
    for purpose in programme.purposes.values():
        assert f"<h4>{said.purpose(purpose)} ({purpose.name})</h4>" in text
    assert "Pine Lantern Messaging, Inc." in text
    assert "Standard contractual clauses" in text  # what the transfer to it rests on
    assert "Data protection officer" in text
    assert programme.digest.hex() in text


async def test_how_long_data_is_kept_is_told_in_the_page_s_language(tillit: Tillit) -> None:
    async with officer_at(tillit, language="sv") as at:
        text = (await at.open(PAGE)).text
    assert re.search(r"<dd>24\smånader</dd>", text)
    assert "24 months" not in text


@pytest.mark.parametrize("form", ["markdown", "json", "csv"])
async def test_the_record_of_processing_can_be_taken_away(tillit: Tillit, form: str) -> None:
    async with officer_at(tillit) as at:
        answer = await at.open(f"{PAGE}/record/{form}")
    assert answer.headers["content-disposition"].startswith("attachment")
    names = set(read_programme(SOURCE.encode()).purposes)
    if form == "json":
        assert {one["purpose"] for one in json.loads(answer.text)["activities"]} == names
    elif form == "csv":
        assert {row["purpose"] for row in csv.DictReader(io.StringIO(answer.text))} == names
    else:
        assert answer.text.startswith("# Record of processing activities")


async def test_no_other_form_of_it_is_made_up(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        assert (await at.open(f"{PAGE}/record/pdf")).status_code == 422


async def test_what_the_check_warns_of_is_said(tillit: Tillit) -> None:
    unused = '\n[fields.shoe_size]\ncategory = "pd:Size"\n'
    await applied(tillit, SOURCE + unused)
    warnings = check(read_programme((SOURCE + unused).encode()))[1]
    assert len(warnings) > 1
    async with officer_at(tillit) as at:
        text = (await at.open(PAGE)).text
    assert "<strong>shoe_size</strong>" in text
    for one in warnings:
        if one.place != "fields.shoe_size":
            assert f"<code>{one.place}</code>" in text


async def test_a_programme_that_nobody_doubts_has_nothing_to_look_at(tillit: Tillit) -> None:
    assert check(read_programme(SOURCE.encode()))[1] == []
    async with officer_at(tillit) as at:
        assert "the check has no doubts" in (await at.open(PAGE)).text


async def test_the_versions_and_what_one_changed_are_told(tillit: Tillit) -> None:
    await applied(tillit, SOURCE.replace('default = "36 months"', 'default = "24 months"'))
    async with officer_at(tillit) as at:
        text = (await at.open(f"{PAGE}/changes")).text
        other = (await at.open(f"{PAGE}/changes?from=2&to=1")).text
        same = (await at.open(f"{PAGE}/changes?from=2&to=2")).text
    assert "From version 1 to version 2" in text
    assert "1 thing is other than in version 1" in text
    before, after = "<dd>36 months</dd>", "<dd>24 months</dd>"
    assert text.index("retention.default") < text.index(before) < text.index(after)
    assert other.index(after) < other.index(before)
    assert "They mean the same" in same


async def test_the_first_version_has_nothing_before_it(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        assert "nothing to compare it with" in (await at.open(f"{PAGE}/changes")).text


async def test_a_version_that_never_was_is_refused(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        assert (await at.open(f"{PAGE}/changes?to=7")).status_code == 422


async def test_a_version_somebody_has_changed_is_called_out(tillit: Tillit) -> None:
    await applied(tillit, SOURCE.replace('default = "36 months"', 'default = "24 months"'))
    with psycopg.connect(libpq(tillit.url, role=None), autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")  # no trigger fires
        owner.execute("UPDATE programme_version SET signature = sha256(signature) WHERE number = 1")
    tillit.programmes._versions.clear()  # as another process would read them
    async with officer_at(tillit) as at:
        for path in (PAGE, f"{PAGE}/changes"):
            text = (await at.open(path)).text
            assert "Version 1 is not as it was put in force" in text


async def test_what_services_may_do_is_what_the_policy_says(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        text = (await at.open(f"{PAGE}/access")).text
    rows = [
        (name, re.findall(r"<td>(.*?)</td>", rest, re.DOTALL)) for name, rest in _ROW.findall(text)
    ]
    [analytics] = [cells for name, cells in rows if name == "analytics"]
    assert analytics[0].endswith(" (assortment_insight)")
    assert ["Yes" in one for one in analytics[1:]] == [True] + [False] * 6  # preview alone
    [newsletter] = [cells for name, cells in rows if name == "newsletter"]
    assert sum("<strong>Yes</strong>" in one for one in newsletter) == 5  # to find is to count, too


async def test_officers_see_what_each_role_may_do(tillit: Tillit) -> None:
    await applied(tillit, SOURCE + ROLES)
    async with officer_at(tillit, role="chief") as at:
        text = (await at.open(f"{PAGE}/access")).text
    rows = dict(_ROW.findall(text))
    [chief] = [rest for name, rest in rows.items() if name.startswith("chief")]
    assert any("Your role" in name for name in rows)
    assert chief.count("<strong>Yes</strong>") == 1
    assert chief.count("<td>") == len(Ability)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/access", f"{PAGE}/changes", f"{PAGE}/record/json"])
async def test_a_role_without_it_neither_sees_it_nor_is_pointed_to_it(
    tillit: Tillit, path: str
) -> None:
    await applied(tillit, SOURCE + ROLES)
    async with officer_at(tillit, role="desk") as at:
        assert f'href="{PAGE}"' not in (await at.open("/desk/requests")).text
        assert (await at.open(path)).status_code == 403


async def test_nobody_else_sees_it(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        assert "Sign in" in (await at.open(PAGE)).text


@pytest.mark.parametrize("language", ["sv", "nb", "da", "fi"])
async def test_it_speaks_every_language(tillit: Tillit, language: str) -> None:
    async with officer_at(tillit, language=language) as at:
        for path in (PAGE, f"{PAGE}/access", f"{PAGE}/changes"):
            answer = await at.open(path)
            assert answer.status_code == 200
            assert f'<html lang="{language}">' in answer.text
