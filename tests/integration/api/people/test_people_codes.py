"""A member's second proof: a code to what is on file, for one session, tried five times."""

import re
from typing import Any
from uuid import UUID

import at_the_desk
import msgspec
import pytest
from at_the_browser import House, house, texting
from structlog.testing import capture_logs

from api.bootstrap import SYSTEM
from api.people import codes
from api.people.codes import Outcome, Parcel, Tried
from api.people.people import Person
from api.settings import Settings
from api.work import drain
from dsar import own
from dsar.identity_codes import Carrier
from dsar.states import Right
from profiles import enrolment, members
from profiles.errors import CannotOpen

ADDRESS, PHONE = "asa.oberg@post.example", "+46 70 174 06 05"
BOTH = frozenset(Carrier)
EMAIL = frozenset({Carrier.EMAIL})


async def asks(
    home: House, person: Person, *, carriers: frozenset[Carrier] = EMAIL, send: bool = True
) -> Outcome:
    act = await home.act(person)
    async with home.tillit.unit() as work:
        assert person.member is not None
        member = await members.one(work.unit, person.member)
        outcome = await codes.ask(
            work.unit, home.keys, act, person, member, carriers=carriers, language="en"
        )
    if send:
        await drain(home.tillit)
    return outcome


async def gives(home: House, person: Person, code: str) -> Tried:
    act = await home.act(person)
    async with home.tillit.unit() as work:
        assert person.member is not None
        member = await members.one(work.unit, person.member)
        return await codes.give(work.unit, home.keys, act, person, member, code=code)


def code_in(home: House) -> str:
    [code] = re.findall(r"\b\d{8}\b", home.mailbox.mails[-1].text)
    return str(code)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


async def signed_in(home: House, **values: Any) -> tuple[UUID, Person]:
    member = await home.member("1", **values)
    return member, await home.known(await home.signs_in(member))


async def moved(home: House, member: UUID, **values: str) -> None:
    """The member's own door changes what is on file."""
    async with home.tillit.unit() as work:
        person = await members.one(work.unit, member, lock=True)
        await enrolment.rectify(work.unit, SYSTEM, person, values, source=own.HOW)


async def test_a_code_brought_back_is_a_second_proof(home: House) -> None:
    member, person = await signed_in(home, email=ADDRESS)
    assert await asks(home, person) is Outcome.SENT
    [mail] = home.mailbox.mails
    code = code_in(home)
    assert mail.to == ADDRESS
    assert code not in mail.subject
    tried = await gives(home, person, f" {code[:4]} {code[4:]} ")
    assert tried.outcome is Outcome.PROVED
    assert tried.token is not None
    now = await home.known(tried.token)
    assert now.proved_lately(home.clock.at)
    assert (now.member, now.settled) == (member, True)
    [asked] = await home.entries("second_proof.asked")
    assert asked["facts"] == {"session": person.short, "identifier": "email", "outcome": "sent"}
    assert asked["subject"] == asked["actor"]["id"]


async def test_a_code_is_used_once(home: House) -> None:
    _, person = await signed_in(home, email=ADDRESS)
    await asks(home, person)
    code = code_in(home)
    token = (await gives(home, person, code)).token
    assert token is not None
    assert (await gives(home, await home.known(token), code)).outcome is Outcome.EXPIRED


async def test_a_code_is_of_the_session_that_asked_for_it(home: House) -> None:
    member, person = await signed_in(home, email=ADDRESS)
    thief = await home.known(await home.signs_in(member))
    await asks(home, person)
    assert (await gives(home, thief, code_in(home))).outcome is Outcome.EXPIRED
    home.as_owner("UPDATE second_code SET session = %s", thief.session)
    with pytest.raises(CannotOpen):
        await gives(home, thief, code_in(home))


async def test_five_wrong_tries_end_a_code_and_a_new_one_may_be_asked_for(home: House) -> None:
    _, person = await signed_in(home, email=ADDRESS)
    await asks(home, person)
    code = code_in(home)
    for _ in range(5):
        assert (await gives(home, person, wrong(code))).outcome is Outcome.WRONG
    assert (await gives(home, person, code)).outcome is Outcome.LIMITED
    await asks(home, person)
    assert (await gives(home, person, code)).outcome is Outcome.WRONG
    assert (await gives(home, person, code_in(home))).outcome is Outcome.PROVED
    assert await home.outcomes("second_proof.failed") == {"wrong": 6, "limited": 1}


@pytest.mark.parametrize(("seconds", "came"), [(599, Outcome.PROVED), (600, Outcome.EXPIRED)])
async def test_a_code_holds_for_ten_minutes(home: House, seconds: int, came: Outcome) -> None:
    _, person = await signed_in(home, email=ADDRESS)
    await asks(home, person)
    home.later(seconds=seconds)
    assert (await gives(home, person, code_in(home))).outcome is came


async def test_the_newest_code_ends_the_one_before(home: House) -> None:
    _, person = await signed_in(home, email=ADDRESS)
    await asks(home, person)
    first = code_in(home)
    await asks(home, person)
    assert first != code_in(home)
    assert (await gives(home, person, first)).outcome is Outcome.WRONG
    assert (await gives(home, person, code_in(home))).outcome is Outcome.PROVED


