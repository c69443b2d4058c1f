"""A purpose as every page tells it that asks about it: why we may, what data, who gets it.

Pure: the programme in, words in a language out, and nothing about anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from api.pages.speaking import Speaking
from consent.panel import terms_shown
from consent.programme import Action, Purpose
from consent.programmes import Active
from dsar.languages import same, shown_in

#: By what a service that may do so uses the data of whoever is meant.
_USES = frozenset({Action.PREVIEW, Action.SEGMENT, Action.READ, Action.CONTACT})


@dataclass(frozen=True)
class ToldPurpose:
    """One purpose; all words are in the page's language.

    `notice_language` and `changes_language`: those of the notice and of `changes`, what a no
    changes, where the programme says it; `…_foreign`: their names, where they are not the page's.
    `terms`: what a yes to the notice is a yes to. `stops`: the services that would use it no
    more, where it does not. `recipients`: who gets data for it, by name.
    """

    name: str
    title: str
    article: str
    notice: str
    notice_language: str
    notice_foreign: str
    terms: str
    changes: str
    changes_language: str
    changes_foreign: str
    stops: list[str]
    data: list[str]
    recipients: list[str]
    kept: str
    confirmed_by_link: bool


def told(active: Active, speak: Speaking, purpose: Purpose) -> ToldPurpose:
    """What is told of it to whoever is asked about it."""
    spoken = _spoken_in(active, speak.code, purpose.notice)
    changes = _spoken_in(active, speak.code, purpose.without)
    period = active.programme.retention_of(purpose.name)
    return ToldPurpose(
        name=purpose.name,
        title=speak.purpose(purpose),
        article=speak.wording.article(purpose.legal_basis.article),
        notice=purpose.notice[spoken],
        notice_language=spoken,
        notice_foreign=_foreign(speak, spoken),
        terms=terms_shown(purpose, spoken),
        changes=purpose.without.get(changes, ""),
        changes_language=changes,
        changes_foreign=_foreign(speak, changes),
        stops=_using(active, purpose),
        data=_data(active, speak, purpose),
        recipients=_recipients(active, purpose),
        kept=speak.language.period(period) if period else "",
        confirmed_by_link=purpose.double_opt_in,
    )


def _spoken_in(active: Active, language: str, texts: Mapping[str, str]) -> str:
    """The language to show a text of the programme in; empty for no text."""
    return shown_in(texts.keys(), reader=language, first=active.programme.languages[0])


def _foreign(speak: Speaking, language: str) -> str:
    """What another language than the page's is called; empty for the page's own."""
    return "" if not language or same(language, speak.code) else speak.language.language(language)


def _using(active: Active, purpose: Purpose) -> list[str]:
    """The services that use data for the purpose."""
    services = active.programme.services.values()
    return [one.name for one in services if _USES & one.may.get(purpose.name, frozenset())]


def _data(active: Active, speaking: Speaking, purpose: Purpose) -> list[str]:
    """What the purpose uses, each kind of data once."""
    programme, fields = active.programme, active.schema.catalogue.fields
    terms = (
        fields[one].category if one in fields else programme.traits[one].category
        for one in purpose.fields
    )
    return list(dict.fromkeys(speaking.category(term) for term in terms))


def _recipients(active: Active, purpose: Purpose) -> list[str]:
    """Who gets data for the purpose, by name."""
    found = active.programme.recipients.values()
    return [one.name for one in found if purpose.name in one.purposes]
