"""The very next answer obeys: a withdrawal, an objection, a restriction, in every process.

One process commits, another, warm and busy, is asked at once. A harness that could not tell a
stale answer would prove nothing, so the same rounds are run against a process that keeps its
sets for five milliseconds, and must catch it.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from answering_process import PURPOSE, answer

from api.bootstrap import SYSTEM, Tillit
from consent import ledger
from consent.choices import Action as Said
from consent.choices import Choice
from consent.choosing import choose, restriction
from profiles.enrolment import enrol
from profiles.members import load, one
from profiles.unit import Unit

ROUNDS = 100
CHANGES = {
    "withdrawal": (Said.WITHDRAWN, Said.GIVEN, "no_consent"),
    "objection": (Said.OBJECTED, Said.OBJECTION_LIFTED, "objected"),
    "restriction": (Said.RESTRICTED, Said.RESTRICTION_LIFTED, "restricted"),
}

Ask = Callable[[UUID], Any]


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

    async def ask(member: UUID) -> Any:
        write.write(f"{member}\n".encode())
        return json.loads(await lines.readline())

    try:
        yield ask
    finally:
        write.close()
        await process.wait()


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
