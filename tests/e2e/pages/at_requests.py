"""Requests in journeys: asked for by a member, answered by officers at browsers of their own."""

from uuid import UUID

from tests.e2e.pages.hands import Hand, Keys
from tests.e2e.pages.ways import Way

LINE = 'ul.requests a.open[href="/desk/requests/{}"]'


def ask(hand: Hand, right: str) -> UUID:
    """Ask for it from the list of requests on; returns which request that is."""
    hand.press('nav a[href="/my/requests"]')
    if hand.sees('main a.button[href="/my/requests/new"]'):
        hand.press('main a.button[href="/my/requests/new"]')
    hand.press(f'main a[href="/my/requests/new/{right}"]')
    return send(hand, right)


def send(hand: Hand, right: str) -> UUID:
    """Send the form that is open."""
    hand.press(f'form[action="/my/requests/new/{right}"] p.row button')
    assert hand.sees(".said")
    return UUID(hand.screen.at.rpartition("/")[2])


def find(desk: Hand, way: Way, request: UUID) -> None:
    """Open it from the inbox; with a keyboard and a script, by the keys of the list."""
    line = LINE.format(request)
    desk.screen.open("/desk/requests")
    while not desk.page.locator(line).count():
        desk.press('main p > a.button[href*="after="]')
    if way.script and way.hand is Keys:
        _by_keys(desk, line)
    else:
        desk.press(line)
    assert desk.screen.at == f"/desk/requests/{request}"


def _by_keys(desk: Hand, line: str) -> None:
    """Into the list by Tab, then j until it is there, k and j once more, and Enter."""
    here = "what => document.activeElement.matches(what)"
    press = desk.page.keyboard.press
    while not desk.page.evaluate(here, "ul.requests a.open"):
        press("Tab")
    for _ in range(desk.page.locator("ul.requests > li").count()):
        if desk.page.evaluate(here, line):
            break
        press("j")
    if desk.page.locator("ul.requests > li").count() > 1 and not desk.page.evaluate(
        here, "ul.requests > li:first-child a"
    ):
        press("k")
        assert not desk.page.evaluate(here, line)
        press("j")
    assert desk.page.evaluate(here, line)
    desk.presses += 1
    with desk.page.expect_navigation():
        press("Enter")


def take(desk: Hand, step: str) -> None:
    """Take a step with the request that is open, on the page that asks once more."""
    desk.press(f'main a.button[href$="/steps/{step}"]')
    desk.press(f'main form[method="post"][action$="/steps/{step}"] button')
    assert desk.sees(".said")
