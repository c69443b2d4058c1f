"""How one's data was used: in words, page by page, with proofs; nothing that is not proved."""

import io
import re
import subprocess
import sys
import zipfile
from html import unescape
from pathlib import Path
from uuid import UUID, uuid4

import at_the_desk
import pytest
import pytest_asyncio
from a_used_member import UsedMember, used

from api.bootstrap import SYSTEM, Tillit
from audit import verify
from audit.browsing import told
from audit.entries import Kind as EntryKind
from audit.proofs import uses_of
from audit.verify import VerifierKey
from dsar import own_sight
from dsar.letters import desk
from dsar.letters.kinds import Kind
from dsar.states import Right
from profiles import members
from profiles.enrolment import enrol
from tests.at_a_browser import Browser, member_at

ASKED = "tier = 'gold' AND age BETWEEN 25 AND 99 AND NOT ('skiing' IN interests)"


@pytest_asyncio.fixture
async def maja(tillit: Tillit) -> UsedMember:
    return await used(tillit)


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


async def test_a_use_is_told_in_words_with_its_number(maja: UsedMember) -> None:
    entry = await maja.segment(ASKED)
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        page = (await at.open("/my/uses")).text
    shown = _text(page)
    assert "A search for members who fit a description" in shown
    assert "by our service “offers-engine”" in shown
    assert "you were among those found" in shown
    assert "Your age: at least 25" in shown
    assert "Your age: at most 99" in shown
    assert "Interests: Skiing (skiing) not among them" in shown
    assert "Your tier: Gold (gold)" in shown
    assert ASKED in shown
    assert f"/my/uses/{entry}/check" in page
    assert "You became a member" in shown


async def test_a_draft_that_was_looked_at_is_not_told_as_a_letter_sent(maja: UsedMember) -> None:
    async with maja.tillit.unit() as work:
        request = (await at_the_desk.opened(work, Right.ACCESS, maja.id)).id
        await desk.preview(work.unit, SYSTEM, work.active, request, kind=Kind.ANSWER)
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        shown = _text((await at.open("/my/uses")).text)
    assert "Our staff looked at the draft of a letter to you" in shown
    assert "was sent" not in shown


async def test_a_question_about_purchases_waits_for_a_second_proof(maja: UsedMember) -> None:
    await maja.segment("tier = 'gold' AND age >= 25")
    async with member_at(maja.tillit, maja.id) as at:
        page = (await at.open("/my/uses?by=service:offers-engine")).text
    shown = _text(page)
    assert "A search for members who fit a description" in shown
    assert "tier = 'gold'" not in shown
    assert "you were among those found" not in shown
    assert "Told after a second proof" in shown


async def _entries_of(maja: UsedMember, *kinds: EntryKind) -> list[UUID]:
    async with maja.tillit.unit() as work:
        member = await members.one(work.unit, maja.id)
        found = await uses_of(work.unit.session, member.key.subject())
    return [one.id for one in found if told(one.body).kind in kinds]


async def test_how_often_and_when_something_was_bought_waits_for_a_second_proof(
    maja: UsedMember,
) -> None:
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        await at.open("/my/purchases")
        await maja.tillit.integrate()
        shown = (await at.open("/my/uses?by=anybody")).text
        assert "Purchases were recorded" in shown
        recorded = await _entries_of(maja, EntryKind.EVENTS_RECORDED)
        looked = await _entries_of(maja, EntryKind.PROFILE_READ)
        assert recorded
        assert looked
        for entry in (*recorded, *looked):
            assert str(entry) in shown
            assert (await at.open(f"/my/uses/{entry}/entry")).json()["facts"]["purchases"] == 1
    async with member_at(maja.tillit, maja.id) as at:
        shown = (await at.open("/my/uses?by=anybody")).text
        assert "Purchases were recorded" not in shown
        assert not any(str(entry) in shown for entry in recorded)
        [read] = [one for one in shown.split("<details>") if str(looked[0]) in one]
        assert "Kinds of data" not in read
        assert "When purchases were recorded" in _text(shown)
        for entry in (*recorded, *looked):
            for what in ("check", "proof", "entry", "evidence"):
                answer = await at.client.get(f"/my/uses/{entry}/{what}")
                assert answer.headers["location"].startswith("/second?next="), what
                assert "purchases" not in answer.text


