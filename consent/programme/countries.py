"""What countries set: time zone, currency, language, ages, years, authorities, and transfers.

The values stand in countries.toml, each with its source; here they get types. A country that is
missing there is still welcome: its programme says itself what it needs.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

Value = TypeVar("Value")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Sourced(_Table, Generic[Value]):
    """A value and where it stands written; `check`: we are not sure, or it may have moved."""

    value: Value
    source: str
    check: bool = False


class Authority(_Table):
    """Where a member can complain (Art. 77)."""

    name: str
    site: str
    source: str
    check: bool = False

    def __str__(self) -> str:
        return f"{self.name}, {self.site}"


class CountryTable(_Table):
    """One country of the data file, sources and all."""

    name: str
    timezone: Sourced[str]
    currency: Sourced[str]
    language: Sourced[str]
    age_of_consent: Sourced[int]
    bookkeeping_years: Sourced[int]
    authority: Authority


class Adequacy(_Table):
    """A decision of the Commission under Art. 45; `only`: whom in the country it is about."""

    source: str
    only: str | None = None
    check: bool = False


class _Area(_Table):
    codes: list[str]
    source: str


class _Data(_Table):
    countries: dict[str, CountryTable]
    eea: _Area
    adequacy: dict[str, Adequacy]


@dataclass(frozen=True, slots=True)
class Country:
    """What a country sets when the programme says nothing else.

    Zones are those of the IANA database, currencies of ISO 4217, languages of BCP 47. Years of
    bookkeeping count from the end of the year that the law names (see the source).
    """

    zone: str
    currency: str
    language: str
    age_of_consent: int
    bookkeeping_years: int
    authority: Authority


def _read() -> _Data:
    text = files("consent.programme").joinpath("countries.toml").read_text(encoding="utf-8")
    return _Data.model_validate(tomllib.loads(text))


_DATA = _read()

#: Every country of the file as it stands there, sources and all.
TABLES: Mapping[str, CountryTable] = _DATA.countries
COUNTRIES: Mapping[str, Country] = {
    code: Country(
        zone=table.timezone.value,
        currency=table.currency.value,
        language=table.language.value,
        age_of_consent=table.age_of_consent.value,
        bookkeeping_years=table.bookkeeping_years.value,
        authority=table.authority,
    )
    for code, table in TABLES.items()
}
#: Where data moves as if it stayed at home.
EEA = frozenset(_DATA.eea.codes)
#: Decisions under Art. 45, by country.
ADEQUACY: Mapping[str, Adequacy] = _DATA.adequacy

#: Where the law of the land has set no lower one (Art. 8(1)).
AGE_OF_CONSENT = 16

# What people write instead of the ISO 3166 code.
SLIPS = {"UK": "GB", "EN": "GB", "SV": "SE", "SW": "SE", "DA": "DK", "NB": "NO"}


def complaints(code: str) -> str:
    """Where members of a controller in that country complain (Art. 77), in a few words."""
    country = COUNTRIES.get(code)
    return str(country.authority) if country else "your supervisory authority"


@cache
def country_codes() -> frozenset[str]:
    """Every ISO 3166 alpha-2 code, as the time zone database lists them."""
    table = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8")
    lines = (line for line in table.splitlines() if line and not line.startswith("#"))
    return frozenset(line.split("\t")[0] for line in lines)
