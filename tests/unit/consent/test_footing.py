"""Which consents still count: the rule told naively, over versions, beside the product's.

The naive rule knows no digests of terms. It asks: is there a version under which just this was
agreed to, did that cover what is done today, and does the text that was shown still stand?
"""

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.footing import Footing, Silencer, accepted, footing
from consent.programme import read_programme
from consent.programme.declarations import LegalBasis, Purpose

TEXTS = ("A", "B", "C")


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _purpose(**said: object) -> Purpose:
    kept: dict[str, object] = {
        "name": "p",
        "legal_basis": LegalBasis.CONSENT,
        "dpv": "dpv:Marketing",
        "fields": ("tier",),
        "notice": {"sv": "A"},
    }
    return Purpose(**{**kept, **said})  # type: ignore[arg-type]


few = st.lists(st.sampled_from(["one", "two"]), unique=True, max_size=2).map(tuple)
purposes = st.builds(
    _purpose,
    legal_basis=st.sampled_from([*[LegalBasis.CONSENT] * 5, LegalBasis.CONTRACT]),
    dpv=st.sampled_from([*["dpv:Marketing"] * 4, "dpv:DirectMarketing"]),
    explicit=st.sampled_from([False, False, False, True]),
    controllers=few,
    fields=few,
    notice=st.dictionaries(st.sampled_from(["sv", "en"]), st.sampled_from(TEXTS), min_size=1),
    corrects=st.lists(st.sampled_from([digest(one).hex() for one in TEXTS]), max_size=1).map(tuple),
    valid_months=st.sampled_from([None, 12]),
    without=st.sampled_from([{}, {"sv": "A"}]),
)


@dataclass(frozen=True)
class Agreed:
    """What somebody said yes to: a purpose as it was, by the text that they read."""

    purpose: Purpose
    text: str

    @property
    def terms(self) -> bytes:
        return self.purpose.terms(digest(self.text))


def _alike(one: Purpose, other: Purpose) -> bool:
    """The same thing to agree to, whatever the texts."""
    return (
        (one.legal_basis, one.dpv, one.explicit) == (other.legal_basis, other.dpv, other.explicit)
        and sorted(one.controllers) == sorted(other.controllers)
        and sorted(one.fields) == sorted(other.fields)
    )


def still_counts(agreed: Agreed, now: Purpose, versions: list[Purpose]) -> bool:
    """The rule of decision 19, plainly."""
    if now.legal_basis is not LegalBasis.CONSENT:
        return False
    for version in [now, *versions]:
        if not _alike(version, agreed.purpose):
            continue
        if (version.legal_basis, version.dpv) != (now.legal_basis, now.dpv):
            continue
        if now.explicit and not version.explicit:
            continue
        if any(one not in version.controllers for one in now.controllers):
            continue
        if any(one not in version.fields for one in now.fields):
            continue
        if digest(agreed.text).hex() in now.corrects:
            return True
        shown = [tongue for tongue, text in version.notice.items() if text == agreed.text]
        if any(_stands(tongue, version, now) for tongue in shown):
            return True
    return False


def _stands(tongue: str, version: Purpose, now: Purpose) -> bool:
    if tongue in now.notice:
        return now.notice[tongue] == version.notice[tongue]
    both = [one for one in now.notice if one in version.notice]
    changed = [one for one in both if now.notice[one] != version.notice[one]]
    return both != [] and changed == []


@given(purposes, st.lists(purposes, max_size=4), purposes, st.data())
def test_a_consent_counts_just_as_long_as_it_covers_what_is_done(
    now: Purpose, earlier: list[Purpose], other: Purpose, data: st.DataObject
) -> None:
    found = accepted(now, earlier)
    asked = data.draw(st.sampled_from([now, *earlier, other]))
    for text in TEXTS:
        agreed = Agreed(asked, text)
        assert (agreed.terms in found) == still_counts(agreed, now, earlier)
    assert accepted(now, earlier[::-1]) == found


def _counts(was: Purpose, now: Purpose, text: str = "A", *between: Purpose) -> bool:
    return Agreed(was, text).terms in accepted(now, [was, *between])


def test_a_consent_counts_under_the_text_it_was_given_under() -> None:
    assert _counts(_purpose(), _purpose(valid_months=12, retention="1 year"))
    assert not _counts(_purpose(), _purpose(notice={"sv": "B"}))


def test_doing_less_than_was_agreed_to_needs_no_new_consent_and_doing_more_does() -> None:
    much = _purpose(fields=("one", "two"), controllers=("one",))
    assert _counts(much, _purpose(fields=("one",)))
    assert not _counts(_purpose(fields=("one",)), much)


