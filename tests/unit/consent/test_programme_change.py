"""A legal basis is not changed in silence."""

import hashlib
from pathlib import Path

import pytest

from consent.errors import ProgrammeInvalid
from consent.programme import Programme, read_programme
from consent.programme.rules_change import check_change, refuse_silent_changes

CLUB = (Path(__file__).parents[3] / "examples" / "fjallklubben.toml").read_text()
NEWSLETTER = "[purposes.newsletter]\n"
PLACE = "purposes.newsletter.basis_changed"


def club(basis: str = "consent", why: str | None = None) -> Programme:
    """The club with its newsletter on that basis."""
    start = CLUB.index(NEWSLETTER)
    table = CLUB[start:].replace('legal_basis = "consent"', f'legal_basis = "{basis}"', 1)
    if why is not None:
        table = table.replace(NEWSLETTER, f'{NEWSLETTER}basis_changed = "{why}"\n', 1)
    return read_programme(CLUB[:start] + table)


def without_newsletter() -> Programme:
    start, end = CLUB.index(NEWSLETTER), CLUB.index("[purposes.partner_offers]")
    text = CLUB[:start] + CLUB[end:]
    for was, will in (
        ('\n[services.newsletter]\nnewsletter = ["segment", "read", "contact", "consent"]\n', "\n"),
        ('newsletter = ["consent"]\n', ""),
        ('profiles_for = ["newsletter"]', "profiles_for = []"),
        ('"newsletter", ', ""),
        ('purposes = ["newsletter"]', 'purposes = ["partner_offers"]'),
    ):
        assert was in text, was
        text = text.replace(was, will)
    return read_programme(text)


def places(old: Programme | None, new: Programme, *earlier: Programme) -> list[str]:
    errors, _ = check_change(old, new, earlier=earlier)
    return [one.place for one in errors]


def test_another_basis_with_no_word_of_it_is_refused() -> None:
    with pytest.raises(ProgrammeInvalid, match=r"was consent and is legitimate_interest.*Art\. 13"):
        refuse_silent_changes(club(), club("legitimate_interest"))


def test_another_basis_passes_when_members_were_told() -> None:
    refuse_silent_changes(club(), club("legitimate_interest", "told by letter, May 2026"))


def test_the_same_basis_and_the_first_programme_need_no_word() -> None:
    refuse_silent_changes(club(), club())
    refuse_silent_changes(None, club("legitimate_interest"))
    refuse_silent_changes(without_newsletter(), club())


def test_a_word_about_one_change_is_none_about_the_next() -> None:
    told = club("legitimate_interest", "told in May")
    assert places(told, club("consent", "told in May"), club()) == [PLACE]
    assert places(told, club("consent", "told again in June"), club()) == []


def test_the_word_may_stay_or_go_when_nothing_changes_any_more() -> None:
    told = club("legitimate_interest", "told in May")
    assert places(told, told, club()) == []
    assert places(told, club("legitimate_interest"), club()) == []


def test_taking_a_purpose_away_for_a_while_does_not_hide_the_change() -> None:
    assert places(without_newsletter(), club("legitimate_interest"), club()) == [PLACE]
    assert places(without_newsletter(), club(), club()) == []


def test_a_correction_of_a_notice_that_never_was_is_worth_a_look() -> None:
    digest = hashlib.sha256(club().purpose("newsletter").notice["en"].encode()).hexdigest()
    mended = CLUB.replace("To stop the letter,", "To stop it,")
    for written, warned in ((digest, []), ("0" * 64, ["purposes.newsletter.corrects[0]"])):
        text = mended.replace(NEWSLETTER, f'{NEWSLETTER}corrects = ["{written}"]\n')
        errors, warnings = check_change(club(), read_programme(text))
        assert (errors, [one.place for one in warnings]) == ([], warned)
