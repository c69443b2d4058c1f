"""The consent panel over HTTP: headers, what it tells, what no address can do; and its example."""

import base64
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha384
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

import api.pages
from api.bootstrap import SYSTEM, Tillit
from api.http.app import create_app
from api.pages.panel import routes
from api.tokens import Caller, mint
from consent import ledger
from consent.choices import Action, Choice
from consent.programme import load_programme
from profiles import members
from profiles.enrolment import enrol
from tests.at_a_browser import BASE, browser, member_at
from tests.conftest import EXAMPLES

STATIC = Path(api.pages.__file__).parent / "static"
HOWTO = Path(__file__).parents[4] / "docs" / "howto" / "panel.md"
SHOP = "https://www.shop.example"
CHOICES = "/panel/choices"
_ASKED = re.compile(r'<section class="card" aria-labelledby="(\w+)" data-purpose="(\w+)"')
_RADIO = re.compile(r'<input type="radio" name="(\w+)" value="(\w*)"[^>]*?( checked)?>')


@pytest_asyncio.fixture
async def http(tillit: Tillit) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that sends a session's cookie along, which nobody here may read."""
    tillit.settings = replace(tillit.settings, panel_origins=(SHOP,), panel_example="till")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(tillit, worker=False)),
        base_url=BASE,
        cookies={"tillit": "A" * 43, "tillit-language": "fi"},
    ) as client:
        yield client


async def test_no_answer_sets_a_cookie_or_heeds_one(http: httpx.AsyncClient) -> None:
    page = await http.get(CHOICES, headers={"Accept-Language": "nb"})
    for path in (routes.SCRIPT, *re.findall(r'"(/panel/[0-9a-f]+/[^"]+)"', page.text)):
        answer = await http.get(path)
        assert answer.status_code == 200, path
        assert "set-cookie" not in answer.headers
    assert "set-cookie" not in page.headers
    assert '<html lang="nb">' in page.text


