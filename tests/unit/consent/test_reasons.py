"""The list of reasons: closed, explained, and the same in code and docs."""

from pathlib import Path

from consent.eligibility import Reason
from consent.policy import Denied
from consent.reach import Unreached
from consent.reasons import MEANINGS, UNKNOWN_MEMBER, page
from consent.rulings import Undecided

PAGE = Path(__file__).parents[3] / "docs" / "reasons.md"


def test_every_reason_there_is_has_one_meaning_and_a_way_out() -> None:
    words = [one.value for kind in (Denied, Undecided, Reason, Unreached) for one in kind]
    assert sorted(MEANINGS) == sorted([*words, UNKNOWN_MEMBER])
    assert len({one.means for one in MEANINGS.values()}) == len(MEANINGS)
    assert all(one.means and one.remedy for one in MEANINGS.values())


def test_the_docs_show_the_table() -> None:
    text = PAGE.read_text("utf-8")
    assert text[text.index("## The policy says no") :] == page()


def test_no_service_is_told_whether_a_consent_was_refused_or_withdrawn() -> None:
    for word in MEANINGS:
        assert "withdrawn" not in word
        assert "refused" not in word
