"""What a country sets when the programme says nothing else: time zone, currency, language.

Zones are those of the IANA time zone database, currencies of ISO 4217, languages of BCP 47.
A country that is missing here is still welcome: its programme names all three itself.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Country:
    zone: str
    currency: str
    language: str


COUNTRIES = {
    "DK": Country("Europe/Copenhagen", "DKK", "da"),
    "FI": Country("Europe/Helsinki", "EUR", "fi"),
    "GB": Country("Europe/London", "GBP", "en"),
    "NO": Country("Europe/Oslo", "NOK", "nb"),
    "SE": Country("Europe/Stockholm", "SEK", "sv"),
}

# What people write instead of the ISO 3166 code.
SLIPS = {"UK": "GB", "EN": "GB", "SV": "SE", "SW": "SE", "DA": "DK", "NB": "NO"}


@cache
def country_codes() -> frozenset[str]:
    """Every ISO 3166 alpha-2 code, as the time zone database lists them."""
    table = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8")
    lines = (line for line in table.splitlines() if line and not line.startswith("#"))
    return frozenset(line.split("\t")[0] for line in lines)
