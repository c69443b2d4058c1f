"""The answer taken away as a file, as it is or under a passphrase; and a child's, by a guardian."""

import io
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest_asyncio
import pyzipper

from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings
from api.work import drain
from audit.browsing import all_entries
from audit.entries import Kind
from consent import guardians
from consent.choices import By
from consent.programme import load_programme
from dsar import deciding, register
from kernel.clock import StoppedClock
from profiles.enrolment import enrol
from tests.at_a_browser import Browser, member_at
from tests.conftest import EXAMPLES


@dataclass(frozen=True)
class Kin:
    """A guardian, another one, and the child of both."""

    tillit: Tillit
    clock: StoppedClock
    parent: UUID
    second: UUID
    child: UUID

    async def answered(self, member: UUID) -> UUID:
        """Approve the one request of this member's, and have it answered."""
        async with self.tillit.unit() as work:
            [found] = await register.listed(work.unit, member=member)
            await deciding.approve(work.unit, SYSTEM, work.active, found.id)
        await drain(self.tillit)
        return found.id

    async def fetched(self) -> list[str]:
        """How packages were handed out, as the record has it."""
        async with self.tillit.unit() as work:
            said = [one async for one in all_entries(work.session, kinds=[Kind.PACKAGE_FETCHED])]
        return [str(one.facts["how"]) for one in said]


@pytest_asyncio.fixture
async def kin(settings: Settings) -> AsyncIterator[Kin]:
    clock = StoppedClock(datetime(2026, 3, 2, 10, tzinfo=UTC))
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLES / "fjallklubben.toml"))
        async with tillit.unit() as work:
            people = [
                {"member_number": "p1", "birth_date": "1980-01-01", "email": "p@post.example"},
                {"member_number": "p2", "birth_date": "1981-01-01"},
                {"member_number": "c1", "birth_date": "2016-05-01"},
            ]
            parent, second, child = await enrol(work.unit, SYSTEM, people, source="sign-up")
            for one in (parent, second):
                await guardians.name(
                    work.unit, SYSTEM, work.active, child=child.id, guardian=one.id,
                    by=By.OFFICER, how="form", evidence="FORM-77",
                )  # fmt: skip
        yield Kin(tillit, clock, parent.id, second.id, child.id)


def held(page: str) -> tuple[str, str]:
    """The passphrase that a page shows, and what its form holds."""
    [shown] = re.findall(r"<pre>([^<]+)</pre>", page)
    [sealed] = re.findall(r'name="sealed" value="([0-9a-f]+)"', page)
    return shown, sealed


async def asked(kin: Kin, at: Browser, right: str = "access") -> str:
    """The address of the file that answers it."""
    await at.open(f"/my/requests/new/{right}")
    await at.send(f"/my/requests/new/{right}")
    return f"/my/requests/{await kin.answered(kin.parent)}/file"


async def test_the_file_is_fetched_as_it_is_after_a_second_proof(kin: Kin) -> None:
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        here = await asked(kin, at)
        listed = await at.open("/my/requests")
        assert f'href="{here}"' in listed.text
        await at.open(here)
        file = await at.send(f"{here}/plain")
    assert file.headers["content-type"] == "application/zip"
    assert "attachment" in file.headers["content-disposition"]
    assert "index.html" in zipfile.ZipFile(io.BytesIO(file.content)).namelist()
    assert await kin.fetched() == ["plain"]


async def test_the_passphrase_that_was_shown_opens_the_file_that_follows(kin: Kin) -> None:
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        here = await asked(kin, at, "portability")
        passphrase, sealed = held((await at.open(here)).text)
        file = await at.send(f"{here}/locked", sealed=sealed)
    assert passphrase not in sealed
    with pyzipper.AESZipFile(io.BytesIO(file.content)) as locked:
        locked.setpassword(passphrase.encode())
        assert all(locked.read(name) is not None for name in locked.namelist())
    assert await kin.fetched() == ["encrypted"]


async def test_a_page_loaded_again_shows_another_passphrase(kin: Kin) -> None:
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        here = await asked(kin, at)
        first, second = [held((await at.open(here)).text)[0] for _ in range(2)]
        assert (await at.open(here)).headers["cache-control"] == "no-store"
    assert first != second


