"""Load on one server from a process and a core of its own: so many connections, never idle.

Run by `bench.loopback` as `python -m bench.load`: takes an `Order` in MessagePack on its standard
input, and prints what was done as JSON.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from typing import cast

import msgspec
import uvloop

from bench.wire import BadAnswer, body_span

_PATIENCE = 30.0  # seconds to the first answer, should `Order.seconds` be over before it


class Order(msgspec.Struct, frozen=True):
    """Keep `connections` busy with `requests`, in turn, for `seconds`."""

    port: int
    requests: list[bytes]
    connections: int
    seconds: float
    core: int | None = None


class Done(msgspec.Struct, frozen=True):
    """Answers received, all of them 200, and how long that took."""

    answers: int
    seconds: float


class _Connection(asyncio.Protocol):
    """Sends a request as soon as the answer to the one before is whole."""

    def __init__(self, requests: Iterator[bytes], failed: asyncio.Future[None]) -> None:
        self._requests = requests
        self._failed = failed
        self._received = bytearray()
        self._end: int | None = None
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods and not the class.
        self._transport = cast(asyncio.WriteTransport, transport)
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            if self._end is None and (span := body_span(self._received)) is not None:
                self._end = span[1]
        except BadAnswer as error:
            self._fail(error)
            return
        if self._end is not None and len(self._received) >= self._end:
            self._received.clear()
            self._end = None
            self.answers += 1
            self._transport.write(next(self._requests))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._fail(BadAnswer("the server hung up"))

    def _fail(self, error: BadAnswer) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)


async def load(order: Order) -> Done:
    """Raises `BadAnswer` when any answer was not a 200."""
    loop = asyncio.get_running_loop()
    failed: asyncio.Future[None] = loop.create_future()
    requests = cycle(order.requests)
    started = time.perf_counter()
    connections = [
        (
            await loop.create_connection(
                lambda: _Connection(requests, failed), "127.0.0.1", order.port
            )
        )[1]
        for _ in range(order.connections)
    ]
    while (taken := time.perf_counter() - started) < _PATIENCE:
        left = max(order.seconds - taken, 0.01)
        done, _ = await asyncio.wait([failed], timeout=left)
        if done:
            await failed
        taken, answers = time.perf_counter() - started, sum(one.answers for one in connections)
        if answers and taken >= order.seconds:
            return Done(answers, taken)
    raise BadAnswer("no answer came")


if __name__ == "__main__":
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    if order.core is not None:
        os.sched_setaffinity(0, {order.core})
    print(msgspec.json.encode(uvloop.run(load(order))).decode())