async def test_what_is_held_back_is_counted_nowhere(maja: UsedMember) -> None:
    async with member_at(maja.tillit, maja.id) as at:
        shown = _text((await at.open("/my/uses")).text)
    assert "Our service “till” 1 " in shown  # that they joined, and not what they bought


async def test_what_is_asked_about_nothing_closed_is_told_at_once(maja: UsedMember) -> None:
    await maja.segment("'hiking' IN interests")
    async with member_at(maja.tillit, maja.id) as at:
        shown = _text((await at.open("/my/uses")).text)
    assert "Interests: Hiking (hiking) among them" in shown
    assert "you were among those found" in shown


async def test_a_question_is_told_in_every_language(maja: UsedMember) -> None:
    await maja.segment("'hiking' IN interests OR last_purchase >= DATE '2026-01-02'")
    said = {
        "sv": (
            "Minst ett av det här stämmer",
            "Intressen: bland annat Vandring (hiking)",
            "eller senare",
        ),
        "nb": ("Minst ett av dette stemmer", "blant annet Fotturer (hiking)", "eller senere"),
        "da": ("Mindst ét af dette passer", "blandt andet hiking", "eller senere"),
        "fi": ("Ainakin yksi näistä", "mukana hiking", "tai myöhemmin"),
    }
    for language, words in said.items():
        async with member_at(maja.tillit, maja.id, language=language, stepped_up=True) as at:
            shown = _text((await at.open("/my/uses")).text)
        for one in words:
            assert one in shown, (language, one)


async def test_filters_show_what_they_say(maja: UsedMember) -> None:
    await maja.segment("'hiking' IN interests")
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        for query, seen, unseen in (
            ("by=service:till", "You became a member", "A search for"),
            ("by=service:offers-engine", "A search for", "You became a member"),
            ("by=member", "A choice was written down", "A search for"),
            ("", "A search for", "A choice was written down"),
            ("by=anybody", "A choice was written down", "no such words"),
            ("purpose=membership", "You became a member", "A search for"),
            ("purpose=personalised_offers&by=service:offers-engine", "A search for", "You became"),
            ("purpose=newsletter", "There is none among", "A search for"),
        ):
            page = (await at.open(f"/my/uses?{query}")).text
            shown = _text(page.split("</form>")[-2] if seen.startswith("There") else page)
            assert seen in shown, query
            assert unseen not in shown, query


@pytest.mark.parametrize("query", ["purpose=x", "by=maja@post.example", "before=1", "q=1"])
async def test_an_address_holds_nothing_but_what_is_in_the_lists(
    maja: UsedMember, query: str
) -> None:
    async with member_at(maja.tillit, maja.id) as at:
        answer = await at.open(f"/my/uses?{query}")
    assert answer.status_code == 422


