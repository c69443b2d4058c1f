"""What I have said: with a receipt of each answer, and the one command that checks it."""

from pathlib import Path

from tests.e2e.pages.commands import typed
from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import Way, each_way

RECEIPT = 'a[href$="/receipt"]'


@each_way("sv", "nb")
def test_an_answer_has_a_receipt_that_anybody_can_check(
    way: Way, site: Site, screens: Screens, tmp_path: Path
) -> None:
    member = site.joins(name="Siv")
    hand = way.of_member(screens, site, member)
    hand.screen.open("/my/choices/history")
    assert not hand.sees(RECEIPT)
    hand.press('nav a[href="/my/choices"]')
    for allow in ("true", "false"):
        hand.press(f'#newsletter .choice form:has(input[value="{allow}"]) button')
    site.works()
    hand.press('main a[href="/my/choices/history"]')
    assert hand.page.locator(RECEIPT).count() == 2
    hand.touch("ol.timeline details > summary")
    assert hand.sees("ol.timeline details[open] blockquote")
    command = hand.page.locator("#check pre").inner_text()
    [newest, oldest] = [
        hand.saved(f"ol.timeline > li:nth-child({number}) {RECEIPT}", tmp_path) for number in (1, 2)
    ]
    assert newest.name != oldest.name
    assert newest.name in command
    if way.script:  # it takes no browser, and a while
        ran = typed(command, tmp_path)
        assert ran.returncode == 0, ran.stderr
        said = newest.read_text("utf-8")
        newest.write_text(said.replace("newsletter", "newsletten"), "utf-8")
        assert typed(command, tmp_path).returncode != 0
    assert hand.screen.noise == []
