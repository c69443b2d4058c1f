"""What is kept about somebody: every value with its source, and set right by whose it is."""

import re
from decimal import Decimal
from html import unescape
from uuid import UUID

import pytest
import pytest_asyncio
from a_used_member import PHONE, UsedMember, used

from api.bootstrap import SYSTEM, Tillit
from audit.browsing import told
from audit.entries import Kind
from audit.proofs import uses_of
from consent.programme import read_programme
from profiles import members, reading
from profiles.enrolment import enrol
from profiles.events import record
from profiles.purchases import Purchase
from tests.at_a_browser import member_at
from tests.conftest import EXAMPLES


@pytest_asyncio.fixture
async def maja(tillit: Tillit) -> UsedMember:
    return await used(tillit)


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))


async def _kept(tillit: Tillit, member: UUID, name: str) -> object:
    async with tillit.unit() as work:
        one = await members.one(work.unit, member)
        found = await reading.values(work.unit, one, [name])
    return found[name].value if name in found else None


async def test_every_value_is_told_with_source_and_purposes(maja: UsedMember) -> None:
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        shown = _text((await at.open("/my/data")).text)
    for one in ("Maja Ek", "maja@post.example", PHONE, "23 May 1990", "Gold (gold)", "m1"):
        assert one in shown, one
    assert "our service “till”" in shown
    assert "Keeping our contract with you" in shown
    assert "The sum of your purchases, less what was cancelled." in shown
    assert "Whole years since your date of birth" in shown


async def test_an_address_alone_does_not_open_what_hangs_on_a_telephone_or_a_card(
    maja: UsedMember,
) -> None:
    async with member_at(maja.tillit, maja.id) as at:
        page = (await at.open("/my/data")).text
        purchases = await at.client.get("/my/purchases")
        phone = await at.client.get("/my/data/phone")
    shown = _text(page)
    assert "Maja Ek" in shown
    for one in (PHONE, "Gold", "499", "m1"):
        assert one not in shown, one
    assert "Telephone number" in shown
    assert purchases.headers["location"] == "/second?next=%2Fmy%2Fpurchases"
    assert phone.headers["location"] == "/second?next=%2Fmy%2Fdata%2Fphone"


async def test_a_look_opens_and_records_what_is_shown_and_no_more(maja: UsedMember) -> None:
    for stepped_up, also in ((False, set()), (True, {"phone", "tier", "member_number"})):
        async with member_at(maja.tillit, maja.id, stepped_up=stepped_up) as at:
            await at.open("/my/data")
        async with maja.tillit.unit() as work:
            member = await members.one(work.unit, maja.id)
            [newest] = await uses_of(work.unit.session, member.key.subject(), limit=1)
        said = told(newest.body)
        assert said.kind == Kind.PROFILE_READ
        fields = set(said.facts["fields"])
        assert {"name", "email", "birth_date", "age"} <= fields
        assert fields & {"phone", "tier", "member_number"} == also


async def test_purchases_are_a_table_page_by_page_and_a_look_is_on_record(
    maja: UsedMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.member.known.SHOWN", 2)
    async with maja.tillit.unit() as work:
        at = work.unit.now
        more = [Purchase("till", f"r-{one}", at, Decimal(one), False) for one in (2, 3)]
        member = await members.one(work.unit, maja.id, lock=True)
        await record(work.unit, SYSTEM, {member: more})
    async with member_at(maja.tillit, maja.id, stepped_up=True) as browser:
        first = (await browser.open("/my/purchases")).text
        second = (await browser.open("/my/purchases?page=2")).text
        beyond = await browser.open("/my/purchases?page=9")
        uses = _text((await browser.open("/my/uses?by=member")).text)
    rows = [re.findall(r'<th scope="row">([^<]*)</th>', one) for one in (first, second)]
    assert rows[1] == ["r-1"]
    assert sorted(rows[0]) == ["r-2", "r-3"]
    assert "Tent &lt;b&gt;" in second
    assert "Page 2 of 2" in second
    assert beyond.status_code == 200
    assert "Kinds of data Purchases" in uses


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("name", {"value": "  Maja Å. Ek "}, "Maja Å. Ek"),
        ("birth_date", {"value": "1991-02-03"}, "1991-02-03"),
        ("interests", {"values[]": ["skiing", "climbing"]}, ("climbing", "skiing")),
        ("interests", {}, None),
        ("county", {"value": "Jämtland"}, "Jämtland"),
        ("country", {"value": "NO"}, "NO"),
        ("phone", {"value": "070-765 43 21"}, "070-765 43 21"),
        ("email", {"value": "new@post.example"}, "new@post.example"),
    ],
)
async def test_what_is_wrong_is_set_right_in_one_form(
    maja: UsedMember, field: str, sent: dict[str, str | list[str]], kept: object
) -> None:
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        await at.open(f"/my/data/{field}")
        page = await at.send(f"/my/data/{field}", **sent)
    assert "Corrected." in page.text
    assert page.url.path == "/my/data"
    found = await _kept(maja.tillit, maja.id, field)
    assert (str(found) if field == "birth_date" else found) == kept


@pytest.mark.parametrize(
    ("field", "wrote", "says"),
    [
        ("birth_date", "23/5 <1990>", "That is no day on which you can have been born."),
        ("email", "maja at post", "That is no e-mail address."),
        ("phone", "twelve", "That is no telephone number."),
        ("name", "   ", "Write something"),
        ("country", "DK", "Pick one of those there are."),
    ],
)
async def test_what_does_not_fit_comes_back_as_it_was_written(
    maja: UsedMember, field: str, wrote: str, says: str
) -> None:
    before = await _kept(maja.tillit, maja.id, field)
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        await at.open(f"/my/data/{field}")
        page = await at.send(f"/my/data/{field}", value=wrote)
    assert page.status_code == 422
    assert says in page.text
    assert 'aria-describedby="' in page.text
    assert wrote not in unescape(str(page.url))
    if field != "country":
        assert f'value="{wrote}"' in unescape(page.text)
    assert await _kept(maja.tillit, maja.id, field) == before


