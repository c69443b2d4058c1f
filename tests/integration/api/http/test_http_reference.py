"""The page of all routes: it has each of them, and asks nothing of anybody else."""

import base64
import gzip
import re
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from callers_at_doors import Club

from api.http import opendsr, reference
from api.http.app import DOORS
from api.http.outline import kind, limits

NO_SCRIPT = {"script", "iframe", "object", "embed", "link", "img", "form", "base", "audio", "video"}


class Page(HTMLParser):
    """The tags of a page, its attributes and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, attribute: str) -> list[str]:
        return [value for name, value in self.attributes if name == attribute]


async def _got(club: Club) -> tuple[httpx.Response, Page]:
    answer = await club.nobody("GET", "/docs")
    assert answer.status_code == 200
    return answer, Page(answer.text)


async def test_it_asks_nothing_of_another_host_and_runs_no_script(club: Club) -> None:
    answer, page = await _got(club)
    assert not NO_SCRIPT & set(page.tags)
    assert "://" not in answer.text
    assert "@import" not in answer.text
    assert "url(" not in answer.text
    assert [name for name, _ in page.attributes if name.startswith("on") or name == "style"] == []
    assert [name for name, _ in page.attributes if name in ("src", "srcset", "action")] == []
    assert {href for href in page.all("href") if not href.startswith("#")} == {"/openapi.json"}


async def test_its_policy_allows_its_own_style_and_nothing_else(club: Club) -> None:
    answer, page = await _got(club)
    [style] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"].split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    assert page.tags.count("style") == 1


async def test_every_link_within_it_leads_somewhere(club: Club) -> None:
    _, page = await _got(club)
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    links = {href.removeprefix("#") for href in page.all("href") if href.startswith("#")}
    assert links - set(ids) == set()
    assert set(page.all("aria-labelledby")) <= set(ids)


async def test_it_has_each_route_with_its_caller_its_body_and_its_problems(club: Club) -> None:
    answer, _ = await _got(club)
    text = answer.text.replace("\u200b", "")
    articles = re.findall(r"<article .*?</article>", text, re.DOTALL)
    told = {}
    for article in articles:
        words = " ".join(Page(article).words.split())
        method, path = words.split(" ")[:2]
        told[method, path] = words
    assert len(told) == len(articles)
    shown = {(door.method, re.sub(r":\w+}", "}", door.path)): door for door in DOORS}
    others = {("GET", "/healthz"), ("GET", "/metrics")}
    others |= {(one.method.upper(), re.sub(r":\w+}", "}", one.path)) for one in opendsr.DESCRIBED}
    assert set(told) == {*shown, *others}
    for route, door in shown.items():
        words = told[route]
        who = {"service": "services", "member": "the member", "officer": "officers"}
        assert f" For {who[door.caller] if door.caller else 'everyone'}" in words
        assert (f" with the ability {door.ability}" in words) is (door.ability is not None)
        assert (" Takes " in words) is (door.takes is not None)
        assert f" Answers {door.status}" in words
        problems = words.rpartition(" Problems ")[2].split()
        # A door without a caller may refuse too: a recipient's answer whose signature is another's.
        refuses = door.caller is not None or 403 in door.problems
        assert ("401" in problems) is (door.caller is not None)
        assert ("403" in problems) is refuses
        assert ("400" in problems) is ("413" in problems) is (door.takes is not None)
        assert {"422", "503"} <= set(problems)


async def test_what_the_documents_texts_hold_is_text(club: Club) -> None:
    document = (await club.nobody("GET", "/openapi.json")).json()
    post = document["paths"]["/v1/events"]["post"]
    post["description"] = "<script>alert(1)</script> & `<b>`"
    shown = reference.page(document)
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; <code>&lt;b&gt;</code>" in shown


@pytest.mark.parametrize(
    ("schema", "told", "kept_to"),
    [
        ({"type": "string", "minLength": 1}, "text", "not empty"),
        ({"type": "array", "items": {"type": "string", "format": "uuid"}}, "list of ids", ""),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            "for each name: whole number",
            "",
        ),
        ({"type": "object"}, "names and values", ""),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, "text or null", ""),
        (
            {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Bought"},
                "minItems": 1,
                "maxItems": 1000,
            },
            "list of Bought",
            "1 to 1,000 items",
        ),
        ({"enum": ["a", "b"]}, "one of a, b", ""),
        ({"type": "string", "format": "byte"}, "text", ""),
        ({}, "anything", ""),
        ({"type": "boolean", "default": False}, "true or false", "false if left out"),
    ],
)
def test_a_schema_is_told_in_a_few_words(schema: dict[str, Any], told: str, kept_to: str) -> None:
    assert (kind(schema), limits(schema)) == (told, kept_to)


@pytest.mark.parametrize(
    ("takes", "zipped"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, identity", False),
        ("x-gzip2", False),
        ("", False),
    ],
)
async def test_the_page_is_light_for_whoever_takes_it_compressed(
    club: Club, http: httpx.AsyncClient, takes: str, zipped: bool
) -> None:
    async with http.stream("GET", "/docs", headers={"Accept-Encoding": takes}) as answer:
        came = b"".join([part async for part in answer.aiter_raw()])
    assert (answer.headers.get("content-encoding") == "gzip") is zipped
    assert answer.headers["vary"] == "Accept-Encoding"
    whole = gzip.decompress(came) if zipped else came
    assert whole == (await http.get("/docs")).content
    if zipped:
        assert len(came) < 100_000
