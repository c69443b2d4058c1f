"""Where I am signed in: seen, and ended from afar."""

from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import Way, each_way

MINE = "ul.cards > li"


@each_way("da", "fi")
def test_another_browser_is_out_at_its_next_press(way: Way, site: Site, screens: Screens) -> None:
    member = site.joins(name="Siv")
    elsewhere = [way.of_member(screens, site, member) for _ in range(2)]
    for one in elsewhere:
        one.screen.open("/my/choices")
    hand = way.of_member(screens, site, member)
    hand.screen.open("/my/choices")
    hand.press('nav a[href="/my/sign-ins"]')
    assert hand.page.locator(MINE).count() == 3
    assert hand.page.locator(f"{MINE} .badge").count() == 1, "which of them this is"
    hand.press(f"{MINE}:not(:has(.badge)) form button")
    assert hand.page.locator(MINE).count() == 2
    for one in elsewhere:
        one.press('nav a[href="/my/data"]')
    assert sorted(one.screen.at for one in elsewhere) == ["/my/data", "/sign-in"]
    hand.press('form[action="/my/sign-ins/end-others"] button')
    assert hand.page.locator(MINE).count() == 1
    [left] = [one for one in elsewhere if one.screen.at == "/my/data"]
    left.press('nav a[href="/my/choices"]')
    assert left.screen.at == "/sign-in"
    hand.press(f"{MINE} form button")
    assert hand.screen.at == "/sign-in"
    assert hand.screen.noise == []
