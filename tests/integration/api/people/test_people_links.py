"""Signing in by a link: sent to whoever it is of, used once, and telling nobody who is a member."""

import secrets
from typing import Any
from uuid import UUID

import at_the_desk
import pytest
from at_the_browser import House, altered
from structlog.testing import capture_logs

from api.bootstrap import SYSTEM
from api.mail import Outcome
from api.people import links, sending
from api.people.people import Kind, Somebody
from api.people.ways import SENT, Asking, ByLink
from api.work import drain, once
from consent.programme import read_programme
from dsar import own
from dsar.states import Right
from kernel.jobs import enqueue
from profiles import enrolment, members

ADDRESS = "asa.oberg@post.example"
HERE = "192.0.2.7"


def way(home: House) -> ByLink:
    return ByLink(home.keys, SYSTEM)


async def asks(
    home: House, address: str, *, kind: Kind = Kind.MEMBER, client: str = HERE, send: bool = True
) -> str:
    """Somebody asks for a link; where they are sent, once the worker has done its work."""
    async with home.tillit.unit() as work:
        asking = Asking(kind, "sv", client, {"address": address})
        to = await way(home).begin(work.unit, asking)
    if send:
        await drain(home.tillit)
    return to


async def comes(home: House, token: str, *, client: str = HERE) -> Somebody | None:
    async with home.tillit.unit() as work:
        return await way(home).finish(work.unit, {"token": token}, client=client)


async def posts(home: House) -> list[tuple[Any, ...]]:
    return await home.rows("SELECT state, problem, attempts FROM sign_in_post ORDER BY made_at, id")


async def test_a_member_signs_in_by_the_link_they_were_sent(home: House) -> None:
    member = await home.member("10042", email=ADDRESS)
    assert await asks(home, " Asa.Oberg@post.example ") == SENT
    [token] = home.mailbox.links()
    mail = home.mailbox.mails[0]
    assert mail.to == ADDRESS
    assert "10042" not in mail.text
    assert token not in mail.subject
    assert f"{home.tillit.settings.public_url}/sign-in/link/{token}" in mail.text
    assert mail.language == "sv"
    assert await comes(home, token) == Somebody(kind=Kind.MEMBER, member=member)
    assert await posts(home) == [("done", None, 1)]


async def test_a_link_is_used_once_and_looking_at_it_does_not_use_it(home: House) -> None:
    member = await home.member("1", email=ADDRESS)
    await asks(home, ADDRESS)
    [token] = home.mailbox.links()
    for _ in range(3):
        async with home.tillit.unit() as work:
            looked = await links.look(work.unit, home.keys, token)
            assert looked == Somebody(kind=Kind.MEMBER, member=member)
    assert await comes(home, token) is not None
    assert await comes(home, token) is None
    async with home.tillit.unit() as work:
        assert await links.look(work.unit, home.keys, token) is None
    assert len(await home.entries("sign_in.failed")) == 1


async def test_a_link_holds_for_fifteen_minutes(home: House) -> None:
    await home.member("1", email=ADDRESS)
    for seconds, holds in ((899, True), (900, False)):
        await asks(home, ADDRESS)
        [token] = home.mailbox.links()
        home.later(seconds=seconds)
        assert (await comes(home, token) is not None) is holds


async def test_the_newest_link_ends_those_before_it_and_nobody_elses(home: House) -> None:
    await home.member("1", email=ADDRESS)
    await home.member("2", email="b@post.example")
    await asks(home, "b@post.example")
    [others] = home.mailbox.links()
    await asks(home, ADDRESS)
    [first] = home.mailbox.links()
    await asks(home, ADDRESS)
    [second] = home.mailbox.links()
    assert await comes(home, first) is None
    assert await comes(home, second) is not None
    assert await comes(home, others) is not None


@pytest.mark.parametrize("guess", ["", "x", "Ab3_" * 10 + "Ab4", "Å" * 43, "A" * 9000])
async def test_a_guessed_link_signs_nobody_in(home: House, guess: str) -> None:
    await home.member("1", email=ADDRESS)
    await asks(home, ADDRESS)
    assert await comes(home, guess) is None
    assert await comes(home, home.mailbox.links()[0]) is not None


