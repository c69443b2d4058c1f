"""A process that answers: started by tests, keeps its replica warm, asked over a pipe.

    python answering_process.py DATA-FOLDER DATABASE-URL LIFE-IN-MS

Each line on its standard input is a number and a member's id; for each it writes one line of JSON
with that number: who is in the segment, and why that member's values are withheld (null: they are
not). A line that begins with ``?`` asks for a decision alone: why the member may not be written to
by e-mail. Questions are answered side by side, as they come. With a life of more than 0 ms it does
what Tillit must not: it takes sets that were brought up to date that recently for good enough.
"""

import asyncio
import json
import os
import sys
import time
from typing import TextIO
from uuid import UUID

from api.bootstrap import Tillit, Work, opened
from api.settings import read_settings
from consent.decisions import Asking
from consent.grants import authorise
from consent.programme import Action
from consent.rulings import Question

PURPOSE = "personalised_offers"
LETTER = "newsletter"
AT_ONCE = 4


async def answer(tillit: Tillit, work: Work, member: UUID) -> dict[str, object]:
    """The segment and one member's values, at once: nothing comes between asking and the gate."""
    grant = authorise(work.active, "offers-engine", purpose=PURPOSE, action=Action.SEGMENT)
    found = await tillit.gate.evaluate(work.unit, grant, "tier = 'gold'")
    grant = authorise(work.active, "offers-engine", purpose=PURPOSE, action=Action.READ)
    [line] = await tillit.gate.read(work.unit, grant, [member])
    ids = [str(one) for one in tillit.gate.ids(found)]
    return {"matched": ids, "held_back": found.held_back, "read": line.held_back}


async def decide(tillit: Tillit, work: Work, member: UUID) -> dict[str, object]:
    """Why the newsletter may not be sent to the member by e-mail now; None when it may."""
    question = Question(LETTER, action=Action.CONTACT.value, channel="email")
    asked = [Asking(LETTER, question, member)]
    [decision] = await tillit.gate.decide(work.unit, work.active, asked)
    return {"decision": decision.verdict.whole.reason}


def remember(tillit: Tillit, seconds: float) -> None:
    """Give the replica what it must not have: a life of its own."""
    fresh, last = tillit.replica.barrier, 0.0

    async def barrier() -> None:
        nonlocal last
        if time.monotonic() - last > seconds:
            asked = time.monotonic()
            await fresh()
            last = asked

    tillit.replica.barrier = barrier  # type: ignore[method-assign]


async def keep_warm(tillit: Tillit) -> None:
    """Other callers, all the time."""
    while True:
        await tillit.replica.barrier()
        await asyncio.sleep(0.004)


async def answer_on(tillit: Tillit, questions: "asyncio.Queue[str]", answers: TextIO) -> None:
    """One question after the other, of the many that are answered at a time."""
    while True:
        # The unit is open before the question comes, to leave a stale answer no time to mend.
        async with tillit.unit() as work:
            number, member = (await questions.get()).split()
            asking = decide if number.startswith("?") else answer
            told = await asking(tillit, work, UUID(member))
        print(json.dumps({"number": number, **told}), file=answers, flush=True)


async def main(data: str, url: str, life: float) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the log is not for the pipe
    settings = read_settings({"TILLIT_DATA": data, "TILLIT_DATABASE_URL": url})
    async with opened(settings) as tillit:
        if life:
            remember(tillit, life / 1000)
        loop = asyncio.get_running_loop()
        lines = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        questions: asyncio.Queue[str] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            working = [group.create_task(keep_warm(tillit))]
            working += [
                group.create_task(answer_on(tillit, questions, answers)) for _ in range(AT_ONCE)
            ]
            while line := await lines.readline():
                questions.put_nowait(line.decode())
            for task in working:
                task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
