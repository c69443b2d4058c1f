"""The register of breaches (Art. 33(5)): opened, described, assessed, told of, closed.

Everything can be set right until it is closed, and each step is on record; the register itself has
only what holds now.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec.structs import replace
from sqlmodel import col, select

from audit.acts import Act
from audit.entries import Fact, Kind, rfc3339
from dsar.breaches import account as accounts
from dsar.breaches.account import LONGEST, Account, Nature, Past, Risk, Spared
from dsar.breaches.clock import Clock, clock, due_at
from dsar.errors import NotABreach, Overtaken, UnknownBreach, WrongState
from dsar.tables import BreachRow
from kernel.ids import uuid7
from profiles.errors import CannotOpen
from profiles.unit import Unit


class Step(StrEnum):
    """What changes a register's line."""

    OPEN = "open"
    DESCRIBE = "describe"
    ASSESS = "assess"
    TELL_AUTHORITY = "tell_authority"
    TELL_MEMBERS = "tell_members"
    CLOSE = "close"
    LIST = "list"


@dataclass(frozen=True)
class Breach:
    """A breach as it stands. `account` is None for one whose row somebody has changed."""

    id: UUID
    opened_at: datetime
    account: Account | None

    def clock(self, now: datetime) -> Clock | None:
        """None where nobody has to be told: no risk was found, or nobody can read it."""
        one = self.account
        if one is None or (one.risk is Risk.NONE and one.authority_at is None):
            return None
        return clock(one.aware, now, ended=one.authority_at or one.closed_at)

    def lacking(self) -> list[str]:
        """What has to be done before it can be closed, as words of a closed list."""
        one = self.account
        if one is None:
            return ["account"]
        found = []
        if one.risk is Risk.OPEN:
            found.append("assessment")
        if one.risk in (Risk.RISK, Risk.HIGH) and one.authority_at is None:
            found.append("authority")
        late = one.authority_at is not None and one.authority_at > due_at(one.aware)
        if late and not one.delay.strip():
            found.append("delay")
        if one.risk is Risk.HIGH and one.members_at is None and one.spared is None:
            found.append("members")
        return found


def stands(said: Account) -> UUID:
    """The entry of the step after which a breach stands as it does; who changes it has seen that.

    That a list of those affected was fetched changes nothing.
    """
    return next(past.entry for past in reversed(said.history) if past.step != Step.LIST)


async def listed(unit: Unit, *, limit: int = 200) -> list[Breach]:
    """The newest first; those that cannot be read are among them."""
    query = select(BreachRow).order_by(col(BreachRow.id).desc()).limit(limit)
    found = []
    for row in (await unit.session.execute(query)).scalars():
        try:
            said = accounts.opened(unit.epoch, row.id, row.sealed)
        except CannotOpen:
            said = None
        found.append(Breach(row.id, row.opened_at, said))
    return found


async def get(unit: Unit, breach: UUID) -> Breach:
    """Raises `UnknownBreach`, and `CannotOpen` for one whose row somebody has changed."""
    row = await _row(unit, breach)
    return Breach(row.id, row.opened_at, accounts.opened(unit.epoch, row.id, row.sealed))


async def open_breach(
    unit: Unit,
    act: Act,
    *,
    happened: str,
    aware: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    natures: tuple[Nature, ...] = (),
) -> Breach:
    """Put a breach into the register; the clock runs from `aware` on. Raises `NotABreach`."""
    said = Account(
        salt=accounts.fresh_salt(),
        happened=happened,
        aware=aware,
        since=since,
        until=until,
        natures=natures,
    )
    _check(said, unit.now)
    row = BreachRow(id=uuid7(), opened_at=unit.now, epoch=unit.epoch.number, sealed=b"")
    return await _kept(unit, act, row, said, Step.OPEN)


async def describe(
    unit: Unit,
    act: Act,
    breach: UUID,
    *,
    stood: UUID,
    happened: str,
    aware: datetime,
    since: datetime | None,
    until: datetime | None,
    natures: tuple[Nature, ...],
) -> Breach:
    """Set right what happened and when. `stood`: after which step, as whoever writes has seen it.

    Raises `NotABreach`, `WrongState`, `UnknownBreach`, and `Overtaken` where another has followed.
    """
    row, now = await _open_row(unit, breach, stood)
    said = replace(now, happened=happened, aware=aware, since=since, until=until, natures=natures)
    return await _kept(unit, act, row, said, Step.DESCRIBE)


async def assess(
    unit: Unit,
    act: Act,
    breach: UUID,
    *,
    stood: UUID,
    risk: Risk,
    why: str,
    consequences: str,
    measures: str,
    spared: Spared | None,
) -> Breach:
    """What it may lead to, what is done about it, and who has therefore to be told.

    Raises as `describe`; also for an assessment without its reasons.
    """
    row, now = await _open_row(unit, breach, stood)
    if risk is not Risk.OPEN and not why.strip():
        raise NotABreach(
            "an assessment has its reasons",
            place="why",
            remedy="write what it rests on: whose data, how many, how bad (Art. 33(5))",
        )
    if spared is not None and risk is not Risk.HIGH:
        raise NotABreach("only of a high risk have members to be told at all", place="spared")
    said = replace(
        now, risk=risk, why=why, consequences=consequences, measures=measures, spared=spared
    )
    return await _kept(unit, act, row, said, Step.ASSESS)


