"""Rules about what data is used for, and by whom: purposes, services, officers."""

from collections.abc import Iterator

from consent.programme.countries import COUNTRIES
from consent.programme.declarations import Ability, Action, LegalBasis
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.rules_controller import is_language, twice
from consent.programme.suggestion import close_to, did_you_mean, shown
from consent.programme.vocabulary import PURPOSES, is_term
from kernel.errors import Problem

Problems = Iterator[Problem]


def purposes(programme: Programme) -> Problems:
    if not programme.purposes:
        yield Problem("purposes", "there is no purpose", "write [purposes.NAME] for at least one")
    for name, purpose in programme.purposes.items():
        place = key_of("purposes", name)
        if not is_term(purpose.dpv, prefix="dpv"):
            yield Problem(
                f"{place}.dpv",
                f"{shown(purpose.dpv)} is no DPV term for a purpose",
                close_to(f"dpv:{purpose.dpv.removeprefix('dpv:')}", PURPOSES)
                or 'write one in the form "dpv:DirectMarketing"',
            )
        basis = purpose.legal_basis
        if purpose.valid_months is not None and basis is not LegalBasis.CONSENT:
            yield Problem(
                f"{place}.valid_months",
                f"only a consent runs out, and this purpose rests on {basis}",
                "remove valid_months",
            )
        yield from _used(programme, name)
        yield from _notices(programme, name)


def _used(programme: Programme, name: str) -> Problems:
    fields = programme.purposes[name].fields
    if not fields:
        yield Problem(
            key_of("purposes", name, "fields"),
            "the purpose uses no field",
            "name at least one; the member number counts",
        )
    for position, field in enumerate(fields):
        place = key_of("purposes", name, "fields", position)
        if field not in programme.names:
            yield Problem(
                place,
                f"there is no field or trait {shown(field)}",
                did_you_mean(field, programme.names),
            )
    yield from twice(key_of("purposes", name, "fields"), fields)


def _notices(programme: Programme, name: str) -> Problems:
    place = key_of("purposes", name, "notice")
    purpose = programme.purposes[name]
    languages = programme.controller.languages
    if not languages and (country := COUNTRIES.get(programme.controller.country)):
        languages = (country.language,)
    for language in languages:
        if language not in purpose.notice:
            yield Problem(
                f"{place}.{language}",
                "there is no notice in a language the programme serves",
                f'write notice.{language} = "…" under [purposes.{name}]',
            )
    for language, text in purpose.notice.items():
        if not text.strip():
            yield Problem(f"{place}.{language}", "the notice is blank", "write what members see")
        if not is_language(language):
            remedy = did_you_mean(language, languages)
            yield Problem(f"{place}.{language}", f"{shown(language)} is no language tag", remedy)


def services(programme: Programme) -> Problems:
    for name, service in programme.services.items():
        if not service.may:
            yield Problem(
                key_of("services", name),
                "the service may do nothing",
                'write PURPOSE = ["read"], or remove the service',
            )
        for purpose, actions in service.may.items():
            place = key_of("services", name, purpose)
            declared = programme.purposes.get(purpose)
            if declared is None:
                yield Problem(
                    place,
                    f"there is no purpose {shown(purpose)}",
                    did_you_mean(purpose, programme.purposes),
                )
                continue
            if Action.CONSENT in actions and not declared.is_choice:
                yield Problem(
                    place,
                    f"nobody is asked about {shown(purpose)}: it rests on {declared.legal_basis}",
                    'remove "consent"',
                )
            stored = set(declared.fields) - programme.traits.keys()
            if Action.ENROL in actions and declared.fields and not stored:
                yield Problem(
                    place,
                    f"{shown(purpose)} uses traits only, and none can be written",
                    'remove "enrol"',
                )


def officers(programme: Programme) -> Problems:
    for name, role in programme.officers.items():
        if not role.can:
            yield Problem(
                key_of("officers", name, "can"),
                "the role may do nothing",
                "choose among " + ", ".join(Ability),
            )
    if not any(Ability.PROGRAMME in role.can for role in programme.officers.values()):
        yield Problem(
            "officers", "nobody could apply the next programme", 'give a role can = ["programme"]'
        )
