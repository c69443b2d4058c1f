"""How a page speaks: one language, its texts, and the programme's clock and currency.

Texts stand in ``locales/LANGUAGE/*.po``, a file for each group of pages, under the English
sentence, and are one catalogue here; codes are said with the words that packages have for them,
so that both call a thing the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.support import Translations

from consent.programme import Programme, Purpose
from consent.programmes import Active
from dsar.languages import LANGUAGES, Language, translations, written
from dsar.packages.wording import Wording

_PACKAGE = "api.pages"
_WORST = 32  # languages of a header that are looked at


@cache
def texts(code: str) -> Translations:
    """The pages' texts in a language: one catalogue, whichever file they stand in."""
    found = Translations()
    for name in domains(code):
        found.merge(translations(code, name, package=_PACKAGE))
    return found


def domains(code: str) -> list[str]:
    """The names of a language's files."""
    folder = files(_PACKAGE).joinpath("locales", code)
    return sorted(path.name.removesuffix(".po") for path in folder.iterdir())


@dataclass(frozen=True)
class Speaking:
    """One language at one programme."""

    language: Language
    zone: ZoneInfo
    currency: str

    @classmethod
    def of(cls, code: str, programme: Programme) -> "Speaking":
        return cls(Language.of(code), programme.zone, programme.currency)

    @property
    def code(self) -> str:
        return self.language.code

    @property
    def wording(self) -> Wording:
        """The words of packages: of categories, purposes, articles, values."""
        return Wording(self.language, self.zone, self.currency)

    def say(self, text: str, **given: object) -> str:
        """An English text of the catalogue in this language, with what is `given` in its places."""
        found = texts(self.code).gettext(text)
        return found % given if given else found

    def day(self, day: date) -> str:
        return self.language.date(day)

    def moment(self, at: datetime) -> str:
        return self.language.moment(at, self.zone)

    def number(self, number: int) -> str:
        return self.language.number(number)

    def listed(self, words: Sequence[str]) -> str:
        return self.language.listed(words) if words else ""

    def coded(self, code: str, table: Mapping[str, str]) -> str:
        """A code of one of the packages' closed lists, in words."""
        return self.wording.coded(code, table)["words"]

    def purpose(self, declared: Purpose) -> str:
        return self.wording.purpose_title(declared)

    def titled(self, active: Active, name: str) -> str:
        """A purpose as staff read it: its title, with its name in the programme beside it.

        One that no version of the programme has is called by its name alone.
        """
        versions = (active, *active.earlier.values())
        for declared in (one.programme.purposes.get(name) for one in versions):
            if declared is not None:
                return f"{self.purpose(declared)} ({name})"
        return name

    def category(self, term: str) -> str:
        return self.wording.category(term)["words"]

    def field(self, active: Active, name: str) -> str:
        """A field or trait as staff read it, with its name beside it; its name alone if unknown."""
        programme = active.programme
        if (field := programme.fields.get(name)) is not None:
            return f"{self.wording.field_title(field)} ({name})"
        fields, traits = programme.catalogue().fields, programme.traits
        known = fields[name] if name in fields else traits.get(name)
        return f"{self.category(known.category)} ({name})" if known else name


@cache
def endonym(code: str) -> str:
    """A language's own name for itself, such as ``suomi``."""
    return Language(code).language(code)


def wanted(cookie: str | None, header: str, first: str) -> str:
    """The language to speak: the one chosen here, else the browser's, else the programme's."""
    if cookie in LANGUAGES:
        return str(cookie)
    for tag in _by_weight(header):
        if (found := written(tag)) is not None:
            return found
    return Language.of(first).code


def _by_weight(header: str) -> list[str]:
    """The tags of an `Accept-Language` (RFC 9110, 12.5.4), those wanted most first."""
    found: list[tuple[float, str]] = []
    for part in header.split(",")[:_WORST]:
        tag, _, weight = part.partition(";")
        name, _, number = weight.strip().partition("=")
        try:
            much = float(number) if name == "q" else 1.0
        except ValueError:
            much = 0.0
        if tag.strip() and 0 < much <= 1:
            found.append((much, tag.strip()))
    found.sort(key=lambda one: -one[0])
    return [tag for _, tag in found]
