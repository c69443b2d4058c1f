"""A package is in one language, and no code in it stands without its words."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import at_the_desk
import pytest
import reading_pages
from a_whole_life import LANGUAGES, WholeLife
from babel.messages.pofile import read_po

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from dsar import packages
from dsar.packages import zipping
from dsar.states import Right
from profiles.enrolment import enrol

LOCALES = Path(zipping.__file__).parents[1] / "locales"
#: Words that are their own translation.
SAME = {"sms", "post", "app"}
OTHERS = [one for one in LANGUAGES if one != "en"]


def _english() -> set[str]:
    """Sentences and labels that are said in English, and are nobody's name or number."""
    catalogue = read_po(io.BytesIO((LOCALES / "en" / "packages.po").read_bytes()))
    texts = {
        text
        for one in catalogue
        if one.id
        for text in ([one.id] if isinstance(one.id, str) else one.id)
    }
    return {text for text in texts if "{" not in text and len(text.split()) > 2}


def _coded(told: Any) -> Iterator[dict[str, str]]:
    """Every object with words in it, wherever it stands."""
    if isinstance(told, dict):
        if "words" in told and ("code" in told or "term" in told):
            yield told
        for one in told.values():
            yield from _coded(one)
    elif isinstance(told, list):
        for one in told:
            yield from _coded(one)


@pytest.mark.parametrize("language", OTHERS)
async def test_nothing_is_left_in_english(whole_life: WholeLife, language: str) -> None:
    files = await whole_life.package(language=language)
    page = reading_pages.read(files["index.html"])
    everywhere = [page.text, files["README.txt"].decode(), files["package.json"].decode()]
    texts = [" ".join(one.split()) for one in everywhere]
    assert [one for one in _english() if any(one in text for text in texts)] == []


async def test_every_code_has_words(whole_life: WholeLife) -> None:
    for language in LANGUAGES:
        told = await whole_life.told(language=language)
        for one in _coded(told):
            code = one.get("code") or one["term"]
            assert one["words"], one
            assert language == "en" or one["words"] != code or code in SAME, one


async def test_the_same_is_told_in_every_language(whole_life: WholeLife) -> None:
    """Codes, values, times: only words differ, and what has come to be in between."""
    first, second = [await whole_life.told(language=one) for one in ("fi", "sv")]
    for part in ("values", "purchases", "consents", "recipients", "preferences", "holds"):
        assert _without_words(first[part]) == _without_words(second[part]), part
    # A term that the vocabulary lacks is spelt out as it is.
    assert _words(first["values"]) & _words(second["values"]) == {"Shoe size"}


def _without_words(told: Any) -> Any:
    spoken = ("words", "label", "purpose_label", "how")
    if isinstance(told, dict):
        return {name: _without_words(one) for name, one in told.items() if name not in spoken}
    return [_without_words(one) for one in told] if isinstance(told, list) else told


def _words(values: list[dict[str, Any]]) -> set[str]:
    return {one["label"] for one in values}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_member_of_whom_there_is_next_to_nothing_gets_a_page_that_says_so(
    tillit: Tillit, language: str
) -> None:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "FK-1"}], source="till")
    async with tillit.unit() as work:
        how = {"language": "sv" if language in ("da", "fi") else language}
        asked = await at_the_desk.approved(work, Right.ACCESS, member.id, **how)
    await worker.drain(tillit)
    async with tillit.unit() as work:
        made = await packages.fetch(work.unit, SYSTEM, asked.id, member.id)
    told, page = _opened(made.zipped)
    assert [one["value"] for one in told["values"]] == ["FK-1"]
    assert told["purchases"] == told["consents"] == told["holds"] == told["left_out"] == []
    nothing = {"sv": "Ingenting.", "nb": "Ingenting.", "en": "Nothing."}[told["language"]]
    assert page.text.count(nothing) == 2
    assert "None" not in page.text


def _opened(zipped: bytes) -> tuple[dict[str, Any], reading_pages.Page]:

    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        page = reading_pages.read(archive.read("index.html"))
        return json.loads(archive.read("package.json")), page
