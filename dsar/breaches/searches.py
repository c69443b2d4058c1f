"""Who was affected by a breach: asked by an officer, looked for by a worker, kept sealed.

A question and its answer lie beside the breach, under the epoch's key. The newest answer is the one
that counts; those before it stay, because the register tells how it was come to (Art. 33(5)).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from audit.acts import Act
from audit.entries import Fact, Kind, rfc3339
from consent.affected.question import Affected, Question
from consent.affected.searching import Progress, search
from consent.programmes import Active
from dsar.breaches import register
from dsar.errors import NotABreach, UnknownBreach, WrongState
from dsar.tables import BreachSearchRow
from kernel.database import raw
from kernel.ids import uuid7
from kernel.jobs import enqueue
from profiles.errors import CannotOpen
from profiles.keys import fill, place, strip
from profiles.labels import Label
from profiles.shard import MemberSets
from profiles.unit import Unit

#: Looks for those affected; its argument is the search's id.
SEARCH_JOB = "breach.search"
_PAD = 1_024
_MOST = 20  # searches of one breach
#: The problem of one that stopped halfway, and is begun again; the others are slugs of errors.
INTERRUPTED = "interrupted"
#: One that is still to be answered.
_OPEN = f"(state IN ('waiting', 'running') OR (state = 'failed' AND problem = '{INTERRUPTED}'))"
_PROGRESS = f"""
UPDATE breach_search SET state = 'running', problem = NULL, stage = %s, done = %s, total = %s
WHERE id = %s AND {_OPEN}
"""  # noqa: S608 - a condition of our own
Sealed = TypeVar("Sealed", Question, Affected)


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Search:
    """One search. `problem`: the slug of what went wrong; `question` and `result` are None where
    they do not open, and `result` before there is one."""

    id: UUID
    breach: UUID
    asked_at: datetime
    state: State
    stage: str | None
    done: int
    total: int
    problem: str | None
    question: Question | None = field(repr=False)
    result: Affected | None = field(repr=False)


async def refuse_unaskable(unit: Unit, breach: UUID) -> None:
    """Raises `UnknownBreach`, and `WrongState` for one that is closed or was asked about too often.

    For whoever opens anything in order to ask: before that, lest it is rolled back with its entry.
    """
    found = await register.get(unit, breach)
    assert found.account is not None
    if found.account.closed_at is not None:
        raise WrongState("this breach is closed, and stays as it is", place="breach")
    if len(await of_breach(unit, breach)) >= _MOST:
        raise WrongState(f"{_MOST} searches are enough for one breach", place="breach")


async def ask(unit: Unit, act: Act, active: Active, breach: UUID, question: Question) -> Search:
    """Have a worker look for those affected; on record before it does.

    Raises `NotABreach` for what cannot be asked, and as `refuse_unaskable`.
    """
    await refuse_unaskable(unit, breach)
    _check(question, active, unit.now)
    id = uuid7()
    row = BreachSearchRow(
        id=id,
        breach=breach,
        asked_at=unit.now,
        state=State.WAITING,
        epoch=unit.epoch.number,
        question=_sealed(unit, row_place(id, breach, "question"), question),
    )
    unit.session.add(row)
    await unit.session.flush()
    facts: dict[str, Fact] = {
        "breach": str(breach),
        "search": str(id),
        "since": rfc3339(question.since),
        "until": rfc3339(question.until),
        "actors": len(question.actors) + (question.account is not None),
        "whole": int(question.whole),
    }
    await unit.record.write(unit.session, act.entry(Kind.BREACH_SEARCHED, facts=facts))
    await enqueue(unit.session, SEARCH_JOB, search=str(id))
    return _search(unit, row)


async def run(unit: Unit, active: Active, id: UUID, sets: MemberSets) -> AsyncIterator[Progress]:
    """Do it, telling how far it is; what came of it is kept with this unit.

    `sets`: the members as of a barrier just passed. Does nothing for one that is done. Raises as
    `search` does, and `CannotOpen` for a question that somebody has changed.
    """
    row = await unit.session.get(BreachSearchRow, id)
    if row is None or not _is_open(row):
        return
    question = _opened(unit, row_place(id, row.breach, "question"), row.question, Question)
    async for step in search(unit, active, question, sets):
        if isinstance(step, Progress):
            yield step
            continue
        result = _sealed(unit, row_place(id, row.breach, "result"), step)
        # Nothing may lead from a place in a set to a pseudonym for longer than it has to.
        kept = replace(question, pseudonym=None, holder=None, wards=())
        asked = _sealed(unit, row_place(id, row.breach, "question"), kept)
        connection = await raw(unit.session)
        await connection.execute(
            "UPDATE breach_search SET state = 'done', stage = NULL, problem = NULL, result = %s, "  # noqa: S608 - a condition of our own
            f"question = %s, epoch = %s WHERE id = %s AND {_OPEN}",
            (result, asked, unit.epoch.number, id),
        )


async def progressed(session: AsyncSession, id: UUID, step: Progress) -> None:
    """Write down how far it is: in a transaction of its own, and without a key."""
    connection = await raw(session)
    await connection.execute(_PROGRESS, (step.stage, step.done, step.total, id))


async def failed(session: AsyncSession, id: UUID, problem: str) -> None:
    """Write down that it cannot be answered; `problem`: an error's slug, or `INTERRUPTED`."""
    connection = await raw(session)
    await connection.execute(
        f"UPDATE breach_search SET state = 'failed', problem = %s WHERE id = %s AND {_OPEN}",  # noqa: S608 - our own
        (problem, id),
    )