def test_a_programme_that_goes_back_to_an_older_text_finds_its_consents_again() -> None:
    old, new = _purpose(), _purpose(notice={"sv": "B"})
    assert _counts(old, old, "A", new)
    assert not _counts(new, old, "B", old)


def test_a_corrected_text_still_counts_for_as_long_as_the_correction_is_named() -> None:
    corrected = _purpose(notice={"sv": "B"}, corrects=(digest("A").hex(),))
    assert _counts(_purpose(), corrected)
    assert not _counts(_purpose(), _purpose(notice={"sv": "B"}), "A", corrected)


def test_a_language_that_is_shown_no_more_counts_while_the_others_stand() -> None:
    two = _purpose(notice={"sv": "A", "en": "B"})
    assert _counts(two, _purpose(notice={"en": "B"}))
    assert not _counts(two, _purpose(notice={"en": "C"}))
    assert not _counts(_purpose(), _purpose(notice={"en": "B"}))


def test_another_language_more_takes_nothing_away() -> None:
    assert _counts(_purpose(), _purpose(notice={"sv": "A", "en": "B"}))


@pytest.mark.parametrize(
    "now",
    [
        _purpose(legal_basis=LegalBasis.LEGITIMATE_INTEREST),
        _purpose(dpv="dpv:DirectMarketing"),
        _purpose(explicit=True),
        _purpose(controllers=("one",)),
    ],
)
def test_another_use_is_another_thing_to_agree_to(now: Purpose) -> None:
    assert not _counts(_purpose(), now)


def test_an_explicit_consent_is_more_than_is_needed() -> None:
    assert _counts(_purpose(explicit=True), _purpose())


AGES = [
    (date(2026, 3, 1), 16, date(2010, 3, 1)),
    (date(2028, 2, 29), 16, date(2012, 2, 29)),
    (date(2028, 2, 29), 13, date(2015, 2, 28)),  # who was born on 1 March is a day short
    (date(2027, 2, 28), 13, date(2014, 2, 28)),
]


@pytest.mark.parametrize(("today", "age", "latest"), AGES)
def test_the_youngest_who_may_consent_was_born_so_many_years_ago(
    today: date, age: int, latest: date
) -> None:
    assert Footing(_purpose(), age_of_consent=age).youngest(today) == latest


def _birthday(born: date, age: int) -> date:
    """The first day on which they are that old; who was born on 29 February waits for 1 March."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


@given(
    st.dates(date(1990, 1, 1), date(2020, 12, 31)),
    st.integers(13, 16),
    st.integers(-400, 400),
)
def test_everybody_comes_of_age_on_their_birthday(born: date, age: int, days: int) -> None:
    footing = Footing(_purpose(), age_of_consent=age)
    for near in (days, -1, 0, 1):
        today = _birthday(born, age) + timedelta(days=near)
        assert (born > footing.youngest(today)) == (near < 0)


PROGRAMME = """
[controller]
name = "A"
country = "SE"
contact = "a@b.example"
[fields.tier]
category = "pd:Purchase"
[purposes.letter]
legal_basis = "consent"
dpv = "dpv:DirectMarketing"
direct_marketing = true
fields = ["tier"]
notice.sv = "A"
[purposes.profile]
legal_basis = "consent"
dpv = "dpv:Personalisation"
profiles_for = ["letter"]
fields = ["tier"]
notice.sv = "A"
[purposes.insight]
legal_basis = "legitimate_interest"
dpv = "dpv:CustomerCare"
fields = ["tier"]
notice.sv = "A"
[purposes.club]
legal_basis = "contract"
dpv = "dpv:CustomerCare"
fields = ["tier"]
notice.sv = "A"
"""


def test_a_purpose_is_silenced_by_its_own_objection_and_by_that_to_what_it_profiles_for() -> None:
    programme = read_programme(PROGRAMME)
    silencers = {name: footing(programme, name).silencers for name in programme.purposes}
    assert silencers == {
        "letter": (Silencer("letter", True),),
        "profile": (Silencer("letter", True),),
        "insight": (Silencer("insight", False),),
        "club": (),
    }
    choices = {name for name in silencers if footing(programme, name).is_choice}
    assert choices == {"letter", "profile", "insight"}


def test_where_consent_is_not_the_basis_no_terms_are_accepted() -> None:
    programme = read_programme(PROGRAMME)
    accepts = {name: len(footing(programme, name).accepted) for name in programme.purposes}
    assert accepts == {"letter": 1, "profile": 1, "insight": 0, "club": 0}
