"""A no, from the officer's word to the member's letter: never to a stranger who is none."""

from uuid import UUID

import at_the_desk
import psycopg
import pytest
from at_the_books import Books

from api import work as worker
from api.bootstrap import SYSTEM
from audit.acts import Act
from audit.entries import ActorType
from audit.verify import VerifierKey
from dsar import checks, deciding, desk, identity, register, requests
from dsar.errors import BrokenRequest, UnfitReason, WrongState
from dsar.identity import How, Proof
from dsar.letters import desk as letters
from dsar.letters import making, pages
from dsar.letters.kinds import Kind
from dsar.states import AT_ONCE, Right, State, Step
from dsar.wanted import Wanted
from dsar.words import REFUSED_BY, Delay, Reason
from kernel.database import libpq
from profiles.members import one

OFFICER = Act(ActorType.OFFICER, "officer-1")
WISH = {
    Right.RECTIFICATION: Wanted(values={"name": "Åsa Berg"}),
    Right.OBJECTION: Wanted(marketing=True),
    Right.WITHDRAWAL: Wanted(purposes=("newsletter",)),
}
#: One is enough for these, and then nothing lacks.
E_MAIL = Proof(How.CODE, "email")


async def asked(books: Books, right: Right, proof: Proof | None) -> UUID:
    member = await books.joins()
    if right is Right.RELEASE:
        async with books.tillit.unit() as work:
            await at_the_desk.approved(work, Right.RESTRICTION, member)
        await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        how = {"proof": proof, "wish": WISH.get(right), "language": "en"}
        return (await at_the_desk.opened(work, right, member, **how)).id


async def refused(books: Books, request: UUID, reason: Reason) -> None:
    """As an officer does it, who looks at the letter before it is decided."""
    said = reason.value
    async with books.tillit.unit() as work:
        kind = Kind.REFUSAL
        await letters.preview(work.unit, OFFICER, work.active, request, kind=kind, reason=said)
    async with books.tillit.unit() as work:
        await desk.take(work.unit, OFFICER, work.active, request, Step.REFUSE, reason=said)


async def stands(books: Books, request: UUID) -> tuple[State, str | None]:
    async with books.tillit.unit() as work:
        found = await register.get(work.unit, request)
    return found.state, found.reason


@pytest.mark.parametrize("right", [one for one in Right if one not in AT_ONCE])
async def test_nobody_is_refused_as_a_stranger_who_has_shown_who_they_are(
    books: Books, right: Right
) -> None:
    request = await asked(books, right, Proof(How.OFFICER))
    async with books.tillit.unit() as work:
        assert not await requests.lacking(work.unit, work.active, request)
    with pytest.raises(UnfitReason, match="has shown who they are"):
        await refused(books, request, Reason.IDENTITY)
    async with books.tillit.unit() as work:  # nor by a decision without a look at the letter
        with pytest.raises(UnfitReason, match="has shown who they are"):
            await deciding.refuse(work.unit, OFFICER, work.active, request, reason=Reason.IDENTITY)
    assert await stands(books, request) == (State.ACKNOWLEDGED, None)


@pytest.mark.parametrize("right", Right)
async def test_a_stranger_is_refused_as_one(books: Books, right: Right) -> None:
    request = await asked(books, right, None)
    await refused(books, request, Reason.IDENTITY)
    assert await stands(books, request) == (State.REJECTED, Reason.IDENTITY.value)


@pytest.mark.parametrize(
    ("right", "enough"),
    [(Right.ACCESS, True), (Right.RESTRICTION, True), (Right.ERASURE, False)],
)
async def test_whether_one_proof_makes_a_stranger_known_hangs_on_the_right(
    books: Books, right: Right, enough: bool
) -> None:
    request = await asked(books, right, E_MAIL)
    if enough:
        with pytest.raises(UnfitReason):
            await refused(books, request, Reason.IDENTITY)
    else:
        await refused(books, request, Reason.IDENTITY)
    assert (await stands(books, request))[0] is (State.ACKNOWLEDGED if enough else State.REJECTED)


async def test_who_shows_who_they_are_meanwhile_is_a_stranger_no_more(books: Books) -> None:
    request = await asked(books, Right.ERASURE, None)
    async with books.tillit.unit() as work:
        await requests.ask_identity(work.unit, OFFICER, work.active, request)
    async with books.tillit.unit() as work:
        row = await register.get(work.unit, request)
        assert row.member is not None
        person = await one(work.unit, row.member, lock=True)
        await identity.prove(work.unit, OFFICER, request, person, Proof(How.OFFICER))
        await requests.identified(work.unit, OFFICER, work.active, request)
    with pytest.raises(UnfitReason):
        await refused(books, request, Reason.IDENTITY)


UNMET = [right for right in Right if Reason.UNMET in REFUSED_BY[right]]


@pytest.mark.parametrize("right", UNMET)
async def test_who_asks_for_what_the_law_does_not_give_is_told_why(
    books: Books, right: Right
) -> None:
    request = await asked(books, right, Proof(How.OFFICER))
    await refused(books, request, Reason.UNMET)
    await worker.drain(books.tillit)
    assert await stands(books, request) == (State.REJECTED, "NotRequiredJustification")
    async with books.tillit.unit() as work:
        letter = await letters.opened(work.unit, OFFICER, request, Kind.REFUSAL)
    text = pages.text(letter)
    assert "see it otherwise" in text
    assert "https://www.imy.se" in text
    key = VerifierKey.parse((await books.tillit.signer()).verifier_key)
    async with books.tillit.unit() as work:
        assert await checks.check(work.unit, key) == []


