"""Servers and load on the loopback: each server is one process, and all run the same way."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal

import msgspec

from bench.load import Done, Order
from bench.store import Store

Name = Literal["tillit", "idiomatic", "lean", "cedar"]

CONNECTIONS = 16
_PATIENCE = 60.0


def cores() -> tuple[int, int] | None:
    """A core for the server and another for the load, where there are two to be had."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[-1]) if len(usable) > 1 else None


@dataclass(frozen=True)
class Server:
    """A server that answers on this port of 127.0.0.1."""

    port: int

    def throughput(
        self, requests: Sequence[bytes], seconds: float, *, connections: int = CONNECTIONS
    ) -> float:
        """Seconds for one answer, under load from another process on another core."""
        both = cores()
        order = Order(self.port, list(requests), connections, seconds, both[1] if both else None)
        ran = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            input=msgspec.msgpack.encode(order),
            stdout=subprocess.PIPE,
            check=True,
        )
        done = msgspec.json.decode(ran.stdout, type=Done)
        return done.seconds / done.answers


@contextmanager
def servers(store: Store, *wanted: tuple[Name, str], pinned: bool) -> Iterator[list[Server]]:
    """One server of `bench.serving` for each name and URL; all stopped when the block ends.

    `pinned`: all on the same core, so that none has more than another.
    """
    both = cores() if pinned else None
    core = str(both[0]) if both else ""
    with ExitStack() as stack:
        running = []
        for name, url in wanted:
            port = _free_port()
            process = stack.enter_context(_process(name, store, url, port, core))
            running.append((process, port, name))
        yield [_ready(*one) for one in running]


@contextmanager
def _process(
    name: Name, store: Store, url: str, port: int, core: str
) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "bench.serving", name, url, str(store.settings.data)]
    process = subprocess.Popen(
        [*command, str(port), core],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # request lines: written, as in earnest, and read by nobody
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ready(process: "subprocess.Popen[bytes]", port: int, name: str) -> Server:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return Server(port)
    raise RuntimeError(f"the server {name!r} did not come up")
