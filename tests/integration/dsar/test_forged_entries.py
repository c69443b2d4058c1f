"""Entries that somebody slipped into the record's table: nothing is decided by what they say."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from a_life import Life
from at_the_recipients import WEBHOOK

from api import jobs
from api import work as worker
from api.bootstrap import SYSTEM, opened
from api.settings import Settings
from audit.errors import RecordTampered
from audit.verify import TILE
from consent.programme.loading import read_programme
from dsar import by_hand, holds, register
from dsar.connectors import lost
from dsar.holds import Ground
from dsar.journal import Journal, Line
from dsar.states import Right, State
from dsar.subjects import subjects
from kernel.database import libpq
from kernel.errors import Unavailable
from kernel.ids import uuid7
from profiles import members
from profiles.enrolment import enrol

DOCS = Path(__file__).parents[3] / "docs"
LIKE = "SELECT id, body FROM audit_entry WHERE position(%s::bytea IN body) > 0"


def _as_owner(life: Life, statement: str, *values: Any) -> list[Any]:
    """Past every trigger, as whoever owns the database can."""
    with psycopg.connect(libpq(life.tillit.url, role=None), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def _slip_in(life: Life, like: str, *, leaf: int | None = None, **change: Any) -> UUID:
    """An entry made of another one that says something else, found by the same member."""
    [(copied, body), *_] = _as_owner(life, LIKE, like.encode())
    id = uuid7(int(life.tillit.clock.now().timestamp() * 1000))
    said = json.loads(bytes(body)) | change | {"id": str(id)}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    _as_owner(life, "INSERT INTO audit_entry (id, body) VALUES (%s, %s)", id, text.encode())
    _as_owner(
        life,
        "INSERT INTO audit_subject SELECT subject, %s FROM audit_subject WHERE entry = %s",
        *(id, copied),
    )
    if leaf is not None:
        _as_owner(life, "UPDATE audit_leaf SET entry = %s WHERE number = %s", id, leaf)
    return id


@pytest.mark.parametrize("numbered", ["without a number", "with another's number"])
async def test_a_hold_that_nobody_lifted_stands(life: Life, numbered: str) -> None:
    tillit = life.tillit
    request = await life.ask(Right.ERASURE)
    async with tillit.unit() as work:
        held = await holds.place(work.unit, SYSTEM, life.member, Ground.AUTHORITY_ORDER)
    await worker.drain(tillit)
    _as_owner(life, "UPDATE legal_hold SET lifted_at = now() WHERE id = %s", held.id)
    leaf = 0 if numbered == "with another's number" else None
    _slip_in(life, str(held.id), leaf=leaf, kind="hold.lifted", facts={"hold": str(held.id)})
    with pytest.raises(RecordTampered):
        await jobs.Steps(tillit).erasure(request=str(request))
    async with tillit.unit() as work:
        assert (await register.get(work.unit, request)).state is State.ACCEPTED
    assert _as_owner(life, "SELECT count(*) FROM member WHERE id = %s", life.member) == [(1,)]


async def test_an_answer_that_no_recipient_gave_closes_nothing(life: Life) -> None:
    tillit = life.tillit
    async with tillit.unit() as work:
        source = work.active.programme.source
    told = WEBHOOK.replace("{address}", "http://127.0.0.1:9")
    await tillit.apply(SYSTEM, read_programme(source + told))
    request = await life.answered(Right.ERASURE)
    done = {"request": str(request), "recipient": "letters", "what": "erasure", "state": "done"}
    done |= {"by": "webhook", "answer": "ab" * 32}
    _slip_in(
        life, f'"recipient":"letters","request":"{request}"', kind="recipient.answered", facts=done
    )
    _as_owner(life, "UPDATE outgoing SET state = 'done' WHERE request = %s", request)
    with pytest.raises(RecordTampered):
        await jobs.Steps(tillit).settle(request=str(request))
    assert _as_owner(life, "SELECT count(*) FROM certificate") == [(0,)]


async def test_another_s_erasure_closes_no_request(life: Life) -> None:
    """Whose recipients were told nothing, and could be taken for having answered."""
    tillit = life.tillit
    async with tillit.unit() as work:
        source = work.active.programme.source
    told = WEBHOOK.replace("{address}", "http://127.0.0.1:9")
    await tillit.apply(SYSTEM, read_programme(source + told))
    request = await life.answered(Right.ERASURE)
    await tillit.apply(SYSTEM, read_programme(source))
    other = await life.answered(Right.ERASURE, life.neighbour)
    _as_owner(
        life,
        "UPDATE request SET erased = (SELECT erased FROM request WHERE id = %s) WHERE id = %s",
        *(other, request),
    )
    with pytest.raises(Unavailable):
        await jobs.Steps(tillit).settle(request=str(request))
    async with tillit.unit() as work:
        assert (await register.get(work.unit, request)).state is State.CARRIED_OUT


async def test_an_erasure_that_somebody_slipped_in_says_of_nobody_whom_a_request_was_about(
    life: Life,
) -> None:
    forged, whole = [
        await life.answered(Right.ERASURE, one) for one in (life.member, life.neighbour)
    ]
    [(mine,)], [(other,)] = [
        _as_owner(life, "SELECT erased FROM request WHERE id = %s", one) for one in (forged, whole)
    ]
    asked = [(forged, None, mine), (whole, None, other)]
    async with life.tillit.unit() as work:
        known = await subjects(work.unit, asked)
        assert len(set(known.values())) == 2
    [(body,)] = _as_owner(life, "SELECT body FROM audit_entry WHERE id = %s", other)
    facts = json.loads(bytes(body))["facts"] | {"request": str(forged)}
    slipped = _slip_in(life, f'"id":"{other}"', facts=facts)
    async with life.tillit.unit() as work:
        for entry in (slipped, other, whole, None):  # nor another's, nor none
            asked[0] = (forged, None, entry)
            assert await subjects(work.unit, asked) == {whole: known[whole]}
    _as_owner(
        life,
        "UPDATE request SET erased = %s, state = 'carried_out' WHERE id = %s",
        *(slipped, forged),
    )
    with pytest.raises(Unavailable):
        await jobs.Steps(life.tillit).settle(request=str(forged))


async def test_what_is_on_record_is_believed_before_and_after_it_has_its_number(
    life: Life,
) -> None:
    async with life.tillit.unit() as work:
        await holds.place(work.unit, SYSTEM, life.member, Ground.DISPUTE)
    for _ in range(2):
        async with life.tillit.unit() as work:
            member = await members.one(work.unit, life.member)
            assert len(await holds.standing(work.unit, member)) == 1
        await life.tillit.integrate()


async def test_an_erasure_of_what_is_no_pseudonym_hides_no_other_request(life: Life) -> None:
    request = await life.answered(Right.ERASURE)
    other = await life.answered(Right.ACCESS, life.neighbour)
    [(mine,)] = _as_owner(life, "SELECT erased FROM request WHERE id = %s", request)
    slipped = _slip_in(life, f'"id":"{mine}"', subject="zz")
    _as_owner(life, "UPDATE request SET erased = %s WHERE id = %s", slipped, request)
    async with life.tillit.unit() as work:
        asked = [await register.get(work.unit, one) for one in (request, other)]
        assert await by_hand.left(work.unit, asked) == {request: None, other: ()}
        _as_owner(life, "UPDATE request SET state = 'carried_out' WHERE id = %s", request)
        assert await lost.put_back(work.unit) == 0


async def test_an_answer_that_was_slipped_in_keeps_nobody_else_s_lost_words_away(
    life: Life,
) -> None:
    tillit = life.tillit
    async with tillit.unit() as work:
        source = work.active.programme.source
    told = WEBHOOK.replace("{address}", "http://127.0.0.1:9")
    await tillit.apply(SYSTEM, read_programme(source + told))
    forged, robbed = [
        await life.answered(Right.ERASURE, one) for one in (life.member, life.neighbour)
    ]
    _as_owner(life, "DELETE FROM outgoing WHERE recipient IS NOT NULL")
    facts = {"request": str(forged), "recipient": "letters", "state": "done"}
    about = f'"recipient":"letters","request":"{forged}"'
    _slip_in(life, about, kind="recipient.answered", facts=facts)
    async with tillit.unit() as work:
        assert await lost.put_back(work.unit) == 1
    words = _as_owner(life, "SELECT request, problem FROM outgoing WHERE recipient IS NOT NULL")
    assert words == [(robbed, "lost")]


async def _journalled(life: Life, settings: Settings) -> UUID:
    """An erasure that was journalled and did not commit; it is repeated at the next start."""
    request = await life.ask(Right.ERASURE)
    Journal(settings.journal).append(Line(life.member, request), at=life.tillit.clock.now())
    await life.tillit.integrate()
    return request


async def _not_opened(settings: Settings) -> str:
    with pytest.raises(Unavailable) as refused:
        async with opened(settings):
            raise AssertionError("it must not serve")
    return str(refused.value)


async def test_what_was_slipped_in_against_an_erasure_that_is_repeated_is_named_and_can_go(
    life: Life, settings: Settings
) -> None:
    request = await _journalled(life, settings)
    facts = {"request": str(request), "right": "erasure", "step": "cancel", "state": "unfulfilled"}
    like = f'"request":"{request}","right"'
    slipped = [_slip_in(life, like, kind="request.moved", facts=facts | {"n": n}) for n in (1, 2)]
    said = await _not_opened(settings)
    assert all(str(one) in said for one in slipped)
    assert "backup" not in said
    page = (DOCS / "decisions/0009-erasures-are-journalled-first.md").read_text("utf-8")
    [statements] = re.findall(r"```sql\n(.+?)```", page, re.DOTALL)
    for one in slipped:
        with psycopg.connect(libpq(life.tillit.url, role=None), autocommit=True) as owner:
            owner.execute(statements.replace("ID", str(one)).encode())
    async with opened(settings) as again, again.unit() as work:
        assert await members.load(work.unit, [life.member]) == {}


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM audit_leaf WHERE entry = %s",
        "UPDATE audit_entry SET body = body || ' ' WHERE id = %s",
        "INSERT INTO audit_pending SELECT entry, 'x' FROM audit_leaf WHERE entry = %s; "
        "DELETE FROM audit_leaf WHERE entry = %s",
    ],
    ids=["its number taken", "changed", "as if it waited"],
)
async def test_an_entry_of_ours_is_not_taken_for_one_that_may_be_deleted(
    life: Life, settings: Settings, change: str
) -> None:
    request = await _journalled(life, settings)
    [(ours, _), *_] = _as_owner(life, LIKE, f'"request":"{request}","right"'.encode())
    for statement in change.split("; "):
        _as_owner(life, statement, ours)
    said = await _not_opened(settings)
    assert "slipped in" not in said
    assert "put their rows back from a backup" in said


async def test_an_entry_of_ours_that_lost_its_number_long_ago_is_found_in_the_tree(
    life: Life, settings: Settings
) -> None:
    """Its leaf is in a tile that is full, which nothing else would have looked at."""
    request = await _journalled(life, settings)
    rows = [{"member_number": f"T-{at}", "email": f"t{at}@post.example"} for at in range(300)]
    async with life.tillit.unit() as work:
        await enrol(work.unit, SYSTEM, rows, source="till")
    await life.tillit.integrate()
    [(ours, _), *_] = _as_owner(life, LIKE, f'"request":"{request}","right"'.encode())
    [(number,)] = _as_owner(life, "DELETE FROM audit_leaf WHERE entry = %s RETURNING number", ours)
    assert number < TILE
    said = await _not_opened(settings)
    assert str(ours) in said
    assert "slipped in" not in said
