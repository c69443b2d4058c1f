"""Everything kept about one member, opened for the package that answers their request.

Opens a member's values, purchases, ledger, requests and uses, for Arts. 15 and 20 and for nobody
but the member. Only what hangs on proved identifiers comes out of here: what is left out is left
out before anything is arranged or written.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from audit.proofs import proofs_of
from consent import guardians
from consent.history import Stand
from consent.programmes import Active
from consent.standings import Standings, fold
from consent.uses import Use, uses
from dsar import holds, own_choices, register, speaking, wanted
from dsar.holds import Hold
from dsar.own_choices import Line
from dsar.packages import closing
from dsar.packages.closing import Closed
from dsar.register import Request
from dsar.tables import RequestRow
from dsar.wanted import Wanted
from profiles import reading
from profiles.catalogue import Field
from profiles.members import Member
from profiles.opened import Opened
from profiles.purchases import Purchase
from profiles.sealing import TRAITS, open_value
from profiles.unit import Unit

_ALL = 1 << 40  # a package leaves out no use, however many there are


@dataclass(frozen=True)
class Asking:
    """A request and what was wanted by it."""

    request: Request
    wish: Wanted


@dataclass(frozen=True)
class Gathered:
    """One member's data in hand. `programme` of `active` is the one in force.

    `former`: fields that an earlier programme had and this one has not. `proofs`: by entry, its
    exact bytes and the proof that they are on record; an entry of this moment has none yet, and
    one that tells of closed purchases is left out.
    `guardian`: whether `lines` had one, which they show no more. `wards`: how many they speak for.
    """

    at: datetime
    active: Active
    request: Request
    closed: Closed
    values: Mapping[str, Opened] = field(repr=False)
    former: Mapping[str, Field]
    traits: Mapping[str, Opened] = field(repr=False)
    purchases: Sequence[Purchase] = field(repr=False)
    lines: Sequence[Line] = field(repr=False)
    stands: Sequence[Stand] = field(repr=False)
    standings: Standings = field(repr=False)
    uses: Sequence[Use] = field(repr=False)
    proofs: Mapping[UUID, tuple[bytes, str]] = field(repr=False)
    requests: Sequence[Asking] = field(repr=False)
    holds: Sequence[Hold] = field(repr=False)
    guardian: bool = False
    wards: int = 0


async def gather(unit: Unit, active: Active, row: RequestRow, member: Member) -> Gathered:
    """Open what the request (locked, with its member) is answered with.

    Raises `CannotOpen` for a row that was changed by hand: nothing of it is handed out.
    """
    have = await speaking.proved(unit, active, row.id, member)
    catalogue, former = unit.schema.catalogue, former_fields(active, member)
    values = await reading.values(unit, member, active.programme.names)
    for name, declared in former.items():
        value, kept = open_value(member.key, declared, member.sealed[name])
        values[name] = Opened(value, kept.source, kept.at)
    fields = catalogue.fields.keys() | former.keys()
    closed = closing.closed(
        unit, active, member, have=have, kept=fields & values.keys(), former=former.keys()
    )
    lines = await own_choices.lines(unit, active, member)
    said = {one.entry: one.choice for one in lines}
    standings = fold(said.values())
    used = closing.shown_uses(await uses(unit, member, said, active, limit=_ALL), closed)
    return Gathered(
        at=unit.now,
        active=active,
        request=register.shown(row),
        closed=closed,
        values=_only(values, fields, closed.fields),
        former={name: one for name, one in former.items() if name not in closed.fields},
        traits=_only(values, catalogue.traits.keys(), closed.traits),
        purchases=[] if closed.purchases else await reading.purchases(unit, member),
        lines=[closing.shown_line(one, closed) for one in reversed(lines)],
        guardian=any(one.choice.guardian is not None for one in lines),
        stands=own_choices.stands(unit, active, member, standings),
        standings=standings,
        uses=used,
        proofs=await _proofs(unit, [one for one in used if not closing.waits(one.body, closed)]),
        requests=await _requests(unit, member, closed),
        holds=await holds.of_member(unit, member),
        wards=len(await guardians.children(unit, member)),
    )


def former_fields(active: Active, member: Member) -> dict[str, Field]:
    """Fields of earlier programmes that are still kept of this member, as they were last declared.

    A field that no purpose uses any more is held all the same until it is erased: they are told.
    """
    known = active.programme.catalogue().fields
    found: dict[str, Field] = {}
    for version in sorted(active.earlier, reverse=True):
        for name, declared in active.earlier[version].programme.catalogue().fields.items():
            if name in member.sealed and name not in known and name != TRAITS:
                found.setdefault(name, declared)
    return found


def _only(
    values: Mapping[str, Opened], names: Set[str], closed: frozenset[str]
) -> dict[str, Opened]:
    return {name: one for name, one in sorted(values.items()) if name in names - closed}


async def _proofs(unit: Unit, used: Sequence[Use]) -> dict[UUID, tuple[bytes, str]]:
    bodies = {one.entry: one.body for one in used}
    leaves = {one.entry: one.leaf for one in used if one.leaf is not None}
    proofs = await proofs_of(unit.session, leaves)
    return {entry: (bodies[entry], proof) for entry, proof in proofs.items()}


async def _requests(unit: Unit, member: Member, closed: Closed) -> list[Asking]:
    query = (
        select(RequestRow)
        .where(col(RequestRow.member) == member.id)
        .order_by(col(RequestRow.opened_at), col(RequestRow.due), col(RequestRow.id))
    )
    asked = []
    for row in (await unit.session.execute(query)).scalars():
        wish = Wanted() if closed.words else wanted.opened(member.key, row.id, row.wanted)
        asked.append(Asking(register.shown(row), wish))
    return asked
