"""How members may be reached: the sets say of everybody what their own words say."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_footings import Person, crowds, footings, purpose, sets_of
from made_up_ledgers import TODAY, applied, choice

from consent.choices import ALL_HOURS, OFTEN, Action
from consent.footing import Footing
from consent.programme.declarations import LegalBasis
from consent.reach import (
    COUNTED,
    Moment,
    Unreached,
    contacted_set,
    reach_in,
    unreached,
    unreached_one,
)
from consent.standings import Standings
from profiles.changes import Changes

OFFERS = Footing(purpose=purpose(LegalBasis.CONSENT))
LETTER_BY_LAW = Footing(purpose=purpose(LegalBasis.LEGAL_OBLIGATION))
CONTRACT = Footing(purpose=purpose(LegalBasis.CONTRACT))
NOON = Moment(TODAY, 12)

#: Just before, on and after the last day that counts, for every wish.
_EDGES = [days + near for days in OFTEN for near in (-1, 0, 1)]
days = st.sampled_from([-1, *_EDGES, COUNTED + 1]).map(lambda back: TODAY - timedelta(days=back))


@settings(max_examples=400, deadline=None)
@given(
    footings(),
    crowds,
    st.lists(st.sets(days, max_size=3), min_size=8, max_size=8),
    st.sampled_from(["email", "post"]),
    st.integers(0, 23),
)
def test_the_sets_say_of_everybody_what_their_own_words_say(
    footing: Footing, crowd: list[Person], contacts: list[set[date]], channel: str, hour: int
) -> None:
    members, changes, moment = sets_of(crowd), Changes(), Moment(TODAY, hour)
    for ordinal in range(len(crowd)):
        for day in contacts[ordinal]:
            changes.add(contacted_set(day), ordinal)
    applied(members, changes)
    found = unreached(footing, channel, members, moment)
    for ordinal, one in enumerate(crowd):
        own = unreached_one(footing, channel, one.standings, moment, contacted=contacts[ordinal])
        assert found.reason(ordinal) is own
        assert (ordinal in found.all) == (own is not None)
        read = reach_in(members, footing, channel, ordinal)
        assert unreached_one(footing, channel, read, moment, contacted=contacts[ordinal]) is own
    assert sum(map(len, found.those.values())) == len(found.all)


@given(crowds, st.sampled_from(["email", "post"]), st.integers(0, 23), st.sets(days, max_size=4))
def test_who_is_reached_wished_for_nothing_else(
    crowd: list[Person], channel: str, hour: int, contacted: set[date]
) -> None:
    """The three wishes told plainly, one after the other."""
    for one in crowd:
        wishes = one.standings
        reason = unreached_one(OFFERS, channel, wishes, Moment(TODAY, hour), contacted=contacted)
        if {(None, channel), ("p", channel)} & wishes.channels_off:
            assert reason is Unreached.CHANNEL_OFF
        elif channel != "post" and hour in [h for h in range(24) if wishes.quiet & 2**h]:
            assert reason is Unreached.QUIET_HOURS
        else:
            past = [(TODAY - day).days for day in contacted if day <= TODAY]
            too_often = any(ago < wishes.often for ago in past)
            assert reason is (Unreached.TOO_OFTEN if too_often else None)


@pytest.mark.parametrize("often", OFTEN)
def test_so_many_days_lie_between_two_contacts(often: int) -> None:
    wishes = Standings(often=often)
    said = [choice(Action.OFTEN, purpose=None, setting=often)]
    for ago in range(COUNTED + 2):
        contacted = [TODAY - timedelta(days=ago)]
        reason = unreached_one(OFFERS, "email", wishes, NOON, contacted=contacted)
        assert (reason is Unreached.TOO_OFTEN) == (ago < often)
        changes, members = Changes(), sets_of([Person(said, None)])
        changes.add(contacted_set(contacted[0]), 0)
        applied(members, changes)
        assert unreached(OFFERS, "email", members, NOON).reason(0) is reason


def test_a_channel_turned_off_for_everything_is_off_for_each_purpose() -> None:
    off = Standings(channels_off=frozenset({(None, "email")}))
    assert unreached_one(OFFERS, "email", off, NOON) is Unreached.CHANNEL_OFF
    assert unreached_one(OFFERS, "sms", off, NOON) is None
    other = Standings(channels_off=frozenset({("q", "email")}))
    assert unreached_one(OFFERS, "email", other, NOON) is None


def test_what_the_law_demands_is_delivered_whichever_way_it_can_be() -> None:
    deaf = Standings(channels_off=frozenset({(None, "email")}), quiet=ALL_HOURS, often=max(OFTEN))
    assert unreached_one(LETTER_BY_LAW, "email", deaf, NOON, contacted=[TODAY]) is None
    assert unreached_one(CONTRACT, "email", deaf, NOON) is Unreached.CHANNEL_OFF
    assert unreached_one(CONTRACT, "sms", deaf, NOON, contacted=[TODAY]) is None


def test_nothing_rings_at_night_in_a_letter_box() -> None:
    asleep = Standings(quiet=ALL_HOURS)
    assert unreached_one(OFFERS, "email", asleep, NOON) is Unreached.QUIET_HOURS
    assert unreached_one(OFFERS, "post", asleep, NOON) is None


def test_the_hour_is_that_of_the_programme_s_clock() -> None:
    late = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    assert Moment.of(late.astimezone(ZoneInfo("Europe/Stockholm"))) == Moment(TODAY, 0)