async def of_breach(unit: Unit, breach: UUID) -> list[Search]:
    """All that were asked for, the newest first."""
    query = (
        select(BreachSearchRow)
        .where(col(BreachSearchRow.breach) == breach)
        .order_by(col(BreachSearchRow.id).desc())
    )
    return [_search(unit, row) for row in (await unit.session.execute(query)).scalars()]


async def one(unit: Unit, breach: UUID, id: UUID) -> Search:
    """Raises `UnknownBreach`."""
    row = await unit.session.get(BreachSearchRow, id, populate_existing=True)
    if row is None or row.breach != breach:
        raise UnknownBreach("there is no such search of this breach", place="search")
    return _search(unit, row)


async def answer(unit: Unit, breach: UUID, id: UUID) -> Affected:
    """What came of one. Raises `UnknownBreach`, also while there is no answer."""
    found = await one(unit, breach, id)
    if found.result is None:
        raise UnknownBreach("this search has no answer", place="search")
    return found.result


def row_place(id: UUID, breach: UUID, what: str) -> bytes:
    return place("breach_search", f"{id.hex}|{breach.hex}", what)


def _check(question: Question, active: Active, now: datetime) -> None:
    if question.until <= question.since or question.since > now:
        raise NotABreach("it ends before it begins, or is still to come", place="since")
    known = {"service/" + name for name in active.programme.services}
    for name in question.actors:
        if name.startswith("service/") and name not in known and not _was(active, name):
            raise NotABreach("the programme has no such service", place="actors")
    unknown = {*question.fields} - {*active.programme.names, "purchases"}
    if unknown or {*question.purposes} - {*active.programme.purposes}:
        raise NotABreach("the programme has no such field or purpose", place="fields")
    if question.keys_too and not question.whole:
        raise NotABreach("keys are copied with a database, or not at all", place="keys_too")


def _is_open(row: BreachSearchRow) -> bool:
    interrupted = row.state == State.FAILED and row.problem == INTERRUPTED
    return interrupted or row.state in (State.WAITING, State.RUNNING)


def _was(active: Active, actor: str) -> bool:
    """Whether an earlier version knew the service."""
    name = actor.partition("/")[2]
    return any(name in one.programme.services for one in active.earlier.values())


def _search(unit: Unit, row: BreachSearchRow) -> Search:
    question = result = None
    try:
        question = _opened(unit, row_place(row.id, row.breach, "question"), row.question, Question)
        if row.result is not None:
            at = row_place(row.id, row.breach, "result")
            result = _opened(unit, at, row.result, Affected)
    except CannotOpen:
        pass
    return Search(
        id=row.id,
        breach=row.breach,
        asked_at=row.asked_at,
        state=State(row.state),
        stage=row.stage,
        done=row.done,
        total=row.total,
        problem=row.problem,
        question=question,
        result=result,
    )


def _sealed(unit: Unit, at: bytes, what: Question | Affected) -> bytes:
    plain = fill(msgspec.msgpack.encode(what), _PAD)
    return unit.epoch.sealing(Label.BREACHES).seal(plain, at=at)


def _opened(unit: Unit, at: bytes, sealed: bytes, type_: type[Sealed]) -> Sealed:
    plain = strip(unit.epoch.sealing(Label.BREACHES).open(sealed, at=at))
    return msgspec.msgpack.decode(plain, type=type_)