async def test_asking_is_the_same_whoever_the_address_is_of(home: House) -> None:
    """The same answer, the same row and the same job; only the worker finds out."""
    await home.member("1", email=ADDRESS)
    seen = []
    for address in (ADDRESS, "nobody@post.example", "no address at all", "x" * 5000):
        assert await asks(home, address, send=False) == SENT
        row = "SELECT what, kind, member, state, attempts, octet_length(sealed) FROM sign_in_post"
        [post] = await home.rows(row)
        jobs = await home.rows(
            "SELECT task_name, queue_name, status FROM procrastinate_jobs WHERE status = 'todo'"
        )
        tries = await home.rows("SELECT what FROM sign_in_try ORDER BY what")
        entries = await home.rows("SELECT count(*) FROM audit_entry")
        seen.append((post, jobs, tries, entries[0][0] - len(seen)))
        await drain(home.tillit)
        home.as_owner("DELETE FROM sign_in_post")
        home.as_owner("DELETE FROM sign_in_try")
    assert all(one == seen[0] for one in seen)
    assert len(home.mailbox.mails) == 1
    asked = await home.entries("sign_in.asked")
    assert [one["facts"]["outcome"] for one in asked] == ["made", *["unknown"] * 3]
    assert [one["subject"] is None for one in asked] == [False, True, True, True]


async def test_an_address_of_two_members_gets_one_message_with_a_link_for_each(
    home: House,
) -> None:
    numbers = {"555-10042": None, "555-20042": None, "777-30117": None}
    people = {number: await home.member(number, email=ADDRESS) for number in numbers}
    await asks(home, ADDRESS)
    [mail] = home.mailbox.mails
    tokens = home.mailbox.links()
    assert len(tokens) == 3
    came = {}
    for token in tokens:
        before = mail.text[: mail.text.index(token)]
        ending = before.rsplit("slutar på ", 1)[1].partition(":")[0]
        somebody = await comes(home, token)
        assert somebody is not None
        came[ending] = somebody.member
    assert came == {number[-5:]: member for number, member in people.items()}
    assert "555-" not in mail.text


async def test_an_address_of_very_many_members_opens_nothing(home: House) -> None:
    for number in range(sending.MOST + 1):
        await home.member(str(number), email=ADDRESS)
    await asks(home, ADDRESS)
    assert home.mailbox.mails == []
    assert await home.outcomes("sign_in.asked") == {"shared": sending.MOST + 1}


async def test_a_link_to_an_address_changed_lately_opens_a_session_that_is_not_settled(
    home: House,
) -> None:
    member = await home.member("1", email="old@post.example")
    async with home.tillit.unit() as work:
        person = await members.one(work.unit, member, lock=True)
        await enrolment.rectify(work.unit, SYSTEM, person, {"email": ADDRESS}, source=own.HOW)
    await asks(home, ADDRESS)
    somebody = await comes(home, home.mailbox.links()[0])
    assert somebody == Somebody(kind=Kind.MEMBER, member=member, settled=False)
    assert not (await home.known(await home.begins(somebody))).settled
    [asked] = await home.entries("sign_in.asked")
    assert asked["facts"]["settled"] == 0
    home.later(days=15)
    await asks(home, ADDRESS)
    somebody = await comes(home, home.mailbox.links()[0])
    assert somebody is not None
    assert somebody.settled


async def test_an_officer_signs_in_by_the_address_of_their_account_and_no_member_as_one(
    home: House,
) -> None:
    account = await home.officer("officer-7", ADDRESS)
    member = await home.member("1", email=ADDRESS)
    await asks(home, ADDRESS, kind=Kind.OFFICER)
    somebody = await comes(home, home.mailbox.links()[0])
    assert somebody == Somebody(kind=Kind.OFFICER, account=account)
    await asks(home, ADDRESS)
    somebody = await comes(home, home.mailbox.links()[0])
    assert somebody == Somebody(kind=Kind.MEMBER, member=member)
    await asks(home, "officer-8@club.example", kind=Kind.OFFICER)
    assert len(home.mailbox.mails) == 2
    facts = [one["facts"] for one in await home.entries("sign_in.asked")]
    assert facts[0] == {"as": "officer", "outcome": "made", "officer": "officer-7"}
    assert facts[2] == {"as": "officer", "outcome": "unknown"}


async def test_an_officer_without_a_role_gets_no_link(home: House) -> None:
    await home.officer("officer-7", ADDRESS, role="support")
    without = read_programme(altered(("[officers.support]", "[officers.helpdesk]")))
    await home.tillit.apply(SYSTEM, without)
    await asks(home, ADDRESS, kind=Kind.OFFICER)
    assert home.mailbox.mails == []
    assert await home.outcomes("sign_in.asked") == {"no_role": 1}


