"""What a programme must be, beyond its form: names that resolve, bases that hold, notices given.

Pure: a programme in, problems out, all of them together. Errors stop it from being applied;
warnings are what a privacy lawyer would ask about.
"""

from collections.abc import Callable, Iterator
from itertools import chain, islice

from consent.programme import rules_doubt as doubt
from consent.programme.mistakes import MOST
from consent.programme.model import Programme
from consent.programme.rules_choice import children, choices, contacts
from consent.programme.rules_controller import controller, names
from consent.programme.rules_data import fields, traits
from consent.programme.rules_handling import agents, bookkeeping, connectors, handling
from consent.programme.rules_marketing import doubtful_marketing, marketing
from consent.programme.rules_parties import doubtful_parties, parties, recipients
from consent.programme.rules_transfers import doubtful_transfers, transfers
from consent.programme.rules_use import officers, purposes, services
from consent.programme.rules_words import (
    doubtful_without,
    missing_titles,
    missing_words,
    titles,
    without,
    words,
)
from kernel.errors import Problem

_Rule = Callable[[Programme], Iterator[Problem]]
_ERRORS: tuple[_Rule, ...] = (
    names,
    controller,
    parties,
    recipients,
    transfers,
    fields,
    words,
    titles,
    without,
    traits,
    purposes,
    marketing,
    choices,
    services,
    contacts,
    officers,
    children,
    handling,
    bookkeeping,
    connectors,
    agents,
)
_WARNINGS: tuple[_Rule, ...] = (
    doubtful_parties,
    doubtful_transfers,
    doubtful_marketing,
    doubt.unknown_terms,
    doubt.unused,
    missing_words,
    missing_titles,
    doubtful_without,
    doubt.unlimited,
    doubt.outlived,
    doubt.idle,
    doubt.unweighed,
    doubt.unreachable,
    doubt.young,
)


def check(programme: Programme) -> tuple[list[Problem], list[Problem]]:
    """The errors and the warnings, in the order of the file's sections.

    At most `MOST` warnings, and one error more than that, which tells that there are more.
    """
    errors = chain.from_iterable(rule(programme) for rule in _ERRORS)
    warnings = chain.from_iterable(rule(programme) for rule in _WARNINGS)
    return list(islice(errors, MOST + 1)), list(islice(warnings, MOST))
