"""A copy of my data: asked for, identified, approved by an officer, fetched and opened."""

import zipfile
from pathlib import Path

import pyzipper

from tests.e2e.pages.at_requests import ask, find
from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import Way, both_ways, prove

#: What a copy has in it (docs/packages.md).
PARTS = {"index.html", "README.txt", "package.json", "values.csv", "uses.csv", "consents.csv"}


@both_ways("sv", "fi")
def test_a_copy_is_asked_for_answered_and_opened(
    way: Way, site: Site, screens: Screens, tmp_path: Path
) -> None:
    address = way.address("ada")
    member = site.joins(name="Ada", email=address, county="Dalarna")
    hand = way.of_member(screens, site, member)
    hand.screen.open("/my/choices")
    request = ask(hand, "access")

    # It waits until it is shown who asks.
    hand.press('#identity ~ p a[href^="/second"]')
    prove(hand, site, address)
    assert hand.screen.at == f"/my/requests/{request}"
    hand.press('form[action$="/identity/second"] button')
    assert hand.sees(".said")
    site.works()

    desk = way.of_officer(screens, site, "olga", role="desk")
    find(desk, way, request)
    assert desk.page.locator('section[aria-labelledby="identity"] li').count() == 1
    desk.press('main a.button[href$="/steps/approve"]')
    assert desk.sees("article.letter"), "what the member will read"
    desk.press('main form[method="post"][action$="/steps/approve"] button')
    assert desk.sees(".said")
    site.works()

    hand.press('main p > a[href="/my/requests"]')
    hand.press(f'main a.button[href="/my/requests/{request}/file"]')
    assert hand.screen.at.endswith("/file")
    passphrase = hand.page.locator("main pre").inner_text().strip()
    locked = hand.saved('form[action$="/file/locked"] button', tmp_path)
    with pyzipper.AESZipFile(locked) as archive:
        archive.setpassword(passphrase.encode())
        assert set(archive.namelist()) >= PARTS
        assert all(b"Dalarna" in archive.read(one) for one in ("index.html", "values.csv"))
    plain = hand.saved('form[action$="/file/plain"] button', tmp_path)
    with zipfile.ZipFile(plain) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) >= PARTS
        page = archive.read("index.html").decode()
    assert f'lang="{way.language}"' in page
    assert "Dalarna" in page
    hand.press(f'main a[href="/my/requests/{request}"]')
    hand.press('main a[href$="/letters/answer"]')
    assert hand.sees("article")
    assert hand.screen.noise == desk.screen.noise == []
