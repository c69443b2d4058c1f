"""The very next answer obeys: a withdrawal, an objection, a restriction, in every process.

One process commits, another, warm and busy, is asked at once. A harness that could not tell a
stale answer would prove nothing, so the same rounds are run against a process that keeps its
sets for five milliseconds, and must catch it.

Rounds under load go in lanes, side by side: while one lane waits for its answer the others write
and ask, so that the asked process is always busy, and its sets always just brought up to date.
"""

import asyncio
import itertools
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from answering_process import AT_ONCE, LETTER, PURPOSE, answer

from api.bootstrap import SYSTEM, Tillit
from consent import ledger
from consent.choices import Action as Said
from consent.choices import By, Choice
from consent.choosing import channel, choose, marketing, pause, restriction
from consent.programme.declarations import Purpose
from profiles.enrolment import enrol
from profiles.members import load, one
from profiles.unit import Unit

ROUNDS = 100
LANES = 3
#: So many members of a lane say no, a few at a time; then all of them take it back at once.
A_LAP = 48
CHANGES = {
    "withdrawal": (Said.WITHDRAWN, Said.GIVEN, "no_consent"),
    "objection": (Said.OBJECTED, Said.OBJECTION_LIFTED, "objected"),
    "restriction": (Said.RESTRICTED, Said.RESTRICTION_LIFTED, "restricted"),
}

Ask = Callable[..., Any]
Enough = Callable[[Counter[str]], bool]


async def _members(tillit: Tillit) -> list[UUID]:
    """Twenty gold members who all consented."""
    async with tillit.unit() as work:
        people = [{"member_number": f"N{n}", "tier": "gold"} for n in range(20)]
        made = await enrol(work.unit, SYSTEM, people, source="test")
    async with tillit.unit() as work:
        locked = await load(work.unit, [member.id for member in made], lock=True)
        yes = _choice(work.unit, work.active.programme.purpose(PURPOSE), Said.GIVEN)
        await ledger.record(work.unit, SYSTEM, {m: [yes] for m in locked.values()})
    return [member.id for member in made]


def _choice(unit: Unit, purpose: Any, action: Said) -> Choice:
    if action in (Said.RESTRICTED, Said.RESTRICTION_LIFTED):
        return restriction(unit, on=action is Said.RESTRICTED, by="member")
    return choose(unit, purpose, action, at=unit.now, by="member", language="sv")


async def _say(tillit: Tillit, member: UUID, action: Said) -> None:
    async with tillit.unit() as work:
        person = await one(work.unit, member, lock=True)
        word = _choice(work.unit, work.active.programme.purpose(PURPOSE), action)
        await ledger.record(work.unit, SYSTEM, {person: [word]})


async def _ask(tillit: Tillit, member: UUID) -> Any:
    async with tillit.unit() as work:
        return await answer(tillit, work, member)


@asynccontextmanager
async def _other_process(tillit: Tillit, *, life_ms: float = 0) -> AsyncIterator[Ask]:
    script = Path(__file__).with_name("answering_process.py")
    arguments = [str(tillit.settings.data), tillit.url, str(life_ms)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), *arguments, stdin=-1, stdout=-1
    )
    assert process.stdin is not None
    assert process.stdout is not None
    write, lines = process.stdin, process.stdout
    waiting: dict[str, asyncio.Future[Any]] = {}
    numbers = itertools.count()

    async def hear() -> None:
        while line := await lines.readline():
            told = json.loads(line)
            waiting.pop(told["number"]).set_result(told)
        for asked in waiting.values():
            asked.set_exception(RuntimeError("the process that is asked has ended"))

    async def ask(member: UUID, *, decision: bool = False) -> Any:
        number = f"{'?' if decision else ''}{next(numbers)}"
        waiting[number] = asyncio.get_running_loop().create_future()
        answer = waiting[number]
        write.write(f"{number} {member}\n".encode())
        return await answer

    hearing = asyncio.create_task(hear())
    try:
        yield ask
    finally:
        write.close()
        await process.wait()
        await hearing


@pytest.mark.parametrize("change", CHANGES)
async def test_the_next_answer_of_another_process_obeys(tillit: Tillit, change: str) -> None:
    out, back, reason = CHANGES[change]
    members = await _members(tillit)
    async with _other_process(tillit) as ask:
        await ask(members[0])
        for turn in range(ROUNDS):
            member = members[turn % len(members)]
            await _say(tillit, member, out)
            told = await ask(member)
            assert str(member) not in told["matched"], f"stale in round {turn}"
            assert (told["read"], told["held_back"]) == (reason, {reason: 1})
            assert len(told["matched"]) == len(members) - 1
            await _say(tillit, member, back)
            if turn % 10 == 0:
                assert str(member) in (await ask(member))["matched"]


@pytest.mark.parametrize("change", CHANGES)
async def test_the_next_answer_of_the_same_process_obeys(tillit: Tillit, change: str) -> None:
    out, back, reason = CHANGES[change]
    members = await _members(tillit)
    for member in members:
        await _say(tillit, member, out)
        told = await _ask(tillit, member)
        assert str(member) not in told["matched"]
        assert told["read"] == reason
        await _say(tillit, member, back)
        assert str(member) in (await _ask(tillit, member))["matched"]


async def test_questions_asked_while_a_member_withdraws_obey_from_the_commit_on(
    tillit: Tillit,
) -> None:
    """Many callers share barriers; none of them gets one that began before they asked."""
    members = await _members(tillit)
    for member in members:
        before = [asyncio.create_task(_ask(tillit, member)) for _ in range(4)]
        await _say(tillit, member, Said.WITHDRAWN)
        after = await asyncio.gather(*(_ask(tillit, member) for _ in range(4)))
        assert all(str(member) not in told["matched"] for told in after)
        await asyncio.gather(*before)