async def tell_authority(
    unit: Unit,
    act: Act,
    breach: UUID,
    *,
    stood: UUID,
    at: datetime,
    reference: str = "",
    delay: str = "",
) -> Breach:
    """Put down that the authority was told, `at` what moment, under which reference of theirs.

    Raises as `describe`; also for one that came after 72 hours and says not why (Art. 33(1)).
    """
    row, now = await _open_row(unit, breach, stood)
    if at > due_at(now.aware) and not delay.strip():
        raise NotABreach(
            "this was later than 72 hours after it became known",
            place="delay",
            remedy="say why: the authority has to be told the reasons for the delay (Art. 33(1))",
        )
    said = replace(now, authority_at=at, reference=reference, delay=delay)
    return await _kept(unit, act, row, said, Step.TELL_AUTHORITY)


async def tell_members(
    unit: Unit, act: Act, breach: UUID, *, stood: UUID, at: datetime, told: UUID | None
) -> Breach:
    """Put down that those affected were told, who are those that the search `told` has found.

    Raises as `describe`. What they see of it in their own pages, `dsar.breaches.telling` writes.
    """
    row, now = await _open_row(unit, breach, stood)
    said = replace(now, members_at=at, told=told)
    return await _kept(unit, act, row, said, Step.TELL_MEMBERS)


async def close(unit: Unit, act: Act, breach: UUID, *, stood: UUID) -> Breach:
    """Nothing of it is changed any more. Raises as `describe`, also while something lacks."""
    row, now = await _open_row(unit, breach, stood)
    if Breach(row.id, row.opened_at, now).lacking():
        raise WrongState(
            "this breach is not dealt with yet",
            place="breach",
            remedy="assess it, and tell whom the assessment says has to be told",
        )
    return await _kept(unit, act, row, replace(now, closed_at=unit.now), Step.CLOSE)


async def note_listed(unit: Unit, act: Act, breach: UUID, *, members: int) -> None:
    """Put on record that a list of those affected was fetched; also of one that is closed."""
    row = await _row(unit, breach, lock=True)
    said = accounts.opened(unit.epoch, row.id, row.sealed)
    await _kept(unit, act, row, said, Step.LIST, members=members)


async def _row(unit: Unit, breach: UUID, *, lock: bool = False) -> BreachRow:
    row = await unit.session.get(
        BreachRow, breach, with_for_update=lock or None, populate_existing=lock
    )
    if row is None:
        raise UnknownBreach("there is no such breach in the register", place="breach")
    return row


async def _open_row(unit: Unit, breach: UUID, stood: UUID) -> tuple[BreachRow, Account]:
    """A row, locked, and its account. Raises `WrongState` for one that is closed, and `Overtaken`.

    What is written takes the place of what stood, which nobody may do away with unseen.
    """
    row = await _row(unit, breach, lock=True)
    said = accounts.opened(unit.epoch, row.id, row.sealed)
    if said.closed_at is not None:
        raise WrongState("this breach is closed, and stays as it is", place="breach")
    if stood != stands(said):
        raise Overtaken(
            "somebody else has changed this breach meanwhile",
            place="stood",
            remedy="look at what stands now, and write once more what is to stand",
        )
    return row, said


async def _kept(
    unit: Unit, act: Act, row: BreachRow, said: Account, step: Step, **more: Fact
) -> Breach:
    """Seal it and put the step on record. The salt is a new one, or old digests would tell."""
    _check(said, unit.now)
    entry = uuid7()
    past = Past(step.value, unit.now, act.actor, entry)
    said = replace(said, salt=accounts.fresh_salt(), history=(*said.history, past))
    packed = accounts.seal(unit.epoch, row.id, said)
    row.sealed, row.epoch = packed.sealed, unit.epoch.number
    unit.session.add(row)
    await unit.session.flush()
    facts: dict[str, Fact] = {
        "breach": str(row.id),
        "aware": rfc3339(said.aware),
        "account": packed.digest,
        **more,
    }
    if step is not Step.OPEN:
        facts |= {"step": step.value, "risk": said.risk.value}
    if said.authority_at is not None:
        facts["authority"] = rfc3339(said.authority_at)
    kind = Kind.BREACH_OPENED if step is Step.OPEN else Kind.BREACH_MOVED
    await unit.record.write(unit.session, act.entry(kind, facts=facts, entry_id=entry))
    return Breach(row.id, row.opened_at, said)


def _check(said: Account, now: datetime) -> None:
    """Raises `NotABreach` for what cannot be so."""
    if not said.happened.strip():
        raise NotABreach("it is not said what happened", place="happened")
    for name in ("happened", "why", "consequences", "measures", "reference", "delay"):
        if len(getattr(said, name)) > LONGEST:
            raise NotABreach("too long", place=name, remedy=f"write at most {LONGEST} characters")
    rules = (
        ("aware", said.aware > now, "nobody becomes aware of it later than now"),
        ("since", said.since is not None and said.since > now, "it began later than now"),
        (
            "until",
            said.until is not None and (said.since is None or said.until < said.since),
            "it ended before it began, or nobody says when that was",
        ),
        ("authority_at", _off(said.authority_at, said, now), _OFF),
        ("members_at", _off(said.members_at, said, now), _OFF),
    )
    for place, wrong, message in rules:
        if wrong:
            raise NotABreach(message, place=place)


_OFF = "nobody was told before it was known, or later than now"


def _off(at: datetime | None, said: Account, now: datetime) -> bool:
    return at is not None and not said.aware <= at <= now
