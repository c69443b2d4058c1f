"""What a programme must be, beyond its form: names that resolve, bases that hold, notices given.

Pure: a programme in, problems out, all of them together. Errors stop it from being applied;
warnings are what a privacy lawyer would ask about.
"""

from collections.abc import Callable, Iterator

from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.rules_controller import controller, names
from consent.programme.rules_data import fields, traits
from consent.programme.rules_use import officers, purposes, services
from consent.programme.suggestion import close_to, shown
from consent.programme.vocabulary import PERSONAL_DATA, PURPOSES
from kernel.errors import Problem
from profiles.catalogue import TraitKind

Problems = Iterator[Problem]


def check(programme: Programme) -> tuple[list[Problem], list[Problem]]:
    """The errors and the warnings, in the order of the file's sections."""
    errors = [problem for rule in _ERRORS for problem in rule(programme)]
    warnings = [problem for rule in _WARNINGS for problem in rule(programme)]
    return errors, warnings


def _unknown_terms(programme: Programme) -> Problems:
    for name, field in programme.fields.items():
        if field.category not in PERSONAL_DATA:
            yield Problem(
                key_of("fields", name, "category"),
                f"{shown(field.category)} is not among the DPV terms known here",
                close_to(field.category, PERSONAL_DATA),
            )
    for name, purpose in programme.purposes.items():
        if purpose.dpv not in PURPOSES:
            yield Problem(
                key_of("purposes", name, "dpv"),
                f"{shown(purpose.dpv)} is not among the DPV terms known here",
                close_to(purpose.dpv, PURPOSES),
            )


def _unused(programme: Programme) -> Problems:
    used = {field for purpose in programme.purposes.values() for field in purpose.fields}
    # A birth date that only an age is taken of is used through the age.
    used |= {
        trait.source
        for name, trait in programme.traits.items()
        if trait.kinds == (TraitKind.AGE,) and name in used
    }
    for section in ("fields", "traits"):
        for name in getattr(programme, section):
            if name not in used:
                yield Problem(
                    key_of(section, name),
                    "no purpose uses it, so there is no reason to keep it (Art. 5(1)(c))",
                    "name it in a purpose, or remove it",
                )


def _unlimited(programme: Programme) -> Problems:
    for name in programme.purposes:
        if programme.retention_of(name) is None:
            yield Problem(
                key_of("purposes", name, "retention"),
                "nobody said how long data is kept for it (Arts. 5(1)(e) and 13(2)(a))",
                'write retention = "24 months", or [retention] default',
            )


def _idle(programme: Programme) -> Problems:
    served = {purpose for service in programme.services.values() for purpose in service.may}
    for name in (one for one in programme.purposes if one not in served):
        yield Problem(key_of("purposes", name), "no service does anything for it")


_Rule = Callable[[Programme], Problems]
_ERRORS: tuple[_Rule, ...] = (names, controller, fields, traits, purposes, services, officers)
_WARNINGS: tuple[_Rule, ...] = (_unknown_terms, _unused, _unlimited, _idle)
