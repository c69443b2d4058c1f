"""The consent panel on a shop's page of another site: given, taken back, handed in."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Frame, Locator, Page

from api.bootstrap import Tillit
from api.pages.panel.routes import integrity
from api.tokens import Caller, mint
from consent import ledger
from consent.choices import Action, Choice
from consent.programme import Purpose
from profiles import members
from tests.e2e.pages.a_shop import Shop, open_shop
from tests.e2e.pages.keyboard import walked
from tests.e2e.pages.looking import ruled, too_small, too_wide, weight
from tests.e2e.pages.screens import NARROW, WIDE, ZOOMED, Scheme, Screen, Screens
from tests.e2e.pages.the_site import Site

LETTER, OFFERS, TRIPS = "newsletter", "personalised_offers", "partner_offers"
FIELD = "input[name=tillit-consent]"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture
def shop(site: Site) -> Iterator[Shop]:
    """A shop that may frame the panel."""
    with open_shop() as found:
        before = site.tillit.settings
        site.tillit.settings = replace(before, panel_origins=(found.url,))
        yield found
        site.tillit.settings = before


def script(site: Site, more: str = "") -> str:
    return f'<script src="{site.url}/panel/panel.js" {more} async></script>'


def come(screen: Screen, shop: Shop, panel: str, *, head: str = "", path: str = "/") -> Page:
    """To the shop's page, with the panel there."""
    page = screen.page
    page.goto(shop.opens(path, panel, tillit=screen.site.url, head=head))
    page.wait_for_function("document.querySelector('iframe')?.title")
    return page


def inside(page: Page) -> Frame:
    handle = page.wait_for_selector("iframe", state="attached")
    assert handle is not None
    frame = handle.content_frame()
    assert frame is not None
    return frame


def answer(page: Page, purpose: str, value: str) -> None:
    """One press, and the shop's field has heard of it."""
    before = page.input_value(FIELD)
    radio(page, purpose, value).check()
    page.wait_for_function(
        "before => document.querySelector('[name=tillit-consent]').value !== before", arg=before
    )


def radio(page: Page, purpose: str, value: str) -> Locator:
    return inside(page).locator(f"input[name={purpose}][value='{value}']")


def send(page: Page) -> None:
    """Press the form's button, by a key: a frame that has just grown may yet take a pointer's."""
    page.get_by_role("button", name="Join").press("Enter")
    page.wait_for_url("**/join")


def said(page: Page) -> dict[str, bool]:
    value = page.input_value(FIELD)
    answers = json.loads(value)["answers"] if value else {}
    return {name: one["allow"] for name, one in answers.items()}


def test_what_is_answered_on_the_shops_page_stands_in_the_ledger_with_its_terms(
    site: Site, shop: Shop, screens: Screens
) -> None:
    screen = screens()
    hosts: set[str] = set()
    screen.page.on("request", lambda one: hosts.add(urlsplit(one.url).netloc))
    page = come(screen, shop, script(site, 'data-language="sv"'))
    assert page.input_value(FIELD) == ""
    answer(page, LETTER, "yes")
    answer(page, OFFERS, "yes")
    answer(page, OFFERS, "no")  # taken back by as much as it was given by
    answer(page, TRIPS, "yes")
    answer(page, TRIPS, "")
    assert said(page) == {LETTER: True, OFFERS: False}
    page.fill("[name=name]", "Ylva")
    send(page)
    [form] = shop.joined
    member = _handed_in(site, form)
    kept = {one.purpose: one for one in _ledger(site, member)}
    assert {name: one.action for name, one in kept.items()} == {
        LETTER: Action.GIVEN,
        OFFERS: Action.REFUSED,
    }
    letter = _purposes(site)[LETTER]
    assert kept[LETTER].notice == letter.notice_digest("sv")
    assert kept[LETTER].terms == letter.terms(letter.notice_digest("sv"))
    assert page.context.cookies() == []
    assert hosts == {urlsplit(site.url).netloc, urlsplit(shop.url).netloc}
    assert screen.noise == []


