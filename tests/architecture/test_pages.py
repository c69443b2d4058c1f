"""Every page refuses whom it is not for; every form, whoever has not been sent it by us."""

import re
from uuid import uuid4

import pytest

from api.bootstrap import SYSTEM, Tillit
from api.http.app import create_app
from api.pages import guarding
from api.pages.all import PAGES
from api.pages.declaring import Page
from api.people.people import Kind
from profiles.enrolment import enrol
from tests.at_a_browser import OURS, browser, member_at, officer_at

FOR_SOMEBODY = [one for one in PAGES if one.kind is not None]
FORMS = [one for one in PAGES if one.method == "POST"]


def _name(page: Page) -> str:
    return f"{page.method} {page.path}"


def _filled(path: str) -> str:
    path = path.replace("{purpose}", "newsletter").replace("{token}", "no-such-token")
    path = re.sub(r"{\w+:uuid}", str(uuid4()), path)
    return re.sub(r"{\w+}", "nothing", path)


def test_each_address_is_declared_once() -> None:
    named = [_name(one) for one in PAGES]
    assert len(named) == len(set(named))


def test_pages_and_doors_share_no_address(tillit: Tillit) -> None:
    paths = [getattr(one, "path", "") for one in create_app(tillit, worker=False).routes]
    assert len(paths) == len(set(paths))


async def test_nobody_sees_a_page_that_is_somebodys(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        for page in FOR_SOMEBODY:
            answer = await at.client.request(page.method, _filled(page.path), headers=OURS)
            if answer.status_code == 403:  # a form, which comes back on a page
                assert page.method == "POST", _name(page)
                assert 'href="/sign-in?next=' in answer.text, _name(page)
                continue
            assert (answer.status_code, answer.headers["location"][:9]) == (303, "/sign-in?"), (
                _name(page)
            )


async def test_a_member_sees_no_officers_page_and_no_officer_a_members(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "m1"}], source="sign-up")
    async with member_at(tillit, member.id, stepped_up=True) as at:
        for page in (one for one in FOR_SOMEBODY if one.kind is Kind.OFFICER):
            answer = await at.client.request(page.method, _filled(page.path), headers=OURS)
            assert answer.status_code in (303, 403), _name(page)
            assert "location" not in answer.headers or "/sign-in?" in answer.headers["location"]
    async with officer_at(tillit) as at:
        for page in (one for one in FOR_SOMEBODY if one.kind is Kind.MEMBER):
            answer = await at.client.request(page.method, _filled(page.path), headers=OURS)
            assert answer.status_code in (303, 403), _name(page)
            assert "location" not in answer.headers or "/sign-in?" in answer.headers["location"]


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}])
async def test_no_form_counts_that_another_site_sent(
    tillit: Tillit, headers: dict[str, str]
) -> None:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "m1"}], source="sign-up")
    async with member_at(tillit, member.id, stepped_up=True) as at:
        for page in (one for one in FORMS if one.kind is not Kind.OFFICER):
            answer = await at.client.post(_filled(page.path), headers=headers)
            assert answer.status_code == 403, _name(page)


async def test_no_form_counts_without_the_sessions_own_token(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "m1"}], source="sign-up")
    async with member_at(tillit, member.id, stepped_up=True) as at:
        for page in (one for one in FORMS if one.kind is Kind.MEMBER):
            answer = await at.client.post(
                _filled(page.path), data={"form": "no-such-token"}, headers=OURS
            )
            assert answer.status_code == 403, _name(page)


async def test_every_page_shuts_every_door_of_the_browser(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        for page in PAGES:
            answer = await at.client.request(page.method, _filled(page.path), headers=OURS)
            expected = guarding.headers(tillit.settings)
            if page.frames:
                expected["Content-Security-Policy"] = guarding.FRAMING
            for name, value in expected.items():
                assert answer.headers[name] == value, _name(page)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            # Not `no-referrer`: forms would be sent with `Origin: null`, and refused.
            assert answer.headers["referrer-policy"] == "strict-origin"


def test_no_policy_lets_anything_inline_or_from_elsewhere() -> None:
    assert "unsafe" not in guarding.POLICY
    assert "http" not in guarding.POLICY
    assert "default-src 'none'" in guarding.POLICY
    assert guarding.FRAMING.removeprefix(guarding.POLICY) == "; frame-src 'self'"


#: Whoever comes by sees these pages and no others. A longer list is a decision to be written.
ANYBODYS = {
    "/",
    "/certificate",
    "/certificate/{token}",
    "/certificate/{token}/{part}/{form}",
    "/language",
    "/panel/in-use",
    "/second",
    "/second/code",
    "/second/send",
    "/second/set-up",
    "/sign-in",
    "/sign-in/desk",
    "/sign-in/link/{token}",
    "/sign-in/sent",
    "/sign-out",
}
#: Names that the programme or a closed list gives, tokens that tell nobody anything, and, as an
#: `actor` of some `type`, what services and officers are called on record; members have no page.
_NAMES = {"purpose", "field", "right", "letter", "part", "form", "step", "token", "type", "actor"}


def test_the_pages_for_anybody_are_a_closed_list() -> None:
    assert {one.path for one in PAGES if one.kind is None} == ANYBODYS


def test_only_signing_out_is_done_with_a_form_of_another_session() -> None:
    assert [one.path for one in PAGES if one.any_form] == ["/sign-out"]


def test_no_address_of_a_page_has_room_for_personal_data() -> None:
    for page in PAGES:
        for name, kind in re.findall(r"{(\w+)(?::(\w+))?}", page.path):
            assert kind == "uuid" or name in _NAMES, page.path
