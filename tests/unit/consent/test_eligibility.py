"""Who may be used: sets, ledgers and single members say the same of everybody."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_footings import (
    AGE,
    BIRTH,
    Person,
    born_for,
    crowds,
    footings,
    people,
    purpose,
    put,
    sets_of,
)
from made_up_ledgers import TERMS, TODAY, applied

from consent.choices import State
from consent.eligibility import Eligibles, Reason, eligibility, reason_of
from consent.footing import Footing, Silencer, heeds_objection
from consent.programme.declarations import LegalBasis
from consent.sets import day_of, standings_in
from consent.standings import Standing, Standings
from kernel.ids import uuid7
from profiles.changes import Changes

PURPOSES = [
    purpose(LegalBasis.CONSENT),
    purpose(LegalBasis.CONSENT, marketing=True),
    purpose(LegalBasis.CONTRACT),
    purpose(LegalBasis.LEGAL_OBLIGATION),
    purpose(LegalBasis.LEGITIMATE_INTEREST),
]
AGREED = Standing(state=State.GIVEN, terms=TERMS[0])


def _footing(number: int = 0, **said: object) -> Footing:
    made = PURPOSES[number]
    own = (Silencer("p", made.direct_marketing),) if heeds_objection(made) else ()
    kept = {"accepted": frozenset(TERMS[:1]), "silencers": own}
    return Footing(purpose=made, **{**kept, **said})  # type: ignore[arg-type]


def _reason(
    standing: Standing, footing: Footing | None = None, born: date | None = None, **overall: object
) -> Reason | None:
    standings = Standings({"p": standing}, **overall)  # type: ignore[arg-type]
    return reason_of(footing or _footing(), standings, TODAY, born=born)


days = st.integers(-3, 3).map(lambda ahead: TODAY + timedelta(days=ahead))


@settings(max_examples=400, deadline=None)
@given(footings(), crowds, days)
def test_the_sets_say_of_everybody_what_their_ledgers_say(
    footing: Footing, crowd: list[Person], today: date
) -> None:
    members = sets_of(crowd)
    found = eligibility(footing, members, today)
    reasons = [
        reason_of(footing, one.standings, today, born=born_for(footing, one)) for one in crowd
    ]
    assert [found.reason(at) for at in range(len(crowd))] == reasons
    assert set(found.eligible) == {at for at, reason in enumerate(reasons) if reason is None}
    assert found.held_back == {r.value: reasons.count(r) for r in Reason if r in reasons}
    for at, reason in enumerate(reasons):
        read, born = standings_in(members, footing, at), None
        if footing.birth_field:
            born = day_of(members, footing.birth_field, at)
        assert reason_of(footing, read, today, born=born) is reason


@given(footings(), st.lists(st.tuples(people, st.integers(0, 3), days), max_size=8), st.data())
def test_what_was_worked_out_before_is_never_given_when_it_no_longer_holds(
    footing: Footing, changes: list[tuple[Person, int, date]], data: st.DataObject
) -> None:
    members, kept = sets_of([Person([], None)] * 4), Eligibles()
    others = data.draw(st.lists(footings(), min_size=1, max_size=2))
    for one, ordinal, today in changes:
        change = Changes()
        put(change, ordinal, one)
        if data.draw(st.integers(0, 5)) == 0:
            change.join(len(members.everyone), uuid7())
        applied(members, change)
        asked = data.draw(st.sampled_from([footing, footing, *others]))
        fresh = eligibility(asked, members, today)
        assert kept.of(asked, members, today) == fresh
        assert kept.of(asked, members, today) is kept.of(asked, members, today)


@given(footings(), people)
def test_restriction_holds_everybody_back_from_everything(footing: Footing, one: Person) -> None:
    restricted = Standings(one.standings.purposes, restricted=True)
    assert reason_of(footing, restricted, TODAY, born=one.born) is Reason.RESTRICTED


@pytest.mark.parametrize(("days", "reason"), [(1, None), (0, Reason.EXPIRED), (-1, Reason.EXPIRED)])
def test_a_consent_ends_at_the_beginning_of_its_last_day(days: int, reason: Reason | None) -> None:
    until = TODAY + timedelta(days=days)
    assert _reason(Standing(state=State.GIVEN, terms=TERMS[0], until=until)) is reason


@pytest.mark.parametrize(("days", "reason"), [(1, Reason.PAUSED), (0, None), (-1, None)])
def test_a_pause_is_over_on_its_last_day(days: int, reason: Reason | None) -> None:
    until = TODAY + timedelta(days=days)
    assert _reason(AGREED, paused=True, paused_until=until) is reason
    assert _reason(AGREED, paused=True) is Reason.PAUSED


def test_a_pause_is_of_what_there_is_a_choice_about() -> None:
    reasons = [_reason(AGREED, _footing(at), paused=True) for at in range(len(PURPOSES))]
    assert reasons == [Reason.PAUSED, Reason.PAUSED, None, None, Reason.PAUSED]


def test_an_objection_is_heeded_where_the_law_gives_one() -> None:
    assert [heeds_objection(one) for one in PURPOSES] == [False, True, False, False, True]
    objected = Standing(state=State.GIVEN, terms=TERMS[0], objected=True)
    reasons = [_reason(objected, _footing(at)) for at in range(len(PURPOSES))]
    assert reasons == [None, Reason.OBJECTED, None, None, Reason.OBJECTED]


def test_an_objection_to_all_marketing_silences_the_profiling_for_it() -> None:
    profiling = _footing(2, silencers=(Silencer("q", True),))
    assert _reason(Standing(), profiling, marketing_objected=True) is Reason.OBJECTED
    assert _reason(Standing(), _footing(2), marketing_objected=True) is None
    spared = Standings({"q": Standing(lifted=True)}, marketing_objected=True)
    assert reason_of(profiling, spared, TODAY, born=None) is None


def test_who_refused_when_asked_is_not_used_under_an_interest_of_our_own() -> None:
    said_no = Standing(state=State.WITHDRAWN, said_no=True)
    reasons = [_reason(said_no, _footing(at)) for at in range(len(PURPOSES))]
    no_consent = Reason.NO_CONSENT
    assert reasons == [no_consent, no_consent, None, None, Reason.OBJECTED]


def test_the_first_reason_that_applies_is_named() -> None:
    """Reason by reason: what comes before it in the list hides it, and nothing after it does."""
    until, marketing = TODAY, _footing(1, birth_field=BIRTH, age_of_consent=AGE)
    child = date(TODAY.year - AGE, TODAY.month, TODAY.day + 1)
    worst = Standing(state=State.GIVEN, until=until, objected=True)
    assert _reason(worst, marketing, child, restricted=True, paused=True) is Reason.RESTRICTED
    assert _reason(worst, marketing, child, paused=True) is Reason.OBJECTED
    assert _reason(Standing(state=State.GIVEN, until=until), marketing, child, paused=True) is (
        Reason.PAUSED
    )
    assert _reason(Standing(state=State.GIVEN, until=until), marketing, child) is Reason.EXPIRED
    assert _reason(Standing(state=State.GIVEN), marketing, child) is Reason.ASK_AGAIN
    assert _reason(AGREED, marketing, child) is Reason.GUARDIAN_NEEDED


WAITING = {
    State.UNKNOWN: Reason.NO_CONSENT,
    State.REFUSED: Reason.NO_CONSENT,
    State.WITHDRAWN: Reason.NO_CONSENT,
    State.INVALIDATED: Reason.NO_CONSENT,
    State.UNPROVEN: Reason.UNPROVEN,
    State.REQUESTED: Reason.UNCONFIRMED,
    State.EXPIRED: Reason.EXPIRED,
    State.GIVEN: None,
    State.RENEWED: None,
}


@pytest.mark.parametrize("state", State)
def test_only_a_given_consent_counts(state: State) -> None:
    assert _reason(Standing(state=state, terms=TERMS[0])) is WAITING[state]


def test_a_consent_to_other_terms_is_to_be_asked_for_again() -> None:
    assert _reason(Standing(state=State.GIVEN, terms=TERMS[1])) is Reason.ASK_AGAIN
    assert _reason(Standing(state=State.GIVEN)) is Reason.ASK_AGAIN


GUARDED = Standing(state=State.GIVEN, terms=TERMS[0], guardian=UUID(int=7))
TODAY_16 = date(2010, 3, 1)
AGES = [
    (AGREED, TODAY_16, None),
    (AGREED, TODAY_16 + timedelta(days=1), Reason.GUARDIAN_NEEDED),
    (GUARDED, TODAY_16 + timedelta(days=1), None),
    (GUARDED, TODAY_16, Reason.COME_OF_AGE),
    (AGREED, None, None),
    (GUARDED, None, Reason.COME_OF_AGE),
]


@pytest.mark.parametrize(("standing", "born", "reason"), AGES)
def test_a_child_needs_a_guardian_s_word_and_a_grown_up_their_own(
    standing: Standing, born: date | None, reason: Reason | None
) -> None:
    footing = _footing(birth_field=BIRTH, age_of_consent=AGE)
    assert _reason(standing, footing, born) is reason


def test_where_children_join_an_unknown_age_counts_as_a_child_s() -> None:
    footing = _footing(birth_field=BIRTH, age_of_consent=AGE, children=True)
    assert _reason(AGREED, footing, None) is Reason.AGE_UNKNOWN
    assert _reason(GUARDED, footing, None) is None


def test_who_never_said_anything_is_eligible_where_nothing_need_be_said() -> None:
    members = sets_of([Person([], None)])
    eligible = [len(eligibility(_footing(at), members, TODAY).eligible) for at in range(5)]
    assert eligible == [0, 0, 1, 1, 1]


def test_who_is_no_member_has_no_reason_and_is_not_eligible() -> None:
    found = eligibility(_footing(), sets_of([Person([], None)]), TODAY)
    assert found.reason(7) is None
    assert 7 not in found.eligible
