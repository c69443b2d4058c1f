"""What a package says of a member's country, of values that have words, and of their sign-ins."""

import csv
import io
import json
import zipfile
from typing import Any

import at_the_desk
import pytest
import reading_pages
from a_whole_life import LANGUAGES, WholeLife

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from dsar import packages
from dsar.identity import How, Proof
from dsar.states import Right
from profiles.enrolment import enrol

GOLD = {
    "sv": "Guld (gold)",
    "nb": "Gull (gold)",
    "da": "gold",
    "fi": "gold",
    "en": "Gold (gold)",
}
SIGNED_IN = {
    "sv": "Du loggade in med ett andra bevis på vem du är",
    "nb": "Du logget inn med et bevis nummer to på hvem du er",
    "da": "Du loggede ind med endnu et bevis for, hvem du er",
    "fi": "Kirjauduit sisään toisella todisteella henkilöllisyydestäsi",
    "en": "You signed in with a second proof of who you are",
}


async def _files(tillit: Tillit, **values: Any) -> dict[str, bytes]:
    """The package of a member of whom little but these values is known."""
    async with tillit.unit() as work:
        rows = [{"member_number": "FK-1", **values}]
        [member] = await enrol(work.unit, SYSTEM, rows, source="till")
    async with tillit.unit() as work:
        asked = await at_the_desk.approved(work, Right.ACCESS, member.id, language="en")
    await worker.drain(tillit)
    async with tillit.unit() as work:
        made = await packages.fetch(work.unit, SYSTEM, asked.id, member.id)
    archive = zipfile.ZipFile(io.BytesIO(made.zipped))
    return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("country", "others"),
    [
        ("NO", {"NO": "https://www.datatilsynet.no"}),
        ("SE", {}),
        (
            None,
            {
                "NO": "https://www.datatilsynet.no",
                "DK": "https://www.datatilsynet.dk",
                "FI": "https://tietosuoja.fi",
            },
        ),
    ],
)
async def test_a_member_learns_where_to_complain_at_home_too(
    tillit: Tillit, country: str | None, others: dict[str, str]
) -> None:
    files = await _files(tillit, **({"country": country} if country else {}))
    told = json.loads(files["package.json"])["complaints"]
    assert told["site"] == "https://www.imy.se"
    assert {one["country"]["code"]: one["site"] for one in told["others"]} == others
    page = reading_pages.read(files["index.html"])
    links = [value for _, name, value in page.attributes if name == "href"]
    assert [one for one in links if one.startswith("https://")] == [
        "https://www.imy.se",
        *others.values(),
        "https://www.fjallklubben.example/tindeblikk",
    ]
    assert "the country where you live or work" in " ".join(page.text.split())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_value_is_read_in_words_with_itself_beside_them(
    whole_life: WholeLife, language: str
) -> None:
    files = await whole_life.package(language=language)
    [tier] = [one for one in json.loads(files["package.json"])["values"] if one["name"] == "tier"]
    assert (tier["value"], tier["words"]) == ("gold", GOLD[language])
    rows = reading_pages.read(files["index.html"]).tables["values"]
    assert [row[1] for row in rows if row[0].endswith(" tier")] == [GOLD[language]]
    sheet = csv.DictReader(io.StringIO(files["values.csv"].decode("utf-8-sig"), newline=""))
    [cells] = [row for row in sheet if row["name"] == "tier"]
    assert (cells["value"], cells["words"]) == ("gold", GOLD[language])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_members_own_sign_in_is_told_as_theirs(
    whole_life: WholeLife, language: str
) -> None:
    told = await whole_life.told(language=language, proof=Proof(How.STEP_UP))
    checks = [one for one in told["uses"] if one["what"]["code"] == "identity.tried"]
    assert SIGNED_IN[language] in [one["what"]["words"] for one in checks]


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        (Proof(How.CODE, "email"), "A check of who you are, by a code that we sent"),
        (Proof(How.OFFICER), "A check of who you are, by one of our staff"),
    ],
)
async def test_a_check_of_who_somebody_is_does_not_read_like_a_break_in(
    whole_life: WholeLife, proof: Proof, words: str
) -> None:
    told = await whole_life.told(language="en", proof=proof)
    checks = [one for one in told["uses"] if one["what"]["code"] == "identity.tried"]
    newest = max(checks, key=lambda one: str(one["at"]))
    assert (newest["what"]["words"], newest["outcome"]["words"]) == (words, "proved")
