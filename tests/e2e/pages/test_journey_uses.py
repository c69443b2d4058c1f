"""How my data was used: from the list to the question, and to a proof that one checks oneself."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from tests.e2e.pages.commands import typed
from tests.e2e.pages.hands import Hand
from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import Way, each_way

RUN, ALTER, BACK = (f'[data-act="{name}"]' for name in ("run", "alter", "back"))
STEPS = 5
#: Up to the first digits of what stands in each field.
WRITTEN_IN = {
    "entry": r'textarea id="entry"[^>]*>[^0-9<]*',
    "proof": r'textarea id="proof"[^>]*>[^<]*\n[^<]*\n[^0-9<]*',
    "key": r'input id="key"[^>]* value="[^0-9"]*',
}
#: The use whose question Maja follows.
ASKED = "details:has(code)"


@each_way("sv", "fi")
def test_a_use_is_followed_to_its_question_and_checked(
    way: Way, site: Site, screens: Screens, tmp_path: Path
) -> None:
    hand = way.of_member(screens, site, site.people.maja, proved=True)
    hand.screen.open("/my/uses")
    hand.pick("#purpose", "personalised_offers")
    hand.press("main form[method=get] button")
    assert not hand.sees(f"{ASKED} dl")
    hand.touch(f"{ASKED} > summary")
    assert hand.sees(f"{ASKED} dl")
    assert hand.page.locator(f"{ASKED} code").first.inner_text().strip()
    hand.press(f'{ASKED} a[href$="/check"]')
    if way.script:
        _checked_here(hand)
    _checked_by_the_command(hand, tmp_path)
    hand.press('main p > a[href="/my/uses"]')
    assert hand.screen.noise == []


@pytest.mark.parametrize("part", ["entry", "proof", "key"])
def test_what_was_altered_on_its_way_does_not_hold(part: str, site: Site, screens: Screens) -> None:
    """Whoever sits between us and the member, or we ourselves, change one character of it."""

    def altered(route: Route) -> None:
        answer = route.fetch()
        sent, times = re.subn(
            rf"(<{WRITTEN_IN[part]}[0-9]*)([0-9])",
            lambda found: found[1] + str((int(found[2]) + 1) % 10),
            answer.text(),
        )
        assert times == 1
        route.fulfill(response=answer, body=sent)

    screen = screens.of_member(site.people.maja)
    screen.page.route("**/check", altered)
    screen.open(f"/my/uses/{site.people.use}/check")
    screen.page.click(RUN)
    _says(screen.page, "no")


def _checked_here(hand: Hand) -> None:
    """It holds; with one character changed it does not; put back, it holds again."""
    for act, said in ((RUN, "yes"), (ALTER, "no"), (BACK, ""), (RUN, "yes")):
        hand.touch(act)
        _says(hand.page, said)
    held = hand.page.locator('[data-step] [data-said="yes"]:visible')
    assert held.count() == STEPS


def _checked_by_the_command(hand: Hand, folder: Path) -> None:
    """The download, and the one line that the page shows, typed in its folder."""
    kept = hand.saved('a[href$="/evidence"]', folder)
    with zipfile.ZipFile(kept) as archive:
        archive.extractall(folder)
    command = hand.page.locator("main pre").last.inner_text()
    ran = typed(command, folder)
    assert ran.returncode == 0, ran.stderr
    assert "verified" in ran.stdout
    entry = folder / "entry.json"
    entry.write_bytes(entry.read_bytes().replace(b"0", b"1", 1))
    ran = typed(command, folder)
    assert ran.returncode != 0
    assert "NOT VERIFIED" in ran.stderr


def _says(page: Page, said: str) -> None:
    """Which of its answers the page shows; all of them in the reader's language, one at a time."""
    page.wait_for_function(
        """said => [...document.querySelectorAll('[data-result] [data-said]')]
            .every(one => one.hidden === (one.dataset.said !== said))""",
        arg=said,
    )
