"""Each page in a language a good third longer: it still fits, and every text is a catalogue's."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache

import pytest
from babel import Locale

from api.pages.speaking import endonym
from dsar.languages import LANGUAGES
from profiles.members import NUMBER
from tests.e2e.pages.looking import too_small, too_wide
from tests.e2e.pages.pseudo import outside, pseudo, spoken
from tests.e2e.pages.screens import NARROW, ZOOMED, Screens
from tests.e2e.pages.states import STATES, State
from tests.e2e.pages.the_site import PROGRAMME, Site

#: What is read and is no element's text.
_TEXTS = """() => {
    const found = [];
    for (const element of document.querySelectorAll('body, body *, title')) {
        for (const name of ['aria-label', 'title', 'alt', 'placeholder', 'aria-description'])
            if (element.hasAttribute(name)) found.push(element.getAttribute(name));
    }
    // What is code, a digest or another language's is itself a value.
    const values = 'code, pre, .mono, textarea, [lang]:not(html)';
    for (const element of document.querySelectorAll(values)) element.remove();
    return [document.title, document.body.innerText, ...found];
}"""
_WORD = re.compile(r"[^\W\d_]{2,}")
_IDS = re.compile(r"\b[0-9a-f]{4,}(-[0-9a-f]{4,})*\b")
_ADDRESSES = re.compile(r"https?://\S+|\S+@\S+|\S+\.example\b")
#: What the programme gives names to.
_TABLES = (
    "recipients",
    "controllers",
    "services",
    "purposes",
    "agents",
    "officers",
    "fields",
    "traits",
)
#: Said of a request or a day by the language's own data, not by a catalogue.
_UNITS = {"day", "days", "month", "months", "year", "years", "and", "or", "at", "to"}


@pytest.fixture(autouse=True)
def _in_it() -> Iterator[None]:
    with spoken():
        yield


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.id)
def test_a_page_fits_and_no_text_is_written_into_it(
    state: State, site: Site, screens: Screens
) -> None:
    screen = state.opened(screens, language="en", width=NARROW)
    found = [f"360 px: {one}" for one in (*too_wide(screen), *too_small(screen))]
    screen.wide(ZOOMED)
    found += [f"320 px: {one}" for one in too_wide(screen)]
    said: list[str] = screen.page.evaluate(_TEXTS)
    assert any("⟦" in one for one in said)
    bare = _bare(site, said)
    assert "\n".join([*found, *(f"in no catalogue: {word}" for word in bare)]) == ""


def test_a_text_is_longer_and_what_is_filled_in_stays() -> None:
    text = "Until %(day)s, in {count} parts"
    said = pseudo(text)
    assert len(said) > 1.4 * len(text)
    assert "%(day)s" in said
    assert "{count}" in said
    assert outside(f"a {said} b ⟦c ⟦d⟧ e⟧ f").split() == ["a", "b", "f"]


def test_a_text_that_is_written_into_a_template_is_found(site: Site) -> None:
    assert _bare(site, [f"{pseudo('Choices')} Save this at once"]) == ["save", "this", "once"]


def _bare(site: Site, said: list[str]) -> list[str]:
    """The words that stand in no brackets and are no values."""
    words: list[str] = []
    few = _few(site)
    for one in said:
        rest = _ADDRESSES.sub(" ", " ".join(outside(one).lower().split()))
        for known in _whole():
            rest = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", " ", rest)
        words += [word for word in _WORD.findall(_IDS.sub(" ", rest)) if word not in few]
    return list(dict.fromkeys(words))


@cache
def _whole() -> tuple[str, ...]:
    """What the programme says, which is a value here, in small letters and the longest first."""
    told = tomllib.loads(PROGRAMME)
    found = {" ".join(text.lower().split()) for text in _texts(told) if any(map(str.isupper, text))}
    found |= {name.lower() for tables in _TABLES for name in told.get(tables, ())}
    found |= {NUMBER} | {
        name.replace("_", " ") for name in (NUMBER, *told["fields"], *told["traits"])
    }
    return tuple(sorted(found, key=len, reverse=True))


def _texts(told: object) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict | list):
        for one in told.values() if isinstance(told, dict) else told:
            yield from _texts(one)


@cache
def _few(site: Site) -> frozenset[str]:
    """Single words that are values: of the language's own data, and of people's."""
    english = Locale.parse("en_GB")
    # The panel's frame is called by our name until its page has come.
    found = {*_UNITS, "am", "pm", "sek", "gdpr", "tillit"}
    for named in (*english.months["format"].values(), *english.days["format"].values()):
        found |= {word.lower() for name in named.values() for word in _WORD.findall(name)}
    names = [english.languages[one] for one in LANGUAGES]
    names += [english.territories[one] for one in ("SE", "NO", "DK", "FI", "US")]
    for text in (*names, *map(endonym, LANGUAGES), *site.people.values):
        found |= {word.lower() for word in _WORD.findall(text)}
    return frozenset(found)
