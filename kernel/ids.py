"""Identifiers: UUID version 7 (RFC 9562), so that rows of one time lie together."""

import os
import time
from datetime import UTC, datetime
from uuid import UUID


def uuid7(at_ms: int | None = None) -> UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits.

    Not monotonic within a millisecond; nothing in Tillit takes order from an id.
    """
    milliseconds = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def made_at(made: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
