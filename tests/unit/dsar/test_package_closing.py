"""A question is told only if each of its names is vouched for, and none of them is closed."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from audit.entries import Kind
from consent.uses import Use
from dsar.packages.closing import Closed, shown_use

KNOWN = frozenset({"age", "country", "interests", "email", "date"})
BY_ADDRESS = Closed(
    purchases=True, words=True, unasked=frozenset({"spend_365d", "phone"}), known=KNOWN
)
BY_CARD = Closed(words=True, unasked=frozenset({"email"}), known=KNOWN)


def _use(question: str | None, kind: str = Kind.SEGMENT_EVALUATED) -> Use:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Use(UUID(int=1), at, kind, "service", "till", None, "matched", (), question, 1)


@pytest.mark.parametrize(
    "question",
    [
        "orders_365d >= 1",
        "age > 18 AND NOT Orders_365d IN (1, 2)",
        "country = 'O''Brien' OR \"orders_365d\" = 1",
        "country = 'NO' AND spend_365d > 1",
    ],
)
def test_a_question_with_a_name_that_nobody_knows_is_left_out(question: str) -> None:
    shown = shown_use(_use(question), BY_ADDRESS)
    assert (shown.question, shown.outcome) == (None, "left_out")


@pytest.mark.parametrize(
    "question",
    [
        "country = 'orders here' AND age BETWEEN 18 AND 30",
        "date >= CURRENT_DATE - INTERVAL '3 days' OR date < DATE '2026-01-01'",
        "interests = ANY('skiing', 'O''Brien') AND country IS NOT NULL AND age <> -1.5",
        "age IN (1, 2) AND date > CURRENT_DATE - INTERVAL 2 WEEKS",
    ],
)
def test_a_question_of_known_names_is_told(question: str) -> None:
    assert shown_use(_use(question), BY_ADDRESS) == _use(question)


def test_what_was_decided_of_many_is_told_by_its_fields() -> None:
    told = _use("read: age, country; sms", Kind.DECISIONS_MADE)
    assert shown_use(told, BY_ADDRESS) == told
    dropped = _use("read: age, orders_365d; sms", Kind.DECISIONS_MADE)
    assert shown_use(dropped, BY_ADDRESS).outcome == "left_out"


def test_what_was_asked_of_no_field_is_told() -> None:
    for one in (_use("contact by sms", Kind.CONTACTS_RECORDED), _use(None)):
        assert shown_use(one, BY_ADDRESS) == one


def test_a_card_opens_dropped_traits_and_no_address() -> None:
    assert shown_use(_use("orders_365d >= 1"), BY_CARD) == _use("orders_365d >= 1")
    assert shown_use(_use("email = 'x'"), BY_CARD).outcome == "left_out"


def test_the_whole_person_is_told_every_question() -> None:
    assert shown_use(_use("orders_365d >= 1"), Closed()) == _use("orders_365d >= 1")
