"""One server of a benchmark, in a process of its own: uvloop, httptools, uvicorn, one worker.

Run by `bench.loopback` as `python -m bench.serving NAME URL DATA PORT [CORE]`. Ours is the app
that `tillit serve` runs; the worker's jobs are another process's, as they are in production.
"""

import os
import sys
from pathlib import Path

import uvicorn
import uvloop

from api.bootstrap import opened
from api.cli.logs import full_logs
from api.http.serving import listen, serve
from bench import cedar, idiomatic, lean
from bench.store import settings_of

_APPS = {"idiomatic": idiomatic.app, "lean": lean.app, "cedar": cedar.app}


async def tillit(folder: Path, url: str, port: int) -> None:
    full_logs()  # as the command line does before it serves
    async with opened(settings_of(folder, url)) as process:
        await process.replica.barrier()
        await serve(process, listen("127.0.0.1", port), worker=False)


def plain(name: str, url: str, port: int) -> None:
    uvicorn.run(
        _APPS[name](url),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


def main(name: str, url: str, folder: str, port: str, core: str = "") -> None:
    if core:
        os.sched_setaffinity(0, {int(core)})
    if name == "tillit":
        uvloop.run(tillit(Path(folder), url, int(port)))
    else:
        plain(name, url, int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
