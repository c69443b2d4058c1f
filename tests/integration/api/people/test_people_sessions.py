"""Sessions: what they open, when they end, and that nobody makes one up."""

import hashlib

import at_the_desk
import pytest
from at_the_browser import ROLE, House, altered

from api.bootstrap import SYSTEM
from api.people import sessions
from api.people.people import Kind, Somebody
from api.work import drain
from audit.entries import ActorType
from consent.programme import read_programme
from dsar.states import Right
from profiles import members

FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"


async def test_a_session_is_of_whoever_signed_in(home: House) -> None:
    member = await home.member("1")
    person = await home.known(await home.signs_in(member))
    assert (person.kind, person.member, person.officer) == (Kind.MEMBER, member, None)
    assert person.is_in
    assert person.stepped_up is None
    act = await home.act(person)
    async with home.tillit.unit() as work:
        subject = (await members.one(work.unit, member)).key.subject().hex()
    assert (act.actor_type, act.actor) == (ActorType.MEMBER, subject)
    [begun] = await home.entries("session.begun")
    assert begun["subject"] == subject
    assert begun["facts"] == {"as": "member", "session": person.short, "settled": 1}


async def test_an_officers_session_opens_nothing_before_the_second_factor(home: House) -> None:
    account = await home.officer("officer-7", "o7@club.example")
    person = await home.known(await home.officer_signs_in(account))
    assert (person.officer, person.role, person.is_in) == ("officer-7", ROLE, False)
    assert (await home.act(person)).actor == "officer-7"
    async with home.tillit.unit() as work:
        token = await sessions.step_up(
            work.unit, home.keys, await home.act(person), person, how="totp"
        )
    assert (await home.known(token)).is_in


@pytest.mark.parametrize(("kind", "idle", "longest"), [("member", 30, 12), ("officer", 15, 8)])
async def test_a_session_ends_when_it_is_not_used_and_when_it_has_lasted_too_long(
    home: House, kind: str, idle: int, longest: int
) -> None:
    who = Somebody(kind=Kind.MEMBER, member=await home.member("1"))
    if kind == "officer":
        who = Somebody(kind=Kind.OFFICER, account=await home.officer("o", "o@club.example"))
    token = await home.begins(who)
    home.later(minutes=idle - 1)
    assert await home.who(token) is not None
    home.later(minutes=idle)
    assert await home.who(token) is None
    token, began = await home.begins(who), home.clock.at
    while await home.who(token) is not None:
        home.later(minutes=idle - 1)
    lasted = (home.clock.at - began).total_seconds() / 3600
    assert longest <= lasted < longest + idle / 60


async def test_its_use_is_written_down_at_most_once_a_minute(home: House) -> None:
    token = await home.signs_in(await home.member("1"))
    seen = []
    for seconds in (30, 29, 1, 59, 1):
        home.later(seconds=seconds)
        await home.who(token)
        [(at,)] = await home.rows("SELECT seen_at FROM person_session")
        seen.append(at)
    assert len(set(seen)) == 3


async def test_only_a_digest_of_the_token_is_kept(home: House) -> None:
    token = await home.signs_in(await home.member("1"), agent=FIREFOX)
    kept = await home.everything_kept()
    assert token not in kept
    assert FIREFOX[:20] not in kept
    [(digest,)] = await home.rows("SELECT digest FROM person_session")
    assert len(digest) == 32
    assert digest != hashlib.sha256(digest).digest()
    assert digest.hex()[:12] in kept  # what names it in the record


@pytest.mark.parametrize("made_up", ["", "x", "A" * 43, "Å" * 43, "=" * 43, "A" * 5000])
async def test_a_token_that_was_made_up_opens_nothing(home: House, made_up: str) -> None:
    await home.signs_in(await home.member("1"))
    assert await home.who(made_up) is None


async def test_another_spelling_of_a_token_opens_nothing(home: House) -> None:
    token = await home.signs_in(await home.member("1"))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = token[:-1] + alphabet[alphabet.index(token[-1]) | 1]  # the same bytes, loosely read
    assert other != token
    assert await home.who(other) is None


async def test_whoever_writes_into_the_database_alone_signs_nobody_in(home: House) -> None:
    """Their own session, made another's; made to last; given a second proof it never had."""
    victim, thief = await home.member("1"), await home.member("2")
    for change in (
        f"member = '{victim}'",
        "ends_at = ends_at + interval '1 year'",
        "made_at = made_at + interval '1 hour'",
        "stepped_up_at = made_at",
        "settled = false",
        f"digest = '\\x{'ab' * 32}'",
    ):
        token = await home.signs_in(thief)
        assert await home.who(token) is not None
        home.as_owner(f"UPDATE person_session SET {change}")
        assert await home.who(token) is None, change
        home.as_owner("DELETE FROM person_session")


async def test_a_role_given_in_the_database_alone_opens_nothing(home: House) -> None:
    account = await home.officer("officer-7", "o7@club.example", role="support")
    token = await home.officer_signs_in(account)
    assert (await home.known(token)).role == "support"
    home.as_owner(f"UPDATE officer_account SET role = '{ROLE}'")
    assert await home.who(token) is None


