"""How letters speak one language: the English sentence is the key to every other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from consent.programme.declarations import Purpose
from dsar.languages import Language, own_text, translations
from dsar.packages.terms import CATEGORIES, PURPOSES, spelt_out

DOMAIN = "letters"
_TERMS = "packages"  # the domain that has the vocabulary's terms in words
_UNBROKEN = "\u00a0"
_DAY = re.compile(r"(\d{1,2}\.?) ([^\W\d]+) (?=\d{4}\b)")
_BEFORE = re.compile(
    r"\b(articles?|artikk?el|artiklarna|nr\.|stk\.|litra|bokstav) (?=\d|[a-h]\b)", re.IGNORECASE
)
_AFTER = re.compile(r"(\d) (?=artikla|kohta|kohda|alakohta)")


def unbroken(text: str) -> str:
    """The same for a page: no line ends within a day, or between an article and its number."""
    text = _DAY.sub(rf"\1{_UNBROKEN}\2{_UNBROKEN}", text)
    return _AFTER.sub(rf"\1{_UNBROKEN}", _BEFORE.sub(rf"\1{_UNBROKEN}", text))


def mark(text: str) -> str:
    """The text itself; whoever collects what is to be translated finds it by this name."""
    return text


@dataclass(frozen=True)
class Wording:
    """One language of the letters, or of another `domain` of texts."""

    language: Language
    domain: str = DOMAIN

    @classmethod
    def of(cls, tag: str, domain: str = DOMAIN) -> "Wording":
        """`tag`: BCP 47."""
        return cls(Language.of(tag), domain)

    def say(self, text: str, **given: object) -> str:
        """The English `text` in this language, with what is `given` in its braces."""
        found = translations(self.language.code, self.domain).gettext(text)
        return found.format(**given) if given else found

    def many(self, one: str, more: str, number: int, **given: object) -> str:
        """The one text for one, the other for more, each as the language counts them."""
        found = translations(self.language.code, self.domain).ngettext(one, more, number)
        return found.format(number=self.language.number(number), **given)

    def day(self, day: date) -> str:
        return self.language.date(day)

    def listed(self, words: Sequence[str]) -> str:
        return self.language.listed(words)

    def category(self, term: str) -> str:
        """A category of personal data (DPV), such as ``E-postadress``."""
        return self._term(term, CATEGORIES)

    def purpose(self, term: str) -> str:
        """A purpose (DPV), such as ``Direkt marknadsföring``."""
        return self._term(term, PURPOSES)

    def purpose_title(self, declared: Purpose) -> str:
        """What members call a purpose: its title, or its DPV term in words."""
        own = own_text(declared.title, reader=self.language.code)
        return own or self.purpose(declared.dpv)

    def _term(self, term: str, table: Mapping[str, str]) -> str:
        known = table.get(term)
        if known is None:
            return spelt_out(term)
        return translations(self.language.code, _TERMS).gettext(known)