async def test_older_pages_follow_without_gap_or_overlap(
    maja: UsedMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.member.uses.SHOWN", 3)
    monkeypatch.setattr(own_sight, "AT_ONCE", 4)
    for number in range(5):
        await maja.segment(f"age >= {number}")
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        paged = await _entries(at, "/my/uses?by=anybody")
        only = await _entries(at, "/my/uses?by=service:offers-engine")
        monkeypatch.setattr("api.pages.member.uses.SHOWN", 1_000)
        whole = await _entries(at, "/my/uses?by=anybody")
    assert len(only) == 5
    assert len(paged) == len(set(paged)) >= 9
    # Looking is on record too: the later look has more, which are newer than all of the earlier.
    assert whole[-len(paged) :] == paged


async def _entries(at: Browser, path: str) -> list[str]:
    """The entries of a page and all that are older, as they stand."""
    found: list[str] = []
    while True:
        page = (await at.open(path)).text
        found += re.findall(r"/my/uses/([0-9a-f-]{36})/check", page)
        older = re.search(r'href="(/my/uses\?[^"]*before=[^"]*)"', page)
        if older is None:
            return found
        path = unescape(older.group(1))


async def test_looking_is_on_record_once_and_nothing_else_is_written(maja: UsedMember) -> None:
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        await at.open("/my/uses")
        await maja.tillit.integrate()
        shown = _text((await at.open("/my/uses?by=member")).text)
    assert shown.count("You looked at the uses of your data") == 1


async def test_the_download_is_checked_by_the_one_command_on_the_page(
    maja: UsedMember, tmp_path: Path
) -> None:
    entry = await maja.segment("age >= 25")
    async with member_at(maja.tillit, maja.id) as at:
        page = (await at.open(f"/my/uses/{entry}/check")).text
        answer = await at.open(f"/my/uses/{entry}/evidence")
        proof = (await at.open(f"/my/uses/{entry}/proof")).content
    folder = tmp_path / "download"
    zipfile.ZipFile(io.BytesIO(answer.content)).extractall(folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.txt", "entry.json", "key.txt", "proof.txt", "verify.py",
    ]  # fmt: skip
    assert (folder / "proof.txt").read_bytes() == proof
    command = unescape(re.search(r"<pre[^>]*>(.*?)</pre>", page)[1])  # type: ignore[index]
    assert command in (folder / "README.txt").read_text()
    program, *arguments = command.split()
    assert program == "python"
    run = [sys.executable, *arguments]
    good = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout[:9]) == (0, "verified:")
    (folder / "entry.json").write_bytes((folder / "entry.json").read_bytes() + b" ")
    bad = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    assert (bad.returncode, "NOT VERIFIED" in bad.stderr) == (1, True)


async def test_the_fields_of_the_page_hold_the_bytes_that_are_proved(maja: UsedMember) -> None:
    entry = await maja.segment("age >= 25")
    async with member_at(maja.tillit, maja.id) as at:
        page = (await at.open(f"/my/uses/{entry}/check")).text
        body = (await at.open(f"/my/uses/{entry}/entry")).content
    content, proof = (
        unescape(one) for one in re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    )
    key = unescape(re.search(r'data-of="key" value="([^"]*)"', page)[1])  # type: ignore[index]
    assert content.encode() == body
    verify.verify_proof(proof, entry=content.encode(), key=VerifierKey.parse(key))


async def test_an_entry_of_this_second_says_to_come_back(maja: UsedMember) -> None:
    async with member_at(maja.tillit, maja.id) as at:
        await at.open("/my/uses")
        page = (await at.open("/my/uses?by=member")).text
        assert "It gets one within a second" in _text(page)
        async with maja.tillit.unit() as work:
            member = await members.one(work.unit, maja.id)
            [newest, *_] = await uses_of(work.unit.session, member.key.subject(), limit=1)
        answer = await at.open(f"/my/uses/{newest.id}/check")
    assert answer.status_code == 200
    assert "there is no proof yet" in answer.text
    assert "textarea" not in answer.text


async def test_another_members_use_is_not_there(maja: UsedMember) -> None:
    async with maja.tillit.unit() as work:
        [other] = await enrol(work.unit, SYSTEM, [{"member_number": "m2"}], source="sign-up")
    async with member_at(maja.tillit, maja.id) as at:
        page = (await at.open("/my/uses?purpose=membership")).text
        [mine, *_] = re.findall(r"/my/uses/([0-9a-f-]{36})/check", page)
        assert (await at.open(f"/my/uses/{mine}/check")).status_code == 200
    async with member_at(maja.tillit, other.id) as at:
        for what in ("check", "proof", "entry", "evidence"):
            for entry in (mine, uuid4()):
                assert (await at.open(f"/my/uses/{entry}/{what}")).status_code == 404


async def test_a_day_is_named_where_the_programme_runs_and_each_once(maja: UsedMember) -> None:
    async with member_at(maja.tillit, maja.id, language="sv") as at:
        page = (await at.open("/my/uses")).text
    days = re.findall(r'<h2><time datetime="([^"]*)">', page)
    assert days == sorted(set(days), reverse=True) != []
