"""A guardian, for a child: yes and no, and a copy of what is kept; and the child's own no."""

import zipfile
from pathlib import Path
from uuid import UUID

from api.bootstrap import SYSTEM, Tillit
from consent import guardians
from consent.choices import By
from dsar import register
from tests.e2e.pages.at_requests import find, take
from tests.e2e.pages.screens import Screens
from tests.e2e.pages.the_site import Site
from tests.e2e.pages.ways import Way, both_ways, prove


@both_ways("nb", "da")
def test_a_guardian_answers_and_asks_for_a_child(
    way: Way, site: Site, screens: Screens, tmp_path: Path
) -> None:
    address = way.address("gro")
    guardian = site.joins(name="Gro", email=address, birth_date="1986-02-01")
    child = child_of(site, guardian)
    hand = way.of_member(screens, site, guardian)
    hand.screen.open("/my/choices")
    hand.press('nav a[href="/my/family"]')
    card = f"#newsletter-{child}"
    for allow in ("true", "false", "true"):
        hand.press(f'{card} form:has([name="allow"][value="{allow}"]) button')
        pressed = f'{card} form:has([value="{allow}"]) [aria-pressed="true"]'
        assert hand.sees(pressed)
    hand.press(f'main a[href="/my/family/{child}/requests"]')
    if hand.sees(f'main a.button[href="/my/family/{child}/requests/new"]'):
        hand.press(f'main a.button[href="/my/family/{child}/requests/new"]')
    hand.press(f'main a[href="/my/family/{child}/requests/new/access"]')
    prove(hand, site, address)
    hand.press('form[action$="/requests/new/access"] p.row button')
    assert hand.sees(".said")
    request = UUID(site.do(lambda tillit: _request_of(tillit, child)))

    desk = way.of_officer(screens, site, "ola")
    find(desk, way, request)
    take(desk, "approve")
    site.works()
    hand.screen.open(f"/my/family/{child}/requests")
    hand.press(f'main a.button[href$="/{request}/file"]')
    with zipfile.ZipFile(hand.saved('form[action$="/plain"] button', tmp_path)) as archive:
        assert "Lille Vega" in archive.read("index.html").decode()

    # The child says no to what somebody said yes to for them, and cannot say yes themselves.
    own = way.of_member(screens, site, child)
    own.screen.open("/my/choices")
    assert own.sees('#newsletter form:has([name="allow"][value="true"]) [aria-pressed="true"]')
    assert own.page.locator(
        '#newsletter form:has([name="allow"][value="true"]) button'
    ).is_disabled()
    own.press('#newsletter form:has([name="allow"][value="false"]) button')
    assert own.sees('#newsletter form:has([name="allow"][value="false"]) [aria-pressed="true"]')
    assert hand.screen.noise == own.screen.noise == []


def child_of(site: Site, guardian: UUID) -> UUID:
    """Of ten, and on record as theirs."""

    async def named(tillit: Tillit) -> None:
        async with tillit.unit() as work:
            await guardians.name(
                work.unit, SYSTEM, work.active,
                child=child, guardian=guardian, by=By.OFFICER, how="form", evidence="form 18",
            )  # fmt: skip

    async def day(tillit: Tillit) -> str:
        async with tillit.unit() as work:
            return work.unit.today.replace(year=work.unit.today.year - 10, day=1).isoformat()

    child = site.joins(name="Lille Vega", birth_date=site.do(day))
    site.do(named)
    return child


async def _request_of(tillit: Tillit, member: UUID) -> str:
    async with tillit.unit() as work:
        [found] = await register.listed(work.unit, member=member)
    return str(found.id)
