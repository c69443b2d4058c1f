"""A correction that has become impossible since it was approved goes back to be decided.

It never hangs, and it is never made in part.
"""

import json
from io import BytesIO
from typing import Any, LiteralString
from uuid import UUID
from zipfile import ZipFile

import at_the_desk
import psycopg
import pytest
from a_life import Life

from api import work as worker
from api.bootstrap import SYSTEM
from api.jobs import Steps
from audit.acts import Act
from audit.browsing import naming
from audit.entries import ActorType
from audit.verify import VerifierKey
from consent.programme.loading import read_programme
from dsar import approvals, checks, deciding, overdue, packages, register
from dsar.errors import SameOfficer, WrongState
from dsar.letters import desk
from dsar.letters.kinds import Kind
from dsar.register import Request
from dsar.states import Right, State
from dsar.wanted import Wanted
from dsar.words import Reason
from kernel.database import libpq
from kernel.errors import Unavailable
from profiles import reading
from profiles.enrolment import enrol
from profiles.errors import BadValue, UnknownField
from profiles.members import one

OFFICER = Act(ActorType.OFFICER, "officer-1")
SHOE = '[fields.shoe]\ncategory = "pd:PhysicalCharacteristic"\nvalues = ["40", "41"]\n'
FIRST = "[fields.email]\n"
NUMBER = {"member_number": "FK-2000", "county": "Jämtland"}


async def changes(life: Life, before: str, after: str) -> None:
    async with life.tillit.unit() as work:
        source = work.active.programme.source
    assert before in source
    await life.tillit.apply(SYSTEM, read_programme(source.replace(before, after, 1)))


async def approved(life: Life, values: dict[str, Any]) -> UUID:
    async with life.tillit.unit() as work:
        wish = Wanted(values=values)
        return (await at_the_desk.approved(work, Right.RECTIFICATION, life.member, wish=wish)).id


async def stands(life: Life, request: UUID) -> Request:
    async with life.tillit.unit() as work:
        return await register.get(work.unit, request)


async def values(life: Life, *names: str) -> list[object]:
    async with life.tillit.unit() as work:
        found = await reading.values(work.unit, await one(work.unit, life.member), names)
    return [found[name].value for name in names if name in found]


async def joins(life: Life, number: str) -> None:
    async with life.tillit.unit() as work:
        await enrol(work.unit, SYSTEM, [{"member_number": number}], source="till")


async def problems(life: Life) -> list[str]:
    key = VerifierKey.parse((await life.tillit.signer()).verifier_key)
    async with life.tillit.unit() as work:
        return await checks.check(work.unit, key)


async def failing(life: Life) -> int:
    async with life.tillit.unit() as work:
        return await overdue.failing(work.session, work.unit.now)


async def test_a_number_that_somebody_else_got_first_brings_the_correction_back(
    life: Life,
) -> None:
    request = await approved(life, NUMBER)
    await joins(life, "fk-2000")
    await worker.drain(life.tillit)
    found = await stands(life, request)
    assert (found.state, found.reason, found.two) == (State.ACKNOWLEDGED, "IdentifierNotSet", False)
    assert await values(life, "member_number", "county") == ["FK-1001", "Dalarna"]
    assert await failing(life) == 0
    async with life.tillit.unit() as work:
        person = await one(work.unit, life.member)
        said = await naming(
            work.session, str(request), subject=person.key.subject(), trust=work.unit.record.trust
        )
    steps = {entry.facts.get("step"): entry.facts.get("reason") for entry in said}
    assert (steps["approve"], steps["return"]) == (None, "IdentifierNotSet")
    assert await problems(life) == []
    # Nothing of it comes about by itself any more, also when the number is free again.
    await Steps(life.tillit).rectification(request=str(request))
    assert (await stands(life, request)).state is State.ACKNOWLEDGED


