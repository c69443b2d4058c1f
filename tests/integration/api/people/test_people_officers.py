"""Officers: accounts, and a second factor without which nothing opens."""

import asyncio
import base64
from dataclasses import replace
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from at_the_browser import ROLE, House
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from api.bootstrap import SYSTEM, opened
from api.people import officers, totp
from api.people.codes import Outcome, Tried
from api.people.errors import OfficerExists, UnfitOfficer, UnknownOfficer
from api.people.people import Person
from api.people.totp import Enrolled, Enrolment
from api.settings import Settings
from profiles.errors import CannotOpen

ADDRESS = "officer.seven@club.example"
CLUB = "Fjällklubben AB"


def shown(secret: str, at: datetime, *, steps: int = 0) -> str:
    """What an authenticator app shows, so many steps of 30 s from then."""
    app = TOTP(base64.b32decode(secret), 6, SHA1(), 30)  # noqa: S303
    return app.generate(int(at.timestamp()) + 30 * steps).decode()


async def enrols(home: House, person: Person) -> Enrolment | None:
    async with home.tillit.unit() as work:
        return await totp.enrol(work.unit, home.keys, person, issuer=CLUB)


async def confirms(home: House, person: Person, code: str) -> Enrolled:
    act = await home.act(person)
    async with home.tillit.unit() as work:
        return await totp.confirm(work.unit, home.keys, act, person, code=code)


async def gives(home: House, person: Person, code: str) -> Tried:
    act = await home.act(person)
    async with home.tillit.unit() as work:
        return await totp.give(work.unit, home.keys, act, person, code=code)


async def at_the_door(home: House) -> Person:
    """An officer who came by a link."""
    [(account,)] = await home.rows("SELECT id FROM officer_account")
    return await home.known(await home.officer_signs_in(account))


async def enrolled(home: House) -> tuple[str, tuple[str, ...]]:
    """An officer with a second factor: its secret, and their recovery codes. Two minutes pass."""
    await home.officer("officer-7", ADDRESS)
    person = await at_the_door(home)
    found = await enrols(home, person)
    assert found is not None
    done = await confirms(home, person, shown(found.secret, home.clock.at))
    assert done.token is not None
    home.later(minutes=2)
    return found.secret, done.recovery


async def test_the_first_sign_in_sets_up_the_second_factor(home: House) -> None:
    await home.officer("officer-7", ADDRESS)
    person = await at_the_door(home)
    found = await enrols(home, person)
    assert found is not None
    assert await enrols(home, person) == found  # looked at again
    assert found.uri.startswith("otpauth://totp/")
    assert found.secret in found.uri
    assert "issuer=Fj%C3%A4llklubben%20AB" in found.uri
    done = await confirms(home, person, shown(found.secret, home.clock.at))
    assert done.outcome is Outcome.PROVED
    assert done.token is not None
    assert (await home.known(done.token)).is_in
    assert len(set(done.recovery)) == 10
    assert await enrols(home, await home.known(done.token)) is None
    [entry] = await home.entries("officer.second_factor_set")
    assert entry["facts"] == {"officer": "officer-7"}
    assert entry["actor"] == {"type": "officer", "id": "officer-7"}


async def test_the_picture_is_an_svg_without_style(home: House) -> None:
    await home.officer("officer-7", ADDRESS)
    found = await enrols(home, await at_the_door(home))
    assert found is not None
    root = ElementTree.fromstring(found.svg)  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "viewBox" in root.attrib
    assert "style" not in found.svg
    assert "<script" not in found.svg


async def test_a_secret_that_another_session_was_shown_is_not_set_up(home: House) -> None:
    """Who reads an officer's mail once must not know the secret that the officer sets up."""
    await home.officer("officer-7", ADDRESS)
    thief, person = await at_the_door(home), await at_the_door(home)
    theirs, own = await enrols(home, thief), await enrols(home, person)
    assert theirs is not None
    assert own is not None
    assert theirs.secret != own.secret
    code = shown(theirs.secret, home.clock.at)
    assert (await confirms(home, person, code)).outcome is Outcome.WRONG
    done = await confirms(home, person, shown(own.secret, home.clock.at))
    assert done.outcome is Outcome.PROVED
    assert (await confirms(home, thief, code)).outcome is Outcome.EXPIRED


async def test_afterwards_link_and_code_sign_an_officer_in(home: House) -> None:
    secret, _ = await enrolled(home)
    person = await at_the_door(home)
    assert not person.is_in
    tried = await gives(home, person, shown(secret, home.clock.at))
    assert tried.token is not None
    assert (await home.known(tried.token)).is_in
    given = await home.entries("second_proof.given")
    assert [one["facts"]["how"] for one in given] == ["totp", "totp"]
    assert given[-1]["subject"] is None


