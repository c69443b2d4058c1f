"""What countries set is told once, with its source."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from consent.programme import load_programme, read_programme
from consent.programme.countries import ADEQUACY, COUNTRIES, EEA, complaints, country_codes

DATA = tomllib.loads(files("consent.programme").joinpath("countries.toml").read_text("utf-8"))
CLUB = Path(__file__).parents[3] / "examples" / "fjallklubben.toml"


def _values(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in table.values():
        if isinstance(one, dict):
            if {"value", "codes", "site", "only", "source"} & one.keys():
                yield one
            else:
                yield from _values(one)


def test_every_value_has_its_source() -> None:
    values = list(_values(DATA))
    assert len(values) == 6 * len(COUNTRIES) + 1 + len(ADEQUACY)
    assert all(len(one["source"]) > 5 for one in values)


def test_the_ages_and_years_are_those_of_the_law() -> None:
    ages = {code: one.age_of_consent for code, one in COUNTRIES.items()}
    assert ages == {"SE": 13, "NO": 13, "DK": 15, "FI": 13, "GB": 13}
    years = {code: one.bookkeeping_years for code, one in COUNTRIES.items()}
    assert years == {"SE": 7, "NO": 5, "DK": 5, "FI": 6, "GB": 6}


def test_what_may_have_moved_is_marked() -> None:
    marked = {
        (code, key)
        for code, table in DATA["countries"].items()
        for key, one in table.items()
        if isinstance(one, dict) and one.get("check")
    }
    assert {("NO", "age_of_consent"), ("DK", "bookkeeping_years")} <= marked
    assert ("SE", "bookkeeping_years") not in marked


def test_the_area_has_thirty_countries_and_none_of_them_needs_a_decision() -> None:
    assert len(EEA) == 30
    assert {"NO", "IS", "LI"} <= EEA
    assert not EEA & ADEQUACY.keys()
    assert EEA | ADEQUACY.keys() | COUNTRIES.keys() <= country_codes()


def test_a_decision_about_some_companies_is_not_about_the_country() -> None:
    assert {code for code, one in ADEQUACY.items() if one.only} == {"US", "CA", "JP", "KR"}


def test_members_are_told_where_to_complain() -> None:
    assert complaints("SE") == "Integritetsskyddsmyndigheten (IMY), https://www.imy.se"
    assert complaints("DE") == "your supervisory authority"


def test_the_age_of_consent_is_the_country_s_unless_the_programme_says_more() -> None:
    text = CLUB.read_text()
    assert load_programme(CLUB).age_of_consent == 13
    assert read_programme(text.replace('country = "SE"', 'country = "DK"')).age_of_consent == 15
    older = text + "\n[children]\nage_of_consent = 16\n"
    assert read_programme(older).age_of_consent == 16
    german = text.replace(
        'country = "SE"', 'country = "DE"\ntimezone = "Europe/Berlin"\ncurrency = "EUR"', 1
    )
    assert read_programme(german).age_of_consent == 16
