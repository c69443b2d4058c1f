"""What members see of themselves, by how well it is known that it is they: at every door alike.

The rule, for pages and for `/v1/me`: a sign-in shows that somebody reads an address, and no more,
whether it was a link by e-mail or a token that says nothing of a second proof. It opens what hangs
on no other identifier. The rest (a telephone number, purchases, what follows from them, when and
how often they were recorded, questions about those, and texts in somebody's own words) waits for a
second proof of the last minutes, as it does in a package. What is held back is named, so that
nobody takes it for all there is. Opens one member's values, for that member; each look is on
record.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from audit.acts import Act
from audit.entries import Kind
from consent import ledger
from consent.choices import Choice
from consent.programmes import Active
from consent.uses import Use, uses
from dsar import identity
from dsar.packages import closing
from dsar.packages.closing import Closed
from dsar.packages.gathering import former_fields
from dsar.wanted import Wanted
from profiles import reading
from profiles.catalogue import Field
from profiles.members import Member
from profiles.opened import Opened
from profiles.purchases import Purchase
from profiles.sealing import open_value
from profiles.unit import Unit

#: How many uses are opened at once, and how many for one page at the most.
AT_ONCE, MOST = 100, 1_000
#: What a link to sign in is sent to.
_SIGNS_IN = "email"

#: What of a request is in somebody's own words.
_WORDS = ("note", "outcome")

Pick = Callable[[Use, Choice | None], bool]


@dataclass(frozen=True)
class Sight:
    """What is open to a member now. `former`: fields that an earlier programme had and this one
    has not."""

    active: Active
    former: Mapping[str, Field]
    closed: Closed


@dataclass(frozen=True)
class Looked:
    """One page of uses, newest first. `said`: the member's choices by their entry.

    `newest`: the newest uses of all, whatever was picked; empty but on the first page. `older`:
    the entry before which the next page begins, None where there is nothing more.
    """

    uses: Sequence[Use]
    newest: Sequence[Use]
    older: UUID | None
    said: Mapping[UUID, Choice] = field(repr=False)


def sight(unit: Unit, active: Active, member: Member, *, proved: bool) -> Sight:
    """What is open to the member. `proved`: by a second proof, a moment ago."""
    former = former_fields(active, member)
    fields = unit.schema.catalogue.fields
    addresses = {name for name, one in fields.items() if one.lookup == _SIGNS_IN}
    closed = closing.closed(
        unit,
        active,
        member,
        have=identity.Proved(whole=proved, identifiers=frozenset(addresses)),
        kept=(fields.keys() | former.keys()) & member.sealed.keys(),
        former=former.keys(),
    )
    return Sight(active, former, closed)


def held_back(unit: Unit, seen: Sight) -> list[str]:
    """The fields that are kept, and the traits there are, that wait for a second proof."""
    traits = unit.schema.catalogue.traits.keys()
    return sorted(seen.closed.fields | seen.closed.traits & traits)


def wish(wanted: Wanted, seen: Sight) -> tuple[Wanted, frozenset[str]]:
    """What was asked for without what is closed, and what that is: fields, `note`, `outcome`."""
    closed = seen.closed
    names = (closed.fields | closed.traits | closed.unasked) & wanted.values.keys()
    words = {name for name in _WORDS if closed.words and getattr(wanted, name)}
    values = {name: value for name, value in wanted.values.items() if name not in names}
    blank = dict.fromkeys(words, "")
    return msgspec.structs.replace(wanted, values=values, **blank), names | words


async def values(unit: Unit, act: Act, member: Member, seen: Sight) -> dict[str, Opened]:
    """What is kept about the member (Art. 15) and is open to them, former fields too.

    On record as `profile.read`.
    """
    closed = seen.closed.fields | seen.closed.traits
    found = await reading.values(unit, member, seen.active.programme.names - closed)
    for name, declared in seen.former.items():
        if name not in closed:
            value, kept = open_value(member.key, declared, member.sealed[name])
            found[name] = Opened(value, kept.source, kept.at)
    await unit.record.write(
        unit.session,
        act.entry(Kind.PROFILE_READ, subject=member.key.subject(), facts={"fields": sorted(found)}),
    )
    return found


async def purchases(unit: Unit, act: Act, member: Member, seen: Sight) -> list[Purchase]:
    """Everything the member bought, oldest first; on record as `profile.read` with how many.

    None at all while they are closed.
    """
    if seen.closed.purchases:
        return []
    found = await reading.purchases(unit, member)
    await unit.record.write(
        unit.session,
        act.entry(
            Kind.PROFILE_READ,
            subject=member.key.subject(),
            facts={"fields": [], "purchases": len(found)},
        ),
    )
    return found


async def used(
    unit: Unit,
    act: Act,
    member: Member,
    seen: Sight,
    *,
    pick: Pick,
    count: int,
    before: UUID | None = None,
) -> Looked:
    """The newest `count` uses that are picked, before an entry; on record as `uses.viewed`.

    Looks through `MOST` uses and then stops; `older` says where to go on. Those that are there
    because something was bought are neither told nor counted while purchases are closed.
    """
    said = (await ledger.opened_rows(unit, {member.id: member.key}))[member.id]
    picked: list[Use] = []
    newest: list[Use] = []
    looked, last, more = 0, before, True
    while more and looked < MOST and len(picked) <= count:
        page = await uses(unit, member, said, seen.active, limit=AT_ONCE, before=last)
        shown = closing.shown_uses(page, seen.closed)
        if before is None and not newest:
            newest = shown
        picked += [one for one in shown if pick(one, said.get(one.entry))]
        looked, more = looked + len(page), len(page) == AT_ONCE
        last = page[-1].entry if page else last
    if len(picked) > count:
        picked, more = picked[:count], True
        last = picked[-1].entry
    await unit.record.write(unit.session, act.entry(Kind.USES_VIEWED, subject=member.key.subject()))
    return Looked(
        uses=picked,
        newest=newest,
        older=last if more else None,
        said=said,
    )
