"""The languages in which members are answered: texts, dates, numbers, sums of money, countries.

Texts stand in ``locales/LANGUAGE/DOMAIN.po``, under the English sentence, and are read as they
are: nothing is compiled. What a language lacks is said in English. Touches no personal data.
"""

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from babel.support import Translations
from babel.units import format_unit

#: The languages that texts are written in. Whoever has chosen another is answered in English.
LANGUAGES = ("sv", "nb", "da", "fi", "en")
ENGLISH = "en"
_ALIKE = {"no": "nb", "nn": "nb"}
#: Dates and numbers are written as they are in Europe.
_LOCALES = {ENGLISH: "en_GB"}


def written(tag: str) -> str | None:
    """The one of `LANGUAGES` for a BCP 47 tag, such as ``sv`` for ``sv-FI``; None if none."""
    found = _tongue(tag)
    return found if found in LANGUAGES else None


def shown_in(there: Collection[str], *, reader: str, first: str) -> str:
    """The language in which a text of the programme's own is shown, of those it is written in.

    The reader's; else English, which most Nordic readers of another language read; else the
    programme's `first`; else the text's own first, and empty for no text at all. ``sv`` is
    written for who reads ``sv-FI``, and the other way round.
    """
    for one in (reader, ENGLISH, first):
        if one in there:
            return one
        alike = next((tag for tag in there if _tongue(tag) == _tongue(one)), None)
        if alike is not None:
            return alike
    return next(iter(there), "")


def own_text(texts: Mapping[str, str], *, reader: str) -> str:
    """The programme's own text in the reader's language; empty where it has none."""
    return next((text for tag, text in texts.items() if same(tag, reader)), "")


def same(tag: str, other: str) -> bool:
    """Whether both are the same language to a reader, such as ``sv`` and ``sv-FI``."""
    return _tongue(tag) == _tongue(other)


def _tongue(tag: str) -> str:
    first = tag.lower().replace("_", "-").partition("-")[0]
    return _ALIKE.get(first, first)


def nearest(language: str) -> str:
    """The same, or English."""
    return written(language) or ENGLISH


@cache
def translations(language: str, domain: str, *, package: str = "dsar") -> Translations:
    """The texts of a domain, such as ``letters``, in that language (BCP 47).

    `package`: in whose ``locales`` they stand.

    ``gettext`` and ``ngettext`` of what the language lacks give the English text back.
    """
    code = nearest(language)
    source = files(package).joinpath("locales", code, f"{domain}.po")
    catalogue = read_po(io.BytesIO(source.read_bytes()), locale=code, domain=domain)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain)


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(_LOCALES.get(code, code))


#: Prices, quantities and days come again and again; one by itself is about nobody.
@lru_cache(maxsize=4_096)
def _number(code: str, number: Decimal | int) -> str:
    return format_decimal(number, locale=_locale(code), decimal_quantization=False)


@lru_cache(maxsize=4_096)
def _money(code: str, amount: Decimal, currency: str) -> str:
    return format_currency(amount, currency, locale=_locale(code))


@lru_cache(maxsize=8_192)
def _day(code: str, day: date) -> str:
    return format_date(day, "medium", locale=_locale(code))


@lru_cache(maxsize=8_192)
def _time(code: str, hour: int, minute: int) -> str:
    return format_time(time(hour, minute), "short", locale=_locale(code))


@cache
def _day_and_time(code: str) -> str:
    return str(_locale(code).datetime_formats["medium"])


@dataclass(frozen=True)
class Language:
    """How one language writes dates, numbers and names. `code`: one of `LANGUAGES`."""

    code: str

    @classmethod
    def of(cls, tag: str) -> "Language":
        return cls(nearest(tag))

    @property
    def locale(self) -> Locale:
        return _locale(self.code)

    def date(self, day: date) -> str:
        """Such as ``3 februari 2026``."""
        return format_date(day, "long", locale=self.locale)

    def moment(self, at: datetime, zone: ZoneInfo) -> str:
        """Day and minute where the programme runs, such as ``3 feb. 2026 14:05``."""
        there = at.astimezone(zone)
        minute = _time(self.code, there.hour, there.minute)
        return _day_and_time(self.code).format(minute, _day(self.code, there.date()))

    def number(self, number: Decimal | int) -> str:
        """All its decimals, without noughts at the end."""
        return _number(self.code, number)

    def money(self, amount: Decimal, currency: str) -> str:
        """`currency`: ISO 4217, such as ``SEK``."""
        return _money(self.code, amount, currency)

    def listed(self, words: Sequence[str], style: Literal["standard", "or"] = "standard") -> str:
        """Such as ``a, b och c``; with ``or``, ``a, b eller c``."""
        return format_list(words, style=style, locale=self.locale)

    def country(self, code: str) -> str:
        """A country by its ISO 3166 code; the code itself where it is none."""
        return str(self.locale.territories.get(code, code))

    def language(self, tag: str) -> str:
        """A language's name in this one, such as ``norskt bokmål``; the tag where there is none."""
        return str(self.locale.languages.get(tag.partition("-")[0], tag))

    def period(self, period: str) -> str:
        """A length of time such as ``24 months``, as programme files have it."""
        number, unit = period.split()
        name = f"duration-{unit.rstrip('s')}"
        return format_unit(int(number), name, length="long", locale=self.locale)
