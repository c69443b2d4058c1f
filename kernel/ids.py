"""Identifiers: UUID version 7 (RFC 9562), so that rows of one time lie together, in order."""

import os
import threading
import time
from collections import OrderedDict
from datetime import UTC, datetime
from uuid import UUID

#: Half of what there is room for: the other half is for the ids that follow in the millisecond.
_SEED_BITS, _STEP_BITS = 73, 32
#: Milliseconds remembered. A transaction names all its ids by its own, while others name later
#: ones; forgotten is the one that has been asked for least lately.
_REMEMBERED = 16_384

# By millisecond, the random part of the last id made in it.
_last: OrderedDict[int, int] = OrderedDict()
_newest = 0
_alone = threading.Lock()


def uuid7(at_ms: int | None = None) -> UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 74 bits that nobody can guess.

    Of the ids that this process makes in one millisecond, each sorts after the one before: it
    adds a random number of 32 bits to it (RFC 9562, section 6.2, method 2). Those made without
    `at_ms` sort so also when the system's clock is put back. Ids of several processes in one
    millisecond are in no order.
    """
    global _newest  # noqa: PLW0603 - the order is the process's
    with _alone:
        if at_ms is None:
            milliseconds = _newest = max(_newest, time.time_ns() // 1_000_000)
        else:
            milliseconds = at_ms
        before = _last.pop(milliseconds, None)
        if before is None:
            chosen = int.from_bytes(os.urandom(10), "big") >> (80 - _SEED_BITS)
        else:
            chosen = before + 1 + int.from_bytes(os.urandom(_STEP_BITS // 8), "big")
        _last[milliseconds] = chosen
        if len(_last) > _REMEMBERED:
            _last.popitem(last=False)
    high, low = chosen >> 62, chosen & (1 << 62) - 1
    stamp = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    return UUID(int=stamp | 0x7 << 76 | high << 64 | 0x2 << 62 | low)


def made_at(made: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC)


# A child begins anew: what it goes on from, its parent goes on from too.
os.register_at_fork(after_in_child=_last.clear)