async def test_a_passphrase_is_too_old_after_five_minutes(kin: Kin) -> None:
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        here = await asked(kin, at)
        before, sealed = held((await at.open(here)).text)
        kin.clock.at += timedelta(minutes=5)
        page = await at.send(f"{here}/locked", sealed=sealed)
    assert "Here is a new one" in page.text
    assert held(page.text)[0] != before
    assert await kin.fetched() == []


async def test_what_one_form_holds_opens_in_no_other_session(kin: Kin) -> None:
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        here = await asked(kin, at)
        _, sealed = held((await at.open(here)).text)
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        await at.open(here)
        page = await at.send(f"{here}/locked", sealed=sealed)
        assert "Here is a new one" in page.text
        assert (await at.send(f"{here}/locked", sealed="ab" * 40)).text.count("<pre>") == 1
    assert await kin.fetched() == []


async def test_without_a_second_proof_no_file_is_shown_or_sent(kin: Kin) -> None:
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        here = await asked(kin, at)
    async with member_at(kin.tillit, kin.parent) as at:
        answer = await at.client.get(here)
        assert answer.headers["location"].startswith("/second?next=")
        await at.open("/my/requests")
        page = await at.send(f"{here}/plain")
    assert not page.content.startswith(b"PK")
    assert await kin.fetched() == []


async def test_until_when_the_file_is_there_is_told_and_then_it_is_gone(kin: Kin) -> None:
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        here = await asked(kin, at)
        assert "Your file is here until" in (await at.open(here.removesuffix("/file"))).text
    kin.clock.at += timedelta(days=200)
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        assert (await at.open(here)).status_code == 404
        assert "Fetch the file" not in (await at.open("/my/requests")).text


async def test_a_guardian_asks_for_a_child_and_takes_the_answer_away(kin: Kin) -> None:
    base = f"/my/family/{kin.child}/requests"
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        page = await at.open(base)
        assert f'href="{base}/new/access"' in page.text
        await at.open(f"{base}/new/access")
        page = await at.send(f"{base}/new/access")
        assert "Your request has come in" in page.text
        request = await kin.answered(kin.child)
        listed = await at.open(base)
        assert f'href="{base}/{request}/file"' in listed.text
        passphrase, sealed = held((await at.open(f"{base}/{request}/file")).text)
        file = await at.send(f"{base}/{request}/file/locked", sealed=sealed)
        await at.open(f"{base}/{request}/file")
        plain = await at.send(f"{base}/{request}/file/plain")
    with pyzipper.AESZipFile(io.BytesIO(file.content)) as locked:
        locked.setpassword(passphrase.encode())
        assert locked.read("index.html")
    assert plain.content.startswith(b"PK")


async def test_what_one_guardian_asked_the_other_sees_and_does_not_fetch(kin: Kin) -> None:
    base = f"/my/family/{kin.child}/requests"
    async with member_at(kin.tillit, kin.parent, stepped_up=True) as at:
        await at.open(f"{base}/new/access")
        await at.send(f"{base}/new/access")
    request = await kin.answered(kin.child)
    async with member_at(kin.tillit, kin.second, stepped_up=True) as at:
        listed = await at.open(base)
        assert "A copy of the data" in listed.text
        assert "/file" not in listed.text
        assert (await at.open(f"{base}/{request}/file")).status_code == 404
        await at.open(base)
        assert (await at.send(f"{base}/{request}/file/plain")).status_code == 404
    assert await kin.fetched() == []


async def test_for_a_child_a_second_proof_comes_first(kin: Kin) -> None:
    base = f"/my/family/{kin.child}/requests"
    async with member_at(kin.tillit, kin.parent) as at:
        answer = await at.client.get(f"{base}/new/erasure")
        assert answer.headers["location"].startswith("/second?next=")
        await at.open(base)
        await at.send(f"{base}/new/erasure")
        assert (await at.open(f"{base}/new/objection")).status_code == 200
    async with kin.tillit.unit() as work:
        assert await register.listed(work.unit, member=kin.child) == []


async def test_nobody_asks_for_a_child_that_is_not_theirs(kin: Kin) -> None:
    base = f"/my/family/{kin.child}/requests"
    async with member_at(kin.tillit, kin.child, stepped_up=True) as at:
        assert (await at.open(base)).status_code == 404
        await at.open("/my/requests")
        assert (await at.send(f"{base}/new/access")).status_code == 404
