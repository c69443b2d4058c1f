"""A breach, from the first note to the end of it: who was affected, who is told, what they see."""

import csv
from pathlib import Path

from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import Way, both_ways

HAPPENED = "Somebody got hold of a member's mailbox, and signed in by a link."


@both_ways("nb", "en")
def test_an_officer_sees_a_breach_to_its_end_and_its_member_sees_it_too(
    way: Way, site: Site, screens: Screens, tmp_path: Path
) -> None:
    member = site.joins(name="Siv", email=way.address("siv"))
    hand = way.of_member(screens, site, member)
    hand.screen.open("/my/data")

    desk = way.of_officer(screens, site, "ylva")
    desk.screen.open("/desk/requests")
    desk.press('nav a[href="/desk/breaches"]')
    desk.press('main a[href="/desk/breaches/new"]')
    desk.write("#happened", HAPPENED)
    desk.tick('input[name="natures[]"][value="confidentiality"]')
    desk.press('form[action="/desk/breaches/new"] p.row button')
    assert desk.sees(".said")
    breach = desk.screen.at

    desk.press(f'main a[href="{breach}/ask"]')
    desk.pick("#kind", "email")
    desk.write("#value", way.address("siv"))
    desk.press(f'form[action="{breach}/ask"] p.row button')
    assert desk.sees("progress") or desk.sees("#progress")
    site.works()
    desk.press(f'main a[href="{desk.screen.at}"]')
    assert desk.page.locator("dl.figures dd.figure").first.inner_text() == "1"
    ids = desk.saved('form[action$="/ids"] button', tmp_path)
    [found] = csv.DictReader(ids.read_text("utf-8-sig").splitlines())
    assert str(member) in found.values()

    desk.press(f'main a[href="{breach}"]')
    desk.tick('input[name="risk"][value="high"]')
    desk.write("#why", "One member; whoever came in saw all there is.")
    desk.write("#consequences", "Their address may be misused.")
    desk.write("#measures", "Sign-ins were ended, and the address was changed.")
    desk.press('form[action$="/assessment"] button')
    desk.press(f'main a[href="{breach}/notice"]')
    assert desk.page.locator("article.letter").inner_text().count(HAPPENED) == 1
    desk.press(f'main a[href="{breach}"]')
    desk.write("#reference", "DT-17")
    desk.press('form[action$="/authority"] button')
    search = desk.page.locator("#search option").nth(1).get_attribute("value") or ""
    desk.pick("#search", search)
    desk.press('form[action$="/members"] button')
    desk.press('form[action$="/close"] button')
    assert desk.sees(".said")
    assert not desk.sees("main details"), "nothing is changed any more"
    assert desk.page.locator("ol.timeline > li").count() >= 6

    site.works()
    hand.screen.open("/my/data")
    hand.press('nav a[href="/my/uses"]')
    told = hand.page.locator("main").inner_text()
    assert {"nb": "brudd", "en": "breach"}[way.language] in told.lower()
    assert hand.screen.noise == desk.screen.noise == []
