"""Who was affected by what names no field: words that were read, answers about one or many,
a member's account, and what was worked out of a field."""

from test_affected import OFFICER, World, everything, sets_of, world

from consent.affected.giving import WORDS
from consent.affected.question import How
from dsar import desk, identity_steps, register
from dsar.identity import How as Proved
from dsar.identity import Proof
from dsar.states import Right
from dsar.wanted import Wanted
from tests.at_the_desk import opened as opened_request

__all__ = ["world"]
ANNA = everything(actors=("officer/anna",))


async def test_a_noted_proof_of_identity_is_what_an_officer_read_of_a_member(world: World) -> None:
    [one] = world.some(1)
    proof = Proof(Proved.OFFICER, note="passport with the right face in it")
    async with world.tillit.unit() as work:
        request = await opened_request(work, Right.ACCESS, one, proof=proof)
    async with world.tillit.unit() as work:
        await identity_steps.given(work.unit, OFFICER, work.active, request.id)
    found = await world.ask(ANNA)
    assert sets_of(found) == ({world.people[one]}, set())
    assert [(line.how, line.field) for line in found.lines] == [(How.VALUES, WORDS)]
    # Whatever field is asked about: it may stand in the words.
    assert len((await world.ask(everything(fields=("email",)))).those("certain")) == 1


async def test_a_wish_in_words_is_what_an_officer_read_of_a_member(world: World) -> None:
    [one] = world.some(1)
    async with world.tillit.unit() as work:
        wish = Wanted(marketing=True, note="I have been ill since May; stop")
        request = await opened_request(work, Right.OBJECTION, one, wish=wish)
    async with world.tillit.unit() as work:
        await desk.wish_opened(work.unit, OFFICER, await register.get(work.unit, request.id))
    found = await world.ask(ANNA)
    assert sets_of(found) == ({world.people[one]}, set())
