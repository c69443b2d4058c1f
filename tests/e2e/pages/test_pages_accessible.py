"""Each page in each state, in a browser: WCAG 2.2 AA, from 320 px up, light and dark, and light."""

import httpx
import pytest

from api.pages import guarding
from api.pages.all import PAGES
from tests.e2e.pages.looking import ruled, too_small, too_wide, weight
from tests.e2e.pages.screens import NARROW, WIDE, ZOOMED, Scheme, Screens
from tests.e2e.pages.states import SHOWN, STATES, WHO, State
from tests.e2e.pages.the_site import Site

HEAVIEST = 100_000  # bytes
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
each_state = pytest.mark.parametrize("state", STATES, ids=lambda state: state.id)


def test_every_page_is_looked_at() -> None:
    assert sorted(set(SHOWN) - {state.page for state in STATES}) == []


def test_every_state_is_of_a_page_there_is() -> None:
    assert sorted({state.page for state in STATES} - set(SHOWN)) == []


@each_state
def test_a_page_breaks_no_rule(state: State, screens: Screens, axe: str) -> None:
    screen = state.opened(screens, language="sv")
    broken = []
    for scheme in SCHEMES:
        screen.lit(scheme)
        for width in (NARROW, WIDE):
            screen.wide(width)
            broken += [f"{width} px, {scheme}: {one}" for one in ruled(screen, axe)]
    assert broken == []
    assert _noise(screen.noise, state) == []


@each_state
def test_a_page_fits_and_can_be_hit(state: State, screens: Screens) -> None:
    """In the language with the longest words, also at 400 % (1.4.10)."""
    screen = state.opened(screens, language="fi", script=False)
    assert screen.page.get_attribute("html", "lang") == "fi"
    found = []
    for width in (ZOOMED, NARROW, WIDE):
        screen.wide(width)
        found += [f"{width} px, too wide: {one}" for one in too_wide(screen)]
        found += [f"{width} px, too small: {one}" for one in too_small(screen)]
    assert found == []
    assert weight(screen) < HEAVIEST
    assert _noise(screen.noise, state) == []


def test_no_two_pages_have_the_same_title(site: Site) -> None:
    """A child's page is the member's own, with another's name on it."""
    views = {page.path: page.gives for page in PAGES if page.method == "GET"}
    cookie = guarding.session_cookie(site.tillit.settings)
    titles: dict[str, object] = {}
    for state in {state.page: state for state in STATES if state.status == 200}.values():
        token = WHO[state.who](site)
        answer = httpx.get(
            site.url + state.address(site), headers={"Cookie": f"{cookie}={token or ''}"}
        )
        title = answer.text.partition("<title>")[2].partition("</title>")[0]
        assert answer.status_code == 200, state.id
        assert titles.setdefault(title, views[state.page]) == views[state.page], state.id


def test_the_rules_see_a_fault(screens: Screens, axe: str) -> None:
    screen = STATES[0].opened(screens)
    screen.page.evaluate("document.querySelector('#language').labels[0].remove()")
    screen.page.evaluate("document.querySelector('.lead').style.color = '#bbb'")
    assert {one.split(":")[0] for one in ruled(screen, axe)} >= {"select-name", "color-contrast"}


def test_what_is_too_wide_or_too_small_is_seen(screens: Screens) -> None:
    screen = STATES[0].opened(screens)
    screen.page.evaluate("document.querySelector('h1').style.width = '500px'")
    screen.page.evaluate("document.querySelector('footer button').style.minHeight = '1px'")
    screen.page.evaluate("document.querySelector('footer button').style.padding = '0'")
    assert too_wide(screen)
    assert too_small(screen)


def test_nothing_inline_and_nothing_from_elsewhere_runs(screens: Screens) -> None:
    screen = STATES[0].opened(screens)
    screen.page.evaluate(
        """() => {
            const script = document.createElement('img');
            script.src = 'http://127.0.0.1:1/elsewhere.png';
            document.body.append(script);
            document.body.setAttribute('style', 'color: red');
        }"""
    )
    screen.page.wait_for_timeout(200)
    assert len([one for one in screen.noise if "Content Security Policy" in one]) == 2


def _noise(noise: list[str], state: State) -> list[str]:
    """What the browser complains of; that a page answered 404 it says by itself."""
    expected = f"status of {state.status}"
    return [one for one in noise if state.status == 200 or expected not in one]