async def test_nobody_learns_from_their_own_data_whether_a_number_is_somebody_s(
    life: Life,
) -> None:
    request = await approved(life, NUMBER)
    await joins(life, "FK-2000")
    await worker.drain(life.tillit)
    copy = await life.answered(Right.ACCESS)
    async with life.tillit.unit() as work:
        made = await packages.fetch(work.unit, SYSTEM, copy, life.member)
    with ZipFile(BytesIO(made.zipped)) as zipped:
        texts = {name: zipped.read(name).decode(errors="replace") for name in zipped.namelist()}
    [back] = [
        one
        for one in json.loads(texts["package.json"])["requests"]
        if one["request"] == str(request)
    ]
    assert (back["state"]["code"], back["reason"]) == ("acknowledged", None)
    assert [name for name, text in texts.items() if "Taken" in text or "Unavailable" in text] == []


async def test_an_officer_ends_what_came_back_and_the_member_is_told(life: Life) -> None:
    request = await approved(life, NUMBER)
    await joins(life, "FK-2000")
    await worker.drain(life.tillit)
    async with life.tillit.unit() as work:
        await deciding.refuse(work.unit, OFFICER, work.active, request, reason=Reason.UNFOUNDED)
    await worker.drain(life.tillit)
    assert (await stands(life, request)).state is State.REJECTED
    async with life.tillit.unit() as work:
        written = {letter.kind for letter in await desk.listed(work.unit, request)}
    assert Kind.REFUSAL in written
    assert await problems(life) == []


async def test_a_field_that_the_programme_has_dropped_brings_the_correction_back_until_it_is_there(
    life: Life,
) -> None:
    await changes(life, FIRST, SHOE + FIRST)
    request = await approved(life, {"shoe": "41", "county": "Jämtland"})
    await changes(life, SHOE, "")
    await worker.drain(life.tillit)
    found = await stands(life, request)
    assert (found.state, found.reason) == (State.ACKNOWLEDGED, "ValueNotKept")
    assert await values(life, "county") == ["Dalarna"]

    async with life.tillit.unit() as work:  # decided anew, in vain
        await deciding.approve(work.unit, OFFICER, work.active, request)
    await worker.drain(life.tillit)
    assert (await stands(life, request)).state is State.ACKNOWLEDGED

    await changes(life, FIRST, SHOE + FIRST)
    async with life.tillit.unit() as work:
        await deciding.approve(work.unit, OFFICER, work.active, request)
    await worker.drain(life.tillit)
    assert (await stands(life, request)).state is State.FULFILLED
    assert await values(life, "shoe", "county") == ["41", "Jämtland"]
    assert await problems(life) == []


async def test_a_value_that_the_programme_knows_no_more_brings_the_correction_back(
    life: Life,
) -> None:
    await changes(life, FIRST, SHOE + FIRST)
    request = await approved(life, {"shoe": "41"})
    await changes(life, '"40", "41"', '"40"')
    await worker.drain(life.tillit)
    assert (await stands(life, request)).reason == "ValueNotKept"


async def test_one_s_own_number_spelt_otherwise_is_not_taken(life: Life) -> None:
    request = await approved(life, {"member_number": "fk-1001"})
    await worker.drain(life.tillit)
    assert (await stands(life, request)).state is State.FULFILLED
    assert await values(life, "member_number") == ["fk-1001"]


async def test_both_officers_decide_anew_on_what_came_back(life: Life) -> None:
    await changes(life, "[requests]\n", '[requests]\nfour_eyes = ["rectification"]\n')
    request = await approved(life, NUMBER)
    async with life.tillit.unit() as work:
        await deciding.approve(work.unit, OFFICER, work.active, request)
    await joins(life, "FK-2000")
    await worker.drain(life.tillit)
    async with life.tillit.unit() as work:
        again = await deciding.approve(work.unit, OFFICER, work.active, request)
    assert (again.state, again.two) == (State.ACKNOWLEDGED, True)