async def test_codes_are_limited_in_a_session_and_to_a_member(home: House) -> None:
    member, person = await signed_in(home, email=ADDRESS)
    came = [await asks(home, person) for _ in range(4)]
    assert came == [*[Outcome.SENT] * 3, Outcome.LIMITED]
    for _ in range(4):
        other = await home.known(await home.signs_in(member))
        came.append(await asks(home, other))
    assert came.count(Outcome.SENT) == 5
    assert len(home.mailbox.mails) == 5
    while home.clock.at.day == 2:
        home.later(hours=1)
        other = await home.known(await home.signs_in(member))
        came.append(await asks(home, other))
    assert came.count(Outcome.SENT) == 10


async def test_a_code_goes_to_the_telephone_where_text_messages_are_sent(
    settings: Settings,
) -> None:
    async with house(texting(settings)) as home:
        _, person = await signed_in(home, email=ADDRESS, phone=PHONE)
        assert codes.carriers_of(home.tillit) == BOTH
        assert await asks(home, person, carriers=BOTH, send=False) is Outcome.SENT
        [(id, sealed)] = await home.rows("SELECT id, sealed FROM sign_in_post")
        plain = home.keys.open("sign_in_post", id, "code:member", sealed)
        parcel = msgspec.msgpack.decode(plain, type=Parcel)
        assert (parcel.carrier, parcel.message.to) == (Carrier.SMS, PHONE)
        assert PHONE not in repr(parcel)
        await drain(home.tillit)  # nothing listens there: it stays, and is tried again
        [(state, problem)] = await home.rows("SELECT state, problem FROM sign_in_post")
        assert (state, problem is None) == ("waiting", False)
        assert home.mailbox.mails == []
        assert (await gives(home, person, parcel.message.code)).outcome is Outcome.PROVED


async def test_a_code_never_goes_to_an_address_that_was_changed_lately(home: House) -> None:
    member, person = await signed_in(home, email="old@post.example")
    await moved(home, member, email=ADDRESS)
    assert await asks(home, person) is Outcome.UNAVAILABLE
    assert home.mailbox.mails == []
    await moved(home, member, phone=PHONE)
    async with home.tillit.unit() as work:
        loaded = await members.one(work.unit, member)
        assert codes.way(work.unit, loaded, carriers=BOTH) is None
    home.later(days=15)
    person = await home.known(await home.signs_in(member))
    assert await asks(home, person) is Outcome.SENT


async def test_where_only_the_e_mail_address_was_changed_the_telephone_proves(
    home: House,
) -> None:
    member = await home.member("1", email="old@post.example", phone=PHONE)
    await moved(home, member, email=ADDRESS)
    async with home.tillit.unit() as work:
        found = codes.way(work.unit, await members.one(work.unit, member), carriers=BOTH)
        assert found is not None
        assert (found.carrier, found.identifier, found.to) == (Carrier.SMS, "phone", "…05")
        assert codes.way(work.unit, await members.one(work.unit, member), carriers=EMAIL) is None


async def test_a_code_to_an_address_that_is_changed_afterwards_proves_nothing(
    home: House,
) -> None:
    member, person = await signed_in(home, email=ADDRESS)
    await asks(home, person)
    async with home.tillit.unit() as work:
        loaded = await members.one(work.unit, member, lock=True)
        changed = {"email": "new@post.example"}
        await enrolment.rectify(work.unit, SYSTEM, loaded, changed, source="till")
    assert (await gives(home, person, code_in(home))).outcome is Outcome.EXPIRED


async def test_a_member_without_an_address_cannot_have_a_code(home: House) -> None:
    _, person = await signed_in(home)
    assert await asks(home, person, carriers=BOTH) is Outcome.UNAVAILABLE
    assert (await gives(home, person, "00000000")).outcome is Outcome.EXPIRED


async def test_no_code_rests_anywhere_but_sealed(home: House) -> None:
    with capture_logs() as logs:
        _, person = await signed_in(home, email=ADDRESS)
        await asks(home, person, send=False)
        before = await home.everything_kept()
        await drain(home.tillit)
        code = code_in(home)
        await gives(home, person, wrong(code))
        after = await home.everything_kept()
        await gives(home, person, code)
        kept = await home.everything_kept()
    for where in (before, after, kept, str(logs)):
        assert code not in where
        assert ADDRESS not in where


async def test_an_erased_members_code_is_gone_and_the_message_with_it(home: House) -> None:
    member, person = await signed_in(home, email=ADDRESS)
    await asks(home, person, send=False)
    async with home.tillit.unit() as work:
        await at_the_desk.approved(work, Right.ERASURE, member)
    home.tillit.mail = None
    await drain(home.tillit)
    for table in ("second_code", "sign_in_post"):
        assert await home.rows(f"SELECT 1 FROM {table}") == [], table


async def test_a_rotation_of_epochs_leaves_a_code(home: House) -> None:
    _, person = await signed_in(home, email=ADDRESS)
    await asks(home, person, send=False)
    await home.tillit.rotate(SYSTEM)
    await drain(home.tillit)
    assert (await gives(home, person, code_in(home))).outcome is Outcome.PROVED
