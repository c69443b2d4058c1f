"""Choices that make sense: what may be said about a purpose, and about all of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from consent.choices import ALL_HOURS, OFTEN, Action, By, Choice
from consent.choosing import (
    LONGEST_EVIDENCE,
    LONGEST_HOW,
    channel,
    choose,
    confirmed,
    guardian,
    hours,
    hours_of,
    marketing,
    often,
    pause,
    restriction,
)
from consent.errors import NotAChoice
from consent.programme.declarations import Channel, LegalBasis, Purpose
from profiles.catalogue import Catalogue
from profiles.unit import Schema, Unit

NOW = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Stockholm")
# As much of a unit as choosing looks at: the time and the programme.
UNIT = Unit(
    session=cast(Any, None),
    epoch=cast(Any, None),
    record=cast(Any, None),
    schema=Schema(3, Catalogue({}, {}), ZONE, "SE"),
    now=NOW,
)


def _purpose(basis: LegalBasis = LegalBasis.CONSENT, **said: object) -> Purpose:
    kept: dict[str, object] = {
        "name": "p",
        "legal_basis": basis,
        "dpv": "dpv:Marketing",
        "fields": ("tier",),
        "notice": {"sv": "Så gör vi.", "en": "We do so."},
        "channels": (Channel.EMAIL,),
    }
    return Purpose(**{**kept, **said})  # type: ignore[arg-type]


LETTER = _purpose(valid_months=12)
TWICE = _purpose(double_opt_in=True)
INSIGHT = _purpose(LegalBasis.LEGITIMATE_INTEREST)
CLUB = _purpose(LegalBasis.CONTRACT)
BOOKS = _purpose(LegalBasis.LEGAL_OBLIGATION)


def _say(purpose: Purpose, action: Action, **said: Any) -> Choice:
    return choose(UNIT, purpose, action, **{"at": NOW, "by": By.MEMBER, "language": "sv", **said})


def test_a_consent_keeps_what_it_was_a_consent_to() -> None:
    said = _say(LETTER, Action.GIVEN, how="web", evidence="form 7")
    assert said == Choice(
        action=Action.GIVEN,
        purpose="p",
        at=NOW,
        by=By.MEMBER,
        programme=3,
        language="sv",
        notice=LETTER.notice_digest("sv"),
        until=date(2027, 3, 1),
        terms=LETTER.terms(LETTER.notice_digest("sv")),
        how="web",
        evidence="form 7",
    )


def test_a_consent_ends_by_the_programme_s_clock() -> None:
    late = replace(UNIT, now=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    said = choose(late, LETTER, Action.GIVEN, at=late.now, by=By.MEMBER, language="sv")
    assert said.until == date(2027, 3, 2)


def test_a_yes_is_to_a_text_that_was_shown() -> None:
    with pytest.raises(NotAChoice, match="one of en, sv"):
        _say(LETTER, Action.GIVEN, language=None)
    with pytest.raises(NotAChoice, match="no notice in that language"):
        _say(LETTER, Action.GIVEN, language="fi")


@pytest.mark.parametrize("by", [one for one in By if one is not By.IMPORT])
def test_a_yes_to_double_opt_in_waits_for_the_member_s_word(by: By) -> None:
    asked = _say(TWICE, Action.GIVEN, by=by)
    assert asked.action is Action.REQUESTED
    later = replace(UNIT, now=NOW + timedelta(days=2))
    answer = confirmed(later, TWICE, asked, at=later.now, evidence="mail")
    assert (answer.action, answer.at, answer.evidence) == (Action.GIVEN, later.now, "mail")
    assert (answer.terms, answer.notice, answer.by) == (asked.terms, asked.notice, by)


def test_a_confirmed_consent_holds_from_the_day_it_was_confirmed() -> None:
    purpose = _purpose(double_opt_in=True, valid_months=1)
    asked = choose(UNIT, purpose, Action.GIVEN, at=NOW, by=By.MEMBER, language="sv")
    answer = confirmed(UNIT, purpose, asked, at=NOW + timedelta(days=3), evidence="")
    assert (asked.until, answer.until) == (date(2026, 4, 1), date(2026, 4, 4))


DIGEST = LETTER.notice_digest("en")
IMPORTS = [
    (LETTER, {}, Action.UNPROVEN),
    (LETTER, {"notice": DIGEST}, Action.GIVEN),
    (TWICE, {"notice": DIGEST}, Action.UNPROVEN),
    (TWICE, {"evidence": "log 4"}, Action.UNPROVEN),
    (TWICE, {"notice": DIGEST, "evidence": "log 4"}, Action.GIVEN),
]


@pytest.mark.parametrize(("purpose", "brought", "action"), IMPORTS)
def test_a_consent_from_a_file_is_as_good_as_its_proof(
    purpose: Purpose, brought: dict[str, Any], action: Action
) -> None:
    said = _say(purpose, Action.GIVEN, by=By.IMPORT, **brought)
    assert said.action is action
    assert (said.terms is None) == (action is Action.UNPROVEN)
    assert said.notice == brought.get("notice")


@pytest.mark.parametrize("purpose", [LETTER, TWICE, INSIGHT, CLUB, BOOKS])
def test_withdrawing_always_works(purpose: Purpose) -> None:
    objects = purpose.legal_basis is LegalBasis.LEGITIMATE_INTEREST
    wanted = Action.OBJECTED if objects else Action.WITHDRAWN
    for language in ("sv", None):
        said = _say(purpose, Action.WITHDRAWN, language=language)
        assert (said.action, said.until, said.terms) == (wanted, None, None)


@pytest.mark.parametrize("purpose", [INSIGHT, CLUB, BOOKS])
@pytest.mark.parametrize("action", [Action.GIVEN, Action.UNPROVEN, Action.REFUSED])
def test_nobody_consents_where_nobody_is_asked(purpose: Purpose, action: Action) -> None:
    with pytest.raises(NotAChoice, match="does not rest on consent"):
        _say(purpose, action)


def test_an_objection_is_to_an_interest_or_to_marketing() -> None:
    marketing_letter = _purpose(direct_marketing=True)
    for purpose in (INSIGHT, marketing_letter):
        assert _say(purpose, Action.OBJECTED).action is Action.OBJECTED
    for purpose, remedy in ((LETTER, "withdraw"), (CLUB, "Art. 18"), (BOOKS, "Art. 18")):
        with pytest.raises(NotAChoice, match=remedy):
            _say(purpose, Action.OBJECTED)


def test_nothing_is_said_in_the_future() -> None:
    with pytest.raises(NotAChoice, match="future"):
        _say(LETTER, Action.WITHDRAWN, at=NOW + timedelta(microseconds=1))
    assert _say(LETTER, Action.WITHDRAWN, at=NOW - timedelta(days=900)).at < NOW


def test_what_proves_a_choice_is_referred_to_and_not_pasted_in() -> None:
    for key, most in (("how", LONGEST_HOW), ("evidence", LONGEST_EVIDENCE)):
        assert _say(LETTER, Action.GIVEN, **{key: "x" * most})
        with pytest.raises(NotAChoice, match=f"longer than {most}"):
            _say(LETTER, Action.GIVEN, **{key: "x" * (most + 1)})


def test_a_pause_ends_on_a_day_to_come_by_the_programme_s_clock() -> None:
    after_midnight = replace(UNIT, now=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    assert pause(UNIT, on=True, by=By.MEMBER, until=date(2026, 3, 2)).until == date(2026, 3, 2)
    with pytest.raises(NotAChoice, match="over already"):
        pause(after_midnight, on=True, by=By.MEMBER, until=date(2026, 3, 2))
    assert pause(UNIT, on=True, by=By.MEMBER).until is None
    resumed = pause(UNIT, on=False, by=By.MEMBER, until=date(2026, 3, 9))
    assert (resumed.action, resumed.until) == (Action.RESUMED, None)


def test_a_channel_is_one_of_the_purpose_s_or_any_for_all_of_them() -> None:
    off = channel(UNIT, LETTER, "email", on=False, by=By.MEMBER)
    assert (off.action, off.purpose, off.channel) == (Action.CHANNEL_OFF, "p", "email")
    assert channel(UNIT, None, "phone", on=True, by=By.MEMBER).purpose is None
    with pytest.raises(NotAChoice, match="email"):
        channel(UNIT, LETTER, "emial", on=False, by=By.MEMBER)
    with pytest.raises(NotAChoice):
        channel(UNIT, LETTER, "phone", on=False, by=By.MEMBER)
    with pytest.raises(NotAChoice):
        channel(UNIT, None, "pigeon", on=False, by=By.MEMBER)


def test_how_often_and_when_are_closed_lists() -> None:
    assert [often(UNIT, days, by=By.MEMBER).setting for days in OFTEN] == list(OFTEN)
    for days in (-1, 2, 365):
        with pytest.raises(NotAChoice, match="frequency"):
            often(UNIT, days, by=By.MEMBER)
    assert hours(UNIT, ALL_HOURS, by=By.MEMBER).setting == ALL_HOURS
    for quiet in (-1, ALL_HOURS + 1):
        with pytest.raises(NotAChoice, match="24 hours"):
            hours(UNIT, quiet, by=By.MEMBER)
    assert hours_of(1 | 1 << 23) == [0, 23]


def test_a_guardian_is_named_with_what_proves_it() -> None:
    who = UUID(int=5)
    with pytest.raises(NotAChoice, match="what proves it"):
        guardian(UNIT, who, named=True, by=By.OFFICER)
    named = guardian(UNIT, who, named=True, by=By.OFFICER, evidence="form 3")
    assert (named.action, named.guardian) == (Action.GUARDIAN_NAMED, who)
    assert guardian(UNIT, who, named=False, by=By.OFFICER).action is Action.GUARDIAN_REMOVED


def test_restriction_and_marketing_are_about_everything() -> None:
    said = [
        restriction(UNIT, on=True, by=By.OFFICER),
        restriction(UNIT, on=False, by=By.OFFICER),
        marketing(UNIT, objects=True, by=By.GPC),
        marketing(UNIT, objects=False, by=By.MEMBER),
    ]
    assert [one.action for one in said] == [
        Action.RESTRICTED,
        Action.RESTRICTION_LIFTED,
        Action.OBJECTED,
        Action.OBJECTION_LIFTED,
    ]
    assert {(one.purpose, one.at, one.programme) for one in said} == {(None, NOW, 3)}
