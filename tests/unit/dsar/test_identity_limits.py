"""How often somebody may try, against a naive count of every window."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from dsar.identity_codes import DIGITS
from dsar.identity_limits import (
    ATTEMPTS,
    CARDS,
    DAILY,
    DAY,
    HOUR,
    HOURLY,
    SAME,
    Sent,
    may_send,
    may_show,
)

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Close to the edges of the windows, where a mistake would hide.
steps = st.sampled_from([0, 1, 60, 600, 3_599, 3_600, 3_601, 7_200, 43_200, 86_399, 86_400, 86_401])
codes = st.lists(
    st.tuples(steps, st.sampled_from([1, 2, 3]), st.sampled_from(["email", "phone"])), max_size=60
)


@given(codes)
def test_no_window_ever_holds_more_codes_than_it_may_and_none_is_refused_for_nothing(
    wanted: list[tuple[int, int, str]],
) -> None:
    now, sent = START, list[Sent]()
    for after, request, identifier in wanted:
        now += timedelta(seconds=after)
        one = Sent(now, UUID(int=request), identifier)
        full = _too_many([*sent, one])
        assert may_send(sent, one) is not full
        if not full:
            sent.append(one)


@given(st.lists(steps, max_size=40))
def test_a_card_is_tried_five_times_in_any_day(wanted: list[int]) -> None:
    now, shown = START, list[datetime]()
    for after in wanted:
        now += timedelta(seconds=after)
        window = [at for at in shown if now - at < DAY]
        assert may_show(shown, now) is (len(window) + 1 <= CARDS)
        if may_show(shown, now):
            shown.append(now)


def _too_many(sent: list[Sent]) -> bool:
    """Counted at the newest, window by window."""
    now = sent[-1].at
    hour = [one for one in sent if now - one.at < HOUR]
    day = [one for one in sent if now - one.at < DAY]
    alike = [
        one
        for one in hour
        if (one.request, one.identifier) == (sent[-1].request, sent[-1].identifier)
    ]
    return len(alike) > SAME or len(hour) > HOURLY or len(day) > DAILY


def test_all_guesses_of_a_day_together_are_one_chance_in_two_million() -> None:

    assert 10**DIGITS // (DAILY * ATTEMPTS) == 2_000_000


def _about(one: Sent) -> tuple[UUID, str]:
    return one.request, one.identifier
