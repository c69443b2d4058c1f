"""Rules about what members read: words for a field's values, `[fields.NAME.words.LANGUAGE]`, and
what a no changes, `without.LANGUAGE` under a purpose.
"""

from collections.abc import Iterator, Mapping, Sequence

from consent.programme.countries import COUNTRIES
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.rules_controller import is_language
from consent.programme.suggestion import did_you_mean, shown
from kernel.errors import Problem

Problems = Iterator[Problem]
_FEW = 3


def words(programme: Programme) -> Problems:
    languages = _served(programme)
    for name, field in programme.fields.items():
        if field.words and not field.values:
            yield Problem(
                key_of("fields", name, "words"),
                "there are words for values, and no list of values",
                "write values = […], or remove the words",
            )
            continue
        known = frozenset(field.values)
        for language, said in field.words.items():
            place = key_of("fields", name, "words", language)
            if not is_language(language):
                remedy = did_you_mean(language, languages)
                yield Problem(place, f"{shown(language)} is no language tag", remedy)
            for value, text in said.items():
                if value not in known:
                    yield Problem(
                        key_of(place, value),
                        f"there is no value {shown(value)}",
                        did_you_mean(value, field.values),
                    )
                if not text.strip():
                    yield Problem(key_of(place, value), "the words are blank", "write some")


def missing_words(programme: Programme) -> Problems:
    """Where some values have words in some languages, and members would read others as they are."""
    for name, field in programme.fields.items():
        if not field.words:
            continue
        for language in _served(programme):
            said = field.words.get(language, {})
            lacking = [value for value in field.values if value not in said]
            if lacking:
                yield Problem(
                    key_of("fields", name, "words", language),
                    f"there are no words for {_some(lacking)} in this language",
                    f'write {lacking[0]} = "…" under [fields.{name}.words.{language}]',
                )


def titles(programme: Programme) -> Problems:
    languages = _served(programme)
    for place, title in _titled(programme):
        for language, text in title.items():
            if not text.strip():
                yield Problem(key_of(place, language), "the title is blank", "write some")
            if not is_language(language):
                remedy = did_you_mean(language, languages)
                message = f"{shown(language)} is no language tag"
                yield Problem(key_of(place, language), message, remedy)


def missing_titles(programme: Programme) -> Problems:
    """Where one language has a name that was chosen, and another the vocabulary's."""
    for place, title in _titled(programme):
        for language in _served(programme) if title else ():
            if language not in title:
                yield Problem(
                    key_of(place, language),
                    "it has no title in this language",
                    f'write title.{language} = "…" beside the others',
                )


def _titled(programme: Programme) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Where titles may stand, and what stands there."""
    for name, field in programme.fields.items():
        yield key_of("fields", name, "title"), field.title
    for name, purpose in programme.purposes.items():
        yield key_of("purposes", name, "title"), purpose.title


def without(programme: Programme) -> Problems:
    languages = _served(programme)
    for name, purpose in programme.purposes.items():
        for language, text in purpose.without.items():
            place = key_of("purposes", name, "without", language)
            if not text.strip():
                yield Problem(place, "the text is blank", "write some")
            if not is_language(language):
                remedy = did_you_mean(language, languages)
                yield Problem(place, f"{shown(language)} is no language tag", remedy)


def doubtful_without(programme: Programme) -> Problems:
    """What a no changes is told where there is none, or in some languages and not in others."""
    for name, purpose in programme.purposes.items():
        place = key_of("purposes", name, "without")
        if purpose.without and not purpose.is_choice:
            yield Problem(
                place, f"there is no no to it: it rests on {purpose.legal_basis}", "remove it"
            )
            continue
        for language in _served(programme) if purpose.without else ():
            if language not in purpose.without:
                yield Problem(
                    key_of(place, language),
                    "what a no changes is not told in this language",
                    f'write without.{language} = "…" under [purposes.{name}]',
                )


def _some(values: Sequence[str]) -> str:
    """The first of them, so that a long list stays one line."""
    more = len(values) - _FEW
    return ", ".join(map(shown, values[:_FEW])) + (f" and {more} more" if more > 0 else "")


def _served(programme: Programme) -> tuple[str, ...]:
    """The languages members are served in; none for a country that is not known."""
    own, country = programme.controller.languages, COUNTRIES.get(programme.controller.country)
    return own or ((country.language,) if country else ())
