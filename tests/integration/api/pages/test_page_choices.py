"""Choices on a page: plain words, yes and no alike, and the ledger heeds them."""

import re
from datetime import date, timedelta
from html import unescape
from uuid import UUID

import pytest
import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit
from consent import ledger
from consent.choices import By
from consent.choosing import choose as word
from consent.programme import read_programme
from consent.standings import Standings, fold
from dsar import own_preferences
from profiles import members
from profiles.enrolment import enrol
from tests.at_a_browser import Browser, browser, member_at
from tests.conftest import EXAMPLES

OFFERS = "/my/choices/personalised_offers"
_CARD = '<section class="card" id="{}"'
_FORM = re.compile(r'<form method="post" action="([^"]+)">(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest_asyncio.fixture
async def maja(tillit: Tillit) -> UUID:
    return await _enrolled(tillit, "1990-05-03")


async def _enrolled(tillit: Tillit, born: str) -> UUID:
    async with tillit.unit() as work:
        values = {
            "member_number": "m1",
            "name": "Maja",
            "email": "maja@post.example",
            "birth_date": born,
        }
        [member] = await enrol(work.unit, SYSTEM, [values], source="sign-up")
    return member.id


async def standings(tillit: Tillit, member: UUID) -> Standings:
    async with tillit.unit() as work:
        one = await members.one(work.unit, member)
        return fold((await ledger.opened(work.unit, {one.id: one.key}))[one.id])


def card(text: str, purpose: str) -> str:
    """A purpose's card, as it stands on the page."""
    return unescape(text.split(_CARD.format(purpose), 1)[1].split("</section>", 1)[0])


def forms(text: str) -> list[tuple[str, dict[str, str]]]:
    """Every form of a page: its address, and what it sends; one press each."""
    return [(to, dict(_HIDDEN.findall(inside))) for to, inside in _FORM.findall(text)]


async def press(at: Browser, purpose: str, *, allow: bool) -> int:
    """Press the button that says so in the purpose's card; returns how many presses it took."""
    assert at.page is not None
    wanted = "true" if allow else "false"
    [(to, fields)] = [
        (to, fields)
        for to, fields in forms(card(at.page.text, purpose))
        if fields.get("allow") == wanted
    ]
    fields.pop("form", None)
    await at.send(to, **fields)
    return 1


async def test_every_purpose_stands_there_in_the_members_language(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja, language="sv") as at:
        page = await at.open("/my/choices")
    assert page.status_code == 200
    assert '<html lang="sv">' in page.text
    assert "Om du säger ja använder vi dina köp" in page.text


async def test_taking_a_yes_back_takes_no_more_presses_than_giving_it(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        given = await press(at, "personalised_offers", allow=True)
        assert (await standings(tillit, maja)).of("personalised_offers").consented
        taken = await press(at, "personalised_offers", allow=False)
        assert not (await standings(tillit, maja)).of("personalised_offers").consented
    assert (given, taken) == (1, 1)


async def test_yes_and_no_look_alike_on_every_card(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/choices")
    for choice in re.findall(r'<div class="choice".*?</div>', page.text, re.DOTALL):
        buttons = re.findall(r"<button([^>]*)>", choice)
        assert len(buttons) == 2
        assert {re.sub('aria-pressed="(true|false)"', "", one).strip() for one in buttons} == {""}


async def test_nothing_that_needs_a_yes_is_pressed_before_it_is_said(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/choices")
    offers = card(page.text, "personalised_offers")
    assert 'aria-pressed="true"' not in offers.split('class="switches"')[0]
    assert "There is no answer yet, which counts as a no" in offers
    insight = card(page.text, "assortment_insight")
    assert "We use it unless the answer is no" in insight


async def test_what_a_no_changes_stands_before_the_buttons(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/choices")
    offers = card(page.text, "personalised_offers")
    assert offers.index("Your membership, your tier and the benefits") < offers.index("<button")


async def test_without_words_of_its_own_the_programme_tells_what_a_no_changes(
    tillit: Tillit, maja: UUID
) -> None:
    text = (EXAMPLES / "fjallklubben.toml").read_text("utf-8")
    bare = re.sub(r'^without\.\w+ = """.*?"""\n', "", text, flags=re.DOTALL | re.MULTILINE)
    assert "without." not in bare
    await tillit.apply(SYSTEM, read_programme(bare))
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/choices")
    offers = card(page.text, "personalised_offers")
    assert "this stops using the data for it: offers-engine." in offers
    assert "till" not in offers.split("offers-engine")[1].split("</p>")[0].replace("Tillit", "")


@pytest.mark.parametrize("allow", [True, False])
async def test_the_message_after_an_answer_offers_the_other_one(
    tillit: Tillit, maja: UUID, allow: bool
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        await press(at, "personalised_offers", allow=allow)
        assert at.page is not None
        message = at.page.text.split('class="said"')[1].split("<h1>")[0]
        [(to, fields)] = forms(message)
        assert (to, fields["allow"]) == (OFFERS, "false" if allow else "true")
        fields.pop("form")
        await at.send(to, **fields)
    standing = (await standings(tillit, maja)).of("personalised_offers")
    assert standing.consented is not allow


async def test_nothing_is_offered_about_a_purpose_that_there_is_not(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        for about in ("membership", "nonsense", "<b>"):
            page = await at.client.get("/my/choices", params={"said": "yes", "about": about})
            message = page.text.split('class="said"')[1].split("<h1>")[0]
            assert forms(message) == []
            assert "<a " not in message


async def test_a_yes_that_has_to_be_confirmed_is_said_not_to_count_yet(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/choices")
        partner = card(page.text, "partner_offers")
        assert partner.index("by the link that we send you") < partner.index("<button")
        await press(at, "partner_offers", allow=True)
        assert at.page is not None
        assert "It counts once you have confirmed it" in at.page.text
        partner = card(at.page.text, "partner_offers")
    assert "which counts once it is confirmed" in partner
    assert "Not in use" in partner


async def test_a_yes_while_paused_is_said_not_to_count_yet(tillit: Tillit, maja: UUID) -> None:
    async with tillit.unit() as work:
        member = await members.one(work.unit, maja, lock=True)
        until = work.unit.today + timedelta(days=7)
        await own_preferences.pause(work.unit, SYSTEM, member, on=True, until=until)
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        await press(at, "personalised_offers", allow=True)
        assert at.page is not None
        assert "It does not count yet" in at.page.text
        assert "You have paused everything" in at.page.text
        assert "Not used now: it is paused" in card(at.page.text, "personalised_offers")


async def test_no_to_all_marketing_is_told_with_what_a_yes_makes_of_it(
    tillit: Tillit, maja: UUID
) -> None:
    async with tillit.unit() as work:
        member = await members.one(work.unit, maja, lock=True)
        await own_preferences.objection(work.unit, SYSTEM, member, objects=True)
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/choices")
        assert "A yes here is an exception" in card(page.text, "newsletter")
        await press(at, "newsletter", allow=True)
        assert at.page is not None
        assert "In use" in card(at.page.text, "newsletter")
        assert "A yes here is an exception" in card(at.page.text, "personalised_offers")


async def test_a_yes_that_ran_out_is_neither_yes_nor_no(tillit: Tillit, maja: UUID) -> None:
    async with tillit.unit() as work:
        member = await members.one(work.unit, maja, lock=True)
        purpose = work.active.programme.purpose("personalised_offers")
        said = word(
            work.unit, purpose, "given", at=work.unit.now - timedelta(days=900),
            by=By.MEMBER, language="en",
        )  # fmt: skip
        await ledger.record(work.unit, SYSTEM, {member: [said]})
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/choices")
    offers = card(page.text, "personalised_offers")
    assert "The yes has run out" in offers
    assert 'aria-pressed="true"' not in offers
    assert "Not in use" in offers


async def test_a_yes_to_less_than_is_done_now_is_asked_for_again(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        await press(at, "personalised_offers", allow=True)
        text = (EXAMPLES / "fjallklubben.toml").read_text("utf-8")
        other = text.replace("If you say yes, we use your purchases", "If you agree, we use them")
        await tillit.apply(SYSTEM, read_programme(other))
        page = await at.open("/my/choices")
    offers = card(page.text, "personalised_offers")
    assert "so we ask again" in offers
    assert 'aria-pressed="true"' not in offers


async def test_a_child_is_told_beforehand_who_says_yes_and_can_say_no(tillit: Tillit) -> None:
    child = await _enrolled(tillit, (date.today() - timedelta(days=365 * 10)).isoformat())
    async with member_at(tillit, child) as at:
        page = await at.open("/my/choices")
        assert "your guardian says it for you" in page.text
        assert "We know of no guardian of yours yet" in page.text
        buttons = re.findall(r"<button[^>]*>\w+", card(page.text, "newsletter"))
        assert [("disabled" in one, one.rpartition(">")[2]) for one in buttons[:2]] == [
            (True, "Yes"),
            (False, "No"),
        ]
        refused = await at.send("/my/choices/newsletter", allow="true", language="en")
        assert "Your guardian can" in refused.text
        await at.open("/my/choices")
        await press(at, "newsletter", allow=False)
        assert at.page is not None
        assert "you say no" in at.page.text
        assert forms(at.page.text.split('class="said"')[1].split("<h1>")[0]) == []


async def test_a_channel_is_turned_off_and_on_by_one_press_each(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        for on in ("false", "true"):
            await at.send("/my/choices/newsletter/channels", channel="sms", on=on)
            off = (await standings(tillit, maja)).channels_off
            assert (("newsletter", "sms") in off) == (on == "false")


async def test_a_channel_that_is_off_for_everything_is_not_offered_by_one_purpose(
    tillit: Tillit, maja: UUID
) -> None:
    async with tillit.unit() as work:
        member = await members.one(work.unit, maja, lock=True)
        await own_preferences.channel(work.unit, SYSTEM, member, "sms", on=False)
    async with member_at(tillit, maja) as at:
        before = card((await at.open("/my/choices")).text, "newsletter")
        await press(at, "newsletter", allow=True)
        letter = card((await at.open("/my/choices")).text, "newsletter")
    assert "may come by these ways: E-mail and The app." in before
    assert "Off for everything at once" in letter
    assert {fields.get("channel") for _, fields in forms(letter)} == {None, "email", "app"}


async def test_no_channel_looks_said_yes_to_before_its_purpose_is(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        for allow, shown in ((None, False), (True, True), (False, False)):
            await at.open("/my/choices")
            if allow is not None:
                await press(at, "newsletter", allow=allow)
            letter = card((await at.open("/my/choices")).text, "newsletter")
            assert ('name="channel"' in letter) is shown
            assert ("With a yes, messages may come by these ways" in letter) is not shown


async def test_what_there_is_no_choice_about_has_no_buttons(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/choices")
        others = page.text.split("What there is no choice about")[1]
        assert not re.search(r'action="/my/choices/', others)
        refused = await at.send("/my/choices/membership", allow="false", language="en")
    assert refused.status_code == 422
    assert "That cannot be chosen" in refused.text


async def test_a_stranger_is_asked_to_sign_in(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        answer = await at.client.get("/my/choices")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fmy%2Fchoices"


async def test_a_form_of_another_site_does_nothing(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/choices")
        form = page.text.split('name="form" value="')[1].split('"')[0]
        fields = {"allow": "true", "language": "en", "form": form}
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://else.example"}, {}):
            answer = await at.client.post(OFFERS, data=fields, headers=headers)
            assert answer.status_code == 403
    assert not (await standings(tillit, maja)).of("personalised_offers").consented


@pytest.mark.parametrize(
    ("language", "shown", "said"),
    [
        ("fi", "en", "Meillä ei ole tätä tekstiä"),
        ("da", "en", "Vi har ikke denne tekst"),
        ("nb", "nb", ""),
    ],
)
async def test_a_notice_that_is_not_in_the_readers_language_is_in_english_and_says_so(
    tillit: Tillit, maja: UUID, language: str, shown: str, said: str
) -> None:
    async with member_at(tillit, maja, language=language) as at:
        letter = card((await at.open("/my/choices")).text, "newsletter")
    assert (f'<p lang="{shown}">' in letter) is (shown != language)
    assert f'name="language" value="{shown}"' in letter
    if said:
        assert said in letter
    else:
        assert "<p lang=" not in letter


async def test_what_is_used_without_an_answer_does_not_look_answered(
    tillit: Tillit, maja: UUID
) -> None:
    """Our own interest is no yes of theirs: it is said in words, and no button is pressed."""
    async with member_at(tillit, maja) as at:
        found = card((await at.open("/my/choices")).text, "assortment_insight")
        assert "There is no answer yet. We use it unless the answer is no" in found
        assert 'aria-pressed="true"' not in found
        for allow, pressed in ((False, 2), (True, 1)):
            await at.open("/my/choices")
            await press(at, "assortment_insight", allow=allow)
            found = card((await at.open("/my/choices")).text, "assortment_insight")
            assert re.findall(r'aria-pressed="(\w+)"', found)[pressed - 1] == "true"
            assert found.count('aria-pressed="true"') == 1


async def test_a_yes_to_what_nobody_has_said_no_to_is_taken(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        await press(at, "assortment_insight", allow=True)
        assert at.page is not None
        assert at.page.status_code == 200


async def test_no_to_all_marketing_leaves_what_was_said_of_anything_else(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        await press(at, "assortment_insight", allow=True)
        for objects in ("true", "false"):
            await at.open("/my/choices/all-at-once")
            await at.send("/my/choices/all-at-once", objects=objects)
            found = card((await at.open("/my/choices")).text, "assortment_insight")
            assert "The answer is yes" in found
            assert re.findall(r'aria-pressed="(\w+)"', found) == ["true", "false"]


@pytest.mark.parametrize(
    ("language", "title"),
    [("sv", "Vårt nyhetsbrev"), ("nb", "Nyhetsbrevet vårt"), ("da", "Direkte markedsføring")],
)
async def test_a_purpose_is_called_what_the_programme_calls_it_where_it_says_so(
    tillit: Tillit, maja: UUID, language: str, title: str
) -> None:
    async with member_at(tillit, maja) as at:
        at.client.headers["Accept-Language"] = language
        found = card((await at.open("/my/choices")).text, "newsletter")
    assert re.search(rf"<h2[^>]*>{title}</h2>", found)


async def test_the_short_address_leads_to_the_choices(tillit: Tillit, maja: UUID) -> None:
    async with member_at(tillit, maja) as at:
        page = await at.open("/my")
    assert page.url.path == "/my/choices"


async def _sells_on(tillit: Tillit) -> None:
    """Another text, and another use, is in force than the one that was shown."""
    text = (EXAMPLES / "fjallklubben.toml").read_text("utf-8")
    shown = "If you say yes, we use your purchases"
    assert shown in text
    await tillit.apply(SYSTEM, read_programme(text.replace(shown, "We sell your purchases")))


async def test_a_yes_on_an_old_page_is_no_yes_to_a_text_that_was_not_seen(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        await _sells_on(tillit)
        await press(at, "personalised_offers", allow=True)
        assert at.page is not None
        assert "This text has changed since you opened the page. Read it first." in at.page.text
        assert "We sell your purchases" in at.page.text
        assert 'href="#personalised_offers"' in at.page.text
        assert not (await standings(tillit, maja)).of("personalised_offers").consented
        await press(at, "personalised_offers", allow=True)
    assert (await standings(tillit, maja)).of("personalised_offers").consented


async def test_a_no_on_an_old_page_is_a_no_whatever_terms_it_bears(
    tillit: Tillit, maja: UUID
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        await press(at, "personalised_offers", allow=True)
        await _sells_on(tillit)
        await press(at, "personalised_offers", allow=False)
    assert not (await standings(tillit, maja)).of("personalised_offers").consented


@pytest.mark.parametrize("purpose", ["personalised_offers", "assortment_insight"])
async def test_a_yes_without_the_terms_that_were_shown_is_not_taken(
    tillit: Tillit, maja: UUID, purpose: str
) -> None:
    async with member_at(tillit, maja) as at:
        await at.open("/my/choices")
        said = await at.send(f"/my/choices/{purpose}", allow="true", language="en", terms="")
    assert "This text has changed" in said.text
    assert (await standings(tillit, maja)).of(purpose).since is None
