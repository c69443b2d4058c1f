"""Whoever writes to the table of what is on its way sends nothing astray and closes nothing."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from a_life import VALUES
from at_the_recipients import OPENDSR, WEBHOOK, Recipients, connected
from psycopg import sql
from toy_processor import Key

from api.bootstrap import SYSTEM
from api.settings import Settings
from audit.verify import VerifierKey
from dsar import checks, outgoing
from dsar.connectors import calling, desk
from dsar.connectors.trouble import GivingUp
from dsar.outgoing import State
from kernel.database import libpq
from profiles.errors import CannotOpen


@pytest.fixture(scope="module")
def keys() -> tuple[Key, Key]:
    return Key(), Key()


@pytest.fixture
async def told(
    settings: Settings, keys: tuple[Key, Key], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Recipients]:
    """A club that tells `letters` by e-mail address and `auditor` by member number."""
    monkeypatch.setattr(calling, "WITHIN", 1.0)
    auditor = WEBHOOK.replace("letters", "auditor").replace("email", "member_number")
    async with connected(settings, keys, OPENDSR, auditor) as made:
        made.toy.pinned_in(made.keys, "auditor")
        yield made


def forge(told: Recipients, statement: str, *values: Any) -> None:
    with psycopg.connect(libpq(told.tillit.url, role=None)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL(statement), values)  # type: ignore[arg-type]


async def problems(told: Recipients) -> list[str]:
    await told.tillit.integrate()
    key = VerifierKey.parse((await told.tillit.signer()).verifier_key)
    async with told.tillit.unit() as work:
        return await checks.check(work.unit, key)


REDIRECTED = [
    "recipient = 'auditor'",
    "carrier = 'webhook'",
    "what = 'restriction'",
    "request = gen_random_uuid()",
    "member = gen_random_uuid()",
]


@pytest.mark.parametrize("change", REDIRECTED)
async def test_a_word_opens_for_whom_it_was_made_alone(told: Recipients, change: str) -> None:
    request = await told.asked()
    word = await told.word(request)
    async with told.tillit.unit() as work:
        taken = await outgoing.take(work.unit, word.id)
        assert taken is not None
        assert VALUES["email"].encode() in (taken.payload or b"")
    forge(told, f"UPDATE outgoing SET {change} WHERE id = %s", word.id)
    async with told.tillit.unit() as work:
        with pytest.raises(CannotOpen):
            await outgoing.begin(work.unit, word.id)
    assert any(str(word.id) in one and "open" in one for one in await problems(told))


async def test_a_rotation_takes_along_a_word_whatever_epoch_it_says(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    forge(told, "UPDATE outgoing SET epoch = 99 WHERE id = %s", word.id)
    assert any("does not open" in one for one in await problems(told))
    await told.tillit.rotate(SYSTEM)
    async with told.tillit.unit() as work:
        taken = await outgoing.take(work.unit, word.id)
        assert taken is not None
        assert VALUES["email"].encode() in (taken.payload or b"")
    assert await problems(told) == []


async def test_a_word_that_is_lost_can_be_given_up(told: Recipients) -> None:
    request = await told.asked()
    word = await told.word(request)
    forge(told, "UPDATE outgoing SET sealed = '\\x00' WHERE id = %s", word.id)
    await told.tillit.rotate(SYSTEM)
    async with told.tillit.unit() as work:
        given_up = await desk.give_up(work.unit, SYSTEM, word.id, reason=GivingUp.TOLD_OTHERWISE)
    assert given_up.state is State.GIVEN_UP
