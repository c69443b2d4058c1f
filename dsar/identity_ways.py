"""What lacks before a request can go on, and the ways there are to prove it.

Opens e-mail address and telephone number, to show so much of them that the member knows which is
meant and nobody else learns it: the first letters, or the last two digits. Each look is on record.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from audit.acts import Act
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import identity
from dsar.identity import How
from dsar.identity_cases import Case, opened
from dsar.identity_codes import Carrier, carrier_of, moved_lately
from dsar.register import Request
from profiles.members import NUMBER
from profiles.sealing import open_value
from profiles.unit import Unit

HOW = "identity"
_HIDDEN = "…"


@dataclass(frozen=True)
class Way:
    """One way to prove one identifier; `carrier` and `to`, masked, for a code."""

    how: How
    identifier: str
    carrier: Carrier | None = None
    to: str | None = None


@dataclass(frozen=True)
class Standing:
    """Where somebody stands who is to show that they are the member.

    `lacks`: what must still be proved; where one of several will do, all of them. `whole`: the
    whole person was proved. `ways`: for what was not proved yet, also where nothing lacks: what
    hangs on it is then in the answer too. None once the request is decided.
    """

    request: Request
    lacks: frozenset[str]
    proved: frozenset[str]
    whole: bool
    ways: tuple[Way, ...]


async def stands(
    unit: Unit,
    act: Act,
    active: Active,
    request: UUID,
    *,
    carriers: Collection[Carrier],
    cards: bool,
) -> Standing:
    """On record as a use of the addresses that are shown.

    `cards`: whether a purchase is taken, which it is from whoever has the link in a letter.

    Raises `UnknownRequest`, and `NotReady` once the member is erased.
    """
    case = await opened(unit, active, request)
    found = tuple(_ways(unit, case, carriers, cards)) if case.is_open else ()
    shown = sorted(way.identifier for way in found if way.to is not None)
    if shown:
        entry = act.entry(
            EntryKind.PROFILE_READ,
            subject=case.member.key.subject(),
            facts={"fields": shown, "how": HOW},
        )
        await unit.record.write(unit.session, entry)
    return Standing(
        case.request, lacking(unit, case), case.have.identifiers, case.have.whole, found
    )


def lacking(unit: Unit, case: Case) -> frozenset[str]:
    """What must still be proved; nothing once the request is decided."""
    if not case.is_open:
        return frozenset()
    return identity.lacking(unit, case.request.right, case.member, case.have)


def masked(carrier: Carrier, address: str) -> str:
    """An e-mail address as ``a…@p…``, a telephone number as ``…67``: always so long."""
    if carrier is Carrier.SMS:
        return _HIDDEN + address[-2:]
    name, _, domain = address.partition("@")
    return f"{name[:1]}{_HIDDEN}@{domain[:1]}{_HIDDEN}"


def _ways(unit: Unit, case: Case, carriers: Collection[Carrier], cards: bool) -> list[Way]:
    found = []
    for name in sorted(identity.on_file(unit, case.member)):
        if case.have.covers(name):
            continue
        if name == NUMBER:
            found += [Way(How.PURCHASE, name)] if cards else []
            continue
        if moved_lately(unit, case.member, name):
            continue
        carrier = carrier_of(unit, name)
        if carrier is not None and carrier in carriers:
            field = unit.schema.catalogue.fields[name]
            address, _ = open_value(case.member.key, field, case.member.sealed[name])
            found.append(Way(How.CODE, name, carrier, masked(carrier, str(address))))
    return found
