"""Whoever writes to the register by hand gets nothing done, and is found.

They have the database and all copies of it there ever were; they have no key.
"""

from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID, uuid4

import at_the_desk
import psycopg
import pytest
from psycopg import sql

from api.bootstrap import SYSTEM, Tillit
from api.jobs import Steps
from audit.acts import Act
from audit.entries import ActorType
from audit.verify import VerifierKey
from consent.programme.loading import read_programme
from dsar import checks, deciding, holds, identity, requests
from dsar.errors import NotIdentified
from dsar.holds import Ground
from dsar.identity import How, Proof
from dsar.states import Right
from dsar.wanted import Wanted
from dsar.words import Reason
from kernel.database import libpq
from kernel.errors import Unavailable
from profiles import reading
from profiles.enrolment import enrol
from profiles.errors import CannotOpen
from profiles.members import one

OFFICER = Act(ActorType.OFFICER, "officer-1")
OTHER_RIGHTS = sorted({*Right} - {Right.WITHDRAWAL, Right.OBJECTION})
SILVER, BRONZE = Wanted(values={"tier": "silver"}), Wanted(values={"tier": "bronze"})


class Register:
    """A register with two members in it, and somebody who owns its database."""

    def __init__(self, tillit: Tillit, asking: UUID, other: UUID) -> None:
        self.tillit, self.asking, self.other = tillit, asking, other
        self.steps = Steps(tillit)

    def sql(self, statement: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """As the owner of the database, past every right of the application."""
        with psycopg.connect(libpq(self.tillit.url, role=None), autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def swap(self, column: str, one: UUID, two: UUID) -> None:
        """Exchange what stands in a column of two requests."""
        statement = sql.SQL(
            "UPDATE request r SET {0} = o.{0} FROM request o "
            "WHERE (r.id, o.id) IN ((%(one)s, %(two)s), (%(two)s, %(one)s))"
        ).format(sql.Identifier(column))
        with psycopg.connect(libpq(self.tillit.url, role=None), autocommit=True) as connection:
            connection.execute(statement, {"one": one, "two": two})

    async def ask(self, right: Right, *, approved: bool = False, **how: Any) -> UUID:
        async with self.tillit.unit() as work:
            asked = await at_the_desk.opened(work, right, how.pop("of", self.asking), **how)
            if approved:
                await deciding.approve(work.unit, OFFICER, work.active, asked.id)
        return asked.id

    async def problems(self) -> list[str]:
        key = VerifierKey.parse((await self.tillit.signer()).verifier_key)
        async with self.tillit.unit() as work:
            return await checks.check(work.unit, key)

    async def tier(self, member: UUID | None = None) -> object:
        """Raises `UnknownMember` once they are erased."""
        async with self.tillit.unit() as work:
            person = await one(work.unit, member or self.asking)
            return (await reading.values(work.unit, person, ["tier"]))["tier"].value

    async def handled(self, **how: Any) -> None:
        """The programme in force handles requests so from now on."""
        async with self.tillit.unit() as work:
            source = work.active.programme.source
        lines = "\n".join(f"{key} = {value}" for key, value in how.items())
        begun = source.index("[requests]")
        ended = source.index("\n[", begun)
        await self.tillit.apply(
            SYSTEM, read_programme(source[:begun] + f"[requests]\n{lines}" + source[ended:])
        )


@pytest.fixture
async def register(tillit: Tillit) -> Register:
    rows: list[dict[str, Any]] = [
        {"member_number": f"FK-{n}", "email": f"m{n}@post.example", "tier": "gold"} for n in (1, 2)
    ]
    async with tillit.unit() as work:
        people = await enrol(work.unit, SYSTEM, rows, source="till")
    made = Register(tillit, people[0].id, people[1].id)
    await made.handled(identity_days=30)
    return made


ACCEPTED: LiteralString = (
    "UPDATE request SET state = 'accepted', closed_at = NULL, approval = %s WHERE id = %s"
)


async def _refused(register: Register, request: UUID, problem: str, right: str = "erasure") -> None:
    """The job says no, both members are as they were, and the check names the request."""
    with pytest.raises((Unavailable, CannotOpen)):
        await getattr(register.steps, right)(request=str(request))
    assert [await register.tier(one) for one in (register.asking, register.other)] == ["gold"] * 2
    assert f"request {request} {problem}" in await register.problems()


async def test_a_sound_register_has_no_problems_and_its_jobs_are_done(register: Register) -> None:
    request = await register.ask(Right.RECTIFICATION, approved=True, wish=SILVER)
    await register.ask(Right.ERASURE)
    assert await register.problems() == []
    await register.steps.rectification(request=str(request))
    assert await register.tier() == "silver"
    assert await register.problems() == []


async def test_a_state_that_somebody_wrote_is_no_approval(register: Register) -> None:
    request = await register.ask(Right.ERASURE)
    register.sql("UPDATE request SET state = 'accepted' WHERE id = %s", request)
    await _refused(register, request, "is accepted, and the record says otherwise")
    register.sql("UPDATE request SET approval = %s WHERE id = %s", b"\0" * 90, request)
    await _refused(register, request, "is accepted, and the record says otherwise")


async def test_an_approval_of_another_request_of_the_same_member_counts_for_nothing(
    register: Register,
) -> None:
    approved = await register.ask(Right.RECTIFICATION, approved=True, wish=SILVER)
    request = await register.ask(Right.RECTIFICATION, wish=BRONZE)
    [(approval,)] = register.sql("SELECT approval FROM request WHERE id = %s", approved)
    register.sql(ACCEPTED, approval, request)
    await _refused(register, request, "is accepted, and the record says otherwise", "rectification")


async def test_an_approval_of_another_member_s_request_counts_for_nothing(
    register: Register,
) -> None:
    approved = await register.ask(Right.ERASURE, approved=True, of=register.other)
    async with register.tillit.unit() as work:  # or it would be carried out, as it was approved
        await holds.place(work.unit, OFFICER, register.other, Ground.DISPUTE)
    request = await register.ask(Right.ERASURE)
    [(approval,)] = register.sql("SELECT approval FROM request WHERE id = %s", approved)
    register.sql(ACCEPTED, approval, request)
    await _refused(register, request, "is accepted, and the record says otherwise")
    register.sql("UPDATE request SET member = %s WHERE id = %s", register.asking, approved)
    await _refused(register, approved, "is about another member than was put on record")


@pytest.mark.parametrize("ended", ["cancelled", "refused"])
async def test_an_old_approval_does_not_bring_a_request_back(
    register: Register, ended: str
) -> None:
    """A copy of the row, from a backup of the time when it was approved."""
    await register.handled(cooling_off_days=14, four_eyes='["rectification"]')
    if ended == "cancelled":
        request, job = await register.ask(Right.ERASURE, approved=True), "erasure"
    else:
        request = await register.ask(Right.RECTIFICATION, approved=True, wish=SILVER)
        job = "rectification"
    [(approval,)] = register.sql("SELECT approval FROM request WHERE id = %s", request)
    async with register.tillit.unit() as work:
        if ended == "cancelled":
            await deciding.cancel(work.unit, OFFICER, request)
        else:
            await deciding.refuse(work.unit, OFFICER, work.active, request, reason=Reason.UNFOUNDED)
    assert await register.problems() == []
    await register.handled(identity_days=30)  # one officer is enough again
    register.sql(ACCEPTED, approval, request)
    register.tillit.clock = _Later(register.tillit.clock)
    await _refused(register, request, "is accepted, and the record says otherwise", job)


class _Later:
    """A clock on which every time to think better of it has passed."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def now(self) -> Any:
        return self._clock.now() + timedelta(days=31)


async def test_the_first_of_two_officers_is_not_both(register: Register) -> None:
    await register.handled(four_eyes='["erasure"]')
    request = await register.ask(Right.ERASURE, approved=True)
    register.sql("UPDATE request SET state = 'accepted' WHERE id = %s", request)
    await _refused(register, request, "is accepted, and the record says otherwise")
    await register.handled(identity_days=30)  # and not under a later programme either
    await _refused(register, request, "is accepted, and the record says otherwise")


async def test_what_was_approved_by_one_stays_approved_when_two_are_asked_for_later(
    register: Register,
) -> None:
    request = await register.ask(Right.RECTIFICATION, approved=True, wish=SILVER)
    await register.handled(four_eyes='["rectification"]')
    await register.steps.rectification(request=str(request))
    assert await register.tier() == "silver"
    assert await register.problems() == []


async def test_the_time_to_think_better_of_it_cannot_be_cut_short(register: Register) -> None:
    await register.handled(cooling_off_days=14)
    request = await register.ask(Right.ERASURE, approved=True)
    await register.steps.erasure(request=str(request))
    assert await register.tier() == "gold"  # it waits
    assert await register.problems() == []
    for forged in (None, "2026-01-01"):
        register.sql("UPDATE request SET not_before = %s WHERE id = %s", forged, request)
        await _refused(register, request, "was not approved as it stands")


async def test_what_was_asked_for_cannot_be_exchanged(register: Register) -> None:
    one = await register.ask(Right.RECTIFICATION, approved=True, wish=SILVER)
    two = await register.ask(Right.RECTIFICATION, wish=BRONZE)
    register.swap("wanted", one, two)
    await _refused(register, one, "was not approved as it stands", "rectification")
    found = await register.problems()
    assert f"request {two} is about what was not sealed for it" in found
    async with register.tillit.unit() as work:
        await deciding.approve(work.unit, OFFICER, work.active, two)
    await _refused(register, two, "is about what was not sealed for it", "rectification")


@pytest.mark.parametrize("approved", [True, False])
async def test_what_was_asked_for_cannot_be_lost(register: Register, approved: bool) -> None:
    request = await register.ask(Right.RECTIFICATION, approved=approved, wish=SILVER)
    register.sql("UPDATE request SET wanted = NULL WHERE id = %s", request)
    if not approved:
        lost = f"request {request} is about what was not sealed for it"
        assert lost in await register.problems()
        async with register.tillit.unit() as work:
            await deciding.approve(work.unit, OFFICER, work.active, request)
    problem = "was not approved as it stands" if approved else "is about what was not sealed for it"
    await _refused(register, request, problem, "rectification")


async def test_an_objection_that_was_emptied_is_not_called_done(register: Register) -> None:
    request = await register.ask(Right.OBJECTION, wish=Wanted(marketing=True))
    register.sql("UPDATE request SET wanted = NULL WHERE id = %s", request)
    await _refused(register, request, "was not approved as it stands", "objection")


async def test_what_was_proved_for_one_right_is_no_proof_for_another(register: Register) -> None:
    request = await register.ask(Right.ACCESS)
    register.sql("UPDATE request SET kind = 'erasure' WHERE id = %s", request)
    async with register.tillit.unit() as work:
        member = await one(work.unit, register.asking)
        assert not (await identity.proved(work.unit, request, member)).whole
        await identity.prove(work.unit, OFFICER, request, member, Proof(How.OFFICER))
        assert (await identity.proved(work.unit, request, member)).whole
    # Proved again for what the table says, it is still not what was put on record.
    with pytest.raises(Unavailable):
        async with register.tillit.unit() as work:
            await deciding.approve(work.unit, OFFICER, work.active, request)
    await register.steps.erasure(request=str(request))
    assert await register.tier() == "gold"
    problem = f"request {request} is for another right than was put on record"
    assert problem in await register.problems()


@pytest.mark.parametrize("right", OTHER_RIGHTS)
async def test_an_ordinary_sign_in_proves_nothing_for_what_a_withdrawal_is_turned_into(
    register: Register, right: Right
) -> None:
    about = Wanted(purposes=("newsletter",))
    request = await register.ask(Right.WITHDRAWAL, wish=about, proof=Proof(How.SIGN_IN))
    register.sql(
        "UPDATE request SET kind = %s, state = 'acknowledged', approval = NULL WHERE id = %s",
        right.value, request,
    )  # fmt: skip
    with pytest.raises(Unavailable):
        async with register.tillit.unit() as work:
            await deciding.approve(work.unit, OFFICER, work.active, request, outcome="It stands.")
    await _proves_nothing(register, request, right)


@pytest.mark.parametrize("right", OTHER_RIGHTS)
async def test_an_ordinary_sign_in_proves_nothing_for_what_was_a_withdrawal_for_a_moment(
    register: Register, right: Right
) -> None:
    wish = SILVER if right is Right.RECTIFICATION else None
    if right is Right.RELEASE:
        async with register.tillit.unit() as work:
            await at_the_desk.restricted(work, register.asking)
    other = await register.ask(right, proof=None, wish=wish)
    register.sql("UPDATE request SET kind = 'withdrawal' WHERE id = %s", other)
    async with register.tillit.unit() as work:
        member = await one(work.unit, register.asking, lock=True)
        await identity.prove(work.unit, OFFICER, other, member, Proof(How.SIGN_IN))
    with pytest.raises(Unavailable):
        async with register.tillit.unit() as work:
            await requests.identified(work.unit, OFFICER, work.active, other)
    register.sql("UPDATE request SET kind = %s WHERE id = %s", right.value, other)
    await _proves_nothing(register, other, right)
    with pytest.raises(NotIdentified):
        async with register.tillit.unit() as work:
            await deciding.approve(work.unit, OFFICER, work.active, other, outcome="It stands.")


async def _proves_nothing(register: Register, request: UUID, right: Right) -> None:
    async with register.tillit.unit() as work:
        member = await one(work.unit, register.asking)
        have = await identity.proved(work.unit, request, member)
        assert have == identity.Proved()
        # Nor would it, had it been sealed for this right: it proves no person and no identifier.
        known = identity.on_file(work.unit, member)
        assert known
        for how in (How.SIGN_IN, How.GUARDIAN_SIGN_IN):
            have = identity.of([Proof(how, right=right)])
            assert identity.lacking(work.unit, right, member, have)
            assert identity.released(work.unit, dict.fromkeys(known), member, have) == frozenset()
            assert not identity.opens_purchases(have)
    assert await register.tier() == "gold"


async def test_a_forged_right_is_approved_by_nobody_s_first_word(register: Register) -> None:
    await register.handled(four_eyes='["erasure"]')
    request = await register.ask(Right.ACCESS)
    register.sql("UPDATE request SET kind = 'erasure' WHERE id = %s", request)
    with pytest.raises(Unavailable):
        async with register.tillit.unit() as work:
            await deciding.approve(work.unit, OFFICER, work.active, request)


async def test_somebody_else_s_proof_of_identity_opens_nothing(register: Register) -> None:
    request = await register.ask(Right.ERASURE, proof=None)
    other = await register.ask(Right.ERASURE, of=register.other)
    register.sql(
        "INSERT INTO identity_proof SELECT %s, %s, %s, sealed FROM identity_proof "
        "WHERE request = %s",
        uuid4(), request, register.asking, other,
    )  # fmt: skip
    await _not_approved(register, request)
    register.sql("UPDATE identity_proof SET id = %s WHERE request = %s", uuid4(), other)
    found = await register.problems()
    assert f"request {other} has a proof of identity that was not given for it" in found


async def test_a_proof_that_was_given_for_another_request_opens_nothing(
    register: Register,
) -> None:
    request = await register.ask(Right.ERASURE, proof=None)
    other = await register.ask(Right.ACCESS)
    register.sql("UPDATE identity_proof SET request = %s WHERE request = %s", request, other)
    await _not_approved(register, request, f"request {other} has 0 of the 1 proofs of identity")


async def _not_approved(register: Register, request: UUID, *more: str) -> None:
    with pytest.raises(CannotOpen):
        async with register.tillit.unit() as work:
            await deciding.approve(work.unit, OFFICER, work.active, request)
    wanted = [f"request {request} has a proof of identity that was not given for it", *more]
    found = sorted(await register.problems())
    assert len(found) == len(wanted)
    assert all(one.startswith(start) for one, start in zip(found, sorted(wanted), strict=True))
    assert await register.tier() == "gold"


@pytest.mark.parametrize(
    "forged",
    [
        "received = received + 30",
        "due = due + 3650",
        "paused_days = 99",
        "asked_on = received",
        "paused_on = received",
        "opened_at = opened_at + interval '30 days'",
    ],
)
async def test_a_clock_that_somebody_has_put_back_is_found(
    register: Register, forged: LiteralString
) -> None:
    request = await register.ask(Right.ACCESS)
    register.sql("UPDATE request SET " + forged + " WHERE id = %s", request)
    problem = f"request {request} has another clock than was put on record"
    assert await register.problems() == [problem]


async def test_a_channel_that_it_did_not_come_by_is_found(register: Register) -> None:
    request = await register.ask(Right.ACCESS)
    register.sql("UPDATE request SET channel = 'guardian' WHERE id = %s", request)
    problem = f"request {request} came by another channel than was put on record"
    assert await register.problems() == [problem]


async def test_an_extension_that_nobody_gave_is_found(register: Register) -> None:
    request = await register.ask(Right.ACCESS)
    register.sql(
        "UPDATE request SET extended = true, state = 'delayed', due = due + 60 WHERE id = %s",
        request,
    )
    problem = f"request {request} is delayed, and the record says otherwise"
    assert await register.problems() == [problem]
    register.sql("UPDATE request SET state = 'acknowledged' WHERE id = %s", request)
    problem = f"request {request} is acknowledged, and the record says otherwise"
    assert await register.problems() == [problem]
