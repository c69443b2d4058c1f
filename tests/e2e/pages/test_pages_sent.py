"""What comes of wrong answers, in a browser: as accessible as any page, narrow and wide."""

import pytest

from dsar import own_standing
from tests.e2e.pages.looking import ruled, too_small, too_wide
from tests.e2e.pages.screens import NARROW, WIDE, ZOOMED, Scheme, Screen, Screens
from tests.e2e.pages.sent import STATES, Sent
from tests.e2e.pages.the_site import Site

SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.id)
def test_what_comes_of_it_breaks_no_rule(state: Sent, screens: Screens, axe: str) -> None:
    screen = state.seen(screens, language="sv")
    assert _faults(screen, axe) == []
    screen.shot(f"sent-{state.id}")


def test_a_fault_of_ours_is_told_on_a_page(
    site: Site, screens: Screens, axe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def faulty(*_: object) -> None:
        raise RuntimeError("something about somebody")

    screen = screens.of_member(site.people.tom, language="sv")
    monkeypatch.setattr(own_standing, "standing", faulty)
    screen.open("/my/choices", status=500)
    assert screen.page.locator("main h1").is_visible()
    assert "something about somebody" not in screen.page.content()
    assert _faults(screen, axe) == []
    screen.shot("sent-fault")


def _faults(screen: Screen, axe: str) -> list[str]:
    found = []
    for scheme in SCHEMES:
        screen.lit(scheme)
        for width in (NARROW, WIDE):
            screen.wide(width)
            found += [f"{width} px, {scheme}: {one}" for one in ruled(screen, axe)]
    for width in (ZOOMED, NARROW, WIDE):
        screen.wide(width)
        found += [f"{width} px, too wide: {one}" for one in too_wide(screen)]
        found += [f"{width} px, too small: {one}" for one in too_small(screen)]
    return found
