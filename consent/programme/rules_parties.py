"""Rules about who else is involved: joint controllers, the officer and recipients."""

from collections.abc import Iterator

from consent.programme.countries import EEA, country_codes
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.parties import Role
from consent.programme.rules_controller import contact, country, twice
from consent.programme.suggestion import did_you_mean, shown
from kernel.errors import Problem

Problems = Iterator[Problem]


def parties(programme: Programme) -> Problems:
    for name, one in programme.controllers.items():
        place = key_of("controllers", name)
        yield from country(f"{place}.country", one.country)
        yield from contact(f"{place}.contact", one.contact)
        if one.name.casefold() == programme.controller.name.casefold():
            yield Problem(
                f"{place}.name", "this is the programme's own controller", "remove this table"
            )
    if programme.dpo is not None:
        yield from contact("dpo.contact", programme.dpo.contact)


def recipients(programme: Programme) -> Problems:
    for name, one in programme.recipients.items():
        place = key_of("recipients", name)
        yield from country(f"{place}.country", one.country)
        yield from contact(f"{place}.contact", one.contact)
        if not one.purposes:
            yield Problem(
                f"{place}.purposes", "it receives data for nothing", "name a purpose at least"
            )
        for position, purpose in enumerate(one.purposes):
            if purpose not in programme.purposes:
                yield Problem(
                    key_of(place, "purposes", position),
                    f"there is no purpose {shown(purpose)}",
                    did_you_mean(purpose, programme.purposes),
                )
        yield from twice(f"{place}.purposes", one.purposes)
        if one.role is Role.JOINT_CONTROLLER and name not in programme.controllers:
            yield Problem(
                f"{place}.role",
                "nobody said what the joint controllers have agreed (Art. 26)",
                f"write [controllers.{name}]",
            )


def doubtful_parties(programme: Programme) -> Problems:
    """Warnings."""
    named = {one for purpose in programme.purposes.values() for one in purpose.controllers}
    for name in programme.controllers:
        if name not in named:
            yield Problem(
                key_of("controllers", name),
                "no purpose names it, so it decides about nothing",
                f'write controllers = ["{name}"] under a purpose, or remove it',
            )
    own = programme.controller
    if own.country in country_codes() - EEA and own.representative is None:
        yield Problem(
            "controller.representative",
            f"a controller in {own.country} whose members are in the Union needs a representative "
            "there (Arts. 3(2) and 27)",
            'write representative = "…", its name and address',
        )
