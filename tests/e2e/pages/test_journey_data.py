"""What you know about me: seen with where it came from, set right, and found on record after."""

from datetime import date

from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import Way, each_way, prove

TOLD_OF = ("name", "email", "county")


@each_way("nb", "da")
def test_a_value_is_seen_proved_set_right_and_on_record(
    way: Way, site: Site, screens: Screens
) -> None:
    address = way.address("ida")
    member = site.joins(name="Ida", email=address, county="Skåne", birth_date="1990-04-01")
    hand = way.of_member(screens, site, member)
    hand.screen.open("/my/data")
    for name in TOLD_OF:
        assert hand.sees(f"#{name} dl dd"), "where it came from"
    age = date.today().year - 1990 - (date.today() < date(date.today().year, 4, 1))
    assert str(age) in hand.page.locator("#age strong").inner_text()
    assert hand.page.locator("#age dl dd").first.inner_text().strip(), "how it is worked out"

    hand.press('#name a[href="/my/data/name"]')
    hand.write("#value", "")
    hand.press('form[action="/my/data/name"] button')
    assert hand.sees("#wrong"), "nothing is not a name"
    hand.write("#value", "Ida Åkerblom")
    hand.press('form[action="/my/data/name"] button')
    assert hand.sees(".said")
    assert hand.page.locator("#name strong").inner_text() == "Ida Åkerblom"

    # What one is found by is changed after a second proof alone.
    hand.press('#email a[href="/my/data/email"]')
    prove(hand, site, address)
    assert hand.screen.at == "/my/data/email"
    hand.write("#value", f"new.{address}")
    hand.press('form[action="/my/data/email"] button')
    assert hand.page.locator("#email strong").inner_text() == f"new.{address}"

    site.works()
    hand.press('nav a[href="/my/uses"]')
    hand.press('main a[href$="by=anybody"]')
    said = hand.page.locator("ol.timeline summary").all_inner_texts()
    hand.touch("ol.timeline details > summary")
    assert hand.sees("ol.timeline details[open] dl")
    assert len(said) >= 4
    assert hand.screen.noise == [] or all("422" in one for one in hand.screen.noise)
