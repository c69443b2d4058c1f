"""An officer's first day: a link, a second factor, codes for a lost telephone, and out again."""

from urllib.parse import parse_qs, unquote, urlsplit

from tests.e2e.pages.hands import Hand
from tests.e2e.pages.screens import Screens
from tests.e2e.pages.sent import shown
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import LINK, Way, each_way, told

CODES = 10
SMALLEST_QR = 150  # px, for a telephone's camera


@each_way("sv", "da")
def test_an_officer_sets_up_a_second_factor_and_comes_in_without_it_once(
    way: Way, site: Site, screens: Screens
) -> None:
    name = f"eva-{way.id}"
    site.hires(name)
    address = f"{name}@club.example"
    hand = way.of(screens)
    _signs_in(hand, site, address)
    assert hand.screen.at == "/second"
    secret = _given(hand)
    hand.write("#code", "000000")
    hand.press('form[action="/second/set-up"] button')
    assert hand.sees("#tried.wrong")
    assert _given(hand) == secret, "the telephone has it already"
    hand.write("#code", shown(secret))
    hand.press('form[action="/second/set-up"] button')
    codes = hand.page.locator("ul.codes li").all_inner_texts()
    assert len(set(codes)) == CODES
    file = unquote(hand.page.locator("a[download]").get_attribute("href") or "")
    assert all(code in file for code in codes)
    hand.screen.shot(f"recovery-{way.id}")
    hand.screen.open("/desk/recovery-codes")
    assert hand.page.locator("ul.codes li").all_inner_texts() == codes
    hand.press("main form.row button")
    assert hand.screen.at == "/desk/requests"
    hand.screen.open("/desk/recovery-codes")
    assert hand.screen.at == "/desk/requests"
    assert codes[0] not in hand.page.content(), "they are kept"
    _signs_out(hand)
    for code, comes_in in ((codes[0], True), (codes[0], False), (codes[1], True)):
        if hand.screen.at != "/second":
            _signs_in(hand, site, address)
        hand.write("#recovery", code)
        hand.press("form:has(#recovery) button")
        assert hand.screen.at == ("/desk/requests" if comes_in else "/second")
        if comes_in and code == codes[0]:
            _signs_out(hand)
    hand.press('nav a[href="/desk/sign-ins"]')
    assert hand.page.locator("ul.cards > li").count() == 1
    hand.press("ul.cards form button")
    assert hand.screen.at == "/sign-in/desk"
    assert hand.screen.noise == []


def _signs_in(hand: Hand, site: Site, address: str) -> None:
    hand.screen.open("/sign-in/desk")
    hand.write("#address", address)
    hand.press('form[action="/sign-in/desk"] button')
    hand.page.goto(site.url + told(site, address, LINK))
    hand.press("main form button")


def _signs_out(hand: Hand) -> None:
    hand.screen.open("/desk/requests")
    hand.press('form[action="/sign-out"] button')


def _given(hand: Hand) -> str:
    """The secret as it is read, and as it stands in the link to the app; it is drawn, too."""
    secret = hand.page.locator("ol.steps code").inner_text().replace(" ", "")
    link = hand.page.locator('a[href^="otpauth:"]').get_attribute("href") or ""
    assert parse_qs(urlsplit(link).query)["secret"] == [secret]
    box = hand.page.locator(".qr svg").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= SMALLEST_QR
    return secret
