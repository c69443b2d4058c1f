"""The other rights: data to take along, no use for now, no direct marketing, somebody to look."""

import json
import zipfile
from pathlib import Path

from tests.e2e.pages.at_requests import ask, find, take
from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import Way, both_ways


@both_ways("nb", "fi")
def test_data_is_moved_restricted_and_objected_to(
    way: Way, site: Site, screens: Screens, tmp_path: Path
) -> None:
    member = site.joins(name="Mio", email=way.address("mio"), county="Oulu")
    hand = way.of_member(screens, site, member, proved=True)
    desks = [way.of_officer(screens, site, name) for name in ("oda", "odd")]
    hand.screen.open("/my/choices")

    moved = ask(hand, "portability")
    site.works()
    for desk in desks:
        find(desk, way, moved)
        take(desk, "approve")
    site.works()
    hand.screen.open(f"/my/requests/{moved}/file")
    with zipfile.ZipFile(hand.saved('form[action$="/plain"] button', tmp_path)) as archive:
        told = json.loads(archive.read("data.json"))
    assert "Oulu" in json.dumps(told, ensure_ascii=False)

    restricted = ask(hand, "restriction")
    find(desks[0], way, restricted)
    take(desks[0], "approve")
    site.works()
    hand.screen.open(f"/my/requests/{restricted}")
    assert not hand.sees('form[action$="/cancel"]'), "it is done"

    hand.press('nav a[href="/my/requests"]')
    hand.press('main a.button[href="/my/requests/new"]')
    hand.press('main a[href="/my/requests/new/objection"]')
    hand.press('form[action$="/new/objection"] p.row button')
    assert hand.sees("#wrong"), "to what?"
    hand.tick('input[name="marketing"]')
    hand.write("#note", "Nothing by post either.")
    hand.press('form[action$="/new/objection"] p.row button')
    assert hand.sees(".said")
    site.works()
    hand.press('nav a[href="/my/choices"]')
    hand.press('main a[href="/my/choices/all-at-once"]')
    assert hand.sees('#marketing form:has([value="true"]) [aria-pressed="true"]')
    hand.press('nav a[href="/my/requests"]')
    assert hand.page.locator("ul.cards > li").count() == 3
    assert all("422" in one for one in hand.screen.noise)
