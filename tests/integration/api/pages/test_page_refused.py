"""A page that refuses something takes back what was written; what was looked up stays on record."""

from dataclasses import dataclass
from typing import ClassVar

import httpx
import pytest
from starlette.applications import Starlette

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from api.pages import certificate, running
from api.pages.all import PAGES
from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from audit.browsing import all_entries
from audit.entries import Kind
from profiles.enrolment import enrol
from tests.at_a_browser import OURS, officer_at

BASE = "http://127.0.0.1:8000"
#: Pages on which something was looked up: see `View.keeps`.
KEEPING = {"AskedAmiss", "NotFound", "Unaskable"}


@dataclass(frozen=True)
class Refusing(certificate.NotCertified):
    pass


@dataclass(frozen=True)
class Looking(certificate.NotCertified):
    keeps: ClassVar[bool] = True


async def send(tillit: Tillit, view: View) -> int:
    """A form whose function enrols somebody, and answers that."""
    pages = Pages(None)

    @pages("POST", "/written")
    async def write(asked: Asked) -> View:
        await enrol(asked.unit, SYSTEM, [{"member_number": "m1"}], source="test")
        return view

    app = Starlette(routes=running.routes(tillit, pages.all))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=OURS) as client:
        return (await client.post("/written")).status_code


async def written(tillit: Tillit) -> int:
    async with tillit.unit() as work:
        entries = all_entries(work.session, kinds=[Kind.MEMBER_ENROLLED])
        return len([one async for one in entries])


async def test_a_page_that_refuses_commits_nothing(tillit: Tillit) -> None:
    assert await send(tillit, Refusing("no", "")) == 422
    assert await written(tillit) == 0


@pytest.mark.parametrize(
    ("view", "status"), [(Looking("no", ""), 422), (certificate.Certificate("", ""), 200)]
)
async def test_one_that_tells_what_was_looked_up_keeps_it(
    tillit: Tillit, view: View, status: int
) -> None:
    assert await send(tillit, view) == status
    assert await written(tillit) == 1


def test_few_pages_that_refuse_keep_anything() -> None:
    found = set[type]()
    for page in PAGES:
        gives = getattr(page.gives, "__args__", (page.gives,))
        found |= {one for one in gives if isinstance(one, type) and issubclass(one, View)}
    refusing = {one.__name__: one.keeps for one in found if one.status >= 400}
    assert {name for name, keeps in refusing.items() if keeps} == KEEPING
    assert len(refusing) > len(KEEPING)


async def test_that_an_officer_looked_for_several_stays_on_record(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        twins = [{"member_number": f"m{n}", "email": "both@post.example"} for n in range(2)]
        await enrol(work.unit, SYSTEM, twins, source="test")
    async with officer_at(tillit) as at:
        await at.open("/desk/requests/new")
        page = await at.send("/desk/requests/new", kind="email", value="both@post.example")
        assert page.status_code == 422
    await worker.drain(tillit)
    async with tillit.unit() as work:
        looked = [one async for one in all_entries(work.session, kinds=[Kind.PROFILE_READ])]
    assert [one.facts["how"] for one in looked] == ["find", "find"]