async def test_a_code_is_used_once_and_none_from_before_it(home: House) -> None:
    secret, _ = await enrolled(home)
    code, before = (shown(secret, home.clock.at, steps=steps) for steps in (0, -1))
    person = await at_the_door(home)
    assert (await gives(home, person, code)).outcome is Outcome.PROVED
    person = await at_the_door(home)
    assert (await gives(home, person, code)).outcome is Outcome.WRONG
    assert (await gives(home, person, before)).outcome is Outcome.WRONG
    home.later(seconds=30)
    after = shown(secret, home.clock.at)
    assert (await gives(home, person, after)).outcome is Outcome.PROVED


async def test_the_code_that_set_it_up_signs_nobody_in_again(home: House) -> None:
    await home.officer("officer-7", ADDRESS)
    person = await at_the_door(home)
    found = await enrols(home, person)
    assert found is not None
    code = shown(found.secret, home.clock.at)
    await confirms(home, person, code)
    assert (await gives(home, await at_the_door(home), code)).outcome is Outcome.WRONG


@pytest.mark.parametrize("steps", range(-3, 4))
async def test_a_telephones_clock_may_be_one_step_off(home: House, steps: int) -> None:
    secret, _ = await enrolled(home)
    person = await at_the_door(home)
    code = shown(secret, home.clock.at, steps=steps)
    expected = Outcome.PROVED if abs(steps) <= 1 else Outcome.WRONG
    assert (await gives(home, person, code)).outcome is expected


async def test_ten_wrong_codes_shut_the_second_factor_for_an_hour(home: House) -> None:
    secret, recovery = await enrolled(home)
    person = await at_the_door(home)
    for number in range(10):
        wrong = f"{(int(shown(secret, home.clock.at)) + 7 + number) % 10**6:06}"
        assert (await gives(home, person, wrong)).outcome is Outcome.WRONG
    for code in (shown(secret, home.clock.at), recovery[0]):
        assert (await gives(home, person, code)).outcome is Outcome.LIMITED
    other = await at_the_door(home)  # signing in anew is no way around it
    assert (await gives(home, other, shown(secret, home.clock.at))).outcome is Outcome.LIMITED
    home.later(hours=1)
    other = await at_the_door(home)
    assert (await gives(home, other, shown(secret, home.clock.at))).outcome is Outcome.PROVED
    assert await home.outcomes("second_proof.failed") == {"wrong": 10, "limited": 3}


async def test_a_recovery_code_is_used_once(home: House) -> None:
    _, recovery = await enrolled(home)
    person = await at_the_door(home)
    tried = await gives(home, person, recovery[3].upper().replace("-", " "))
    assert tried.outcome is Outcome.PROVED
    assert tried.token is not None
    async with home.tillit.unit() as work:
        assert await totp.recovery_left(work.unit, person) == 9
    again = await gives(home, await at_the_door(home), recovery[3])
    assert again.outcome is Outcome.WRONG


@pytest.mark.parametrize("code", ["", "12345", "1234567", "٣٣٣٣٣٣", "a" * 5000, "------"])
async def test_what_is_no_code_is_wrong(home: House, code: str) -> None:
    await enrolled(home)
    assert (await gives(home, await at_the_door(home), code)).outcome is Outcome.WRONG


async def test_secrets_and_codes_rest_sealed_or_as_digests(home: House) -> None:
    secret, recovery = await enrolled(home)
    await gives(home, await at_the_door(home), shown(secret, home.clock.at))
    kept = await home.everything_kept()
    plain = base64.b32decode(secret).decode("latin-1")
    for told in (secret, plain, ADDRESS, *recovery, *(one.replace("-", "") for one in recovery)):
        assert told not in kept


async def test_a_secret_moved_to_another_account_does_not_open(home: House) -> None:
    secret, _ = await enrolled(home)
    victim = await home.officer("officer-8", "eight@club.example")
    home.as_owner(
        "UPDATE officer_account SET (secret, last_step, enrolled_at) = (SELECT secret, last_step, "
        "enrolled_at FROM officer_account WHERE name = 'officer-7') WHERE name = 'officer-8'"
    )
    person = await home.known(await home.officer_signs_in(victim))
    with pytest.raises(CannotOpen):
        await gives(home, person, shown(secret, home.clock.at))


