"""Erasure: approved by two, taken back while it cools off; carried out, and a certificate of it.

On a site of its own, whose clock is put forward: nobody else lives there.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from api.bootstrap import Tillit
from tests.e2e.pages.at_requests import find, send, take
from tests.e2e.pages.conftest import housed
from tests.e2e.pages.hands import Hand
from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import PutForward, Site
from tests.e2e.pages.ways import Way, both_ways, prove

COOLS_OFF = timedelta(days=3, minutes=1)
_CERTIFICATE = re.compile(r"/certificate/[\w-]+")


@pytest.fixture(scope="module")
def clock() -> PutForward:
    return PutForward()


@pytest.fixture(scope="module")
def site(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory, clock: PutForward
) -> Iterator[Site]:
    with housed(server, template, tmp_path_factory.mktemp("site"), clock=clock) as found:
        yield found


@both_ways("sv", "nb")
def test_an_erasure_is_taken_back_asked_anew_carried_out_and_certified(
    way: Way, site: Site, screens: Screens, clock: PutForward, tmp_path: Path
) -> None:
    address = way.address("erik")
    member = site.joins(name="Erik", email=address)
    hand = way.of_member(screens, site, member)
    desks = [way.of_officer(screens, site, name) for name in ("olga", "otto")]

    hand.screen.open("/my/requests")
    hand.press('main a[href="/my/requests/new/erasure"]')
    hand.press('main a[href^="/second?next="]')
    prove(hand, site, address)
    request = send(hand, "erasure")
    for desk in desks:
        find(desk, way, request)
        desk.press('main a[href$="/preview"]')
        desk.press(f'main a.button[href="/desk/requests/{request}"]')
        take(desk, "approve")
    site.works()
    hand.screen.open(f"/my/requests/{request}")
    hand.press('form[action$="/cancel"] button')
    assert hand.sees(".said")
    _passes(site, clock)

    # Nothing has gone; asked for once more, it goes.
    hand, desks = (
        way.of_member(screens, site, member, proved=True),
        [way.of_officer(screens, site, f"{name}-again") for name in ("olga", "otto")],
    )
    hand.screen.open("/my/data")
    assert hand.page.locator("#name strong").inner_text() == "Erik"
    hand.screen.open("/my/requests/new/erasure")
    request = send(hand, "erasure")
    for desk in desks:
        find(desk, way, request)
        take(desk, "approve")
    hand.screen.open(f"/my/requests/{request}")
    certificate = hand.page.locator("#certificate ~ p a.mono").inner_text()
    _passes(site, clock)
    assert site.joins(name="Erik", email=address) != member, "the address is free again"
    _anybody_checks(way.of(screens), _CERTIFICATE.search(certificate), tmp_path)


def _passes(site: Site, clock: PutForward) -> None:
    """So long that nothing cools off any more; then the worker does what it has to."""
    clock.by += COOLS_OFF

    async def due(tillit: Tillit) -> None:  # the queue goes by the database's clock
        async with tillit.database.transaction() as session:
            await session.execute(
                text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
            )

    site.do(due)
    site.works()


def _anybody_checks(hand: Hand, address: re.Match[str] | None, folder: Path) -> None:
    """Who has the address fetches the certificate, and whoever has that has it checked."""
    assert address is not None
    hand.screen.open(address.group())
    kept = hand.saved('main a[href$="/erasure/json"]', folder)
    paper = hand.saved('main a[href$="/erasure/pdf"]', folder)
    assert paper.read_bytes().startswith(b"%PDF")
    whole = kept.read_text("utf-8")
    hand.screen.open("/certificate")
    for said, holds in ((whole.replace('"', "'", 1), False), (whole, True)):
        hand.page.fill("#text", said)  # pasted
        hand.press('form[action="/certificate"] button')
        assert hand.sees(".said") is holds
        assert hand.sees("#wrong") is not holds
    hand.screen.open("/certificate")
    hand.page.set_input_files("#file", kept)
    hand.press('form[action="/certificate"] button')
    assert hand.sees(".said")
