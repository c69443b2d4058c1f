"""A process whose children erase, and die when they are told to: at a step, or at any moment.

Told `die`, a child ends itself by SIGKILL the so-many-th time that it comes to that step.
"""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import victim_process

from api import bootstrap, outward
from api import work as worker
from api.bootstrap import Tillit, opened
from api.jobs import Steps
from api.settings import read_settings
from dsar import carrying, certificates, erasure, outgoing
from dsar.connectors import sending
from dsar.erasure import Erasure
from dsar.journal import Journal
from kernel import jobs
from profiles import erasing
from profiles.changes import Changes

#: Each step: whose function it is, and whether the child dies as it begins or when it is done.
POINTS: dict[str, tuple[Any, str, str]] = {
    "before the journal": (Journal, "append", "begins"),
    "journalled": (Journal, "append", "is done"),
    "requests overtaken": (Erasure, "_overtake", "is done"),
    "rows deleted": (erasing, "erase_details", "is done"),
    "key destroyed": (erasure, "destroy", "is done"),
    "sets left": (Changes, "forget", "is done"),
    "recipients listed": (carrying.telling, "tell", "is done"),
    "erased, not committed": (Erasure, "fulfil", "is done"),
    "committed": (Steps, "erasure", "is done"),
    "about to tell": (outgoing, "begin", "is done"),
    "told, not listened": (sending, "carry", "begins"),
    "answered, not written down": (sending, "carry", "is done"),
    "written down, not committed": (sending, "end", "is done"),
    "answer committed": (outward, "send", "is done"),
    "settling": (carrying, "settle", "begins"),
    "settled, not committed": (carrying, "settle", "is done"),
    "settled": (Steps, "settle", "is done"),
    "numbered, not committed": (bootstrap, "integrate", "is done"),
    "numbered": (Tillit, "integrate", "is done"),
    "certificate signed, not committed": (certificates, "issue", "is done"),
    "certified": (Steps, "certificate", "is done"),
    "shard folded": (Steps, "fold", "is done"),
}

#: What comes once, however many are erased together.
TOGETHER = {
    "before the journal", "journalled", "requests overtaken", "rows deleted", "key destroyed",
    "recipients listed", "erased, not committed", "shard folded",
}  # fmt: skip


def die_at(step: str, nth: int) -> None:
    """From now on this process ends at that step."""
    owner, name, when = POINTS[step]
    was, count = getattr(owner, name), 0

    def end() -> None:
        nonlocal count
        count += 1
        if count == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, _ending(was, end, when))


def _ending(was: Callable[..., Any], end: Callable[[], None], when: str) -> Callable[..., Any]:
    @wraps(was)
    def plain(*arguments: Any, **named: Any) -> Any:
        if when == "begins":
            end()
        found = was(*arguments, **named)
        if not hasattr(found, "__await__"):
            if when == "is done":
                end()
            return found
        return awaited(found)

    async def awaited(found: Any) -> Any:
        answer = await found
        if when == "is done":
            end()
        return answer

    return plain


async def do(what: str, environment: dict[str, str], told: dict[str, Any]) -> None:
    assert what == "erase"
    jobs.HEARTBEAT, jobs.STALLED = 0.2, 0.6  # a test need not wait for long
    outgoing.LEASE = timedelta(seconds=0.3)
    if step := told.get("die"):
        die_at(step, told["nth"])
    async with opened(read_settings(environment)) as tillit:
        await worker.drain(tillit)


if __name__ == "__main__":
    victim_process.main(do)