async def test_the_script_is_for_every_site_and_kept_by_its_tag(http: httpx.AsyncClient) -> None:
    answer = await http.get(routes.SCRIPT)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert len(answer.content) < 4_096
    tag = answer.headers["etag"]
    again = await http.get(routes.SCRIPT, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    other = await http.get(routes.SCRIPT, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


async def test_the_frames_page_has_every_door_shut_but_to_the_shops_that_are_named(
    http: httpx.AsyncClient, tillit: Tillit
) -> None:
    headers = (await http.get(CHOICES)).headers
    said = dict(
        one.strip().partition(" ")[::2] for one in headers["content-security-policy"].split(";")
    )
    assert said == {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "sandbox": "allow-scripts",
        "require-trusted-types-for": "'script'",
        "frame-ancestors": f"'self' {SHOP}",
    }
    assert "x-frame-options" not in headers
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["referrer-policy"] == "no-referrer"
    tillit.settings = replace(tillit.settings, panel_origins=())
    headers = (await http.get(CHOICES)).headers
    assert headers["content-security-policy"].endswith("frame-ancestors 'self'")


async def test_no_other_page_can_be_framed(http: httpx.AsyncClient) -> None:
    for path in ("/sign-in", "/panel/in-use", "/certificate"):
        answer = await http.get(path)
        assert answer.status_code == 200
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"


async def test_everything_is_unanswered_and_no_answer_weighs_more(http: httpx.AsyncClient) -> None:
    text = (await http.get(CHOICES)).text
    asked = [name for _, name in _ASKED.findall(text)]
    assert asked == ["personalised_offers", "newsletter", "partner_offers"]
    for name in asked:
        answers = [(value, bool(on)) for one, value, on in _RADIO.findall(text) if one == name]
        assert answers == [("yes", False), ("no", False), ("", True)]


@pytest.mark.parametrize(
    "query", ["newsletter=yes", "answers=%7B%7D", "checked=newsletter", "allow=true", "shown=1"]
)
async def test_no_address_answers_anything(http: httpx.AsyncClient, query: str) -> None:
    assert (await http.get(f"{CHOICES}?{query}")).status_code == 422


async def test_each_purpose_is_told_in_full(http: httpx.AsyncClient) -> None:
    text = unescape((await http.get(f"{CHOICES}?purposes=partner_offers&language=sv-FI")).text)
    letter = load_programme(EXAMPLES / "fjallklubben.toml").purposes["partner_offers"]
    assert '<html lang="sv">' in text
    assert [name for _, name in _ASKED.findall(text)] == ["partner_offers"]
    for words in (
        "Det är Fjällklubben AB som frågar.",
        letter.notice["sv"],
        letter.without["sv"],
        "Brevduvan Utskick AB",
        "12 månader",
        letter.terms(letter.notice_digest("sv")).hex(),
        "enligt version 1",
        "bekräftat det med länken",
        "inte har fyllt 13",
    ):
        assert words in text, words


async def test_what_rests_on_something_else_is_told_of_with_no_switch(
    http: httpx.AsyncClient,
) -> None:
    text = unescape((await http.get(f"{CHOICES}?purposes=newsletter&language=en")).text)
    others = text.partition('<details class="others">')[2]
    purposes = load_programme(EXAMPLES / "fjallklubben.toml").purposes
    for name in ("membership", "assortment_insight", "bookkeeping"):
        assert purposes[name].notice["en"] in others
    assert "<input" not in others
    assert others.count("right to object") == 1


async def test_a_language_that_it_has_no_texts_in_is_not_made_up(http: httpx.AsyncClient) -> None:
    text = (await http.get(f"{CHOICES}?language=fi")).text
    assert '<html lang="fi">' in text
    assert 'data-language="en"' in text
    assert '<p lang="en">' in text
    other = await http.get(f"{CHOICES}?language=%3Cscript%3E", headers={"Accept-Language": "da"})
    assert '<html lang="da">' in other.text
    assert "%3C" not in other.text


@pytest.mark.parametrize(
    ("purposes", "kind"),
    [
        ("newsleter", "unknown-purpose"),
        ("newsletter,bookkeeping", "not-a-choice"),
        (",".join(["newsletter"] * 33), "misshapen"),
    ],
)
async def test_a_panel_about_what_cannot_be_asked_says_so_to_the_shop(
    http: httpx.AsyncClient, purposes: str, kind: str
) -> None:
    answer = await http.get(f"{CHOICES}?purposes={purposes}")
    assert answer.status_code == 422
    assert answer.json()["type"] == f"urn:tillit:problem:{kind}"


async def test_only_what_the_frame_needs_is_there_for_every_origin(http: httpx.AsyncClient) -> None:
    page = await http.get(CHOICES)
    parts = re.findall(r'"(/panel/[0-9a-f]+/([^"]+))"', page.text)
    assert sorted(name for _, name in parts) == ["panel-inside.js", "tillit.css"]
    for path, _ in parts:
        answer = await http.get(path)
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["cache-control"].endswith("immutable")
    assert (await http.get(f"/panel/{'0' * 16}/tillit.css")).status_code == 404
    digest = parts[0][0].split("/")[2]
    assert (await http.get(f"/panel/{digest}/check.js")).status_code == 404


def test_the_digest_that_shops_pin_is_the_scripts_and_stands_in_the_howto() -> None:
    digest = sha384((STATIC / "panel.js").read_bytes()).digest()
    said = "sha384-" + base64.b64encode(digest).decode()
    assert routes.integrity() == said
    assert f'integrity="{said}"' in HOWTO.read_text("utf-8"), f"write {said} into {HOWTO.name}"


def test_the_scripts_keep_nothing_and_ask_nobody() -> None:
    for name in ("panel.js", "panel-inside.js"):
        text = (STATIC / name).read_text("utf-8")
        for word in ("cookie =", "document.cookie", "localStorage", "sessionStorage", "indexedDB",
                     "fetch(", "XMLHttpRequest", "sendBeacon", "innerHTML", "eval(", "http:",
                     "https:", "allow-same-origin", "import("):  # fmt: skip
            assert word not in text, (name, word)


async def _value(http: httpx.AsyncClient, **answers: bool) -> str:
    """What the frame's script makes of its page."""
    text = (await http.get(f"{CHOICES}?language=sv")).text
    found = re.search(r'<main data-programme="(\d+)" data-shown="([^"]+)">', text)
    assert found is not None
    terms = dict(re.findall(r'data-purpose="(\w+)" data-language="sv" data-terms="(\w+)"', text))
    said = {
        name: {"allow": allow, "language": "sv", "terms": terms[name]}
        for name, allow in answers.items()
    }
    return json.dumps(
        {"programme": int(found.group(1)), "shown": found.group(2), "answers": said},
        separators=(",", ":"),
    )


async def _joins(tillit: Tillit, panel: str, **fields: str) -> str:
    async with browser(tillit, language="en") as at:
        await at.open("/panel/in-use")
        answer = await at.send("/panel/in-use", **{"tillit-consent": panel}, **fields)
    assert answer.status_code == 200
    return unescape(answer.text)


async def _ledger(tillit: Tillit, text: str) -> list[Choice]:
    found = re.search(r'"member": "([0-9a-f-]{36})"', text)
    assert found is not None
    async with tillit.unit() as work:
        one = await members.one(work.unit, UUID(found.group(1)))
        return (await ledger.opened(work.unit, {one.id: one.key}))[one.id]


async def test_whoever_joins_in_the_example_is_a_member_with_just_these_choices(
    http: httpx.AsyncClient, tillit: Tillit
) -> None:
    panel = await _value(http, newsletter=True, personalised_offers=False)
    text = await _joins(tillit, panel, name="Ylva", email="ylva@post.example")
    said = {one.purpose: one.action for one in await _ledger(tillit, text)}
    assert said == {"newsletter": Action.GIVEN, "personalised_offers": Action.REFUSED}
    assert "POST /v1/members" in text
    assert "POST /v1/consents/panel" in text
    assert text.count("ylva@post.example") == 1
    assert panel in text
    assert '"state": "given"' in text


async def test_whoever_answers_nothing_joins_all_the_same(
    http: httpx.AsyncClient, tillit: Tillit
) -> None:
    assert (await http.get("/panel/in-use")).status_code == 200
    text = await _joins(tillit, "", name="Ylva")
    assert await _ledger(tillit, text) == []
    assert "no question was answered" in text


async def test_a_child_joins_and_their_yes_is_refused(
    http: httpx.AsyncClient, tillit: Tillit
) -> None:
    panel = await _value(http, newsletter=True)
    text = await _joins(tillit, panel, birth_date="2021-03-01")
    assert await _ledger(tillit, text) == []
    assert "urn:tillit:problem:guardian-needed" in text
    assert "status 403" in text


async def test_what_the_example_shows_is_what_the_doors_take_and_answer(
    http: httpx.AsyncClient, tillit: Tillit
) -> None:
    """The bodies on the page, sent to the doors by the service, give the answers on the page."""
    panel = await _value(http, newsletter=True)
    text = await _joins(tillit, panel, name="Ylva")
    calls = re.findall(r"POST (/v1/[a-z/]+)</code>.*?<code>(.*?)</code>.*?<code>(.*?)</code>",
                       text, re.DOTALL)  # fmt: skip
    assert [path for path, _, _ in calls] == ["/v1/members", "/v1/consents/panel"]
    token = await _token(tillit)
    member = ""
    for path, body, shown in calls:
        sent = json.loads(body)
        if "values" in sent:
            sent["values"]["member_number"] = "another"
        else:
            sent["member"] = member
        answer = await http.post(path, json=sent, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 201
        member = member or answer.json()["member"]
        assert _without_ids(answer.json()) == _without_ids(json.loads(shown))


def _without_ids(told: Any) -> Any:
    return re.sub(r"[0-9a-f-]{36}", "…", json.dumps(told))


async def _token(tillit: Tillit) -> str:
    return (await mint(tillit, Caller.service("till"))).token


@pytest.mark.parametrize("service", [None, "nobody", "analytics"])
async def test_there_is_no_example_where_no_service_is_named_that_enrols(
    tillit: Tillit, service: str | None
) -> None:
    tillit.settings = replace(tillit.settings, panel_example=service)
    async with browser(tillit) as at:
        assert (await at.open("/panel/in-use")).status_code == 404
        answer = await at.send("/panel/in-use", name="Ylva")
        assert answer.status_code == 404


async def test_a_member_who_is_signed_in_is_nobody_to_the_panel(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        [member] = await enrol(work.unit, SYSTEM, [{"member_number": "m1"}], source="sign-up")
    async with member_at(tillit, member.id) as at, browser(tillit) as nobody:
        mine, theirs = await at.open(CHOICES), await nobody.open(CHOICES)
    shown = re.compile(r'data-shown="[^"]+"')
    assert shown.sub("", mine.text) == shown.sub("", theirs.text)
