"""Which lines count at a time, and which programme: against the plainest way to tell."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from consent import history
from consent.choices import Action, By, Choice
from consent.footing import footings_of
from consent.policy import CompiledPolicy
from consent.programme import load_programme
from consent.programmes import Active
from consent.standings import fold
from kernel.ids import uuid7

EXAMPLE = Path(__file__).parents[3] / "examples" / "fjallklubben.toml"
PROGRAMME = load_programme(EXAMPLE)
POLICY, FOOTINGS = CompiledPolicy(PROGRAMME), footings_of(PROGRAMME, [])
START = datetime(2026, 3, 1, tzinfo=UTC)

hours = st.integers(0, 6).map(lambda count: START + timedelta(hours=count))


def _row(said: datetime, written: datetime, action: Action) -> tuple[UUID, Choice]:
    choice = Choice(action, "newsletter", said, By.MEMBER, 1)
    return uuid7(int(written.timestamp() * 1000)), choice


ledgers = st.lists(
    st.tuples(hours, hours, st.sampled_from([Action.GIVEN, Action.WITHDRAWN, Action.REFUSED])),
    max_size=8,
)


@given(ledgers, hours, st.none() | hours)
def test_a_line_counts_once_it_was_said_and_written_down(
    drawn: list[tuple[datetime, datetime, Action]], at: datetime, known: datetime | None
) -> None:
    counted = [
        action for said, written, action in drawn if said <= at and not (known and written > known)
    ]
    lines = dict(_row(*one) for one in drawn)
    found = history.said(lines, at=at, known=known)
    assert sorted(one.action for one in found) == sorted(counted)


@given(ledgers, hours)
def test_a_later_word_changes_nothing_about_an_earlier_moment(
    drawn: list[tuple[datetime, datetime, Action]], at: datetime
) -> None:
    lines = dict(_row(*one) for one in drawn)
    earlier = {row: one for row, one in lines.items() if one.at <= at}
    assert fold(history.said(lines, at=at)) == fold(earlier.values())


def _versions(applied: list[datetime]) -> list[Active]:
    made: list[Active] = []
    for number, at in enumerate(applied, 1):
        earlier = {one.version: one for one in made}
        made.append(Active(number, PROGRAMME, POLICY, at, FOOTINGS, earlier))
    return made


@given(st.lists(hours, min_size=1, max_size=4).map(sorted), hours)
def test_the_programme_in_force_is_the_last_that_had_been_applied(
    applied: list[datetime], at: datetime
) -> None:
    *_, active = _versions(applied)
    wanted = None
    for number, when in enumerate(applied, 1):
        if when <= at:
            wanted = number
    found = history.in_force(active, at)
    assert (found and found.version) == wanted


def test_a_notice_dates_from_the_first_version_that_had_it_and_an_unknown_one_from_none() -> None:
    *_, active = _versions([START, START, START])
    digest = PROGRAMME.purposes["newsletter"].notice_digest("nb")
    found = history.notice(active, "newsletter", digest)
    assert (found.version, found.language) == (1, "nb")
    assert found.text == PROGRAMME.purposes["newsletter"].notice["nb"]
    strange = history.notice(active, "newsletter", b"\0" * 32)
    assert (strange.version, strange.language, strange.text) == (None, None, None)
    assert history.notice(active, "no_such_purpose", digest).version is None
