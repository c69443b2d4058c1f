"""Checking the database's own record: nothing changed, nothing missing, nothing added.

Reads every ``audit_…`` table in one snapshot, a page at a time. Needs no secret but the MAC
keys, and those only for entries that no checkpoint covers yet. Whoever does not trust this
process exports the log and runs `audit.verify` instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from sqlalchemy.ext.asyncio import AsyncSession

from audit.check_entries import EntryCheck
from audit.check_tallies import TallyCheck
from audit.check_tree import TreeCheck
from audit.errors import NotAlone, RecordTampered
from audit.memory import check_follows
from audit.tree import rows
from audit.verify import VerifierKey
from kernel.database import raw

_MOST = 100  # problems told one by one


@dataclass(frozen=True)
class Findings:
    """What was counted, and what is wrong. `pending` entries are sound, and not numbered yet."""

    entries: int
    leaves: int
    pending: int
    tiles: int
    checkpoints: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


async def check(
    session: AsyncSession,
    *,
    vkey: str,
    mac_keys: Sequence[bytes],
    progress: Callable[[int, int], None] | None = None,
    remembered: str | None = None,
) -> Findings:
    """Recompute the whole record and compare it with what is stored and signed.

    Any changed, removed or added row among entries, leaves, tiles, checkpoints, subjects, tallies
    and pending pointers is a problem found; so is a log that does not lead on from the
    `remembered` checkpoint (`audit.memory`), which was recalled before this is called.
    `progress` is told leaves done and leaves in all.
    Must come first in its transaction (it reads one snapshot), else raises `NotAlone`;
    raises `VerificationError` when `vkey` is no verifier key.
    """
    key = VerifierKey.parse(vkey)
    await _one_snapshot(session)
    problems = _Problems()
    tree = TreeCheck(session, key=key, problem=problems.add)
    entries = EntryCheck(session, mac_keys=mac_keys, problem=problems.add)
    tallies = TallyCheck(session, problem=problems.add)

    async def each_page(page: Sequence[tuple[int, UUID, bytes]]) -> None:
        await entries.page([(id, body) for _, id, body in page])
        await tallies.page([(number, body) for number, _, body in page])

    await tree.run(each_page, progress)
    await entries.rest()
    await tallies.rest()
    if remembered is not None and tree.edge is not None:
        try:
            await check_follows(session, tree.edge, remembered=remembered, key=key)
        except RecordTampered as error:
            problems.add(str(error))
    counted = (await rows(session, "SELECT count(*) FROM audit_entry"))[0][0]
    return Findings(
        entries=counted,
        leaves=tree.leaves,
        pending=entries.pending,
        tiles=tree.tiles,
        checkpoints=tree.checkpoints,
        problems=problems.told(),
    )


class _Problems:
    def __init__(self) -> None:
        self._first: list[str] = []
        self._more = 0

    def add(self, problem: str) -> None:
        if len(self._first) < _MOST:
            self._first.append(problem)
        else:
            self._more += 1

    def told(self) -> tuple[str, ...]:
        more = [f"… and {self._more} more"] if self._more else []
        return (*self._first, *more)


async def _one_snapshot(session: AsyncSession) -> None:
    """Entries are integrated while we read: look at one moment, not at several."""
    if (await rows(session, "SHOW transaction_isolation"))[0][0] in {
        "repeatable read",
        "serializable",
    }:
        return
    try:
        await (await raw(session)).execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    except psycopg.errors.ActiveSqlTransaction as error:
        raise NotAlone(
            "the check must come first in its transaction", place="audit.check"
        ) from error
