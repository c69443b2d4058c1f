"""What was signed last is remembered outside the database, and nothing older passes for whole."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from audit.check import check
from audit.errors import RecordTampered
from audit.integrator import integrate
from audit.memory import CheckpointFile
from audit.notes import Signer
from audit.proofs import latest_checkpoint
from kernel.database import libpq
from kernel.errors import Unavailable

CUT = """
DELETE FROM audit_entry WHERE id IN (SELECT entry FROM audit_leaf WHERE number >= {size});
DELETE FROM audit_detail WHERE entry IN (SELECT entry FROM audit_leaf WHERE number >= {size});
DELETE FROM audit_subject WHERE entry IN (SELECT entry FROM audit_leaf WHERE number >= {size});
DELETE FROM audit_tile WHERE (number + 1) * 256 > {size};
DELETE FROM audit_leaf WHERE number >= {size};
DELETE FROM audit_checkpoint WHERE size > {size};
DELETE FROM audit_tally WHERE tile * 256 + get_byte(leaves, 0) >= {size};
UPDATE audit_tally SET leaves = (SELECT string_agg(substr(leaves, i, 1), '' ORDER BY i)
    FROM generate_series(1, length(leaves)) i WHERE tile * 256 + get_byte(leaves, i - 1) < {size});
"""
SIGNER = Signer(name="fjallklubben.example/record", seed=b"s" * 32)


def note(size: int, *, signer: Signer = SIGNER, root: bytes = b"r" * 32) -> str:
    return signer.checkpoint(size, root)


@pytest.fixture
def as_owner(database_url: str) -> Callable[[str], None]:
    """What whoever owns the database can do, the append-only triggers notwithstanding."""

    def run(statements: str) -> None:
        with psycopg.connect(libpq(database_url, role=None)) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statements)

    return run


async def grow(log: Any, *counts: int) -> list[str]:
    """Integrate so many entries at a time; the checkpoints that were signed."""
    notes = []
    for count in counts:
        await log.write(count)
        await log.integrate()
        async with log.database.transaction() as session:
            notes.append(await latest_checkpoint(session))
    return notes


async def integrate_on(log: Any, remembered: str) -> int:
    await log.write(1)
    async with log.database.transaction() as session:
        return await integrate(
            session,
            mac_keys=[log.mac_key],
            signer=log.signer,
            clock=log.clock,
            remembered=remembered,
        )


async def problems(log: Any, remembered: str) -> tuple[str, ...]:
    async with log.database.transaction() as session:
        found = await check(
            session,
            vkey=log.signer.verifier_key,
            mac_keys=[log.mac_key],
            remembered=remembered,
        )
    return found.problems


async def test_a_log_leads_on_from_every_checkpoint_it_ever_had(log: Any) -> None:
    for remembered in await grow(log, 1, 254, 1, 1, 300):
        assert await problems(log, remembered) == ()
        assert await integrate_on(log, remembered) == 1


async def test_history_cut_off_at_its_end_is_found_and_not_signed_over(
    log: Any, as_owner: Any
) -> None:
    _, remembered = await grow(log, 300, 300)
    as_owner(CUT.format(size=300))
    assert (await log.check()).problems == ()  # what is left is a good log, only shorter
    (problem,) = await problems(log, remembered)
    assert "600 leaves were signed, and the database holds 300" in problem
    with pytest.raises(RecordTampered, match="newest history is gone"):
        await integrate_on(log, remembered)
    assert (await log.check()).checkpoints == 1


async def test_another_history_of_the_same_length_or_longer_is_found(
    log: Any, as_owner: Any
) -> None:
    _, remembered = await grow(log, 300, 5)
    as_owner(CUT.format(size=300))
    for more in (5, 1):
        await grow(log, more)  # by a process that remembers nothing
        (problem,) = await problems(log, remembered)
        assert "the first 305 leaves are not those that were signed" in problem
        with pytest.raises(RecordTampered, match="not those that were signed"):
            await integrate_on(log, remembered)


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "no note",
        note(5, signer=Signer(name=SIGNER.name, seed=b"o" * 32)),
        note(5, signer=Signer(name="else.example/record", seed=b"s" * 32)),
    ],
)
async def test_a_remembered_note_that_is_not_ours_is_not_believed(log: Any, foreign: str) -> None:
    await grow(log, 5)
    assert any("is not this record's" in problem for problem in await problems(log, foreign))
    with pytest.raises(RecordTampered, match="is not this record's"):
        await integrate_on(log, foreign)


async def test_the_note_is_told_only_when_something_was_signed(log: Any) -> None:
    told: list[str] = []
    await log.write(2)
    for done in (2, 0):
        async with log.database.transaction() as session:
            assert done == await integrate(
                session,
                mac_keys=[log.mac_key],
                signer=log.signer,
                clock=log.clock,
                signed=told.append,
            )
    async with log.database.transaction() as session:
        assert told == [await latest_checkpoint(session)]


def test_the_file_gives_back_the_newest_note_and_never_goes_back(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "deep" / "record.checkpoint")
    assert file.recall() is None
    for size, newest in ((3, 3), (2, 3), (20, 20), (20, 20), (9, 20)):
        file.remember(note(size))
        assert file.recall() == note(newest)
    file.remember(note(20, root=b"x" * 32))  # as long, and another: the first one stands
    assert CheckpointFile(tmp_path / "deep" / "record.checkpoint").recall() == note(20)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["record.checkpoint"]
    assert (tmp_path / "deep" / "record.checkpoint").stat().st_mode & 0o077 == 0


def test_a_file_that_holds_no_checkpoint_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "record.checkpoint"
    path.write_text("not ours\n")
    with pytest.raises(RecordTampered, match="is not this record's"):
        CheckpointFile(path).remember(note(3))
    assert path.read_text() == "not ours\n"


def test_a_file_that_cannot_be_had_is_told_as_unavailable(tmp_path: Path) -> None:
    (tmp_path / "record.checkpoint").mkdir()
    with pytest.raises(Unavailable, match="cannot be read"):
        CheckpointFile(tmp_path / "record.checkpoint").recall()
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be remembered"):
        CheckpointFile(tmp_path / "file" / "record.checkpoint").remember(note(3))


def test_a_crash_while_writing_leaves_the_note_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = CheckpointFile(tmp_path / "record.checkpoint")
    file.remember(note(3))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(Unavailable, match="cannot be remembered"):
            file.remember(note(4))
    assert file.recall() == note(3)
    assert [path.name for path in tmp_path.iterdir()] == ["record.checkpoint"]