def _handed_in(site: Site, form: dict[str, str]) -> UUID:
    """What the shop's server does."""

    async def token(tillit: Tillit) -> str:
        return (await mint(tillit, Caller.service("till"))).token

    bearer = {"Authorization": f"Bearer {site.do(token)}"}
    values = {"member_number": f"W-{id(form)}", "name": form["name"]}
    with httpx.Client(base_url=site.url, headers=bearer) as client:
        made = client.post("/v1/members", json={"purpose": "membership", "values": values})
        assert made.status_code == 201, made.text
        member = made.json()["member"]
        body = {"member": member, "panel": form["tillit-consent"]}
        handed = client.post("/v1/consents/panel", json=body)
        assert handed.status_code == 201, handed.text
    return UUID(member)


def _ledger(site: Site, member: UUID) -> list[Choice]:
    async def kept(tillit: Tillit) -> list[Choice]:
        async with tillit.unit() as work:
            one = await members.one(work.unit, member)
            return (await ledger.opened(work.unit, {one.id: one.key}))[one.id]

    return site.do(kept)


def _purposes(site: Site) -> Mapping[str, Purpose]:
    async def purposes(tillit: Tillit) -> Mapping[str, Purpose]:
        async with tillit.unit() as work:
            return work.active.programme.purposes

    return site.do(purposes)


def test_whoever_answers_nothing_sends_nothing(site: Site, shop: Shop, screens: Screens) -> None:
    page = come(screens(), shop, script(site))
    send(page)
    assert shop.joined == [{"name": "", "tillit-consent": ""}]


def test_without_javascript_one_joins_and_nothing_is_chosen(
    site: Site, shop: Shop, screens: Screens
) -> None:
    page = screens(script=False).page
    page.goto(shop.opens("/", script(site), tillit=site.url))
    assert page.locator("iframe").count() == 0
    send(page)
    assert shop.joined == [{"name": ""}]


def test_the_frame_has_no_origin_and_so_nothing_to_keep_anything_in(
    site: Site, shop: Shop, screens: Screens
) -> None:
    page = come(screens(), shop, script(site))
    frame = page.locator("iframe")
    assert frame.get_attribute("sandbox") == "allow-scripts"
    within = inside(page)
    assert within.evaluate("self.origin") == "null"
    for keeping in ("document.cookie", "localStorage", "sessionStorage", "indexedDB.open('x')"):
        got = within.evaluate(
            f"() => {{ try {{ {keeping}; return 'kept' }} catch {{ return 'no' }} }}"
        )
        assert got == "no", keeping


def test_nobody_frames_it_who_is_not_named(site: Site, shop: Shop, screens: Screens) -> None:
    with open_shop() as other:
        screen = screens()
        screen.page.goto(other.opens("/", script(site), tillit=site.url))
        frame = screen.page.wait_for_selector("iframe", state="attached")
        screen.page.wait_for_timeout(500)
        assert frame is not None
        assert not frame.is_visible()  # a browser's message is nothing for a shop's visitor
        assert inside(screen.page).url.startswith("chrome-error:")
        assert screen.page.input_value(FIELD) == ""
        assert any("frame-ancestors" in one for one in screen.noise)


def test_a_script_that_is_pinned_runs_and_another_does_not(
    site: Site, shop: Shop, screens: Screens
) -> None:
    pinned = f'integrity="{integrity()}" crossorigin="anonymous"'
    come(screens(), shop, script(site, pinned))
    wrong = pinned.replace("sha384-", "sha384-AAAA", 1)[: len(pinned) - 30] + '" crossorigin'
    screen = screens()
    screen.page.goto(shop.opens("/wrong", script(site, wrong), tillit=site.url))
    screen.page.wait_for_timeout(500)
    assert screen.page.locator("iframe").count() == 0


