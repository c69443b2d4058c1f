"""What can be asked for, and why it may be refused: closed lists, told in plain words."""

import re
from pathlib import Path

import pytest

from dsar.errors import UnknownReason, UnknownRight
from dsar.states import Right
from dsar.words import Reason, reason_named, right_named

DOCS = Path(__file__).parents[3] / "docs"


def test_a_misspelt_right_gets_the_right_word_in_plain_text() -> None:
    with pytest.raises(UnknownRight) as found:
        right_named("acces")
    assert str(found.value) == "right: there is no request for 'acces'; did you mean 'access'?"
    with pytest.raises(UnknownRight, match="choose one of access, erasure"):
        right_named("zzz")
    assert [right_named(right.value) for right in Right] == list(Right)


def test_a_reason_that_is_none_is_not_repeated() -> None:
    with pytest.raises(UnknownReason) as found:
        reason_named("Anna is rude")
    assert "Anna" not in str(found.value)
    assert [reason_named(reason.value) for reason in Reason] == list(Reason)


@pytest.mark.parametrize("page", ["cli.md", "http.md"])
def test_the_pages_name_every_reason_and_no_other(page: str) -> None:
    told = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", (DOCS / page).read_text("utf-8")))
    reasons = {one for one in told if one.startswith(("Process", "Identity", "Legal", "Third"))}
    assert reasons == set(Reason)
