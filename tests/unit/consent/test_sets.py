"""The sets hold what the ledger comes to, and nothing else, however it came about."""

from hypothesis import given
from hypothesis import strategies as st
from made_up_footings import Person, crowds, footings, people, put, sets_of
from made_up_ledgers import TODAY, applied, choice

from consent.choices import Action, State
from consent.footing import Footing
from consent.sets import PAUSED_UNTIL, day_of, no_set, place, standings_in, terms_set
from consent.standings import Standing, Standings
from profiles.changes import Changes
from profiles.shard import MemberSets


def _counts(footing: Footing, standing: Standing) -> tuple[object, ...]:
    """As much of a standing as an answer hangs on: how a consent came about is not in the sets."""
    kept = (State.UNPROVEN, State.REQUESTED, State.EXPIRED)
    state = State.GIVEN if standing.consented else standing.state
    known = standing.terms if standing.consented and standing.terms in footing.accepted else None
    return (
        state if standing.consented or state in kept else State.UNKNOWN,
        standing.until if standing.consented else None,
        known,
        standing.consented and standing.guardian is not None,
        standing.objected,
        standing.lifted,
        standing.said_no,
    )


def _overall(standings: Standings) -> tuple[object, ...]:
    ends = standings.paused_until if standings.paused else None
    return standings.restricted, standings.marketing_objected, standings.paused, ends


@given(footings(), crowds)
def test_one_member_s_standings_read_back_from_the_sets(
    footing: Footing, crowd: list[Person]
) -> None:
    members = sets_of(crowd)
    for ordinal, one in enumerate(crowd):
        read, standings = standings_in(members, footing, ordinal), one.standings
        assert _counts(footing, read.of("p")) == _counts(footing, standings.of("p"))
        assert _overall(read) == _overall(standings)
        for silencer in footing.silencers:
            assert read.objects_to(
                silencer.purpose, marketing=silencer.marketing
            ) == standings.objects_to(silencer.purpose, marketing=silencer.marketing)


@given(st.lists(people, min_size=1, max_size=4))
def test_the_sets_of_who_spoke_often_are_those_of_who_said_it_all_at_once(
    crowd: list[Person],
) -> None:
    """Line by line, as a ledger grows, in the order in which it was written and not in time."""
    members = MemberSets()
    for ordinal, one in enumerate(crowd):
        for lines in range(1, len(one.ledger) + 1):
            changes = Changes()
            put(changes, ordinal, Person(one.ledger[:lines], one.born))
            applied(members, changes)
        changes = Changes()
        put(changes, ordinal, one)
        applied(members, changes)
    at_once = sets_of(crowd)
    names = members.sets.keys() | at_once.sets.keys()
    stale = ("~everyone", PAUSED_UNTIL)  # a day is read only of who is paused, which is compared
    assert {n for n in names if members.get(n) != at_once.get(n) and not n.startswith(stale)} == (
        set()
    )


def test_where_nothing_was_said_nothing_is_placed() -> None:
    changes = Changes()
    place(changes, 0, Standings(), [])
    assert list(changes.finished()) == []


def test_a_consent_leaves_its_old_terms_and_its_old_day() -> None:
    first = choice(Action.GIVEN, 0, terms=b"terms-01", until=TODAY)
    then = choice(Action.RENEWED, 1, terms=b"terms-02")
    members = sets_of([Person([first, then], None)])
    assert 0 not in members.get(terms_set("p", b"terms-01"))
    assert 0 in members.get(terms_set("p", b"terms-02"))
    assert day_of(members, "consent_until:p", 0) is None


def test_a_no_is_kept_for_a_purpose_that_will_ask_nobody() -> None:
    said = [choice(Action.WITHDRAWN, 0), choice(Action.UNPROVEN, 1)]
    assert 0 in sets_of([Person(said, None)]).get(no_set("p"))
