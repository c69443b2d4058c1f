"""Signing in by a link and going on by a second proof, in a browser, and out again."""

import itertools

import pytest

from tests.e2e.pages.keyboard import press, reach
from tests.e2e.pages.screens import NARROW, WIDE, Screen, Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import CODE, LINK, told

EACH = list(itertools.product(("sv", "fi"), (True, False), (NARROW, WIDE)))


@pytest.mark.parametrize(("language", "script", "width"), EACH)
def test_a_member_comes_in_by_a_link_proves_it_once_more_and_leaves(
    language: str, script: bool, width: int, site: Site, screens: Screens
) -> None:
    address = f"ina-{language}-{'script' if script else 'plain'}-{width}@post.example"
    site.joins(name="Ina", email=address)
    screen = screens(language=language, script=script, width=width)
    screen.open("/my/purchases")
    assert screen.at == "/sign-in"
    screen.page.fill("#address", address)
    _pressed(screen)
    screen.page.goto(site.url + told(site, address, LINK))
    _pressed(screen)
    assert screen.at == "/second"
    _pressed(screen)
    screen.page.fill("#code", told(site, address, CODE))
    _pressed(screen)
    assert screen.at == "/my/purchases"
    screen.shot(f"signed-in-{language}-{width}-{'script' if script else 'plain'}")
    with screen.page.expect_navigation():
        screen.page.locator(".bar form button").click()
    screen.open("/my/choices")
    assert screen.at == "/sign-in"
    assert screen.noise == []


def test_a_browser_says_whose_form_it_is_and_hands_no_link_on(site: Site, screens: Screens) -> None:
    """An old one says nothing but the origin, so that has to be right."""
    address = "ina-origin@post.example"
    site.joins(name="Ina", email=address)
    screen = screens()
    asked = []
    screen.page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - it wants one of ours
    screen.open("/sign-in")
    screen.page.fill("#address", address)
    _pressed(screen)
    link = told(site, address, LINK)
    screen.page.goto(site.url + link)
    _pressed(screen)
    assert screen.at == "/my/choices"
    headers = [request.all_headers() for request in asked]
    sent = [request for request in asked if request.method == "POST"]
    assert len(sent) == 2
    assert {request.all_headers()["origin"] for request in sent} == {site.url}
    assert {one.get("referer", "") for one in headers} <= {"", f"{site.url}/"}


def test_by_keyboard_alone(site: Site, screens: Screens) -> None:
    address = "ina@post.example"
    site.joins(name="Ina", email=address)
    screen = screens(script=False)
    screen.open("/sign-in")
    reach(screen, "#address")
    screen.page.keyboard.type(address)
    with screen.page.expect_navigation():
        screen.page.keyboard.press("Enter")
    screen.page.goto(site.url + told(site, address, LINK))
    press(screen, "main button")
    assert screen.at == "/my/choices"


def test_who_is_no_member_is_seen_the_same(site: Site, screens: Screens) -> None:
    site.joins(name="Ina", email="known@post.example")
    seen = []
    for address in ("known@post.example", "unknown@post.example"):
        screen = screens()
        screen.open("/sign-in")
        screen.page.fill("#address", address)
        _pressed(screen)
        seen.append((screen.page.url, screen.text))
    assert seen[0] == seen[1]


def _pressed(screen: Screen) -> None:
    """Press what the page asks for."""
    with screen.page.expect_navigation():
        screen.page.locator("main form button").first.click()
