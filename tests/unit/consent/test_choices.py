"""The words of the ledger, and how long a consent holds."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from made_up_ledgers import START, choice, choices

from consent.choices import STATES, Action, Choice, State, holds_until

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@given(choices())
def test_a_choice_reads_back_as_it_was_written(said: Choice) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(said), type=Choice) == said


def test_a_choice_shows_nothing_of_what_was_said() -> None:
    said = choice(Action.WITHDRAWN, evidence="form 7")
    assert repr(said) == str(said) == "Choice(***)"


def test_every_state_has_the_vocabulary_s_term_and_an_action_that_leads_to_it() -> None:
    assert all(state.term.startswith("dpv:") for state in State)
    assert set(STATES.values()) == set(State) - {State.UNKNOWN}
    assert State.UNPROVEN.term == State.UNKNOWN.term == "dpv:ConsentUnknown"


@pytest.mark.parametrize(
    ("given", "months", "until"),
    [
        (datetime(2026, 3, 15, 12, tzinfo=UTC), 24, date(2028, 3, 15)),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), 1, date(2026, 2, 28)),
        (datetime(2028, 1, 31, 12, tzinfo=UTC), 1, date(2028, 2, 29)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), 12, date(2029, 2, 28)),
        (datetime(2026, 12, 31, 12, tzinfo=UTC), 2, date(2027, 2, 28)),
        # 23:30 in London is the next day where the programme runs.
        (datetime(2026, 3, 14, 23, 30, tzinfo=UTC), 1, date(2026, 4, 15)),
    ],
)
def test_a_consent_holds_until_the_same_day_months_on(
    given: datetime, months: int, until: date
) -> None:
    assert holds_until(given, months, STOCKHOLM) == until


def test_without_months_a_consent_has_no_end() -> None:
    assert holds_until(START, None, STOCKHOLM) is None