#: Whatever a page, or a frame in it, may say to the panel or in its name.
_HOSTILE = """value => {
    const frame = document.querySelector('iframe').contentWindow;
    const said = { value, height: 9000, title: 'Free money' };
    for (const one of [said, 'tillit-panel', 'reset', { check: 'newsletter' }, value])
        for (const to of [frame, window]) to.postMessage(one, '*');
    const { port1, port2 } = new MessageChannel();
    frame.postMessage('tillit-panel', '*', [port2]);
    port1.postMessage(said);
}"""


def test_no_message_answers_for_anybody(site: Site, shop: Shop, screens: Screens) -> None:
    page = come(screens(), shop, script(site))
    title = page.get_attribute("iframe", "title")
    for _ in range(2):
        page.evaluate(_HOSTILE, '{"programme":1,"answers":{"newsletter":{"allow":true}}}')
        page.wait_for_timeout(200)
        assert page.input_value(FIELD) == ""
        assert page.get_attribute("iframe", "title") == title
        assert inside(page).locator("input:checked:not([value=''])").count() == 0
    answer(page, LETTER, "yes")
    assert said(page) == {LETTER: True}


def test_another_frame_on_the_page_cannot_speak_for_the_panel(
    site: Site, shop: Shop, screens: Screens
) -> None:
    with open_shop() as other:
        other.opens("/", "", tillit=site.url, more="; frame-ancestors *")
        hostile = f'<iframe id="other" src="{other.url}/" title="other"></iframe>'
        page = screens().page
        page.goto(shop.opens("/", script(site) + hostile, tillit=f"{site.url} {other.url}"))
        page.wait_for_function("document.querySelector('iframe:not(#other)')?.title")
        frame = page.frame(url=f"{other.url}/")
        assert frame is not None
        frame.evaluate(
            """() => {
                const said = { value: '{"yes":1}', height: 1, title: 'x' };
                for (let at = -1; at < parent.length; at++) {
                    const to = at < 0 ? parent : parent[at];
                    const { port1, port2 } = new MessageChannel();
                    to.postMessage(said, '*');
                    to.postMessage('tillit-panel', '*', [port2]);
                    port1.postMessage('reset');
                }
            }"""
        )
        page.wait_for_timeout(200)
        assert page.input_value(FIELD) == ""


def test_a_reload_a_way_back_and_a_reset_begin_with_no_answer(
    site: Site, shop: Shop, screens: Screens
) -> None:
    page = come(screens(), shop, script(site))
    answer(page, LETTER, "yes")
    page.evaluate("document.forms[0].reset()")
    page.wait_for_function("!document.querySelector('[name=tillit-consent]').value")
    assert radio(page, LETTER, "").is_checked()
    answer(page, LETTER, "yes")
    page.reload()
    page.wait_for_function("document.querySelector('iframe')?.title")
    assert page.input_value(FIELD) == ""
    answer(page, LETTER, "yes")
    send(page)
    page.go_back()
    page.wait_for_function("document.querySelector('iframe')?.title")
    assert radio(page, LETTER, "yes").is_checked() is bool(page.input_value(FIELD))


def test_the_panel_takes_its_place_in_a_form_that_names_one(
    site: Site, shop: Shop, screens: Screens
) -> None:
    place = "<div data-tillit-panel></div>"
    page = come(screens(), shop, place, head=script(site, f'data-purposes="{TRIPS}, {LETTER}"'))
    assert page.locator("form [data-tillit-panel] > iframe").count() == 1
    assert page.locator(f"form {FIELD}").count() == 1
    asked = inside(page).locator("[data-purpose]").all()
    assert [one.get_attribute("data-purpose") for one in asked] == [TRIPS, LETTER]