async def test_a_second_proof_runs_out_after_ten_minutes_and_the_session_goes_on(
    home: House,
) -> None:
    person = await home.known(await home.signs_in(await home.member("1")))
    assert not person.proved_lately(home.clock.at)
    async with home.tillit.unit() as work:
        act = await home.act(person)
        token = await sessions.step_up(work.unit, home.keys, act, person, how="code")
    stepped = await home.known(token)
    assert stepped.proved_lately(home.clock.at)
    home.later(minutes=10, seconds=1)
    again = await home.known(token)
    assert again.stepped_up is not None
    assert not again.proved_lately(home.clock.at)
    [given] = await home.entries("second_proof.given")
    assert given["facts"] == {"session": stepped.short, "how": "code"}


async def test_signing_in_and_a_second_proof_make_a_new_token_and_end_the_old_one(
    home: House,
) -> None:
    member = await home.member("1")
    first, second = await home.signs_in(member), await home.signs_in(member)
    assert first != second
    person = await home.known(first)
    async with home.tillit.unit() as work:
        third = await sessions.step_up(
            work.unit, home.keys, await home.act(person), person, how="code"
        )
    assert await home.who(first) is None
    assert (await home.known(third)).member == member
    assert len(await home.rows("SELECT 1 FROM person_session")) == 2


async def test_a_second_proof_makes_no_session_last_longer(home: House) -> None:
    person = await home.known(await home.signs_in(await home.member("1")))
    [(before,)] = await home.rows("SELECT ends_at FROM person_session")
    home.later(minutes=20)
    async with home.tillit.unit() as work:
        act = await home.act(person)
        await sessions.step_up(work.unit, home.keys, act, person, how="code")
    assert await home.rows("SELECT ends_at FROM person_session") == [(before,)]


async def test_members_see_their_sessions_and_end_any_of_them_and_nobody_elses(
    home: House,
) -> None:
    member, other = await home.member("1"), await home.member("2")
    here, there = await home.signs_in(member, agent=FIREFOX), await home.signs_in(member)
    stranger = await home.known(await home.signs_in(other))
    person, elsewhere = await home.known(here), await home.known(there)
    async with home.tillit.unit() as work:
        mine = await sessions.listed(work.unit, person)
        assert {(one.which, one.this) for one in mine} == {
            (person.short, True),
            (elsewhere.short, False),
        }
        assert {str(one.device) for one in mine} == {"Firefox on Android", "other on other"}
        act = await home.act(person)
        assert not await sessions.end(work.unit, act, person, stranger.short)
        assert await sessions.end(work.unit, act, person, elsewhere.short)
    assert await home.who(there) is None
    assert await home.who(here) is not None
    [ended] = await home.entries("session.ended")
    assert ended["facts"] == {"session": elsewhere.short}
    assert ended["subject"] == ended["actor"]["id"]


async def test_signing_out_and_ending_all_others(home: House) -> None:
    member = await home.member("1")
    tokens = [await home.signs_in(member) for _ in range(3)]
    person = await home.known(tokens[0])
    act = await home.act(person)
    async with home.tillit.unit() as work:
        assert await sessions.end_others(work.unit, act, person) == 2
    assert [await home.who(one) is not None for one in tokens] == [True, False, False]
    async with home.tillit.unit() as work:
        assert await sessions.end(work.unit, act, person, person.short)
    assert await home.who(tokens[0]) is None
    assert len(await home.entries("session.ended")) == 3


async def test_an_erased_members_session_is_gone(home: House) -> None:
    member = await home.member("1", email="a@post.example")
    token = await home.signs_in(member)
    async with home.tillit.unit() as work:
        await at_the_desk.approved(work, Right.ERASURE, member)
    home.later(minutes=1)
    assert await home.who(token) is not None
    await drain(home.tillit)
    assert await home.who(token) is None
    assert await home.rows("SELECT 1 FROM person_session") == []


async def test_an_officer_whose_role_the_programme_has_no_more_is_let_in_nowhere(
    home: House,
) -> None:
    account = await home.officer("officer-7", "o7@club.example", role="support")
    token = await home.officer_signs_in(account)
    assert await home.who(token) is not None
    without = read_programme(altered(("[officers.support]", "[officers.helpdesk]")))
    await home.tillit.apply(SYSTEM, without)
    assert await home.who(token) is None


async def test_a_rotation_of_epochs_signs_nobody_out(home: House) -> None:
    member = await home.signs_in(await home.member("1"))
    officer = await home.officer_signs_in(await home.officer("o", "o@club.example"))
    await home.tillit.rotate(SYSTEM)
    assert await home.who(member) is not None
    assert await home.who(officer) is not None


async def test_a_forms_token_is_of_its_session_alone(home: House) -> None:
    member = await home.member("1")
    one, other = await home.signs_in(member), await home.signs_in(member)
    form = sessions.form_token(one)
    assert form == sessions.form_token(one)
    assert form not in (one, sessions.form_token(other))
    assert sessions.is_form_token(one, form)
    for wrong in ("", form[:-1], form + "A", "é", "\ud800", sessions.form_token(other)):
        assert not sessions.is_form_token(one, wrong)


async def test_what_is_over_is_deleted(home: House) -> None:
    member = await home.member("1")
    old = await home.signs_in(member)
    home.later(minutes=29)
    new = await home.signs_in(member)
    home.later(minutes=1)
    async with home.tillit.unit() as work:
        assert await sessions.drop(work.unit) == 1
    assert await home.who(old) is None
    assert await home.who(new) is not None
