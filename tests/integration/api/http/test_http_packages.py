"""A package leaves by two doors, after a second proof, and the passphrase is told once."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pyzipper
from callers_at_doors import Client, Club
from stopped_club import stopped_club

from api.settings import Settings
from api.work import drain

HIDDEN = "urn:tillit:problem:"


async def _answered(club: Club, member: str, right: str = "access") -> str:
    own = await club.member(member)
    request = str((await own.ok("POST", "/v1/me/requests", {"right": right}))["request"])
    officer = await club.officer()
    await officer.ok("POST", f"/v1/requests/{request}/approve")
    await drain(club.tillit)
    return f"/v1/me/requests/{request}/package"


def _problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix(HIDDEN)


async def _both(own: Client, path: str) -> list[httpx.Response]:
    return [await own("GET", path), await own("POST", f"{path}/encrypted")]


@pytest.mark.parametrize(
    ("right", "file"), [("access", "package.json"), ("portability", "data.json")]
)
async def test_each_right_has_its_package(club: Club, right: str, file: str) -> None:
    member = await club.joins("1", email="anna@post.example")
    path = await _answered(club, member, right)
    answer = await (await club.member(member))("GET", path)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        values = json.loads(archive.read(file))["values"]
    assert "anna@post.example" in [one["value"] for one in values]


async def test_a_sign_in_without_a_second_proof_opens_neither_door(club: Club) -> None:
    member = await club.joins("1")
    path = await _answered(club, member)
    for answer in await _both(await club.member(member, stepped_up=False), path):
        assert _problem(answer) == (401, "step-up-needed")
        challenge = answer.headers["www-authenticate"]
        assert 'error="insufficient_user_authentication"' in challenge
        assert 'acr_values="urn:tillit:acr:step-up"' in challenge


async def test_a_second_proof_counts_for_ten_minutes(settings: Settings) -> None:
    async with stopped_club(settings) as (club, clock):
        member = await club.joins("1")
        path = await _answered(club, member)
        own = await club.member(member)
        clock.at += timedelta(minutes=10)
        assert [one.status_code for one in await _both(own, path)] == [200, 200]
        clock.at += timedelta(seconds=1)
        assert [one.status_code for one in await _both(own, path)] == [401, 401]


async def test_under_a_passphrase_it_opens_with_what_the_answer_says_and_once(club: Club) -> None:
    member = await club.joins("1", email="anna@post.example")
    path = await _answered(club, member)
    own = await club.member(member)
    plain = (await own("GET", path)).content
    first, second = [await own("POST", f"{path}/encrypted") for _ in range(2)]
    passphrase = first.headers["tillit-passphrase"]
    assert passphrase != second.headers["tillit-passphrase"]
    assert first.headers["cache-control"] == "no-store"
    with (
        pyzipper.AESZipFile(io.BytesIO(first.content)) as locked,
        zipfile.ZipFile(io.BytesIO(plain)) as archive,
    ):
        locked.setpassword(passphrase.encode())
        assert locked.namelist() == archive.namelist()
        for name in archive.namelist():
            assert locked.read(name) == archive.read(name)
    with pyzipper.AESZipFile(io.BytesIO(second.content)) as other:
        other.setpassword(passphrase.encode())
        with pytest.raises(RuntimeError):
            other.read("package.json")


async def test_what_was_fetched_and_how_is_among_the_members_uses(club: Club) -> None:
    member = await club.joins("1")
    path = await _answered(club, member)
    own = await club.member(member)
    assert [one.status_code for one in await _both(own, path)] == [200, 200]
    seen = (await own.ok("GET", "/v1/me/uses"))["uses"]
    fetched = [one for one in seen if one["what"] == "package.fetched"]
    assert len(fetched) == 2
    entries: list[dict[str, Any]] = []
    await club.tillit.integrate()
    for one in fetched:
        entries.append(json.loads(await own.ok("GET", f"/v1/me/uses/{one['entry']}/entry")))
    assert sorted(one["facts"]["how"] for one in entries) == ["encrypted", "plain"]


async def test_anothers_package_is_not_there(club: Club) -> None:
    anna, bo = await club.joins("1"), await club.joins("2")
    path = await _answered(club, anna)
    for answer in await _both(await club.member(bo), path):
        assert _problem(answer) == (404, "unknown-request")
    unknown = f"/v1/me/requests/{uuid4()}/package"
    for answer in await _both(await club.member(bo), unknown):
        assert _problem(answer) == (404, "unknown-request")


async def test_a_package_that_has_run_out_says_so(settings: Settings) -> None:
    async with stopped_club(settings) as (club, clock):
        member = await club.joins("1")
        path = await _answered(club, member)
        clock.at += timedelta(days=30)
        for answer in await _both(await club.member(member), path):
            assert _problem(answer) == (404, "not-ready")
            assert "ask again" in answer.json()["problems"][0]["remedy"]


async def test_a_passphrase_is_in_no_line_of_the_log(
    club: Club, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    member = await club.joins("1")
    path = await _answered(club, member)
    answer = await (await club.member(member))("POST", f"{path}/encrypted")
    said = capsys.readouterr()
    assert answer.headers["tillit-passphrase"] not in said.out + said.err + caplog.text