@pytest.mark.parametrize("width", [ZOOMED, NARROW, WIDE])
def test_the_frame_is_as_high_as_what_is_in_it(
    width: int, site: Site, shop: Shop, screens: Screens
) -> None:
    page = come(screens(width=width, language="fi"), shop, script(site, 'data-language="fi"'))
    for opened in (False, True):
        if opened:
            for one in inside(page).locator("summary").all():
                one.click()
        page.wait_for_timeout(200)
        wide, high, needs = inside(page).evaluate(
            """() => { const d = document.documentElement;
                return [d.scrollWidth - innerWidth, innerHeight, d.scrollHeight] }"""
        )
        assert wide <= 0
        assert 0 <= high - needs <= 1
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_goes_through_the_panel_and_out_again(
    site: Site, shop: Shop, screens: Screens
) -> None:
    page = come(screens(), shop, script(site, f'data-purposes="{LETTER}"'))
    page.focus("[name=name]")
    keys = page.keyboard
    keys.press("Tab")
    assert inside(page).evaluate("document.activeElement.value") == ""
    keys.press("ArrowRight")  # from the last answer round to the first
    page.wait_for_function("document.querySelector('[name=tillit-consent]').value")
    assert said(page) == {LETTER: True}
    keys.press("ArrowRight")
    page.wait_for_timeout(100)
    assert said(page) == {LETTER: False}
    for _ in range(2):
        keys.press("Tab")
        assert inside(page).evaluate("document.activeElement.tagName") == "SUMMARY"
    keys.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    assert page.evaluate("document.activeElement.name") == "name"


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_the_frames_page_breaks_no_rule(
    language: str, site: Site, screens: Screens, axe: str
) -> None:
    screen = screens()
    screen.open(f"/panel/choices?language={language}")
    for one in screen.page.locator("summary").all():
        one.click()
    assert screen.noise == []  # the rules fetch the style sheet, which this page may not
    found = []
    for scheme in SCHEMES:
        screen.lit(scheme)
        for width in (ZOOMED, NARROW, WIDE):
            screen.wide(width)
            where = f"{width} px, {scheme}: "
            found += [where + one for one in (*too_wide(screen), *too_small(screen))]
            if width != ZOOMED:
                found += [where + one for one in ruled(screen, axe)]
            screen.shot(f"panel-{language}-{scheme}-{width}")
    assert found == []
    assert weight(screen) < 60_000
    walk = walked(screen)
    assert walk.wrong == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_three_answers_are_alike(scheme: Scheme, screens: Screens) -> None:
    screen = screens(scheme=scheme)
    screen.open("/panel/choices")
    for group in screen.page.locator(".answers").all():
        looks = [one.evaluate(_LOOK) for one in group.locator("label").all()]
        assert len(looks) == 3
        assert looks[0] == looks[1] == looks[2]
        assert looks[0]["height"] >= 44


#: What an answer looks like while it is the one that is chosen.
_LOOK = """label => {
    const group = label.closest('.answers'), chosen = group.querySelector(':checked');
    label.control.checked = true;
    const style = getComputedStyle(label), box = label.getBoundingClientRect();
    const looks = { width: Math.round(box.width), height: Math.round(box.height),
        ink: style.color, paper: style.backgroundColor, edge: style.borderColor,
        weight: style.fontWeight, size: style.fontSize };
    chosen.checked = true;
    return looks;
}"""


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_the_example_is_filled_in_and_tells_what_was_sent(
    width: int, scheme: Scheme, site: Site, screens: Screens, axe: str
) -> None:
    screen = screens(width=width, scheme=scheme, language="sv")
    screen.open("/panel/in-use")
    page = screen.page
    page.wait_for_function("document.querySelector('iframe')?.title")
    page.fill("[name=name]", "Ylva")
    answer(page, LETTER, "yes")
    screen.shot(f"panel-in-use-{width}-{scheme}")
    assert ruled(screen, axe) == []
    with page.expect_navigation():
        page.get_by_role("button", name="Gå med").press("Enter")
    assert '"state": "given"' in screen.text
    screen.shot(f"panel-joined-{width}-{scheme}")
    assert [*ruled(screen, axe), *too_wide(screen), *too_small(screen)] == []
    assert screen.noise == []
