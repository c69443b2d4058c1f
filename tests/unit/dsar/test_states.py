"""The tables of steps: no dead end, no skipped step, nothing after the end."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.deciding import JOBS
from dsar.states import (
    TABLES,
    TERMINAL,
    Right,
    State,
    Step,
    after,
    leads_to,
    steps_from,
    taken_from,
)

#: DPV 2.3, the states of a request.
TERMS = {
    "dpv:RequestInitiated",
    "dpv:RequestAcknowledged",
    "dpv:RequestAccepted",
    "dpv:RequestRequiresAction",
    "dpv:RequestActionDelayed",
    "dpv:RequestFulfilled",
    "dpv:RequestUnfulfilled",
    "dpv:RequestRejected",
}
AT_ONCE = {Right.WITHDRAWAL, Right.OBJECTION}
UNDECIDED = {State.INITIATED, State.ACKNOWLEDGED, State.DELAYED, State.REQUIRES_ACTION}
#: What nobody but time or another request brings about: no way out that a person can take.
NOBODY_S = {Step.OVERTAKE, Step.LAPSE}
ALL = list(Right)
Way = list[tuple[State, Step, State]]

rights = pytest.mark.parametrize("right", ALL)


def _reachable(right: Right, *, start: State = State.INITIATED) -> set[State]:
    found, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        for step in steps_from(right, state):
            to = after(right, state, step)
            assert to is not None
            if to not in found:
                found.add(to)
                waiting.append(to)
    return found


def _ways(right: Right) -> Iterator[Way]:
    """Every way from the first state to an end on which no step is taken twice."""

    def go(state: State, way: Way) -> Iterator[Way]:
        if state in TERMINAL:
            yield way
        for step in steps_from(right, state):
            to = after(right, state, step)
            assert to is not None
            if (state, step, to) not in way:
                yield from go(to, [*way, (state, step, to)])

    yield from go(State.INITIATED, [])


@rights
def test_every_state_is_reached_that_the_right_has(right: Right) -> None:
    reached = _reachable(right)
    missing = {State.DELAYED} if right in AT_ONCE else set()
    assert reached == set(State) - missing
    in_table = {state for state, _ in TABLES[right]} | set(TABLES[right].values())
    assert in_table - reached <= missing, "the table tells of states that nothing leads to"


@rights
def test_an_end_is_reached_from_everywhere_by_steps_that_somebody_can_take(right: Right) -> None:
    for state in _reachable(right) - TERMINAL:
        seen, waiting = {state}, [state]
        while waiting:
            if (at := waiting.pop()) in TERMINAL:
                continue
            onward = {
                TABLES[right][at, step] for step in steps_from(right, at) if step not in NOBODY_S
            }
            assert onward, f"{right} is stuck at {at}"
            waiting += onward - seen
            seen |= onward
        assert seen & TERMINAL, f"{right} goes round and round from {state}"


@rights
def test_a_request_can_be_fulfilled_from_wherever_it_has_not_been_decided(right: Right) -> None:
    for state in _reachable(right) - TERMINAL:
        assert State.FULFILLED in _reachable(right, start=state)


@rights
def test_nothing_happens_after_the_end(right: Right) -> None:
    for state in TERMINAL:
        assert steps_from(right, state) == ()
        assert not state.is_open
    assert all(state.is_open for state in set(State) - TERMINAL)
    assert {State.FULFILLED, State.REJECTED, State.UNFULFILLED} == TERMINAL


@rights
def test_nothing_is_fulfilled_that_was_not_accepted_and_then_carried_out(right: Right) -> None:
    fulfilled = 0
    for way in _ways(right):
        states = [to for _, _, to in way]
        if states[-1] is not State.FULFILLED:
            continue
        fulfilled += 1
        assert states[-3:] == [State.ACCEPTED, State.CARRIED_OUT, State.FULFILLED]
        assert State.ACKNOWLEDGED in states[:-3]
        returned = [step for _, step, _ in way].count(Step.RETURN)
        assert states.count(State.ACCEPTED) == 1 + returned
    assert fulfilled


@rights
def test_each_way_into_a_state_is_one_step_and_that_step_alone(right: Right) -> None:
    """Who would skip a step would need another way in."""
    ways_in = {
        State.ACCEPTED: {Step.APPROVE},
        State.CARRIED_OUT: {Step.CARRY_OUT},
        State.FULFILLED: {Step.FULFIL},
        State.REJECTED: {Step.REFUSE},
        State.UNFULFILLED: {Step.LAPSE, Step.CANCEL, Step.OVERTAKE},
        State.REQUIRES_ACTION: {Step.ASK_IDENTITY},
        State.DELAYED: {Step.EXTEND},
        State.ACKNOWLEDGED: {Step.ACKNOWLEDGE, Step.IDENTIFY, Step.RETURN},
        State.INITIATED: set(),
    }
    for (state, step), to in TABLES[right].items():
        if state is not to:
            assert step in ways_in[to], f"{right}: {state} by {step} to {to}"
    assert taken_from(right, Step.CARRY_OUT) == (State.ACCEPTED,)
    assert taken_from(right, Step.FULFIL) == (State.CARRIED_OUT,)
    assert taken_from(right, Step.LAPSE) == (State.REQUIRES_ACTION,)


@rights
def test_nothing_is_accepted_of_somebody_who_has_yet_to_be_acknowledged_or_identified(
    right: Right,
) -> None:
    assert after(right, State.INITIATED, Step.APPROVE) is None
    assert after(right, State.REQUIRES_ACTION, Step.APPROVE) is None
    assert set(taken_from(right, Step.APPROVE)) == {State.ACKNOWLEDGED, State.DELAYED}


@rights
def test_only_a_correction_comes_back_once_it_was_approved_and_is_decided_anew(
    right: Right,
) -> None:
    returned = (State.ACCEPTED,) if right is Right.RECTIFICATION else ()
    assert taken_from(right, Step.RETURN) == returned
    for state in returned:
        assert after(right, state, Step.RETURN) is State.ACKNOWLEDGED


@rights
def test_what_is_done_is_not_taken_back_nor_refused(right: Right) -> None:
    assert set(taken_from(right, Step.REFUSE)) == UNDECIDED
    assert set(taken_from(right, Step.CANCEL)) == UNDECIDED | {State.ACCEPTED}


@rights
def test_whoever_is_erased_has_no_request_left_open(right: Right) -> None:
    assert set(taken_from(right, Step.OVERTAKE)) == set(State) - TERMINAL


@rights
def test_stopping_a_use_is_put_off_by_nobody_and_needs_no_second_officer(right: Right) -> None:
    put_off = set(taken_from(right, Step.EXTEND))
    endorsed = set(taken_from(right, Step.ENDORSE))
    if right in AT_ONCE:
        assert put_off == endorsed == set()
    else:
        assert put_off == {State.ACKNOWLEDGED}, "once, and not once more"
        assert endorsed == {State.ACKNOWLEDGED, State.DELAYED}
        assert all(after(right, state, Step.ENDORSE) is state for state in endorsed)


def test_every_state_has_a_term_of_the_vocabulary_and_every_term_is_used() -> None:
    assert {state.term for state in State} == TERMS


def test_every_right_has_a_table_and_a_job_of_its_own() -> None:
    assert set(TABLES) == set(JOBS) == set(ALL)
    assert len(set(JOBS.values())) == len(ALL)


def test_no_table_can_be_changed() -> None:
    for table in TABLES.values():
        with pytest.raises(TypeError):
            table[State.INITIATED, Step.APPROVE] = State.FULFILLED  # type: ignore[index]


@given(st.sampled_from(ALL), st.lists(st.sampled_from(list(Step)), max_size=40))
def test_whatever_is_tried_the_states_gone_through_are_those_of_the_drawing(
    right: Right, tried: list[Step]
) -> None:
    """Random steps, taken where they can be, against the drawing read as a relation of states."""
    drawn = {
        (State.INITIATED, State.ACKNOWLEDGED),
        (State.ACKNOWLEDGED, State.REQUIRES_ACTION),
        (State.REQUIRES_ACTION, State.ACKNOWLEDGED),
        (State.ACKNOWLEDGED, State.ACCEPTED),
        (State.ACCEPTED, State.CARRIED_OUT),
        (State.CARRIED_OUT, State.FULFILLED),
        *((one, State.REJECTED) for one in UNDECIDED),
        *((one, State.UNFULFILLED) for one in set(State) - TERMINAL),
    }
    if right not in AT_ONCE:
        drawn |= {
            (State.ACKNOWLEDGED, State.DELAYED),
            (State.DELAYED, State.REQUIRES_ACTION),
            (State.DELAYED, State.ACCEPTED),
        }
    if right is Right.RECTIFICATION:
        drawn |= {(State.ACCEPTED, State.ACKNOWLEDGED)}
    gone = [State.INITIATED]
    for step in tried:
        if (to := after(right, gone[-1], step)) is not None:
            gone.append(to)
    for before, to in pairwise(gone):
        assert (before, to) in drawn or (before is to and step_stays(right, before))


def step_stays(right: Right, state: State) -> bool:
    """An endorsement moves nothing."""
    return after(right, state, Step.ENDORSE) is state


#: How an erasure can have ended in vain, from the beginning; and what carries one out.
IN_VAIN = (
    [(Step.APPROVE, State.ACCEPTED), (Step.CANCEL, State.UNFULFILLED)],
    [(Step.APPROVE, State.ACCEPTED), (Step.OVERTAKE, State.UNFULFILLED)],
    [(Step.CANCEL, State.UNFULFILLED)],
    [(Step.REFUSE, State.REJECTED)],
    [(Step.ASK_IDENTITY, State.REQUIRES_ACTION), (Step.LAPSE, State.UNFULFILLED)],
)
BEGUN = (Step.ACKNOWLEDGE, State.ACKNOWLEDGED)
DONE = [(Step.CARRY_OUT, State.CARRIED_OUT), (Step.FULFIL, State.FULFILLED)]


@given(st.sampled_from(IN_VAIN), st.data())
def test_an_erasure_that_ended_in_vain_is_not_carried_out_in_whatever_order_it_is_on_record(
    ended: list[tuple[Step, State]], data: st.DataObject
) -> None:
    assert leads_to(Right.ERASURE, [BEGUN, *ended], ended[-1][1])
    steps = data.draw(st.permutations([BEGUN, *ended, *DONE]))
    for end in State:
        assert not leads_to(Right.ERASURE, steps, end)


@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.parametrize("times", [1, 2])
def test_an_erasure_that_a_restore_undid_is_carried_out_by_the_journal(
    approved: bool, times: int
) -> None:
    """The restored record is older than what was approved; and one may be restored twice."""
    before = [BEGUN, (Step.APPROVE, State.ACCEPTED)] if approved else [BEGUN]
    assert leads_to(Right.ERASURE, [*before, *DONE * times], State.FULFILLED)
    others = [right for right in Right if right is not Right.ERASURE]
    assert not any(leads_to(right, [BEGUN, *DONE], State.FULFILLED) for right in others)
