"""A new process's first answer from the member sets; run by `bench.starting`, one process each.

Prints how long it took from the moment everything was imported, and how many matched.
"""

import asyncio
import time

import msgspec

from api.bootstrap import opened
from api.settings import read_settings
from bench.segments import EXPRESSION, PURPOSE, SERVICE
from consent.grants import authorise
from consent.programme import Action


class First(msgspec.Struct, frozen=True):
    """`seconds`: opening the process, its replica and the answer; `matched`: how many."""

    seconds: float
    matched: int


async def first_answer() -> First:
    started = time.perf_counter()
    async with opened(read_settings()) as tillit:
        async with tillit.unit() as work:
            await tillit.gate.freshen(work.unit)
        async with tillit.unit() as work:
            grant = authorise(work.active, SERVICE, purpose=PURPOSE, action=Action.SEGMENT)
            answer = await tillit.gate.evaluate(work.unit, grant, EXPRESSION)
            matched = len(tillit.gate.ids(answer))
        return First(time.perf_counter() - started, matched)


if __name__ == "__main__":
    print(msgspec.json.encode(asyncio.run(first_answer())).decode())
