"""Rules about data that leaves the EEA (Arts. 44 to 49), and who it leaves for."""

from collections.abc import Iterator

from consent.programme.countries import ADEQUACY, EEA, country_codes
from consent.programme.declarations import LegalBasis, Purpose
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.parties import JointController, Recipient, Role, Safeguard
from kernel.errors import Problem

#: Whoever data may go to.
Party = Recipient | JointController

Problems = Iterator[Problem]


def is_transfer(programme: Programme, one: Party) -> bool:
    """Whether data that goes there leaves home (Art. 44).

    Within the controller's own country outside the EEA it does only if the programme says what
    it rests on: who is under the Regulation from there may need to (Art. 3(2)).
    """
    abroad = one.country != programme.controller.country
    return one.country not in EEA and (abroad or one.safeguard is not None)


def importers(programme: Programme, purpose: Purpose) -> dict[str, Party]:
    """Everybody who gets data for the purpose, by the name of their table.

    A joint controller that is also a recipient for it is there once.
    """
    found: dict[str, Party] = {
        key_of("recipients", name): one
        for name, one in sorted(programme.recipients.items())
        if purpose.name in one.purposes
    }
    for name in sorted(purpose.controllers):
        itself = _as_recipient(programme, name)
        if itself is None or key_of("recipients", name) not in found:
            found[key_of("controllers", name)] = itself or programme.controllers[name]
    return found


def transfers(programme: Programme) -> Problems:
    for place, one in _parties(programme):
        if one.country not in country_codes():
            continue
        if one.country in EEA and one.safeguard is not None:
            yield Problem(
                f"{place}.safeguard", f"data does not leave home in {one.country}", "remove it"
            )
        if is_transfer(programme, one):
            yield from _unsafe(programme, place, one)


def doubtful_transfers(programme: Programme) -> Problems:
    """Warnings."""
    for place, one in _parties(programme):
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


def _parties(programme: Programme) -> Iterator[tuple[str, Party]]:
    """Everybody who may be asked for a safeguard, with their table."""
    for name, one in programme.controllers.items():
        if one.safeguard is not None or _as_recipient(programme, name) is None:
            yield key_of("controllers", name), one
    for name, receiving in programme.recipients.items():
        yield key_of("recipients", name), receiving


def _as_recipient(programme: Programme, name: str) -> Recipient | None:
    """The recipient that a joint controller is too; what it says of transfers is said of both."""
    one = programme.recipients.get(name)
    if one is None or one.role is not Role.JOINT_CONTROLLER:
        return None
    return one if one.country == programme.controllers[name].country else None


def _unsafe(programme: Programme, place: str, one: Party) -> Problems:
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
    if one.safeguard is Safeguard.EXPLICIT_CONSENT:
        unasked = [name for name in _purposes(programme, place, one) if not _asked(programme, name)]
        if unasked:
            yield Problem(
                f"{place}.safeguard",
                f"members are not asked for explicit consent to {', '.join(unasked)} "
                "(Art. 49(1)(a))",
                "write explicit = true there, with consent; or another safeguard",
            )


def _purposes(programme: Programme, place: str, one: Party) -> list[str]:
    """The purposes that somebody gets data for, where there are such."""
    if isinstance(one, Recipient):
        return [name for name in one.purposes if name in programme.purposes]
    own = place.partition(".")[2]
    return [name for name, purpose in programme.purposes.items() if own in purpose.controllers]


def _asked(programme: Programme, name: str) -> bool:
    purpose = programme.purposes[name]
    return purpose.explicit and purpose.legal_basis is LegalBasis.CONSENT
