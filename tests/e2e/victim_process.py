"""A process whose children are killed: started by tests, told what to do over a pipe.

It imports everything once, and forks for each line of JSON on its standard input. It writes the
child's process id on one line, and when the child has ended how that came about on the next:
its exit status, or minus the signal that killed it.
"""

import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from api import work as worker
from api.bootstrap import opened
from api.imports import batches, load_mapping
from api.imports import running as importing
from api.settings import read_settings
from kernel import jobs

Do = Callable[[str, dict[str, str], dict[str, Any]], Coroutine[Any, Any, None]]


async def do(what: str, environment: dict[str, str], told: dict[str, Any]) -> None:
    async with opened(read_settings(environment)) as tillit:
        if what == "import":
            batches.BATCH = told["batch"]
            file, mapping = Path(told["file"]), load_mapping(Path(told["mapping"]))
            await importing.run(tillit, "events", file, mapping, progress=lambda *_: None)
        if what == "work":
            jobs.HEARTBEAT, jobs.STALLED = 0.2, 1.0  # a test need not wait for long
            await worker.drain(tillit)


def main(do: Do = do) -> None:
    gc.freeze()
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the log is not for the pipe
            status = 1
            try:
                asyncio.run(do(told["do"], told["environment"], told))
                status = 0
            finally:
                os._exit(status)
        print(child, flush=True)
        _, ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended), flush=True)


if __name__ == "__main__":
    main()
