"""Who may be used: the sets say of each member what the member's own ledger says."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.choices import Standing, Standings
from consent.eligibility import (
    Reason,
    eligibility,
    heeds_objection,
    place,
    standing_in,
    standing_reason,
)
from consent.programme.declarations import LegalBasis, Purpose
from kernel.ids import uuid7
from profiles.changes import Changes, unpack
from profiles.evaluation import PredicateCache
from profiles.shard import MemberSets

TODAY = date(2026, 3, 1)


def _purpose(basis: LegalBasis, *, marketing: bool = False) -> Purpose:
    return Purpose(
        name="p",
        legal_basis=basis,
        dpv="dpv:Marketing",
        fields=("member_number",),
        notice={"sv": "…"},
        direct_marketing=marketing,
    )


PURPOSES = [
    _purpose(LegalBasis.CONSENT),
    _purpose(LegalBasis.CONSENT, marketing=True),
    _purpose(LegalBasis.CONTRACT),
    _purpose(LegalBasis.LEGAL_OBLIGATION),
    _purpose(LegalBasis.LEGITIMATE_INTEREST),
]

standings = st.builds(
    lambda consented, ends, objected, restricted: Standings(
        {
            "p": Standing(
                consented=consented,
                until=TODAY + timedelta(days=ends) if consented and ends is not None else None,
                objected=objected,
            )
        },
        restricted=restricted,
    ),
    st.booleans(),
    st.none() | st.integers(-2, 2),
    st.booleans(),
    st.booleans(),
)


def _sets(people: list[Standings]) -> MemberSets:
    changes, members = Changes(), MemberSets()
    for ordinal, one in enumerate(people):
        changes.join(ordinal, uuid7())
        place(changes, ordinal, one, {"p", None})
    for shard, change in changes.finished():
        members.apply(shard, unpack(change))
    return members


@given(st.sampled_from(PURPOSES), st.lists(standings, min_size=1, max_size=12))
def test_the_sets_say_of_everybody_what_their_ledgers_say(
    purpose: Purpose, people: list[Standings]
) -> None:
    members = _sets(people)
    found = eligibility(purpose, members, TODAY, PredicateCache())
    reasons = [standing_reason(purpose, one, TODAY) for one in people]
    assert set(found.eligible) == {at for at, reason in enumerate(reasons) if reason is None}
    counts = {r.value: reasons.count(r) for r in Reason if r in reasons}
    assert found.held_back == counts
    assert len(found.eligible) + sum(found.held_back.values()) == len(people)


@given(st.lists(standings, min_size=1, max_size=6))
def test_one_member_s_standing_reads_back_from_the_sets(people: list[Standings]) -> None:
    members = _sets(people)
    assert [standing_in(members, "p", at) for at in range(len(people))] == people


@given(standings, standings)
def test_the_sets_follow_a_member_who_says_otherwise(before: Standings, after: Standings) -> None:
    members, changes = _sets([before]), Changes()
    place(changes, 0, after, {"p", None})
    for shard, change in changes.finished():
        members.apply(shard, unpack(change))
    assert standing_in(members, "p", 0) == after


@given(st.sampled_from(PURPOSES), standings)
def test_restriction_holds_everybody_back_from_everything(
    purpose: Purpose, standing: Standings
) -> None:
    restricted = Standings(standing.purposes, restricted=True)
    assert standing_reason(purpose, restricted, TODAY) is Reason.RESTRICTED


@pytest.mark.parametrize(("days", "reason"), [(1, None), (0, Reason.EXPIRED), (-1, Reason.EXPIRED)])
def test_a_consent_ends_at_the_beginning_of_its_last_day(days: int, reason: Reason | None) -> None:
    until = TODAY + timedelta(days=days)
    said = Standings({"p": Standing(consented=True, until=until)})
    assert standing_reason(PURPOSES[0], said, TODAY) is reason


def test_an_objection_is_heeded_where_the_law_gives_one() -> None:
    assert [heeds_objection(purpose) for purpose in PURPOSES] == [False, True, False, False, True]
    objected = Standings({"p": Standing(consented=True, objected=True)})
    reasons = [standing_reason(purpose, objected, TODAY) for purpose in PURPOSES]
    assert reasons == [None, Reason.OBJECTED, None, None, Reason.OBJECTED]


def test_an_objection_is_named_before_a_lacking_consent_and_a_restriction_before_both() -> None:
    nothing = Standings({"p": Standing(objected=True)})
    assert standing_reason(PURPOSES[1], nothing, TODAY) is Reason.OBJECTED
    assert standing_reason(PURPOSES[0], nothing, TODAY) is Reason.NO_CONSENT


def test_who_never_said_anything_is_in_no_set_and_eligible_where_nothing_need_be_said() -> None:
    changes, members = Changes(), MemberSets()
    changes.join(0, uuid7())
    for shard, change in changes.finished():
        members.apply(shard, unpack(change))
    eligible = [
        len(eligibility(purpose, members, TODAY, PredicateCache()).eligible) for purpose in PURPOSES
    ]
    assert eligible == [0, 0, 1, 1, 1]
