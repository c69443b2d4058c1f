"""Withdrawing takes no more presses than giving, counted (Art. 7(3)): wherever either is done.

Counted from the page on which one of them stands, with whatever has to be unfolded or asked once
more, until it is so.
"""

from dataclasses import dataclass

import pytest

from tests.e2e.pages.hands import Hand, Pointer
from tests.e2e.pages.screens import NARROW, WIDE, Screens
from tests.e2e.pages.test_journey_family import child_of
from tests.e2e.pages.the_site import Site

MOST = 6


@dataclass(frozen=True)
class Place:
    """`page`: by its address, and `pair`: where yes and no are, of a child's id. `yes`, `no`: what
    their forms send. `first`: the purpose that a yes is said to before there is anything to say.
    """

    name: str
    page: str
    pair: str
    yes: str = '[name="allow"][value="true"]'
    no: str = '[name="allow"][value="false"]'
    first: str = ""


PLACES = (
    Place("a purpose", "/my/choices", "#personalised_offers .choice"),
    Place("a purpose that is objected to", "/my/choices", "#assortment_insight .choice"),
    Place(
        "a channel of a purpose",
        "/my/choices",
        '#newsletter .choice:has([name="channel"][value="sms"])',
        '[name="on"][value="true"]',
        '[name="on"][value="false"]',
        first="newsletter",
    ),
    Place(
        "a channel of all",
        "/my/choices/all-at-once",
        '#channels .choice:has([name="channel"][value="email"])',
        '[name="on"][value="true"]',
        '[name="on"][value="false"]',
        first="newsletter",
    ),
    Place(
        "all marketing",
        "/my/choices/all-at-once",
        "#marketing .choice",
        '[name="objects"][value="false"]',
        '[name="objects"][value="true"]',
    ),
    Place("for a child", "/my/family", "#newsletter-{child} .choice"),
)


@pytest.mark.parametrize(("script", "width"), [(True, NARROW), (False, WIDE)])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name.replace(" ", "-"))
def test_a_no_takes_no_more_presses_than_a_yes(
    place: Place, script: bool, width: int, site: Site, screens: Screens
) -> None:
    guardian = site.joins(name="Siv", birth_date="1980-01-01")
    pair = place.pair.format(child=child_of(site, guardian)) if "{" in place.pair else place.pair
    if place.first:
        hand = Pointer(screens.of_member(guardian, script=script, width=width))
        _presses(hand, "/my/choices", f"#{place.first} .choice form:has({Place.yes}) button")
    counted = []
    for form in (place.yes, place.no, place.yes, place.no):
        hand = Pointer(screens.of_member(guardian, script=script, width=width))
        counted.append(_presses(hand, place.page, f"{pair} form:has({form}) button"))
    yes, no, again, once_more = counted
    assert no <= yes
    assert once_more <= again


@pytest.mark.parametrize("script", [True, False])
def test_everything_is_paused_with_no_more_presses_than_it_is_started(
    script: bool, site: Site, screens: Screens
) -> None:
    hand = Pointer(screens.of_member(site.joins(name="Siv"), script=script))
    counts = []
    for paused in ("true", "false"):
        at = hand.presses
        hand.screen.open("/my/choices/all-at-once")
        hand.press(f'#pause form:has([name="pause"][value="{paused}"]) button')
        assert hand.sees(".said")
        counts.append(hand.presses - at)
    assert counts[0] <= counts[1]


def _presses(hand: Hand, page: str, button: str) -> int:
    """Until the button is the one that holds; a page in between is gone through."""
    hand.screen.open(page)
    hand.press(button)
    holds = f'{button}[aria-pressed="true"]'
    for _ in range(MOST):
        if hand.page.locator(holds).count():
            return hand.presses
        hand.press("main form button")
    raise AssertionError(f"{button} never held")