async def test_a_removed_officer_is_out_at_once(home: House) -> None:
    secret, _ = await enrolled(home)
    person = await at_the_door(home)
    tried = await gives(home, person, shown(secret, home.clock.at))
    assert tried.token is not None
    async with home.tillit.unit() as work:
        assert await officers.remove(work.unit, SYSTEM, "officer-7") == 2
    assert await home.who(tried.token) is None
    for table in ("officer_account", "officer_recovery", "person_session"):
        assert await home.rows(f"SELECT 1 FROM {table}") == [], table
    [removed] = await home.entries("officer.removed")
    assert removed["facts"] == {"officer": "officer-7", "sessions": 2}


async def test_a_reset_ends_sessions_and_has_another_factor_set_up(home: House) -> None:
    secret, recovery = await enrolled(home)
    async with home.tillit.unit() as work:
        await officers.reset(work.unit, SYSTEM, "officer-7")
    person = await at_the_door(home)
    for code in (shown(secret, home.clock.at), recovery[0]):
        assert (await gives(home, person, code)).outcome is Outcome.EXPIRED
    found = await enrols(home, person)
    assert found is not None
    assert found.secret != secret
    [entry] = await home.entries("officer.second_factor_removed")
    assert entry["facts"] == {"officer": "officer-7", "sessions": 1}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "Anna Berg"}, UnfitOfficer),
        ({"name": ""}, UnfitOfficer),
        ({"address": "no address"}, UnfitOfficer),
        ({"role": "privacy_oficer"}, UnfitOfficer),
        ({"address": "another@club.example"}, OfficerExists),
        ({"name": "officer-8"}, OfficerExists),
        ({"name": "officer-8", "address": ADDRESS.upper()}, OfficerExists),
    ],
)
async def test_an_account_that_cannot_be_is_not_made(
    home: House, change: dict[str, str], error: type[Exception]
) -> None:
    await home.officer("officer-7", ADDRESS)
    how: dict[str, Any] = {"name": "officer-7", "address": ADDRESS, "role": ROLE} | change
    with pytest.raises(error) as told:
        await home.officer(**how)
    assert "@" not in str(told.value).replace("name@example.com", "")
    assert len(await home.entries("officer.added")) == 1


async def test_who_is_no_officer_is_neither_removed_nor_reset(home: House) -> None:
    for step in (officers.remove, officers.reset):
        async with home.tillit.unit() as work:
            with pytest.raises(UnknownOfficer, match="officer list"):
                await step(work.unit, SYSTEM, "officer-9")


async def test_an_altered_account_is_listed_as_one_and_found_by_no_address(home: House) -> None:
    await home.officer("officer-7", ADDRESS, role="support")
    home.as_owner(f"UPDATE officer_account SET role = '{ROLE}'")
    async with home.tillit.unit() as work:
        [one] = await officers.listed(work.unit, work.active, home.keys)
        assert (one.name, one.address, one.may_sign_in) == ("officer-7", None, False)
        assert await officers.by_address(work.unit, home.keys, ADDRESS) is None


async def _at_once(home: House, settings: Settings, code: str, *, times: int) -> list[Outcome]:
    """The same code in as many sessions, in two processes, at the same time."""
    people = [await at_the_door(home) for _ in range(times)]
    async with opened(settings, clock=home.clock) as other:
        houses = [home, replace(home, tillit=other)]
        tried = await asyncio.gather(
            *(gives(houses[number % 2], one, code) for number, one in enumerate(people))
        )
    return [one.outcome for one in tried]


async def test_a_code_given_in_two_processes_at_once_is_used_once(
    home: House, settings: Settings
) -> None:
    secret, recovery = await enrolled(home)
    for code in (shown(secret, home.clock.at), recovery[0]):
        outcomes = await _at_once(home, settings, code, times=4)
        assert outcomes.count(Outcome.PROVED) == 1
        assert outcomes.count(Outcome.WRONG) == 3
    again = await _at_once(home, settings, shown(secret, home.clock.at), times=2)
    assert set(again) == {Outcome.WRONG}


async def test_guesses_in_two_processes_at_once_share_one_limit(
    home: House, settings: Settings
) -> None:
    secret, _ = await enrolled(home)
    wrong = f"{(int(shown(secret, home.clock.at)) + 7) % 10**6:06}"
    outcomes = await _at_once(home, settings, wrong, times=14)
    assert (outcomes.count(Outcome.WRONG), outcomes.count(Outcome.LIMITED)) == (10, 4)
    right = await _at_once(home, settings, shown(secret, home.clock.at), times=1)
    assert right == [Outcome.LIMITED]
