"""What a member's choices come to: the latest decides, of several at one time the no."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.choices import Action, Choice, Standing, fold, holds_until

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
RESTRICTIONS = (Action.RESTRICTED, Action.RESTRICTION_LIFTED)


def _choice(action: Action, hours: int, until: date | None = None, purpose: str = "p") -> Choice:
    named = None if action in RESTRICTIONS else purpose
    return Choice(action, named, START + timedelta(hours=hours), "member", 1, until=until)


ledgers = st.lists(
    st.builds(
        lambda action, hours, days, purpose: _choice(
            action,
            hours,
            START.date() + timedelta(days=days) if action is Action.GIVEN and days else None,
            purpose,
        ),
        st.sampled_from(list(Action)),
        st.integers(0, 4),  # few hours, so that many are the same
        st.integers(0, 3),
        st.sampled_from(["p", "q"]),
    ),
    max_size=10,
)


def _decides(ledger: list[Choice], purpose: str | None, words: set[Action]) -> list[Choice]:
    """Of the newest about it: the noes if there are any, else the yeses."""
    about = [one for one in ledger if one.purpose == purpose and one.action in words]
    newest = [one for one in about if one.at == max(each.at for each in about)]
    noes = {Action.REFUSED, Action.WITHDRAWN, Action.OBJECTED, Action.RESTRICTED}
    return [one for one in newest if one.action in noes] or newest


@given(ledgers)
def test_the_fold_is_what_looking_for_the_newest_says(ledger: list[Choice]) -> None:
    standings = fold(ledger)
    for purpose in ("p", "q"):
        consents = {Action.GIVEN, Action.REFUSED, Action.WITHDRAWN}
        consent = _decides(ledger, purpose, consents)
        objection = _decides(ledger, purpose, {Action.OBJECTED, Action.OBJECTION_LIFTED})
        standing = standings.of(purpose)
        given_last = bool(consent) and consent[0].action is Action.GIVEN
        assert standing.consented == given_last
        ends = [one.until for one in consent if one.until is not None]
        assert standing.until == (min(ends) if given_last and ends else None)
        assert standing.objected == bool(objection and objection[0].action is Action.OBJECTED)
    restriction = _decides(ledger, None, set(RESTRICTIONS))
    assert standings.restricted == bool(restriction and restriction[0].action is Action.RESTRICTED)


@given(ledgers, st.randoms(use_true_random=False))
def test_the_order_in_which_choices_are_handed_over_makes_no_difference(
    ledger: list[Choice], chance: object
) -> None:
    shuffled = sorted(ledger, key=lambda _: chance.random())  # type: ignore[attr-defined]
    one, other = fold(ledger), fold(shuffled)
    assert one == other


def test_who_said_nothing_has_consented_to_nothing_and_objected_to_nothing() -> None:
    assert fold([]).of("anything") == Standing()
    assert not fold([]).restricted


def test_a_withdrawal_does_not_lift_an_objection_nor_a_consent_either() -> None:
    standing = fold(
        [_choice(Action.OBJECTED, 0), _choice(Action.WITHDRAWN, 1), _choice(Action.GIVEN, 2)]
    ).of("p")
    assert (standing.consented, standing.objected) == (True, True)
    assert standing.since == START + timedelta(hours=2)


def test_one_purpose_says_nothing_about_another() -> None:
    standings = fold([_choice(Action.GIVEN, 0), _choice(Action.WITHDRAWN, 1, purpose="q")])
    assert standings.of("p").consented
    assert not standings.of("q").consented


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
