"""Invented names, e-mail addresses and phones for members who are only numbers in a file.

What is made up follows from the seed and the member number alone, so that a second run, or a
run over other lines, makes the same. Addresses lie under the domains that RFC 2606 reserves;
no letter ever arrives there. Phone numbers are valid in form, and may be somebody's.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

from faker import Faker

from api.imports.mapping import Kind, Locale, MadeUp

_DOMAINS = ("example.com", "example.net", "example.org")
# Letters that do not decompose into one of a to z and a mark.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ß": "ss"})
_MILLIONS = 10_000_000


@dataclass(frozen=True)
class _Series:
    """Mobile numbers: a prefix for every ten million of them."""

    whole: str
    """For member numbers that are whole numbers below ten million: each has a phone of its own."""
    others: tuple[str, ...]
    """For all other member numbers, picked by hash."""
    digits: int
    """How many follow a prefix in `others`."""


_SERIES: dict[Locale, _Series] = {
    "sv_SE": _Series("+4670", ("+4672", "+4673", "+4676", "+4679"), 7),
    "no_NO": _Series("+479", ("+4740", "+4741", "+4746", "+4747", "+4748"), 6),
}


@dataclass
class Inventor:
    """Makes up the fields that the mapping asks for."""

    wish: MadeUp
    _faker: dict[Locale, Faker] = field(default_factory=dict)
    _owner: dict[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.wish.fields)

    def invent(self, number: str) -> dict[str, str]:
        """The fields of one member, by name."""
        locales = self.wish.locales
        locale = locales[self._draw("locale", number) % len(locales)]
        name = self._name(number, locale)
        kinds: dict[Kind, Callable[[], str]] = {
            "name": lambda: name,
            "email": lambda: self._email(number, name),
            "phone": lambda: self._phone(number, locale),
        }
        return {wanted: kinds[kind]() for wanted, kind in self.wish.fields.items()}

    def _draw(self, label: str, number: str) -> int:
        """A number that follows from the seed, the label and the member number."""
        content = f"{self.wish.seed}\0{label}\0{number}".encode()
        return int.from_bytes(blake2b(content, digest_size=8).digest(), "big")

    def _name(self, number: str, locale: Locale) -> str:
        faker = self._faker.get(locale) or self._faker.setdefault(locale, Faker(locale))
        faker.seed_instance(self._draw("name", number))
        return f"{faker.first_name()} {faker.last_name()}"

    def _email(self, number: str, name: str) -> str:
        local = f"{_ascii(name)}.{_ascii(number)}"
        if _ascii(number) != number or len(local) > 60:
            # What the spelling lost is told apart by a hash.
            local = f"{_ascii(name)[:40]}.{self._draw('email', number):016x}"
        return f"{local}@{_DOMAINS[self._draw('domain', number) % len(_DOMAINS)]}"

    def _phone(self, number: str, locale: Locale) -> str:
        series = _SERIES[locale]
        if number.isascii() and number.isdigit() and str(int(number)) == number:
            whole = int(number)
            if whole < _MILLIONS:
                return series.whole + self._scattered(whole)
        attempt = 0
        while True:
            drawn = self._draw(f"phone {attempt}", number)
            prefix = series.others[drawn % len(series.others)]
            phone = prefix + f"{(drawn >> 8) % 10**series.digits:0{series.digits}d}"
            if self._owner.setdefault(phone, number) == number:
                return phone
            attempt += 1

    def _scattered(self, whole: int) -> str:
        """Seven digits, different ones for different numbers below ten million."""
        # A step that shares no factor with 10 visits every one of the ten million once.
        step = self._draw("step", "") % (_MILLIONS // 10) * 10 + 3
        return f"{(whole * step + self._draw('start', '')) % _MILLIONS:07d}"


def _ascii(text: str) -> str:
    """Small letters, digits and single dots."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    kept = "".join(
        one if one.isascii() and one.isalnum() else " "
        for one in folded
        if not unicodedata.combining(one)
    )
    return ".".join(kept.split())
