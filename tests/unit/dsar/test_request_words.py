"""What can be asked for, and why it may be refused: closed lists, told in plain words."""

import re
from pathlib import Path

import pytest

from dsar.errors import UnfitReason, UnknownReason, UnknownRight
from dsar.states import Right
from dsar.words import (
    REFUSED_BY,
    Reason,
    Snag,
    check_doubt,
    grounds,
    reason_named,
    right_named,
)

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


#: Read off the regulation, article by article: what each lets be refused.
LAW = {
    "Art. 12(2), 12(6)": ("Identity", "Articles 15 to 21", range(15, 22)),
    "Art. 12(2)": ("Identity", "Article 22, which Art. 12(6) leaves out", [22]),
    "Art. 7(3)": ("Identity", "the data subject alone withdraws", [7]),
    "Art. 12(5)": ("Process", "but for what works at once", {*range(15, 23)} - {21}),
    "Art. 17(3)(b)": ("LegalObligation", "", [17]),
    "Art. 17(3)(e)": ("LegalClaim", "", [17]),
    "Art. 15(4)": ("ThirdParty", "", [15]),
    "Art. 20(4)": ("ThirdParty", "", [20]),
    "Art. 23(1)": ("LegalObligation", "a law that keeps something secret", [15]),
    "Art. 5(1)(d), 16": ("Identifier", "accurate, also for whoever has it", [16]),
    "Art. 16": ("NotRequired", "inaccurate, or incomplete", [16]),
    "Art. 17(1)": ("NotRequired", "where one of the following grounds applies", [17]),
    "Art. 18(1)": ("NotRequired", "where one of the following applies", [18]),
    "Art. 20(1)": ("NotRequired", "provided by them; consent or contract; automated", [20]),
    "Art. 22(1)": ("NotRequired", "a decision based solely on automated processing", [22]),
}  # fmt: skip
#: A release ends what Art. 18(1) began; its own paragraph, the third, has no conditions.
UNCONDITIONAL = {Right.RELEASE}
ARTICLE = {
    Right.ACCESS: 15, Right.RECTIFICATION: 16, Right.ERASURE: 17, Right.RESTRICTION: 18,
    Right.RELEASE: 18, Right.PORTABILITY: 20, Right.OBJECTION: 21, Right.REVIEW: 22,
    Right.WITHDRAWAL: 7,
}  # fmt: skip


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("right", Right)
def test_a_right_is_refused_by_the_articles_that_say_so_and_by_no_other(
    right: Right, reason: Reason
) -> None:
    by_law = [
        cited
        for cited, (names, _, articles) in LAW.items()
        if reason.startswith(names)
        and ARTICLE[right] in articles
        and not (names == "NotRequired" and right in UNCONDITIONAL)
    ]
    if by_law:
        assert [grounds(right, reason)] == by_law
        return
    with pytest.raises(UnfitReason) as found:
        grounds(right, reason)
    told = str(found.value)
    assert {one for one in Reason if f"{one} (" in told} == set(REFUSED_BY[right])
    assert all(f"({article})" in told for article in REFUSED_BY[right].values())


def test_who_has_shown_who_they_are_is_not_doubted() -> None:
    check_doubt({"email"})
    with pytest.raises(UnfitReason, match="has shown who they are; approve the request") as found:
        check_doubt(frozenset())
    assert str(found.value).startswith("reason: IdentityVerificationFailure is no reason here")


def test_every_right_can_be_refused_to_a_stranger_and_every_reason_refuses_something() -> None:
    assert set(REFUSED_BY) == set(Right)
    assert all(Reason.IDENTITY in fitting for fitting in REFUSED_BY.values())
    assert {reason for fitting in REFUSED_BY.values() for reason in fitting} == set(Reason)


_BEGINNINGS = ("Process", "Identity", "Identifier", "Legal", "Third", "NotReq")


@pytest.mark.parametrize("page", ["cli.md", "http.md"])
def test_the_pages_name_every_reason_and_no_other(page: str) -> None:
    told = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", (DOCS / page).read_text("utf-8")))
    reasons = {one for one in told if one.startswith(_BEGINNINGS)}
    assert reasons == set(Reason)


def test_what_brings_a_correction_back_is_told_apart_from_what_refuses_one() -> None:
    """A row keeps one word, and a letter goes by which it is."""
    assert set(map(str, Snag)).isdisjoint(map(str, Reason))