async def test_three_links_to_an_address_from_a_network_in_a_quarter_of_an_hour_and_ten_a_day(
    home: House,
) -> None:
    await home.member("1", email=ADDRESS)
    for number in range(5):
        assert await asks(home, ADDRESS.upper(), client=f"198.51.100.{number}") == SENT
    assert len(home.mailbox.mails) == 3
    for _ in range(12):
        home.later(minutes=16)
        await asks(home, ADDRESS, client=f"198.51.100.{home.clock.at.minute}")
    assert len(home.mailbox.mails) == 10
    home.later(days=1)
    await asks(home, ADDRESS, client="198.51.100.1")
    assert len(home.mailbox.mails) == 11
    limited = await home.outcomes("sign_in.asked")
    assert limited["made"] == 11
    assert 1 <= limited["limited"] <= 4  # not once for each that was dropped


async def test_a_stranger_who_asks_for_somebodys_links_uses_up_none_of_theirs(home: House) -> None:
    await home.member("1", email=ADDRESS)
    for _ in range(30):
        await asks(home, ADDRESS, client="198.51.100.7")
        home.later(minutes=6)
    before = len(home.mailbox.mails)
    assert before == 10
    await asks(home, ADDRESS)
    assert len(home.mailbox.mails) == before + 1
    [token] = home.mailbox.links()
    assert await comes(home, token) is not None


@pytest.mark.parametrize("known", [True, False])
async def test_no_mailbox_is_flooded_from_however_many_networks(home: House, known: bool) -> None:
    if known:
        await home.member("1", email=ADDRESS)
    asked = []
    for hour in range(4):
        for number in range(24):
            await asks(home, ADDRESS, client=f"198.51.{number}.{hour}", send=False)
        asked.append(len(await posts(home)))
        home.later(minutes=61)
    assert asked == [20, 40, 60, 60]
    await drain(home.tillit)
    home.later(days=1)
    assert await asks(home, ADDRESS, send=False) == SENT
    assert len(await posts(home)) == 61


async def test_an_unknown_address_has_the_same_limits(home: House) -> None:
    for _ in range(5):
        assert await asks(home, "nobody@post.example") == SENT
    assert len(await posts(home)) == 3


async def test_thirty_links_from_a_network_in_an_hour(home: House) -> None:
    for number in range(35):
        await asks(home, f"n{number}@post.example", client=f"192.0.2.{number}", send=False)
    assert len(await posts(home)) == 30
    await asks(home, ADDRESS, client="192.0.3.1", send=False)
    assert len(await posts(home)) == 31
    home.later(hours=1)
    await asks(home, ADDRESS, client="192.0.2.1", send=False)
    assert len(await posts(home)) == 32
    assert await home.outcomes("sign_in.asked") == {"limited": 1}


async def test_what_a_limit_refuses_counts_against_no_other(home: House) -> None:
    await home.member("1", email=ADDRESS)
    await home.member("2", email="nils@post.example")
    for _ in range(35):
        await asks(home, ADDRESS, send=False)
    assert len(await posts(home)) == 3
    await asks(home, "nils@post.example", send=False)
    assert len(await posts(home)) == 4


async def test_what_guests_ask_for_shuts_no_desk_and_no_desk_them(home: House) -> None:
    for number in range(31):
        await asks(home, f"n{number}@post.example", client="192.0.2.1", send=False)
    assert len(await posts(home)) == 30
    for number in range(31):
        address = f"o{number}@club.example"
        await asks(home, address, client="192.0.2.1", kind=Kind.OFFICER, send=False)
    assert len(await posts(home)) == 60


async def test_guesses_fill_the_record_only_so_far(home: House) -> None:
    for _ in range(33):
        assert await comes(home, secrets.token_urlsafe(32)) is None
    assert len(await home.entries("sign_in.failed")) == 30


async def test_no_address_network_or_link_rests_anywhere_but_sealed(home: House) -> None:
    await home.member("1", email=ADDRESS)
    await home.officer("officer-7", "o7@club.example")
    with capture_logs() as logs:
        await asks(home, ADDRESS, send=False)
        await asks(home, "nobody@post.example", send=False)
        await asks(home, "o7@club.example", kind=Kind.OFFICER, send=False)
        for done in (False, True):
            if done:
                await drain(home.tillit)
                assert len(home.mailbox.mails) == 2
            kept = await home.everything_kept()
            for secret in (ADDRESS, "nobody@post", "o7@club", HERE, "192.0.2."):
                assert secret not in kept
        [token] = home.mailbox.links()
        await comes(home, token[::-1])
        await comes(home, token)
        kept = await home.everything_kept()
    for where in (kept, str(logs)):
        assert token not in where
        assert ADDRESS not in where
    assert await home.rows("SELECT 1 FROM sign_in_post WHERE sealed IS NOT NULL") == []


