"""What else officers look at: programme, consent, health, figures; and what a role shows."""

import pytest

from tests.e2e.pages.hands import Hand
from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import Way, each_way

#: Who may do anything goes through these; who answers requests alone sees none but the first.
EVERYTHING = ("/desk/requests", "/desk/programme", "/desk/consent", "/desk/health")
OTHERS = (
    *EVERYTHING[1:],
    "/desk/programme/access",
    "/desk/programme/changes",
    "/desk/programme/record/json",
)


@each_way("sv", "fi")
def test_an_officer_goes_through_programme_consent_and_health(
    way: Way, site: Site, screens: Screens
) -> None:
    hand = way.of(screens, site.officer_token(site.people.officer))
    hand.screen.open("/desk/requests")
    for page in EVERYTHING[1:]:
        hand.press(f'nav a[href="{page}"]')
        assert hand.sees(f'nav a[href="{page}"][aria-current="page"]')
    hand.press('nav a[href="/desk/consent"]')
    _charted(hand)
    for view in ("funnel", "expiring"):
        hand.press(f'.tabs a[href*="view={view}"]')
        _charted(hand)
    hand.press('nav a[href="/desk/programme"]')
    hand.touch("main details > summary")
    hand.press('main a[href="/desk/programme/access"]')
    assert hand.page.locator("table tbody th").count() > 5
    hand.press('main a.button[href="/desk/programme"]')
    hand.press('main a[href^="/desk/programme/changes"]')
    assert hand.sees("ul.timeline .badge.yes")
    hand.press('nav a[href="/desk/requests"]')
    hand.press('main a[href="/desk/requests/figures"]')
    _charted(hand)
    assert hand.screen.noise == []


@pytest.mark.parametrize("script", [True, False])
def test_what_a_role_may_not_do_is_not_shown(script: bool, site: Site, screens: Screens) -> None:
    screen = screens(site.officer_token(site.people.desk), script=script)
    screen.open("/desk/requests")
    links = [one.get_attribute("href") for one in screen.page.locator("nav a").all()]
    assert "/desk/requests" in links
    assert not set(links) & set(OTHERS)
    everywhere = {one.get_attribute("href") or "" for one in screen.page.locator("a").all()}
    for link in sorted(one for one in everywhere if one.startswith("/desk")):
        answer = screen.page.goto(site.url + link)
        assert answer is not None
        assert answer.status == 200, link
    for page in OTHERS:
        answer = screen.page.goto(site.url + page)
        assert answer is not None
        assert answer.status == 403, page
        assert screen.page.locator("main h1").count() == 1


def _charted(hand: Hand) -> None:
    """Each chart is drawn, and followed by a table that tells the same to who cannot see it."""
    charts = hand.page.locator(".chart svg")
    for chart in charts.all():
        assert chart.bounding_box() is not None
        told = chart.evaluate(
            """one => {
                const after = [...document.querySelectorAll('table')].find(
                    table => one.compareDocumentPosition(table) & 4);
                return after ? after.querySelectorAll('tbody tr').length : 0;
            }"""
        )
        assert told > 0