async def test_five_milliseconds_of_memory_would_be_caught(tillit: Tillit) -> None:
    members = await _members(tillit)
    stale = 0
    async with _other_process(tillit, life_ms=5) as ask:
        await ask(members[0])
        for turn in range(3 * ROUNDS):
            member = members[turn % len(members)]
            await _say(tillit, member, Said.WITHDRAWN)
            stale += str(member) in (await ask(member))["matched"]
            if stale:
                break
            await _say(tillit, member, Said.GIVEN)
            await asyncio.sleep(0.01)  # long enough for the yes to be remembered
    assert stale


def _word(unit: Unit, purpose: Purpose, change: str, *, on: bool) -> Choice:
    """A no of that kind, or what takes it back."""
    by = By.MEMBER
    match change:
        case "restricted":
            return restriction(unit, on=on, by=By.OFFICER)
        case "paused":
            return pause(unit, on=on, by=by)
        case "channel_off":
            return channel(unit, purpose, "email", on=not on, by=by)
        case "any channel_off":
            return channel(unit, None, "email", on=not on, by=by)
        case "any objected":
            return marketing(unit, objects=on, by=By.GPC)
        case "objected":
            action = Said.OBJECTED if on else Said.OBJECTION_LIFTED
        case _:
            action = Said.WITHDRAWN if on else Said.GIVEN
    return choose(unit, purpose, action, at=unit.now, by=by, language="sv")


NOES = (
    "no_consent",
    "objected",
    "any objected",
    "restricted",
    "paused",
    "channel_off",
    "any channel_off",
)


async def _say_all(tillit: Tillit, said: dict[UUID, str], *, no: bool) -> None:
    """These members say these noes, or take them back, in one transaction."""
    async with tillit.unit() as work:
        locked = await load(work.unit, list(said), lock=True)
        purpose = work.active.programme.purpose(LETTER)
        words = {
            locked[member]: [_word(work.unit, purpose, change, on=no)]
            for member, change in said.items()
        }
        await ledger.record(work.unit, SYSTEM, words)


async def _rounds(
    tillit: Tillit, ask: Ask, members: list[UUID], *, enough: Enough, counts: Counter[str]
) -> None:
    """Lap after lap, every member says no and is asked about as soon as that has committed.

    Several say it in one transaction and are asked about side by side; each is a round. At a
    lap's end all take it back, and one of them is asked about again: were the answer always no,
    every round would pass.
    """
    for lap in itertools.count():
        noes = itertools.cycle(NOES[lap % len(NOES) :] + NOES[: lap % len(NOES)])
        said = dict(zip(members, noes, strict=False))
        for at in range(0, len(members), AT_ONCE):
            some = {member: said[member] for member in members[at : at + AT_ONCE]}
            await _say_all(tillit, some, no=True)
            told = await asyncio.gather(*(ask(member, decision=True) for member in some))
            for change, one_told in zip(some.values(), told, strict=True):
                reason = one_told["decision"]
                right = reason == change.removeprefix("any ")
                counts["obeyed" if right else "wrong" if reason else "stale"] += 1
        if enough(counts):
            return
        await _say_all(tillit, said, no=False)
        again = (await ask(members[lap % len(members)], decision=True))["decision"]
        counts["yes" if again is None else "late"] += 1


async def _readers(tillit: Tillit, members: list[UUID]) -> None:
    """Segments and reads in the process that writes, all the time."""
    while True:
        await _ask(tillit, members[0])
        await asyncio.sleep(0.1)


async def _under_load(tillit: Tillit, ask: Ask, *, lanes: int, enough: Enough) -> Counter[str]:
    async with tillit.unit() as work:
        people = [{"member_number": f"L{n}", "tier": "gold"} for n in range(lanes * A_LAP)]
        made = await enrol(work.unit, SYSTEM, people, source="test")
        purpose = work.active.programme.purpose(LETTER)
        yes = _word(work.unit, purpose, "no_consent", on=False)
        await ledger.record(work.unit, SYSTEM, {member: [yes] for member in made}, new=True)
    ids = [member.id for member in made]
    assert (await ask(ids[0], decision=True))["decision"] is None
    reading = asyncio.create_task(_readers(tillit, ids))
    counts = Counter[str]()
    try:
        await asyncio.gather(
            *(
                _rounds(tillit, ask, ids[lane::lanes], enough=enough, counts=counts)
                for lane in range(lanes)
            )
        )
    finally:
        reading.cancel()
    return counts


@pytest.mark.parametrize(
    "rounds", [300, pytest.param(10_000, marks=pytest.mark.slow, id="ten thousand")]
)
async def test_under_load_no_answer_is_ever_stale(tillit: Tillit, rounds: int) -> None:
    async with _other_process(tillit) as ask:
        counts = await _under_load(
            tillit, ask, lanes=LANES, enough=lambda counts: counts["obeyed"] >= rounds
        )
    assert (counts["stale"], counts["late"], counts["wrong"]) == (0, 0, 0)
    assert counts["obeyed"] >= rounds


async def test_under_load_five_milliseconds_of_memory_would_be_caught(tillit: Tillit) -> None:
    """The same rounds, asked of a process that keeps its sets for that long."""
    async with _other_process(tillit, life_ms=5) as ask:
        counts = await _under_load(
            tillit,
            ask,
            lanes=1,
            enough=lambda counts: bool(counts["stale"]) or counts["obeyed"] > 5_000,
        )
    assert counts["stale"]
