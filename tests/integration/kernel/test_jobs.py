"""Jobs live and die with the transaction that enqueued them."""

from datetime import UTC, datetime

import psycopg
import pytest

from kernel.database import Database, libpq
from kernel.jobs import KEPT, Queue, enqueue


class Stop(Exception):
    pass


async def test_a_job_exists_exactly_when_its_transaction_committed(
    database: Database, database_url: str
) -> None:
    ran: list[str] = []

    async def note(word: str) -> None:
        ran.append(word)

    queue = Queue(database_url)
    queue.register("test.note", note)
    async with database.transaction() as session:
        await enqueue(session, "test.note", word="kept")

    async def fail() -> None:
        async with database.transaction() as session:
            await enqueue(session, "test.note", word="rolled back")
            raise Stop

    with pytest.raises(Stop):
        await fail()
    await queue.open()
    await queue.work(wait=False)
    await queue.close()
    assert ran == ["kept"]


async def test_jobs_that_went_well_are_deleted_after_days_and_no_others(
    database: Database, database_url: str
) -> None:
    async def step(word: str) -> None:
        if word == "fails":
            raise Stop

    queue = Queue(database_url)
    queue.register("test.note", step)
    for word in ("old", "new", "fails"):
        async with database.transaction() as session:
            await enqueue(session, "test.note", word=word)
    await queue.open()
    await queue.work(wait=False)
    async with database.transaction() as session:
        await enqueue(session, "test.note", word="waits", at=datetime(2200, 1, 1, tzinfo=UTC))
    failed = "UPDATE procrastinate_jobs SET status = 'failed' WHERE args->>'word' = 'fails'"
    with psycopg.connect(libpq(database_url, role=None), autocommit=True) as owner:
        owner.execute(failed)
        owner.execute(_BEFORE, (f"{KEPT - 1} hours",))
        await queue.drop_done()
        assert _words(owner) == ["fails", "new", "old", "waits"]
        owner.execute(_BEFORE, ("2 hours",))
        await queue.drop_done()
        assert _words(owner) == ["fails", "new", "waits"]
        assert owner.execute(_LEFT).fetchone() == (0,)
    await queue.close()


_BEFORE = (
    "UPDATE procrastinate_events e SET at = e.at - %s::interval FROM procrastinate_jobs j "
    "WHERE j.id = e.job_id AND j.args->>'word' <> 'new'"
)
_LEFT = (
    "SELECT count(*) FROM procrastinate_events e "
    "WHERE NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.id = e.job_id)"
)


def _words(owner: psycopg.Connection) -> list[str]:
    found = owner.execute("SELECT args->>'word' FROM procrastinate_jobs ORDER BY 1").fetchall()
    return [word for (word,) in found]