async def test_a_value_is_removed_by_one_press(maja: UsedMember) -> None:
    async with member_at(maja.tillit, maja.id) as at:
        await at.open("/my/data/interests")
        page = await at.send("/my/data/interests/remove")
    assert "Removed." in page.text
    assert "What we know nothing of" in page.text
    assert await _kept(maja.tillit, maja.id, "interests") is None


async def test_what_the_programme_sets_is_asked_for_and_not_set(maja: UsedMember) -> None:
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        page = (await at.open("/my/data")).text
        assert 'href="/my/data/tier"' not in page
        assert "/my/requests/new/rectification/" in page
        await at.open("/my/data/name")
        for path in ("/my/data/tier", "/my/data/member_number", "/my/data/tier/remove"):
            await at.open("/my/data/name")
            assert (await at.send(path, value="silver")).status_code in (403, 422)
    assert await _kept(maja.tillit, maja.id, "tier") == "gold"


async def test_what_one_is_found_by_is_not_set_without_a_second_proof(maja: UsedMember) -> None:
    async with member_at(maja.tillit, maja.id) as at:
        await at.open("/my/data/name")
        for field in ("email", "phone"):
            for path in (f"/my/data/{field}", f"/my/data/{field}/remove"):
                await at.open("/my/data/name")
                answer = await at.send(path, value="thief@post.example")
                assert answer.status_code == 403
                assert 'href="/second?next=' in answer.text
    assert await _kept(maja.tillit, maja.id, "email") == "maja@post.example"
    assert await _kept(maja.tillit, maja.id, "phone") == PHONE


async def test_a_child_does_not_make_themselves_older_here(tillit: Tillit) -> None:
    async with tillit.unit() as work:
        born = work.unit.today.replace(year=work.unit.today.year - 10, day=1)
        values = {"member_number": "m9", "birth_date": born.isoformat()}
        [child] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
    async with member_at(tillit, child.id, stepped_up=True) as at:
        page = (await at.open("/my/data")).text
        assert "/my/data/birth_date" not in page
        assert (await at.open("/my/data/birth_date")).status_code == 403


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2190-01-01", "That is no day on which you can have been born."),
        ("1590-05-23", "That is no day on which you can have been born."),
        ("{child}", "a guardian would answer for you"),
    ],
)
async def test_a_slip_in_a_birth_date_makes_nobody_a_child(
    maja: UsedMember, day: str, why: str
) -> None:
    async with maja.tillit.unit() as work:
        young = work.unit.today.replace(day=1)
    day = day.format(child=young.replace(year=young.year - 9).isoformat())
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        await at.open("/my/data/birth_date")
        answer = await at.send("/my/data/birth_date", value=day)
        assert answer.status_code == 422
        assert why in _text(answer.text)
        assert day in answer.text
        assert (await at.open("/my/data/birth_date")).status_code == 200
    assert str(await _kept(maja.tillit, maja.id, "birth_date")) == "1990-05-23"


async def test_where_children_join_nobody_removes_what_tells_that_they_are_none(
    maja: UsedMember,
) -> None:
    source = (EXAMPLES / "fjallklubben.toml").read_text()
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        assert "/birth_date/remove" in (await at.open("/my/data/birth_date")).text
        source += "\n[children]\nadmitted = true\n"
        await maja.tillit.apply(SYSTEM, read_programme(source))
        page = (await at.open("/my/data/birth_date")).text
        assert "/birth_date/remove" not in page
        answer = await at.send("/my/data/birth_date/remove")
    assert answer.status_code == 403
    assert str(await _kept(maja.tillit, maja.id, "birth_date")) == "1990-05-23"


async def test_two_that_are_called_the_same_are_told_apart_by_their_codes(
    maja: UsedMember,
) -> None:
    source = (EXAMPLES / "fjallklubben.toml").read_text()
    heading = r"<h3>([^<]*)<code class=\"small\">(\w+)</code></h3>"
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        assert re.findall(heading, (await at.open("/my/data")).text) == []
        alike = source.replace('category = "pd:Region"', 'category = "pd:Country"')
        await maja.tillit.apply(SYSTEM, read_programme(alike))
        await at.open("/my/data/county")
        await at.send("/my/data/county", value="SE")
        await at.open("/my/data/country")
        await at.send("/my/data/country", value="SE")
        found = re.findall(heading, (await at.open("/my/data")).text)
    assert [code for _, code in found] == ["county", "country"]


@pytest.mark.parametrize(
    ("language", "label"), [("sv", "Din nivå"), ("da", "Det, der følger af dine køb")]
)
async def test_a_field_has_its_title_where_there_is_one_in_the_readers_language(
    maja: UsedMember, language: str, label: str
) -> None:
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        at.client.headers["Accept-Language"] = language
        assert f"<h3>{label}</h3>" in (await at.open("/my/data")).text


async def test_a_field_that_the_programme_has_no_more_is_still_told(
    maja: UsedMember,
) -> None:
    source = (EXAMPLES / "fjallklubben.toml").read_text()
    source = re.sub(r"\[fields\.interests\]\n(.+\n)+", "", source)
    source = source.replace('"interests", ', "").replace(', "interests"', "")
    await maja.tillit.apply(SYSTEM, read_programme(source))
    async with member_at(maja.tillit, maja.id, stepped_up=True) as at:
        shown = _text((await at.open("/my/data")).text)
    assert "hiking" in shown
    assert "We do not collect this any more." in shown
