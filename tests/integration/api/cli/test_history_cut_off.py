"""Whoever owns the database cuts off its newest history: it is told, and nothing is signed on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from kernel.database import libpq

CUT = """
DELETE FROM ledger WHERE id IN (SELECT entry FROM audit_leaf WHERE number >= {size});
DELETE FROM audit_entry WHERE id IN (SELECT entry FROM audit_leaf WHERE number >= {size});
DELETE FROM audit_detail WHERE entry IN (SELECT entry FROM audit_leaf WHERE number >= {size});
DELETE FROM audit_subject WHERE entry IN (SELECT entry FROM audit_leaf WHERE number >= {size});
DELETE FROM audit_leaf WHERE number >= {size};
DELETE FROM audit_checkpoint WHERE size > {size};
DELETE FROM shard_change WHERE number > {head};
UPDATE shard SET head = {head};
"""


def _owner(url: str, statement: str) -> None:
    with psycopg.connect(libpq(url, role=None)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)


def _signed(url: str) -> tuple[int, int]:
    """How many leaves are signed, and the number of the sets' last change."""
    with psycopg.connect(libpq(url, role=None)) as connection:
        found = connection.execute(
            "SELECT (SELECT max(size) FROM audit_checkpoint), (SELECT max(head) FROM shard)"
        ).fetchone()
    assert found is not None
    return found


def test_a_withdrawal_cut_off_with_all_that_belongs_to_it_is_told(
    club: Any, ask: Callable[..., Any], database_url: str, tmp_path: Path
) -> None:
    remembered = tmp_path / "data" / "record.checkpoint"
    assert club("audit", "verify").status == 0
    size, head = _signed(database_url)
    (tmp_path / "w.csv").write_text("no,when,text\n1,2026-01-06,\n")
    mapping = (tmp_path / "c.toml").read_text().replace('"given"', '"withdrawn"')
    (tmp_path / "w.toml").write_text(mapping.replace("forms", "counter"))
    assert club("import", "consents", "w.csv", "--mapping", "w.toml").status == 0
    assert club("audit", "verify").status == 0
    assert f"\n{_signed(database_url)[0]}\n" in remembered.read_text()
    assert _signed(database_url)[0] > size

    _owner(database_url, CUT.format(size=size, head=head))
    came = club("audit", "verify")
    assert came.status == 1
    assert "newest history is gone" in came.err

    assert ask("tier = 'gold'").status == 0  # a use that now waits for its leaf number
    came = club("audit", "export", "log")
    assert came.status == 1
    assert "move record.checkpoint out of the data folder" in came.err
    assert "newest history is gone" in club("audit", "verify").err
    assert _signed(database_url)[0] == size

    # Somebody put a backup back on purpose; that one would have had the tallies of its own leaves.
    remembered.rename(tmp_path / "kept.checkpoint")
    assert "tillit audit recount" in club("audit", "verify").err
    assert club("audit", "recount").status == 0
    assert club("audit", "verify").status == 0
    assert _signed(database_url)[0] > size
