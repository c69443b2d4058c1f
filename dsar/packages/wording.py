"""What is written in a package, in one language: sentences, codes in words, and formats."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from consent.programme.declarations import FieldDeclaration, Purpose
from dsar.languages import Language, own_text, translations
from dsar.packages.terms import CATEGORIES, PURPOSES, spelt_out

DOMAIN = "packages"
_NOTHING: Mapping[str, str] = {}


@cache
def _translated(code: str, text: str) -> str:
    return translations(code, DOMAIN).gettext(text)


@dataclass(frozen=True)
class Wording:
    """One language, and the programme's clock and currency."""

    language: Language
    zone: ZoneInfo
    currency: str

    def say(self, text: str, **given: object) -> str:
        """The English `text` in this language, with what is `given` in its braces."""
        found = _translated(self.language.code, text)
        return found.format(**given) if given else found

    def many(self, one: str, more: str, number: int, **given: object) -> str:
        """The one text for one, the other for more, each as the language counts them."""
        found = translations(self.language.code, DOMAIN).ngettext(one, more, number)
        return found.format(number=self.language.number(number), **given)

    def coded(self, code: str, table: Mapping[str, str]) -> dict[str, str]:
        """A code with what it means; a code that has no meaning here stands for itself."""
        known = table.get(code)
        return {"code": code, "words": self.say(known) if known else code}

    def purpose_title(self, declared: Purpose) -> str:
        """What members call a purpose: its title, or its DPV term in words."""
        own = own_text(declared.title, reader=self.language.code)
        return own or self.purpose(declared.dpv)["words"]

    def field_title(self, declared: FieldDeclaration) -> str:
        """What members call a field: its title, or its DPV category in words."""
        own = own_text(declared.title, reader=self.language.code)
        return own or self.category(declared.category)["words"]

    def category(self, term: str) -> dict[str, str]:
        """A category of personal data (DPV) in words."""
        return self._term(term, CATEGORIES)

    def purpose(self, term: str) -> dict[str, str]:
        """A purpose (DPV) in words."""
        return self._term(term, PURPOSES)

    def article(self, cited: str) -> str:
        """An article of the Regulation, cited as is usual in this language."""
        found = _ARTICLE.fullmatch(cited)
        if found is None:
            return cited
        article, paragraph, letter, more = found.groups()
        if paragraph is None:
            return self.say("Art. {article}", article=article)
        if letter is None or more:
            return self.say("Art. {article}({paragraph})", article=article, paragraph=paragraph)
        return self.say(
            "Art. {article}({paragraph})({letter})",
            article=article,
            paragraph=paragraph,
            letter=letter,
        )

    def country(self, code: str) -> dict[str, str]:
        return {"code": code, "words": self.language.country(code)}

    def day(self, day: str | date) -> str:
        """`day`: also as ISO 8601 has it."""
        return self.language.date(date.fromisoformat(day) if isinstance(day, str) else day)

    def moment(self, at: str | datetime) -> str:
        """`at`: also as RFC 3339 has it; told by the programme's clock."""
        known = datetime.fromisoformat(at) if isinstance(at, str) else at
        return self.language.moment(known, self.zone)

    def money(self, amount: str | Decimal) -> str:
        return self.language.money(Decimal(amount), self.currency)

    def number(self, number: str | int | Decimal) -> str:
        return self.language.number(Decimal(number))

    def value(
        self, plain: Any, *, kind: str, category: str, words: Mapping[str, str] = _NOTHING
    ) -> str:
        """A value in words, with itself beside them where it reads otherwise.

        `kind`: its type; `category`: its DPV term, which may name a code; `words`: what the
        programme has members read for values of that field.
        """
        match kind:
            case "boolean":
                return self.say("Yes") if plain else self.say("No")
            case "date":
                return self.day(plain)
            case "money":
                return self.money(plain)
            case "integer":
                return self.number(plain)
            case "texts":
                said = [self._text(one, category, words) for one in plain]
                return self.language.listed(said) if said else self.say("none")
        return self._text(str(plain), category, words)

    def _text(self, text: str, category: str, words: Mapping[str, str]) -> str:
        if text in words:
            name = words[text]
        elif category in _COUNTRIES:
            name = self.language.country(text)
        elif category == "pd:Language":
            name = self.language.language(text)
        else:
            return text
        return text if name == text else f"{name} ({text})"

    def _term(self, term: str, table: Mapping[str, str]) -> dict[str, str]:
        known = table.get(term)
        return {"term": term, "words": self.say(known) if known else spelt_out(term)}


#: An article, its paragraph and letter; several letters are cited by their paragraph.
_ARTICLE = re.compile(r"Art\. (\d+)(?:\((\d+)\))?(?:\(([a-z])\))?(,.*)?")
_COUNTRIES = frozenset({"pd:Country", "pd:Nationality", "pd:Residency"})
