"""Each page in a language a good third longer: it still fits, and every text is a catalogue's."""

import re
from collections.abc import Iterator
from functools import cache

import pytest
from babel import Locale

from api.bootstrap import Tillit
from api.pages.speaking import endonym
from consent.programmes import Active
from dsar.languages import LANGUAGES
from profiles.members import NUMBER
from tests.e2e.pages.looking import too_small, too_wide
from tests.e2e.pages.pseudo import outside, pseudo, spoken
from tests.e2e.pages.screens import NARROW, ZOOMED, Screens
from tests.e2e.pages.states import STATES, State
from tests.e2e.pages.the_site import Site

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
#: Ids, digests and addresses of the web.
_NAMES = re.compile(r"\b[0-9a-f]{4,}(-[0-9a-f]{4,})*\b|https?://\S+|\S+@\S+")
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
    whole, few = site.do(_whole), _few(site)
    for one in said:
        rest = _NAMES.sub(" ", " ".join(outside(one).split()))
        for known in whole:
            rest = rest.replace(known, " ")
        words += [word for word in map(str.lower, _WORD.findall(rest)) if word not in few]
    return list(dict.fromkeys(words))


async def _whole(tillit: Tillit) -> list[str]:
    """Sentences of the programme, which are values here, the longest first."""
    async with tillit.unit() as work:
        active: Active = work.active
    programme = active.programme
    found = [programme.controller.name, programme.controller.contact]
    found += [one.name for one in programme.recipients.values()]
    for purpose in programme.purposes.values():
        for texts in (purpose.notice, purpose.without):
            found += [" ".join(text.split()) for text in texts.values()]
    found += [*programme.services, *programme.fields, *programme.purposes]
    found += [name.replace("_", " ").capitalize() for name in (NUMBER, *programme.fields)]
    return sorted(found, key=len, reverse=True)


@cache
def _few(site: Site) -> frozenset[str]:
    """Single words that are values: of the language's own data, and of people's."""
    english = Locale.parse("en_GB")
    found = {*_UNITS, "am", "pm", "sek", "gdpr"}
    for names in (*english.months["format"].values(), *english.days["format"].values()):
        found |= {word.lower() for name in names.values() for word in _WORD.findall(name)}
    languages = (english.languages[one] for one in LANGUAGES)
    for text in (*languages, *map(endonym, LANGUAGES), *site.people.values):
        found |= {word.lower() for word in _WORD.findall(text)}
    return frozenset(found)
