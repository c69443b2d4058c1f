"""Jobs live and die with the transaction that enqueued them."""

import pytest

from kernel.database import Database
from kernel.jobs import Queue, enqueue


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
