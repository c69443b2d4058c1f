"""Letters on their way: written once, sent to one address, tried again, left to be fetched."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import at_the_desk
import psycopg
import pytest
from a_mail_server import Told, mail_server
from at_the_books import Books

from api import jobs, letters_out, links
from api import work as worker
from api.bootstrap import SYSTEM
from api.cli.request_waiting import next_command, said
from api.mail import Outcome, Smtp
from audit.browsing import naming
from consent import ledger
from consent.standings import fold
from dsar import deciding, outgoing, overdue, register, requests
from dsar.desk import seen
from dsar.errors import UnknownLetter
from dsar.identity import How, Proof
from dsar.letters import announcing, cases, desk, kept, kinds, posting
from dsar.letters.desk import Status
from dsar.letters.kinds import Kind
from dsar.outgoing import State as Way
from dsar.states import Right, State
from dsar.waiting import Waits, waiting
from dsar.wanted import Wanted
from dsar.words import Channel, Delay, Reason
from kernel.database import libpq
from profiles import members
from profiles.enrolment import enrol, rectify
from profiles.errors import CannotOpen


@pytest.fixture
def post(books: Books) -> Iterator[Told]:
    """What a mail server has been given that the process sends by."""
    with mail_server() as (told, server):
        books.tillit.mail = Smtp(server)
        yield told


async def asked(books: Books, right: Right, member: UUID, **how: Any) -> UUID:
    async with books.tillit.unit() as work:
        return (await at_the_desk.opened(work, right, member, **how)).id


async def approve(books: Books, request: UUID) -> None:
    async with books.tillit.unit() as work:
        await deciding.approve(work.unit, SYSTEM, work.active, request)


async def letters(books: Books, request: UUID) -> list[Status]:
    async with books.tillit.unit() as work:
        return await desk.listed(work.unit, request)


async def states(books: Books, request: UUID) -> dict[Kind, tuple[Way, str | None]]:
    return {one.kind: (one.state, one.problem) for one in await letters(books, request)}


async def on_record(books: Books, request: UUID, member: UUID, kind: str) -> list[dict[str, Any]]:
    async with books.tillit.unit() as work:
        found = await members.one(work.unit, member)
        said = await naming(
            work.session, str(request), subject=found.key.subject(), trust=work.unit.record.trust
        )
    return [dict(one.facts) for one in said if one.kind == kind]


async def test_a_request_is_acknowledged_and_answered_by_mail(books: Books, post: Told) -> None:
    anna, other = await books.joins(), await books.joins()
    request = await asked(books, Right.ACCESS, anna, language="nb")
    await worker.drain(books.tillit)
    [first] = post.messages
    assert post.envelopes[0][1] == ["asa1@post.example"]
    assert first["Subject"] == "Vi har mottatt anmodningen din"
    assert [part.get_content_type() for part in first.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    await approve(books, request)
    await worker.drain(books.tillit)
    _, answer = post.messages
    assert answer["Subject"] == "Svar på anmodningen din"
    [sheet] = answer.iter_attachments()
    assert (sheet.get_filename(), sheet.get_content()[:5]) == ("answer.pdf", b"%PDF-")
    whole = b"".join(post.kept)
    assert "Åsa Öberg-2".encode() not in whole
    assert b"asa2@post.example" not in whole
    assert other != anna
    done = (Way.DONE, None)
    assert await states(books, request) == {Kind.ACKNOWLEDGEMENT: done, Kind.ANSWER: done}
    made = await on_record(books, request, anna, "letter.made")
    assert [(one["letter"], one["language"]) for one in made] == [
        ("acknowledgement", "nb"),
        ("answer", "nb"),
    ]
    assert all(len(one["document"]) == 64 for one in made)
    sent = await on_record(books, request, anna, "letter.sent")
    assert [(one["letter"], one["how"]) for one in sent] == [
        ("acknowledgement", "email"),
        ("answer", "email"),
    ]


async def test_a_letter_is_written_and_sent_once_however_often_its_job_runs(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    request = await asked(books, Right.ACCESS, anna)
    for _ in range(2):
        await letters_out.write(books.tillit, request, Kind.ACKNOWLEDGEMENT)
        await worker.drain(books.tillit)
    assert len(post.messages) == 1
    assert len(await on_record(books, request, anna, "letter.made")) == 1
    assert len(await books.query("SELECT id FROM letter")) == 1


async def test_a_single_pass_counts_the_letters_that_a_server_has_taken_and_no_others(
    books: Books, post: Told
) -> None:
    post.data += ["451 Not now"]
    for _ in range(2):
        await asked(books, Right.ACCESS, await books.joins())
    done = Counter[str]()
    await worker.once(books.tillit, done)
    assert (len(post.messages), done[jobs.LETTERS]) == (1, 1)
    assert done[jobs.JOB + "outgoing.send"] == 2
    books.clock.at += timedelta(minutes=2)
    await worker.once(books.tillit, done)
    assert (len(post.messages), done[jobs.LETTERS]) == (2, 2)


def test_every_step_of_a_pass_says_what_it_counts() -> None:
    assert set(worker.SAID) == {step for step, _ in worker.IN_TIME}


async def test_an_objection_is_answered_and_not_acknowledged_beside(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    wish = Wanted(marketing=True)
    request = await asked(books, Right.OBJECTION, anna, wish=wish)
    await worker.drain(books.tillit)
    assert list(await states(books, request)) == [Kind.ANSWER]
    [message] = post.messages
    assert message["Subject"] == "Svar på din begäran"


async def test_an_answer_goes_to_no_address_that_was_not_proved(books: Books, post: Told) -> None:
    anna = await books.joins(phone="+46701234567")
    request = await asked(books, Right.ACCESS, anna, proof=Proof(How.CODE, "phone"))
    await approve(books, request)
    await worker.drain(books.tillit)
    assert await states(books, request) == {
        Kind.ACKNOWLEDGEMENT: (Way.DONE, None),
        Kind.ANSWER: (Way.DOWNLOAD, "address_not_proved"),
    }
    assert len(post.messages) == 1


@pytest.mark.parametrize(
    ("proof", "proved"),
    [
        (None, False),
        (Proof(How.STEP_UP), True),
        (Proof(How.OFFICER), True),
        (Proof(How.CODE, "email"), True),
        (Proof(How.CODE, "phone"), False),
        (Proof(How.MANDATE, by="an-agent-no-more"), False),
        (Proof(How.GUARDIAN, by=str(UUID(int=7))), False),
    ],
)
async def test_a_letter_goes_to_the_member_s_own_address_and_is_proved_by_who_may_speak(
    books: Books, proof: Proof | None, *, proved: bool
) -> None:
    anna = await books.joins(phone="+46701234567")
    request = await asked(books, Right.ACCESS, anna, proof=proof)
    async with books.tillit.unit() as work:
        person = await members.one(work.unit, anna)
        found = await cases.address_of(work.unit, work.active, request, person)
    assert found == cases.Address("asa1@post.example", proved)


async def test_an_answer_goes_to_the_address_that_was_proved(books: Books, post: Told) -> None:
    anna = await books.joins(phone="+46701234567")
    request = await asked(books, Right.ACCESS, anna, proof=Proof(How.CODE, "email"))
    await approve(books, request)
    await worker.drain(books.tillit)
    assert (await states(books, request))[Kind.ANSWER] == (Way.DONE, None)
    assert "Telefonnummer" in str(post.messages[-1].get_body(("plain",)))  # is not in the package


async def test_who_has_no_address_is_written_to_all_the_same(books: Books, post: Told) -> None:
    anna = await _without_email(books)
    request = await asked(books, Right.ACCESS, anna)
    await worker.drain(books.tillit)
    assert await states(books, request) == {
        Kind.ACKNOWLEDGEMENT: (Way.DOWNLOAD, "no_address"),
    }
    assert post.messages == []


async def _without_email(books: Books) -> UUID:
    async with books.tillit.unit() as work:
        [made] = await enrol(work.unit, SYSTEM, [{"member_number": "FK-90"}], source="till")
    return made.id


async def test_a_child_s_address_is_not_written_to_when_a_guardian_asks(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    how = {"channel": Channel.GUARDIAN, "proof": Proof(How.GUARDIAN)}
    request = await asked(books, Right.ACCESS, anna, **how)
    await worker.drain(books.tillit)
    assert await states(books, request) == {
        Kind.ACKNOWLEDGEMENT: (Way.DOWNLOAD, "for_a_guardian"),
    }
    assert post.messages == []


async def test_without_a_mail_server_letters_wait_to_be_fetched(books: Books) -> None:
    anna = await books.joins()
    request = await asked(books, Right.ACCESS, anna)
    await worker.drain(books.tillit)
    found = (Way.DOWNLOAD, "no_mail_server")
    assert await states(books, request) == {Kind.ACKNOWLEDGEMENT: found}
    async with books.tillit.unit() as work:
        letter = await desk.opened(work.unit, SYSTEM, request, Kind.ACKNOWLEDGEMENT)
        assert letter.to == "Åsa Öberg-1"
        with pytest.raises(UnknownLetter):
            await desk.opened(work.unit, SYSTEM, request, Kind.REFUSAL)
    assert (await states(books, request))[Kind.ACKNOWLEDGEMENT][0] is Way.DONE
    [entry] = await on_record(books, request, anna, "letter.sent")
    assert (entry["letter"], entry["how"]) == ("acknowledgement", "download")


async def test_a_server_that_is_busy_is_asked_again_and_slower_each_time(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    post.data += ["451 Not now"] * 3
    request = await asked(books, Right.ACCESS, anna)
    await worker.drain(books.tillit)
    assert await states(books, request) == {Kind.ACKNOWLEDGEMENT: (Way.WAITING, "refused_for_now")}
    for minutes in (1, 5):
        books.clock.at += timedelta(minutes=minutes) - timedelta(seconds=1)
        left = len(post.data)
        await worker.drain(books.tillit)
        assert len(post.data) == left  # too soon
        books.clock.at += timedelta(seconds=1)
        await worker.drain(books.tillit)
        assert len(post.data) == left - 1
    books.clock.at += timedelta(minutes=15)
    await worker.drain(books.tillit)
    assert len(post.messages) == 1
    assert (await states(books, request))[Kind.ACKNOWLEDGEMENT] == (Way.DONE, None)


async def test_a_server_that_stays_away_leaves_the_letter_to_be_fetched(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    post.recipient += ["450 Greylisted"] * 30
    request = await asked(books, Right.ACCESS, anna)
    for _ in range(30):
        await worker.drain(books.tillit)
        books.clock.at += timedelta(hours=4)
    assert await states(books, request) == {Kind.ACKNOWLEDGEMENT: (Way.DOWNLOAD, "refused_for_now")}
    assert 10 <= 30 - len(post.recipient) <= 20  # three days of every four hours


async def test_an_address_that_is_gone_leaves_the_letter_to_be_fetched(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    post.recipient.append("550 No such user")
    request = await asked(books, Right.ACCESS, anna)
    await worker.drain(books.tillit)
    books.clock.at += timedelta(days=1)
    await worker.drain(books.tillit)
    assert await states(books, request) == {Kind.ACKNOWLEDGEMENT: (Way.DOWNLOAD, "address_refused")}
    assert post.messages == []


async def test_a_line_that_breaks_may_send_it_twice_under_one_name(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    post.data.append("drop")
    request = await asked(books, Right.ACCESS, anna)
    await worker.drain(books.tillit)
    books.clock.at += timedelta(minutes=1)
    await worker.drain(books.tillit)
    one, two = post.messages
    assert one["Message-ID"] == two["Message-ID"]
    assert (await states(books, request))[Kind.ACKNOWLEDGEMENT] == (Way.DONE, None)
    assert len(await on_record(books, request, anna, "letter.sent")) == 1


async def test_a_question_about_identity_brings_a_link_that_holds_as_long_as_it_is_asked(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    request = await asked(books, Right.ERASURE, anna, proof=None)
    async with books.tillit.unit() as work:
        await requests.ask_identity(work.unit, SYSTEM, work.active, request)
    await worker.drain(books.tillit)
    [query] = [one for one in post.messages if "veta" in one["Subject"]]
    body = query.get_body(("plain",))
    assert body is not None
    words = body.get_content().split()
    [link] = {word for word in words if "/v1/identity/" in word}
    sealed = links.links_of(books.tillit)
    token = link.rpartition("/")[2]
    opened = sealed.open(links.Kind.IDENTITY, token)
    assert (opened.member, opened.id) == (anna, request)
    books.clock.at += timedelta(days=30)
    with pytest.raises(links.UnknownLink):
        sealed.open(links.Kind.IDENTITY, token)


async def test_a_question_that_was_answered_meanwhile_is_not_asked(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    request = await asked(books, Right.ACCESS, anna, proof=None)
    async with books.tillit.unit() as work:
        await requests.ask_identity(work.unit, SYSTEM, work.active, request)
        await at_the_desk.opened(work, Right.ACCESS, anna)  # joined, and proved
    await worker.drain(books.tillit)
    assert Kind.IDENTITY_QUERY not in await states(books, request)
    assert len(post.messages) == 1


async def test_an_extension_and_then_a_refusal_are_both_told(books: Books, post: Told) -> None:
    anna = await books.joins()
    request = await asked(books, Right.ERASURE, anna, language="en")
    async with books.tillit.unit() as work:
        await deciding.extend(work.unit, SYSTEM, request, reason=Delay.COMPLEX)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        await deciding.refuse(work.unit, SYSTEM, work.active, request, reason=Reason.LAW)
    await worker.drain(books.tillit)
    texts = [str(one.get_body(("plain",))) for one in post.messages]
    assert ["complex" in text for text in texts] == [False, True, False]
    assert ["A law requires" in text for text in texts] == [False, False, True]


async def test_who_never_says_who_they_are_is_told_why_nothing_was_done(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    request = await asked(books, Right.ERASURE, anna, proof=None)
    async with books.tillit.unit() as work:
        await requests.ask_identity(work.unit, SYSTEM, work.active, request)
    books.clock.at += timedelta(days=31)
    async with books.tillit.unit() as work:
        assert await requests.lapse(work.unit, SYSTEM, work.active, request)
    await worker.drain(books.tillit)
    assert (await states(books, request))[Kind.REFUSAL] == (Way.DONE, None)


async def test_a_restriction_s_end_is_announced_before_it_ends(books: Books, post: Told) -> None:
    anna = await books.joins()
    restricted = await asked(books, Right.RESTRICTION, anna)
    await approve(books, restricted)
    await worker.drain(books.tillit)
    release = await asked(books, Right.RELEASE, anna)
    await approve(books, release)
    await worker.drain(books.tillit)
    found = {one.kind: one for one in await letters(books, release)}
    assert found[Kind.RELEASE].state is Way.DONE
    async with books.tillit.unit() as work:
        person = await members.one(work.unit, anna)
        said = await naming(
            work.session, str(release), subject=person.key.subject(), trust=work.unit.record.trust
        )
    steps = [one.facts.get("step") or one.facts.get("letter") for one in said]
    kinds = [(one.kind, step) for one, step in zip(said, steps, strict=True)]
    assert kinds.index(("letter.sent", "release")) < kinds.index(("request.moved", "carry_out"))
    assert Kind.RELEASE not in await states(books, restricted)


async def released(books: Books) -> tuple[UUID, UUID]:
    """Somebody whose restriction is to end, and the request for it, approved."""
    anna = await books.joins()
    await approve(books, await asked(books, Right.RESTRICTION, anna))
    await worker.drain(books.tillit)
    release = await asked(books, Right.RELEASE, anna)
    await worker.drain(books.tillit)
    await approve(books, release)
    return anna, release


async def stands(books: Books, request: UUID) -> tuple[State, Waits, int]:
    """Where it stands, what it waits for, and how many of all have a job that gave up."""
    async with books.tillit.unit() as work:
        found = await seen(work.unit, work.active, [await register.get(work.unit, request)])
        [waits] = await waiting(work.unit, found)
        failing = await overdue.failing(work.session, work.unit.now)
    return found[0].request.state, waits.what, failing


async def is_restricted(books: Books, member: UUID) -> bool:
    async with books.tillit.unit() as work:
        key = (await members.one(work.unit, member)).key
        return fold((await ledger.opened(work.unit, {member: key}))[member]).restricted


async def test_a_restriction_does_not_end_before_its_letter_has_left(
    books: Books, post: Told
) -> None:
    anna, release = await released(books)
    post.data += ["451 Not now"] * 2
    for minutes in (1, 5):
        await worker.drain(books.tillit)
        assert await stands(books, release) == (State.ACCEPTED, Waits.LETTER, 0)
        assert (await states(books, release))[Kind.RELEASE] == (Way.WAITING, "refused_for_now")
        await jobs.Steps(books.tillit).restriction(request=str(release))
        assert await is_restricted(books, anna)
        books.clock.at += timedelta(minutes=minutes)
    await worker.drain(books.tillit)  # it leaves now
    await worker.drain(books.tillit)
    assert (await states(books, release))[Kind.RELEASE] == (Way.DONE, None)
    assert await stands(books, release) == (State.FULFILLED, Waits.NOTHING, 0)
    assert not await is_restricted(books, anna)


@pytest.mark.parametrize(
    "says",
    [
        "state = 'done'",
        "state = 'given_up'",
        "state = 'download', problem = 'no_address'",
        "state = 'download', problem = 'no_mail_server'",
        "state = 'download', problem = NULL",
    ],
)
async def test_a_row_that_says_so_in_the_letter_s_place_has_told_nobody(
    books: Books, post: Told, says: str
) -> None:
    anna, release = await released(books)
    post.data += ["451 Not now"] * 9
    await worker.drain(books.tillit)
    with psycopg.connect(libpq(books.tillit.url, role=None), autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(
            f"UPDATE outgoing SET {says}, next_at = NULL "
            "WHERE request = %s AND what = 'letter:release'".encode(),
            (release,),
        )
    await worker.resume(books.tillit)
    await worker.drain(books.tillit)
    assert (await stands(books, release))[0] is State.ACCEPTED
    assert await is_restricted(books, anna)
    if "NULL" in says:  # and it is shown what it waits for
        assert (await stands(books, release))[1] is Waits.LETTER


async def test_a_letter_that_no_server_takes_has_told_nobody_until_it_is_printed(
    books: Books, post: Told
) -> None:
    anna, release = await released(books)
    post.recipient += ["450 Greylisted"] * 40
    for _ in range(24):
        books.clock.at += timedelta(hours=4)
        await worker.drain(books.tillit)
    assert (await states(books, release))[Kind.RELEASE] == (Way.DOWNLOAD, "refused_for_now")
    assert await stands(books, release) == (State.ACCEPTED, Waits.LETTER, 0)
    await jobs.Steps(books.tillit).restriction(request=str(release))
    assert await is_restricted(books, anna)
    async with books.tillit.unit() as work:
        found = await seen(work.unit, work.active, [await register.get(work.unit, release)])
        [waits] = await waiting(work.unit, found)
    assert said(waits) == "the letter that says so: not sent (refused_for_now)"
    assert next_command(found[0], waits) == (
        f"tillit request letter {release} release --out release.pdf"
    )
    async with books.tillit.unit() as work:
        await desk.opened(work.unit, SYSTEM, release, Kind.RELEASE)
    await worker.drain(books.tillit)
    assert await stands(books, release) == (State.FULFILLED, Waits.NOTHING, 0)
    assert not await is_restricted(books, anna)


async def test_a_guardian_is_told_of_a_release_when_they_are_handed_its_letter(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    await approve(books, await asked(books, Right.RESTRICTION, anna))
    await worker.drain(books.tillit)
    how = {"channel": Channel.GUARDIAN, "proof": Proof(How.GUARDIAN)}
    release = await asked(books, Right.RELEASE, anna, **how)
    await approve(books, release)
    await worker.drain(books.tillit)
    assert (await states(books, release))[Kind.RELEASE] == (Way.DOWNLOAD, "for_a_guardian")
    assert await stands(books, release) == (State.ACCEPTED, Waits.LETTER, 0)
    assert await is_restricted(books, anna)


def test_what_a_process_without_a_mail_server_says_is_known_to_those_who_go_by_it() -> None:
    assert set(announcing.BY_PAGE) == {kinds.WhyNot.NO_ADDRESS, Outcome.NO_SERVER}


async def test_who_has_no_address_can_fetch_the_letter_before_the_restriction_ends(
    books: Books, post: Told
) -> None:
    anna = await _without_email(books)
    await approve(books, await asked(books, Right.RESTRICTION, anna))
    await worker.drain(books.tillit)
    books.clock.at += timedelta(minutes=1)
    release = await asked(books, Right.RELEASE, anna)
    await approve(books, release)
    await worker.drain(books.tillit)
    assert (await states(books, release))[Kind.RELEASE] == (Way.DOWNLOAD, "no_address")
    assert not await is_restricted(books, anna)
    async with books.tillit.unit() as work:  # it is at their page, the letter and all it says
        person = await members.one(work.unit, anna)
        assert await kept.opened(work.unit, release, person, Kind.RELEASE) is not None


async def test_a_release_is_taken_back_while_its_letter_waits(books: Books, post: Told) -> None:
    anna, release = await released(books)
    post.data += ["451 Not now"]
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        await deciding.cancel(work.unit, SYSTEM, release)
    for _ in range(3):
        books.clock.at += timedelta(days=2)
        await worker.drain(books.tillit)
    assert await is_restricted(books, anna)


async def test_who_is_erased_is_told_so_afterwards_and_then_forgotten(
    books: Books, post: Told
) -> None:
    anna = await books.joins([books.clock.at - timedelta(days=3)])
    request = await asked(books, Right.ERASURE, anna, language="sv")
    await approve(books, request)
    await worker.drain(books.tillit)
    farewell = post.messages[-1]
    assert farewell["Subject"] == "Dina uppgifter är raderade"
    assert farewell["To"] == "asa1@post.example"
    text = str(farewell.get_body(("plain",)))
    assert "1 köp" in text.replace("=C3=B6", "ö")
    assert [one.get_filename() for one in farewell.iter_attachments()] == ["farewell.pdf"]
    assert (await states(books, request))[Kind.FAREWELL] == (Way.DONE, None)
    assert await books.query("SELECT id FROM letter") == []
    assert await books.query("SELECT id FROM outgoing WHERE sealed IS NOT NULL") == []
    async with books.tillit.unit() as work:
        assert (await register.get(work.unit, request)).member is None
        with pytest.raises(UnknownLetter):
            await desk.opened(work.unit, SYSTEM, request, Kind.FAREWELL)
        with pytest.raises(UnknownLetter):
            await desk.opened(work.unit, SYSTEM, request, Kind.ACKNOWLEDGEMENT)


async def test_a_farewell_that_cannot_be_sent_waits_to_be_printed_and_is_then_deleted(
    books: Books,
) -> None:
    anna = await books.joins()
    request = await asked(books, Right.ERASURE, anna)
    await approve(books, request)
    await worker.drain(books.tillit)
    assert (await states(books, request))[Kind.FAREWELL] == (Way.DOWNLOAD, "no_mail_server")
    async with books.tillit.unit() as work:
        for _ in range(2):
            letter = await desk.opened(work.unit, SYSTEM, request, Kind.FAREWELL)
            assert letter.to == "Åsa Öberg-1"
    books.clock.at += timedelta(days=29)
    assert await letters_out.drop_farewells(books.tillit) == 0
    books.clock.at += timedelta(days=2)
    assert await letters_out.drop_farewells(books.tillit) == 1
    assert (await states(books, request))[Kind.FAREWELL] == (Way.GIVEN_UP, posting.RAN_OUT)
    assert await books.query("SELECT id FROM outgoing WHERE sealed IS NOT NULL") == []


async def test_a_letter_on_its_way_to_somebody_who_is_erased_is_not_sent(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    post.data += ["451 Not now"] * 2
    first = await asked(books, Right.ACCESS, anna)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        [waiting] = await outgoing.of_request(work.unit, first)
    request = await asked(books, Right.ERASURE, anna)
    await approve(books, request)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        await posting.ended(work.unit, SYSTEM, waiting, problem=None)
    books.clock.at += timedelta(hours=1)
    await worker.drain(books.tillit)
    subjects = [one["Subject"] for one in post.messages]
    assert "Dina uppgifter är raderade" in subjects
    assert await states(books, first) == {}


async def test_a_letter_that_waits_goes_to_the_address_that_the_member_has_by_then(
    books: Books, post: Told
) -> None:
    anna = await books.joins()
    post.data += ["451 Not now"]
    await asked(books, Right.ACCESS, anna)
    await worker.drain(books.tillit)
    post.envelopes.clear()
    async with books.tillit.unit() as work:
        member = await members.one(work.unit, anna)
        anew = {"email": "anna@new.example"}
        await rectify(work.unit, SYSTEM, member, anew, source="member")
    books.clock.at += timedelta(hours=1)
    await worker.drain(books.tillit)
    assert [to for _, to in post.envelopes] == [["anna@new.example"]]


async def test_an_attempt_that_two_workers_end_is_on_record_once(books: Books, post: Told) -> None:
    anna = await books.joins()
    request = await asked(books, Right.ACCESS, anna)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        [one] = await outgoing.of_request(work.unit, request)
        await posting.ended(work.unit, SYSTEM, one, problem="refused_for_now", passing=True)
        await posting.ended(work.unit, SYSTEM, one, problem=None)
    assert await states(books, request) == {Kind.ACKNOWLEDGEMENT: (Way.DONE, None)}
    assert len(await on_record(books, request, anna, "letter.sent")) == 1


async def test_a_letter_that_was_moved_to_another_member_s_row_does_not_open(
    books: Books,
) -> None:
    anna, bo = await books.joins(), await books.joins()
    hers, his = await asked(books, Right.ACCESS, anna), await asked(books, Right.ACCESS, bo)
    await worker.drain(books.tillit)
    [(sealed,)] = await books.query("SELECT sealed FROM letter WHERE request = %s", his)
    # As somebody does who has the database: the application's role may not.
    with psycopg.connect(libpq(books.tillit.url, role=None)) as owner:
        owner.execute("UPDATE letter SET sealed = %s WHERE request = %s", (sealed, hers))
    async with books.tillit.unit() as work:
        with pytest.raises(CannotOpen):
            await desk.opened(work.unit, SYSTEM, hers, Kind.ACKNOWLEDGEMENT)


async def test_what_leaves_no_word_in_a_log(
    books: Books, post: Told, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    anna = await books.joins()
    post.recipient.append("550 No such user asa1@post.example")
    request = await asked(books, Right.ACCESS, anna)
    await worker.drain(books.tillit)
    await approve(books, request)
    await worker.drain(books.tillit)
    logged = capsys.readouterr().out + capsys.readouterr().err
    ours = "".join(r.getMessage() for r in caplog.records if not r.name.startswith("mail."))
    for secret in ("asa1@post.example", "Öberg", "begäran"):
        assert secret not in logged
        assert secret not in ours
