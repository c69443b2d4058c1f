"""Rules about who else is involved: joint controllers, the officer, recipients and transfers."""

from collections.abc import Iterator

from consent.programme.countries import ADEQUACY, EEA, country_codes
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.parties import Recipient, Role, Safeguard
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
        yield from _transfer(programme, place, one)


def is_transfer(programme: Programme, code: str) -> bool:
    """Whether data that goes to that country leaves home (Art. 44)."""
    return code not in EEA and code != programme.controller.country


def _transfer(programme: Programme, place: str, one: Recipient) -> Problems:
    if one.country not in country_codes():
        return
    if not is_transfer(programme, one.country):
        if one.safeguard is not None:
            yield Problem(
                f"{place}.safeguard", f"data does not leave home in {one.country}", "remove it"
            )
        return
    decision = ADEQUACY.get(one.country)
    if one.safeguard is Safeguard.ADEQUACY and decision is None:
        yield Problem(
            f"{place}.safeguard",
            f"no adequacy decision about {one.country} is known here (Art. 45)",
            'write another safeguard, such as "scc"',
        )
    if one.safeguard is None and (decision is None or decision.only is not None):
        about = f"is about {decision.only} only" if decision else "does not exist"
        yield Problem(
            f"{place}.safeguard",
            f"data leaves for {one.country} without safeguard (Art. 44): a decision on adequacy "
            f"{about}",
            'write safeguard = "scc", or what else the transfer rests on',
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
    for name, one in programme.recipients.items():
        place = key_of("recipients", name)
        if one.safeguard is None:
            continue
        if one.safeguard.is_derogation:
            yield Problem(
                f"{place}.safeguard",
                f"{one.safeguard.article} is for what happens now and then, not for what goes on",
                'write "scc" or another safeguard of Art. 46 if it goes on',
            )
        decision = ADEQUACY.get(one.country)
        whole = one.safeguard is Safeguard.ADEQUACY and decision and decision.only is None
        if one.safeguard_reference is None and not whole:
            yield Problem(
                f"{place}.safeguard_reference",
                "members may ask for a copy of the safeguard (Art. 13(1)(f))",
                "write where it can be read",
            )