async def test_whoever_writes_into_the_database_alone_turns_no_link_to_another(
    home: House,
) -> None:
    victim = await home.member("1")
    await home.member("2", email=ADDRESS)
    for change in (f"member = '{victim}'", "ends_at = ends_at + interval '1 year'"):
        await asks(home, ADDRESS)
        home.as_owner(f"UPDATE sign_in_link SET {change} WHERE member <> '{victim}'")
        assert await comes(home, home.mailbox.links()[0]) is None, change


async def test_an_erased_member_gets_no_link_and_the_one_they_had_is_gone(home: House) -> None:
    member = await home.member("1", email=ADDRESS)
    await asks(home, ADDRESS)
    [token] = home.mailbox.links()
    async with home.tillit.unit() as work:
        await at_the_desk.approved(work, Right.ERASURE, member)
    await drain(home.tillit)
    assert await comes(home, token) is None
    before = len(home.mailbox.mails)
    await asks(home, ADDRESS)
    assert len(home.mailbox.mails) == before


async def test_a_mail_server_that_is_away_is_tried_again_until_nobody_waits(home: House) -> None:
    await home.member("1", email=ADDRESS)
    home.mailbox.outcome = Outcome.UNREACHABLE
    await asks(home, ADDRESS)
    assert await posts(home) == [("waiting", "mail_server_unreachable", 1)]
    home.mailbox.outcome = Outcome.ACCEPTED
    await drain(home.tillit)
    assert home.mailbox.mails == []  # not at once
    home.later(seconds=31)
    await drain(home.tillit)
    assert await posts(home) == [("done", None, 2)]
    assert await comes(home, home.mailbox.links()[0]) is not None
    assert len(await home.entries("sign_in.asked")) == 1


async def test_without_a_mail_server_the_row_says_so_and_is_given_up_in_time(home: House) -> None:
    await home.member("1", email=ADDRESS)
    home.tillit.mail = None
    await asks(home, ADDRESS)
    assert await posts(home) == [("waiting", "no_mail_server", 1)]
    home.later(minutes=15)
    await drain(home.tillit)
    assert await posts(home) == [("given_up", "ran_out", 1)]


async def test_an_address_that_the_server_refuses_is_not_tried_again(home: House) -> None:
    await home.member("1", email=ADDRESS)
    home.mailbox.outcome = Outcome.NO_SUCH_ADDRESS
    await asks(home, ADDRESS)
    assert await posts(home) == [("given_up", "address_refused", 1)]


async def test_the_job_done_twice_sends_one_message(home: House) -> None:
    await home.member("1", email=ADDRESS)
    await asks(home, ADDRESS, send=False)
    [(id,)] = await home.rows("SELECT id FROM sign_in_post")
    async with home.tillit.unit() as work:
        await enqueue(work.session, "people.post", post=str(id))
    await drain(home.tillit)
    await sending.send(home.tillit, UUID(str(id)))
    assert len(home.mailbox.mails) == 1


async def test_a_rotation_of_epochs_leaves_links_that_are_on_their_way(home: House) -> None:
    await home.member("1", email=ADDRESS)
    await asks(home, ADDRESS, send=False)
    await home.tillit.rotate(SYSTEM)
    await drain(home.tillit)
    [token] = home.mailbox.links()
    await home.tillit.rotate(SYSTEM)
    assert await comes(home, token) is not None


async def test_a_worker_deletes_what_is_over(home: House) -> None:
    member = await home.member("1", email=ADDRESS)
    await asks(home, ADDRESS)
    await home.signs_in(member)
    home.later(days=1, minutes=1)
    await once(home.tillit)
    for table in ("sign_in_post", "sign_in_link", "sign_in_try", "person_session"):
        assert await home.rows(f"SELECT 1 FROM {table}") == [], table


@pytest.mark.parametrize("source", ["officer", own.HOW])
async def test_a_link_to_an_address_that_was_replaced_since_signs_nobody_in(
    home: House, source: str
) -> None:
    member = await home.member("1", email=ADDRESS)
    await asks(home, ADDRESS)
    [token] = home.mailbox.links()
    home.later(minutes=1)
    async with home.tillit.unit() as work:
        person = await members.one(work.unit, member, lock=True)
        corrected = {"email": "asa.ny@post.example"}
        await enrolment.rectify(work.unit, SYSTEM, person, corrected, source=source)
    assert await comes(home, token) is None
