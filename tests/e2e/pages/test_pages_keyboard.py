"""Each page with a keyboard alone (WCAG 2.1.1, 2.1.2, 2.4.3, 2.4.7, 2.4.11)."""

import pytest

from api.pages.rendering import TEMPLATES
from tests.e2e.pages.keyboard import press, reach, walked
from tests.e2e.pages.screens import NARROW, WIDE, Screens
from tests.e2e.pages.states import STATES, State


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.id)
def test_everything_is_reached_in_order_and_one_sees_where_one_is(
    state: State, screens: Screens
) -> None:
    screen = state.opened(screens, width=NARROW if len(state.id) % 2 else WIDE)
    walk = walked(screen)
    assert walk.wrong == []
    assert walk.stops > 2


def test_what_cannot_be_reached_or_not_be_seen_is_found(screens: Screens) -> None:
    screen = STATES[0].opened(screens)
    screen.page.evaluate(
        """() => {
            const [first, second] = document.querySelectorAll('main button');
            first.tabIndex = -1;
            second.setAttribute('class', 'bare');
            const [sheet] = document.styleSheets;
            sheet.insertRule('.bare { outline: none !important }', 0);
        }"""
    )
    wrong = [one.split(":")[0] for one in walked(screen).wrong]
    assert "no outline" in wrong
    assert "not reached" in wrong


def test_the_first_press_offers_to_skip_what_every_page_begins_with(screens: Screens) -> None:
    screen = STATES[0].opened(screens)
    assert reach(screen, ".skip") == 1
    screen.page.keyboard.press("Enter")
    assert reach(screen, "main a, main button, main summary") == 1


def test_a_language_is_changed_by_keyboard(screens: Screens) -> None:
    screen = STATES[0].opened(screens, script=False)
    reach(screen, "#language")
    screen.page.keyboard.type("suo")
    press(screen, "footer button")
    assert screen.page.get_attribute("html", "lang") == "fi"


@pytest.mark.parametrize(
    ("markup", "focused"),
    [
        ('<p class="wrong" role="alert" id="it">Look once more.</p>', "it"),
        ('<div class="said" role="status" id="it">Saved.</div>', "it"),
        ('<section class="wrong" id="it">A key is late.</section>', ""),
    ],
)
def test_what_a_form_came_to_is_seen_first_and_how_things_are_is_not(
    markup: str, focused: str, screens: Screens
) -> None:
    page = screens().page
    page.set_content(f"<main>{markup}</main>")
    page.add_script_tag(path=TEMPLATES.parent / "static" / "tillit.js")
    assert page.evaluate("document.activeElement.id") == focused