@pytest.mark.parametrize(
    "wrong", [{"member_number": None}, {"email": "kari"}, {"phone": "1"}, {"shoe": "41"}]
)
async def test_what_could_never_be_made_is_not_opened(life: Life, wrong: dict[str, Any]) -> None:
    with pytest.raises((BadValue, UnknownField)):
        await approved(life, wrong)


async def test_an_approval_that_was_used_up_by_a_return_does_nothing_again(life: Life) -> None:
    request = await approved(life, NUMBER)
    kept = _sql(life, "SELECT approval FROM request WHERE id = %s", request)[0][0]
    await joins(life, "FK-2000")
    await worker.drain(life.tillit)
    _sql(life, "DELETE FROM lookup WHERE field = 'member_number' AND member NOT IN (%s, %s)",
         life.member, life.neighbour)  # fmt: skip
    _sql(life, "UPDATE request SET state = 'accepted', approval = %s WHERE id = %s", kept, request)
    with pytest.raises(Unavailable):
        await Steps(life.tillit).rectification(request=str(request))
    assert await values(life, "county") == ["Dalarna"]
    problem = f"request {request} is accepted, and the record says otherwise"
    assert problem in await problems(life)


async def test_what_came_back_cannot_be_taken_for_done(life: Life) -> None:
    request = await approved(life, NUMBER)
    await joins(life, "FK-2000")
    await worker.drain(life.tillit)
    async with life.tillit.unit() as work:
        await deciding.cancel(work.unit, OFFICER, request)
    with pytest.raises(WrongState):
        async with life.tillit.unit() as work:
            await deciding.approve(work.unit, OFFICER, work.active, request)


def _sql(life: Life, statement: LiteralString, *given: Any) -> list[tuple[Any, ...]]:
    """As the owner of the database, past every right of the application."""
    with psycopg.connect(libpq(life.tillit.url, role=None), autocommit=True) as connection:
        cursor = connection.execute(statement, given)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("whole", [False, True])
async def test_an_endorsement_from_before_a_return_counts_for_nothing_after_it(
    life: Life, whole: bool
) -> None:
    """Also when whoever writes to the database puts it back."""
    await changes(life, "[requests]\n", '[requests]\nfour_eyes = ["rectification"]\n')
    request = await approved(life, NUMBER)
    kept = [_approval(life, request)]
    await approves(life, request, OFFICER)
    kept.append(_approval(life, request))
    await joins(life, "FK-2000")
    await worker.drain(life.tillit)
    _sql(life, "UPDATE request SET approval = %s WHERE id = %s", kept[whole], request)
    problem = f"request {request} was not approved as it stands"
    assert await problems(life) == [problem]
    third = Act(ActorType.OFFICER, "officer-3")
    again = await approves(life, request, third)
    assert (again.state, again.two) == (State.ACKNOWLEDGED, True)
    assert await problems(life) == []
    with pytest.raises(SameOfficer):
        await approves(life, request, third)
    assert (await approves(life, request, OFFICER)).state is State.ACCEPTED
    assert await problems(life) == []


async def test_an_approval_by_one_where_two_were_asked_for_is_named(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    await changes(life, "[requests]\n", '[requests]\nfour_eyes = ["rectification"]\n')
    request = await approved(life, NUMBER)
    await approves(life, request, OFFICER)
    await joins(life, "FK-2000")
    await worker.drain(life.tillit)
    assert await problems(life) == []
    monkeypatch.setattr(approvals, "so_far", _as_if_endorsed)
    await approves(life, request, OFFICER)
    assert await problems(life) == [f"request {request} was approved by one, and two were asked"]


async def approves(life: Life, request: UUID, act: Act) -> Request:
    async with life.tillit.unit() as work:
        return await deciding.approve(work.unit, act, work.active, request)


async def _as_if_endorsed(*_: object) -> approvals.SoFar:
    return approvals.SoFar(1, ("somebody",))


def _approval(life: Life, request: UUID) -> bytes:
    [(found,)] = _sql(life, "SELECT approval FROM request WHERE id = %s", request)
    return bytes(found)
