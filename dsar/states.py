"""Where a request can stand, and how it gets from there to elsewhere: one table a right.

Pure. The register (`dsar.register`) takes no step that is not here, and `tillit audit verify`
walks the steps on record through the same tables.

    initiated ─► acknowledged ─► accepted ─► carried_out ─► fulfilled
                  │    ▲
                  ▼    │ identified
           requires_action                   approved in vain: returned ─► acknowledged
                  │ lapsed                   refused ─► rejected
                  ▼                          taken back, overtaken ─► unfulfilled
             unfulfilled
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from consent.programme import handling


class Right(StrEnum):
    """What a member can ask for. Each has its own table of steps."""

    ACCESS = "access"  # Art. 15
    RECTIFICATION = "rectification"  # Art. 16
    ERASURE = "erasure"  # Art. 17
    RESTRICTION = "restriction"  # Art. 18
    RELEASE = "release"  # the end of a restriction, Art. 18(3)
    PORTABILITY = "portability"  # Art. 20
    OBJECTION = "objection"  # Art. 21
    REVIEW = "review"  # Art. 22(3): a human looks at what a machine decided
    WITHDRAWAL = "withdrawal"  # Art. 7(3)


class State(StrEnum):
    """Where a request stands; `term` is the Data Privacy Vocabulary's word for it."""

    INITIATED = "initiated"
    ACKNOWLEDGED = "acknowledged"
    REQUIRES_ACTION = "requires_action"  # who asked has yet to prove that it was they
    DELAYED = "delayed"  # by two months, for reasons they have been sent (Art. 12(3))
    ACCEPTED = "accepted"
    CARRIED_OUT = "carried_out"  # done here; recipients have yet to say that it is done there
    FULFILLED = "fulfilled"
    REJECTED = "rejected"
    UNFULFILLED = "unfulfilled"  # ended without an answer on its merits

    @property
    def term(self) -> str:
        return _TERMS[self]

    @property
    def is_open(self) -> bool:
        return self not in TERMINAL


_TERMS = {
    State.INITIATED: "dpv:RequestInitiated",
    State.ACKNOWLEDGED: "dpv:RequestAcknowledged",
    State.REQUIRES_ACTION: "dpv:RequestRequiresAction",
    State.DELAYED: "dpv:RequestActionDelayed",
    State.ACCEPTED: "dpv:RequestAccepted",
    State.CARRIED_OUT: "dpv:RequestAccepted",
    State.FULFILLED: "dpv:RequestFulfilled",
    State.REJECTED: "dpv:RequestRejected",
    State.UNFULFILLED: "dpv:RequestUnfulfilled",
}
_IN_VAIN = frozenset({State.REJECTED, State.UNFULFILLED})
TERMINAL = _IN_VAIN | {State.FULFILLED}


class Step(StrEnum):
    """What happens to a request. Each is on record with who, when and why."""

    ACKNOWLEDGE = "acknowledge"  # who asked is told that it has come, and until when they wait
    ASK_IDENTITY = "ask_identity"  # the clock pauses, if this was prompt
    IDENTIFY = "identify"  # what was lacking has been proved; the clock runs on
    LAPSE = "lapse"  # the question about identity was never answered
    EXTEND = "extend"  # by two months, within the first
    ENDORSE = "endorse"  # the first of two officers says yes
    APPROVE = "approve"
    REFUSE = "refuse"
    CANCEL = "cancel"  # who asked has thought better of it
    OVERTAKE = "overtake"  # the member was erased by another request
    RETURN = "return"  # what was approved cannot be done any more: it is decided anew
    CARRY_OUT = "carry_out"
    FULFIL = "fulfil"


_Table = Mapping[tuple[State, Step], State]

_WAITING = (State.ACKNOWLEDGED, State.DELAYED)
_UNDECIDED = (State.INITIATED, *_WAITING, State.REQUIRES_ACTION)
_OPEN = (*_UNDECIDED, State.ACCEPTED, State.CARRIED_OUT)

_COMMON: dict[tuple[State, Step], State] = {
    (State.INITIATED, Step.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.REQUIRES_ACTION, Step.IDENTIFY): State.ACKNOWLEDGED,
    (State.REQUIRES_ACTION, Step.LAPSE): State.UNFULFILLED,
    (State.ACCEPTED, Step.CARRY_OUT): State.CARRIED_OUT,
    (State.CARRIED_OUT, Step.FULFIL): State.FULFILLED,
    **{(one, Step.ASK_IDENTITY): State.REQUIRES_ACTION for one in _WAITING},
    **{(one, Step.APPROVE): State.ACCEPTED for one in _WAITING},
    **{(one, Step.REFUSE): State.REJECTED for one in _UNDECIDED},
    **{(one, Step.CANCEL): State.UNFULFILLED for one in (*_UNDECIDED, State.ACCEPTED)},
    **{(one, Step.OVERTAKE): State.UNFULFILLED for one in _OPEN},
}
#: What takes more than a moment can be put off, and can need two officers.
_WEIGHED: dict[tuple[State, Step], State] = {
    **_COMMON,
    (State.ACKNOWLEDGED, Step.EXTEND): State.DELAYED,
    **{(one, Step.ENDORSE): one for one in _WAITING},
}


#: Withdrawing and objecting wait for nothing and are put off by nobody.
AT_ONCE = frozenset(map(Right, handling.AT_ONCE))


#: A correction can have become impossible since it was approved. Nothing else can.
_RETURNS: dict[tuple[State, Step], State] = {
    **_WEIGHED,
    (State.ACCEPTED, Step.RETURN): State.ACKNOWLEDGED,
}


def _table(right: Right) -> _Table:
    if right is Right.RECTIFICATION:
        return MappingProxyType(_RETURNS)
    return MappingProxyType(_COMMON if right in AT_ONCE else _WEIGHED)


TABLES: Mapping[Right, _Table] = MappingProxyType({right: _table(right) for right in Right})


def after(right: Right, state: State, step: Step) -> State | None:
    """Where the step leads from there; None when it cannot be taken."""
    return TABLES[right].get((state, step))


def steps_from(right: Right, state: State) -> tuple[Step, ...]:
    """The steps that can be taken from there, in the order of `Step`."""
    return tuple(step for step in Step if (state, step) in TABLES[right])


def taken_from(right: Right, step: Step) -> tuple[State, ...]:
    """The states from which the step can be taken; none where the right knows no such step."""
    return tuple(state for state in State if (state, step) in TABLES[right])


def leads_to(right: Right, steps: Sequence[tuple[Step, State]], end: State) -> bool:
    """Whether the steps on record, each with where it led to, go from the beginning to `end`.

    In whichever order: entries of one millisecond, or of two machines whose clocks differ, do
    not tell theirs. Tried first in the order given.
    """

    def go(state: State, left: tuple[tuple[Step, State], ...]) -> bool:
        if not left:
            return state is end
        for taken in dict.fromkeys(left):
            step, to = taken
            # An erasure that a restore undid is carried out by the journal, approved or not; never
            # one that was taken back, refused, overtaken or that lapsed.
            again = right is Right.ERASURE and step is Step.CARRY_OUT and state not in _IN_VAIN
            if to is (State.CARRIED_OUT if again else after(right, state, step)):
                number = left.index(taken)
                if go(to, left[:number] + left[number + 1 :]):
                    return True
        return False

    return go(State.INITIATED, tuple(steps))
