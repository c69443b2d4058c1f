"""Rules about what members are asked: consent and its form, special categories, marketing."""

import re
from collections.abc import Iterator

from consent.programme.countries import COUNTRIES
from consent.programme.declarations import Action, Channel, LegalBasis, Purpose
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.rules_controller import twice
from consent.programme.suggestion import did_you_mean, shown
from kernel.errors import Problem

#: The ways by which something can be sent that a member answers: what double opt-in needs.
CONFIRMED_BY = frozenset({Channel.EMAIL, Channel.SMS, Channel.POST, Channel.APP})

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHORTEST_MONTH = 28

Problems = Iterator[Problem]


def choices(programme: Programme) -> Problems:
    for name, purpose in programme.purposes.items():
        place = key_of("purposes", name)
        yield from _only_consent(place, purpose)
        yield from _special(programme, place, purpose)
        yield from _criminal(programme, place, purpose)
        yield from _reminder(place, purpose)
        yield from _profiling(programme, place, purpose)
        yield from _controllers(programme, place, purpose)
        yield from _corrections(place, purpose)
        for key in ("basis_changed", "dpia", "balancing_test"):
            written = getattr(purpose, key)
            if written is not None and not written.strip():
                yield Problem(f"{place}.{key}", "this must not be blank", "write it, or remove it")


def _only_consent(place: str, purpose: Purpose) -> Problems:
    basis = purpose.legal_basis
    for key in ("explicit", "double_opt_in"):
        if getattr(purpose, key) and basis is not LegalBasis.CONSENT:
            yield Problem(
                f"{place}.{key}",
                f"only a consent can be that, and this purpose rests on {basis}",
                f"remove {key}",
            )
    yield from twice(f"{place}.channels", purpose.channels)
    asked = purpose.double_opt_in and basis is LegalBasis.CONSENT
    if asked and not CONFIRMED_BY.intersection(purpose.channels):
        yield Problem(
            f"{place}.double_opt_in",
            "there is no channel by which a member could be asked to confirm",
            'write channels = ["email"], or another that something can be sent by',
        )


def _special(programme: Programme, place: str, purpose: Purpose) -> Problems:
    special = [one for one in purpose.fields if _is_special(programme, one)]
    if not special:
        return
    what = ", ".join(special)
    if purpose.legal_basis is not LegalBasis.CONSENT:
        yield Problem(
            f"{place}.legal_basis",
            f"a special category ({what}) cannot rest on {purpose.legal_basis} (Art. 9(1))",
            "give it a purpose of its own, with consent and explicit = true",
        )
    elif not purpose.explicit:
        yield Problem(
            f"{place}.explicit",
            f"a special category ({what}) needs explicit consent (Art. 9(2)(a))",
            "ask for it in the notice, and write explicit = true",
        )


def _is_special(programme: Programme, name: str) -> bool:
    field = programme.fields.get(name)
    return field is not None and field.special


def _criminal(programme: Programme, place: str, purpose: Purpose) -> Problems:
    declared = programme.fields
    what = ", ".join(one for one in purpose.fields if one in declared and declared[one].criminal)
    if what and purpose.legal_basis is not LegalBasis.LEGAL_OBLIGATION:
        yield Problem(
            f"{place}.legal_basis",
            f"data about criminal convictions and offences ({what}) may be used only where a law "
            "allows it (Art. 10), whatever members agree to",
            "leave it out; or give it a purpose of its own, with legal_obligation, and name the "
            "law in the notice",
        )


def _reminder(place: str, purpose: Purpose) -> Problems:
    if purpose.remind_days is None:
        return
    if purpose.valid_months is None:
        yield Problem(
            f"{place}.remind_days",
            "nothing runs out that members could be reminded of",
            "write valid_months, or remove remind_days",
        )
    elif purpose.remind_days >= purpose.valid_months * _SHORTEST_MONTH:
        yield Problem(
            f"{place}.remind_days",
            "the reminder would be due before the consent is given",
            f"fewer than {purpose.valid_months * _SHORTEST_MONTH} days",
        )


def _profiling(programme: Programme, place: str, purpose: Purpose) -> Problems:
    marketing = [one.name for one in programme.marketing_purposes if one.name != purpose.name]
    for position, other in enumerate(purpose.profiles_for):
        where = key_of(place, "profiles_for", position)
        if other == purpose.name:
            yield Problem(where, "a purpose stops itself without being named", "remove it")
        elif other not in programme.purposes:
            yield Problem(
                where, f"there is no purpose {shown(other)}", did_you_mean(other, marketing)
            )
        elif other not in marketing:
            yield Problem(
                where,
                f"{other} is no direct marketing",
                f"write direct_marketing = true under [purposes.{other}], or remove it",
            )
    yield from twice(f"{place}.profiles_for", purpose.profiles_for)


def _controllers(programme: Programme, place: str, purpose: Purpose) -> Problems:
    for position, name in enumerate(purpose.controllers):
        if name not in programme.controllers:
            yield Problem(
                key_of(place, "controllers", position),
                f"there is no joint controller {shown(name)}",
                did_you_mean(name, programme.controllers) or f"write [controllers.{name}]",
            )
    yield from twice(f"{place}.controllers", purpose.controllers)


def _corrections(place: str, purpose: Purpose) -> Problems:
    for position, digest in enumerate(purpose.corrects):
        if not _SHA256.fullmatch(digest):
            yield Problem(
                key_of(place, "corrects", position),
                f"{shown(digest)} is no SHA-256",
                "write the 64 hexadecimal digits of the earlier notice, in small letters",
            )
    yield from twice(f"{place}.corrects", purpose.corrects)


def contacts(programme: Programme) -> Problems:
    for name, service in programme.services.items():
        for purpose, actions in service.may.items():
            declared = programme.purposes.get(purpose)
            if declared and Action.CONTACT in actions and not declared.channels:
                yield Problem(
                    key_of("services", name, purpose),
                    f"{shown(purpose)} has no channel to reach members by",
                    f'remove "contact", or write channels under [purposes.{purpose}]',
                )


def children(programme: Programme) -> Problems:
    land = COUNTRIES.get(programme.controller.country)
    own = programme.children.age_of_consent
    if land and own is not None and own < land.age_of_consent:
        yield Problem(
            "children.age_of_consent",
            f"the law of {programme.controller.country} says {land.age_of_consent} (Art. 8(1))",
            f"at least {land.age_of_consent}, or leave it out",
        )
    if programme.children.admitted and programme.birth_field is None:
        yield Problem(
            "children.admitted",
            "no field tells how old members are (Art. 8(2))",
            'declare a field of category "pd:BirthDate" and type = "date"',
        )