@pytest.mark.parametrize("right", [Right.ACCESS, Right.RELEASE, *sorted(AT_ONCE)])
async def test_what_has_no_conditions_is_not_refused_for_them(books: Books, right: Right) -> None:
    request = await asked(books, right, None)
    before = await stands(books, request)
    with pytest.raises(UnfitReason, match="is no reason to refuse"):
        await refused(books, request, Reason.UNMET)
    assert await stands(books, request) == before


async def test_a_correction_of_no_identifier_is_not_refused_for_one(books: Books) -> None:
    request = await asked(books, Right.RECTIFICATION, Proof(How.OFFICER))  # of their name
    with pytest.raises(UnfitReason, match="no identifier"):
        await refused(books, request, Reason.UNUSABLE)
    async with books.tillit.unit() as work:  # nor by a decision without a look at the letter
        with pytest.raises(UnfitReason, match="no identifier"):
            await deciding.refuse(work.unit, OFFICER, work.active, request, reason=Reason.UNUSABLE)
    assert await stands(books, request) == (State.ACKNOWLEDGED, None)


async def test_what_is_decided_already_is_told_as_decided_and_not_as_doubted(books: Books) -> None:
    request = await asked(books, Right.ACCESS, Proof(How.OFFICER))
    await refused(books, request, Reason.EXCESSIVE)
    async with books.tillit.unit() as work:
        with pytest.raises(WrongState, match="this request is rejected"):
            await deciding.refuse(work.unit, SYSTEM, work.active, request, reason=Reason.IDENTITY)


@pytest.mark.parametrize("word", ["ProcessExcessive", None])
async def test_nobody_is_told_another_reason_than_the_one_on_record(
    books: Books, word: str | None
) -> None:
    request = await asked(books, Right.ERASURE, Proof(How.OFFICER))
    await refused(books, request, Reason.LAW)
    with psycopg.connect(libpq(books.tillit.url, role=None)) as owner:
        owner.execute("UPDATE request SET reason = %s WHERE id = %s", (word, request))
    async with books.tillit.unit() as work:
        with pytest.raises(BrokenRequest):
            await making.make(work.unit, SYSTEM, work.active, request, kind=Kind.REFUSAL)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        assert Kind.REFUSAL not in {one.kind for one in await letters.listed(work.unit, request)}


@pytest.mark.parametrize("word", [Delay.MANY.value, None, Reason.LAW.value])
async def test_nobody_is_told_another_reason_for_a_delay_than_the_one_on_record(
    books: Books, word: str | None
) -> None:
    request = await asked(books, Right.ERASURE, Proof(How.OFFICER))
    async with books.tillit.unit() as work:
        await deciding.extend(work.unit, SYSTEM, request, reason=Delay.COMPLEX)
    with psycopg.connect(libpq(books.tillit.url, role=None)) as owner:
        owner.execute("UPDATE request SET reason = %s WHERE id = %s", (word, request))
    async with books.tillit.unit() as work:
        with pytest.raises(BrokenRequest):
            await making.make(work.unit, SYSTEM, work.active, request, kind=Kind.EXTENSION)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        assert Kind.EXTENSION not in {one.kind for one in await letters.listed(work.unit, request)}


async def test_no_extension_is_told_that_nobody_gave(books: Books) -> None:
    request = await asked(books, Right.ERASURE, Proof(How.OFFICER))
    with psycopg.connect(libpq(books.tillit.url, role=None)) as owner:
        owner.execute(
            "UPDATE request SET reason = %s, extended = true WHERE id = %s", (Delay.MANY, request)
        )
    async with books.tillit.unit() as work:
        with pytest.raises(BrokenRequest):
            await making.make(work.unit, SYSTEM, work.active, request, kind=Kind.EXTENSION)


async def test_what_is_refused_keeps_no_officer_s_yes(books: Books) -> None:
    await books.handles('four_eyes = ["access"]')
    request = await asked(books, Right.ACCESS, Proof(How.OFFICER))
    async with books.tillit.unit() as work:
        await deciding.approve(work.unit, OFFICER, work.active, request)
    kept = "SELECT approval IS NOT NULL FROM request"
    assert await books.query(kept) == [(True,)]
    await refused(books, request, Reason.EXCESSIVE)
    assert await books.query(kept) == [(False,)]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("sv", "har begärt kan inte användas"),
        ("nb", "har bedt om, kan ikke brukes"),
        ("da", "har bedt om, kan ikke bruges"),
        ("fi", "tunnistetta ei voida käyttää"),
        ("en", "asked for cannot be used"),
    ],
)
async def test_who_asks_for_another_s_number_is_told_that_it_cannot_be_used_and_no_more(
    books: Books, language: str, said: str
) -> None:
    other = await books.joins(member_number="FK-2000", name="Kari Nordmann")
    member = await books.joins()
    wish = Wanted(values={"member_number": "FK-2000"})
    async with books.tillit.unit() as work:
        how = {"proof": Proof(How.OFFICER), "wish": wish, "language": language}
        request = (await at_the_desk.opened(work, Right.RECTIFICATION, member, **how)).id
    await refused(books, request, Reason.UNUSABLE)
    assert await stands(books, request) == (State.REJECTED, "IdentifierUnusable")
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        text = pages.text(await letters.opened(work.unit, OFFICER, request, Kind.REFUSAL))
    assert said in " ".join(text.split())
    assert all(word not in text for word in ("FK-2000", "Kari", "Nordmann", str(other)))
