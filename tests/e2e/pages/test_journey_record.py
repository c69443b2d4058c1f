"""The record as officers look into it: what is looked for, by whom, and an entry's own proof."""

import csv
import json
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import Way, both_ways


@both_ways("da", "sv")
def test_the_record_is_searched_taken_along_and_checked(
    way: Way, site: Site, screens: Screens, tmp_path: Path
) -> None:
    desk = way.of_officer(screens, site, "yrsa")
    desk.screen.open("/desk/requests")
    desk.press('nav a[href="/desk/use"]')
    desk.pick("#who", "service:offers-engine")
    desk.press('form[action="/desk/use"] button')
    shown = desk.page.locator("table tbody tr")
    assert shown.count() > 0
    assert all("offers-engine" in row.inner_text() for row in shown.all())

    taken = desk.saved('main a[href^="/desk/use/export"]', tmp_path)
    rows = list(csv.DictReader(taken.read_text().splitlines()))
    assert {one["actor"] for one in rows} == {"offers-engine"}
    assert {one["standing"] for one in rows} == {"proved"}

    evidence = desk.saved('main a[href$="/evidence"]', tmp_path)
    with zipfile.ZipFile(evidence) as archive:
        archive.extractall(tmp_path / "evidence")
    folder = tmp_path / "evidence"
    assert json.loads((folder / "entry.json").read_text())["actor"]["id"] == "offers-engine"
    [line] = [one for one in (folder / "README.txt").read_text().splitlines() if "--key" in one]
    ran = subprocess.run(
        [sys.executable, *shlex.split(line)[1:]],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr

    desk.press('main a[href="/desk/use/actors/service/offers-engine"]')
    assert desk.page.locator("h1").inner_text() == "offers-engine"
    desk.press('.tabs a[href$="?days=7"]')
    desk.press('main .tabs a[href="/desk/use/segments"]')
    assert desk.page.locator("ul.cards pre").count() > 0
    assert desk.screen.noise == []
