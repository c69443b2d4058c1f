"""Saying yes and no in a browser: with a script and without, on a telephone and at a desk."""

import itertools
from uuid import UUID

import pytest
from playwright.sync_api import Locator

from api.bootstrap import Tillit
from consent.history import Stand
from dsar import own_choices
from profiles import members
from tests.e2e.pages.keyboard import press
from tests.e2e.pages.screens import NARROW, WIDE, Screen, Screens
from tests.e2e.pages.the_site import Site

OFFERS = "personalised_offers"
EACH = list(itertools.product(("sv", "fi"), (True, False), (NARROW, WIDE)))
each = pytest.mark.parametrize(("language", "script", "width"), EACH)


@each
def test_a_yes_and_a_no_take_one_press_each(
    language: str, script: bool, width: int, site: Site, screens: Screens
) -> None:
    member = site.joins(name="Siv", email=f"siv-{language}-{script}-{width}@post.example")
    screen = screens.of_member(member, language=language, script=script, width=width)
    screen.open("/my/choices")
    assert not _stands(site, member).standing.consented
    for allow in (True, False):
        _pressed(screen, allow=allow)
        assert _stands(site, member).standing.consented is allow
        yes, no = _pair(screen)
        assert (yes.get_attribute("aria-pressed") == "true") is allow
        assert (no.get_attribute("aria-pressed") == "true") is not allow
        assert screen.page.locator(".said").is_visible()
    screen.shot(f"choices-{language}-{width}-{'script' if script else 'plain'}")
    assert screen.noise == []


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_yes_and_a_no_are_alike_to_the_eye_and_to_the_hand(
    scheme: str, width: int, site: Site, screens: Screens
) -> None:
    member = site.joins(name="Siv")
    screen = screens.of_member(member, scheme=scheme, width=width)
    screen.open("/my/choices")
    for card in screen.page.locator("section.card").all():
        yes, no = (_look(one) for one in card.locator(".choice button").all()[:2])
        assert yes == no
        assert yes["height"] >= 44


def test_both_are_said_by_keyboard_alone(site: Site, screens: Screens) -> None:
    member = site.joins(name="Siv")
    screen = screens.of_member(member, script=False)
    screen.open("/my/choices")
    for number, allow in ((1, True), (2, False)):
        press(screen, f"#{OFFERS} .choice form:nth-of-type({number}) button")
        assert _stands(site, member).standing.consented is allow


def test_two_presses_of_a_hurried_hand_count_once(site: Site, screens: Screens) -> None:
    member = site.joins(name="Siv")
    screen = screens.of_member(member)
    screen.open("/my/choices")
    sent: list[str] = []
    screen.page.on("request", lambda one: sent.append(one.method) if one.method == "POST" else None)
    with screen.page.expect_navigation():
        _pair(screen)[0].dblclick(no_wait_after=True)
    assert sent == ["POST"]
    assert _stands(site, member).standing.consented


def _pair(screen: Screen) -> tuple[Locator, Locator]:
    yes, no = screen.page.locator(f"#{OFFERS} .choice").first.locator("button").all()
    return yes, no


def _pressed(screen: Screen, *, allow: bool) -> None:
    yes, no = _pair(screen)
    with screen.page.expect_navigation():
        (yes if allow else no).click()


def _look(button: Locator) -> dict[str, object]:
    """What it looks like, but for the mark that says which of the two holds."""
    found: dict[str, object] = button.evaluate(
        """button => {
            const pressed = button.getAttribute('aria-pressed');
            button.setAttribute('aria-pressed', 'false');
            const style = getComputedStyle(button), box = button.getBoundingClientRect();
            const looks = {
                width: Math.round(box.width), height: Math.round(box.height), top: box.top,
                ink: style.color, paper: style.backgroundColor, edge: style.borderColor,
                weight: style.fontWeight, size: style.fontSize, opacity: style.opacity,
            };
            button.setAttribute('aria-pressed', pressed);
            return looks;
        }"""
    )
    return found


def _stands(site: Site, member: UUID) -> Stand:
    async def stood(tillit: Tillit) -> Stand:
        async with tillit.unit() as work:
            person = await members.one(work.unit, member)
            stands = await own_choices.choices(work.unit, work.active, person)
        return next(one for one in stands if one.purpose.name == OFFERS)

    return site.do(stood)
