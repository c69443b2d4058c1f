"""How letters speak one language: the English sentence is the key to every other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dsar.languages import Language, translations

DOMAIN = "letters"


def mark(text: str) -> str:
    """The text itself; whoever collects what is to be translated finds it by this name."""
    return text


@dataclass(frozen=True)
class Wording:
    """One language of the letters."""

    language: Language

    @classmethod
    def of(cls, tag: str) -> "Wording":
        """`tag`: BCP 47."""
        return cls(Language.of(tag))

    def say(self, text: str, **given: object) -> str:
        """The English `text` in this language, with what is `given` in its braces."""
        found = translations(self.language.code, DOMAIN).gettext(text)
        return found.format(**given) if given else found

    def many(self, one: str, more: str, number: int, **given: object) -> str:
        """The one text for one, the other for more, each as the language counts them."""
        found = translations(self.language.code, DOMAIN).ngettext(one, more, number)
        return found.format(number=self.language.number(number), **given)

    def day(self, day: date) -> str:
        return self.language.date(day)

    def listed(self, words: Sequence[str]) -> str:
        return self.language.listed(words)
