"""Texts come in the member's language, or in English; dates and numbers as written there."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date, format_time
from hypothesis import given
from hypothesis import strategies as st

from dsar.languages import LANGUAGES, Language, nearest, shown_in, translations, written

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("sv", "sv"),
        ("sv-FI", "sv"),
        ("no", "nb"),
        ("nn-NO", "nb"),
        ("FI", "fi"),
        ("en_GB", "en"),
        ("de", "en"),
    ],
)
def test_a_tag_leads_to_the_nearest_language_there_is(tag: str, code: str) -> None:
    assert nearest(tag) == code
    assert written(tag) == (None if tag == "de" else code)


@given(st.text(max_size=12))
def test_whatever_stands_where_a_language_should_leads_to_one_that_is_written(tag: str) -> None:
    assert nearest(tag) in LANGUAGES
    assert written(tag) in {None, *LANGUAGES}


def test_texts_are_read_as_they_stand_and_what_is_lacking_is_said_in_english() -> None:
    said = {one: translations(one, "packages").gettext("Yes") for one in LANGUAGES}
    assert said == {"sv": "Ja", "nb": "Ja", "da": "Ja", "fi": "Kyllä", "en": "Yes"}
    assert translations("de", "packages").gettext("Yes") == "Yes"
    assert translations("sv", "packages").gettext("Nobody wrote this") == "Nobody wrote this"


def test_dates_are_written_as_they_are_there() -> None:
    written = [Language(one).date(date(2026, 2, 3)) for one in LANGUAGES]
    assert written == [
        "3 februari 2026",
        "3. februar 2026",
        "3. februar 2026",
        "3. helmikuuta 2026",
        "3 February 2026",
    ]


def test_a_moment_is_told_by_the_programmes_clock() -> None:
    at = datetime(2026, 2, 3, 23, 5, 33, tzinfo=UTC)
    written = [Language(one).moment(at, STOCKHOLM) for one in LANGUAGES]
    assert written == [
        "4 feb. 2026 00:05",
        "4. feb. 2026, 00:05",
        "4. feb. 2026 00.05",
        "4.2.2026 0.05",
        "4 Feb 2026, 00:05",
    ]


def test_no_decimal_that_says_something_is_lost() -> None:
    assert Language("sv").number(Decimal("1234.5678")) == "1\xa0234,5678"
    assert Language("en").number(Decimal("2.50")) == "2.5"
    assert Language("sv").money(Decimal("-199.50"), "SEK") == "-199,50\xa0kr"


def test_countries_and_languages_have_their_names() -> None:
    assert [Language(one).country("NO") for one in LANGUAGES] == [
        "Norge",
        "Norge",
        "Norge",
        "Norja",
        "Norway",
    ]
    assert Language("sv").country("??") == "??"
    assert Language("fi").language("sv") == "ruotsi"
    assert Language("da").listed(["a", "b", "c"]) == "a, b og c"
    assert Language("da").listed(["a", "b", "c"], "or") == "a, b eller c"


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(LANGUAGES),
    st.sampled_from(["Europe/Stockholm", "Europe/Helsinki", "America/St_Johns", "Asia/Kathmandu"]),
)
def test_a_moment_is_as_the_locale_data_has_it_whatever_was_told_before(
    at: datetime, code: str, zone: str
) -> None:
    language, there = Language(code), at.astimezone(ZoneInfo(zone))
    day = format_date(there, "medium", locale=language.locale)
    time = format_time(there, "short", tzinfo=ZoneInfo(zone), locale=language.locale)
    pattern = str(language.locale.datetime_formats["medium"])
    assert language.moment(at, ZoneInfo(zone)) == pattern.format(time, day)


TAGS = st.sampled_from(["sv", "sv-FI", "nb", "no", "nn", "da", "fi", "en", "en-GB", "de"])


@given(st.lists(TAGS, unique=True), TAGS, TAGS)
def test_a_text_is_shown_in_the_readers_language_else_english_else_the_first(
    there: list[str], reader: str, first: str
) -> None:
    norwegian = {"no": "nb", "nn": "nb"}

    def tongue(tag: str) -> str:
        plain = tag.split("-", maxsplit=1)[0]
        return norwegian.get(plain, plain)

    found = shown_in(there, reader=reader, first=first)
    tongues = [tongue(one) for one in there]
    for wanted in (reader, "en", first):
        if tongue(wanted) in tongues:
            assert tongue(found) == tongue(wanted)
            assert found == wanted or wanted not in there
            return
    assert found == (there[0] if there else "")
