"""Into which groups members fall: every kind of figure there is, each a way to share out all.

Twice over where the past is asked for: about everybody from the sets, and about one member from
their standings. Groups are disjoint, and together they are all members; there are no others, and
nobody can ask for a filter of their own.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from pyroaring import BitMap

from consent import sets
from consent.choices import State
from consent.eligibility import Eligibility, Reason, reason_of
from consent.footing import Footing
from consent.standings import Standings
from profiles import stacks
from profiles.shard import MemberSets
from profiles.stacks import Op
from profiles.values import to_number

RATES, FUNNEL, EXPIRING = "rates", "funnel", "expiring"
#: The group of those whom nothing holds back.
ELIGIBLE = "eligible"


class Answer(StrEnum):
    """Where members stand with a purpose they can say no to. The list is closed.

    Of a consent all but the last two; the last two are of a legitimate interest.
    """

    CONSENTED = "consented"
    ASK_AGAIN = "ask_again"
    EXPIRED = "expired"
    UNPROVEN = "unproven"
    UNCONFIRMED = "unconfirmed"
    SAID_NO = "said_no"  # refused, or withdrew
    NEVER_ASKED = "never_asked"  # or what they said was no consent: they are to be asked anew
    OBJECTED = "objected"
    NO_OBJECTION = "no_objection"


#: As they are read; what is missed least is hidden first, in `HIDDEN_FIRST`.
OF_CONSENT = tuple(Answer)[:7]
OF_INTEREST = tuple(Answer)[7:]
HIDDEN_FIRST: Sequence[str] = (
    Answer.UNCONFIRMED,
    Answer.UNPROVEN,
    Answer.ASK_AGAIN,
    Answer.EXPIRED,
    Answer.NEVER_ASKED,
    Answer.SAID_NO,
    Answer.CONSENTED,
    Answer.OBJECTED,
    Answer.NO_OBJECTION,
)

_WAITING = {
    State.UNPROVEN: Answer.UNPROVEN,
    State.REQUESTED: Answer.UNCONFIRMED,
    State.EXPIRED: Answer.EXPIRED,
}


def answers(footing: Footing, members: MemberSets, found: Eligibility, day: date) -> dict[str, int]:
    """How many members stand where on that day; empty where nobody is asked.

    `found`: the purpose's eligibility from the same sets on the same day.
    """
    if not footing.purpose.is_choice:
        return {}
    if not footing.needs_consent:
        objected = len(found.those.get(Reason.OBJECTED, ()))
        left = len(members.everyone) - objected
        return {Answer.OBJECTED: objected, Answer.NO_OBJECTION: left}
    name = footing.purpose.name
    given = members.get(sets.consent_set(name))
    over = given & stacks.compare(members, sets.until_stack(name), Op.LE, to_number(day))
    under = BitMap.union(
        BitMap(), *(members.get(sets.terms_set(name, one)) for one in footing.accepted)
    )
    standing = given - over
    those = dict.fromkeys(OF_CONSENT, 0)
    those[Answer.CONSENTED] = len(standing & under)
    those[Answer.ASK_AGAIN] = len(standing - under)
    waiting = BitMap()
    for state, answer in _WAITING.items():
        here = members.get(sets.state_set(name, state))
        those[answer] += len(here)
        waiting |= here
    those[Answer.EXPIRED] += len(over)
    those[Answer.SAID_NO] = len(members.get(sets.no_set(name)) - given - waiting)
    those[Answer.NEVER_ASKED] = len(members.everyone) - sum(those.values())
    return {answer.value: count for answer, count in those.items()}


def answer_of(footing: Footing, standings: Standings, day: date) -> Answer | None:
    """Where one member stands on that day; None where nobody is asked."""
    if not footing.purpose.is_choice:
        return None
    if not footing.needs_consent:
        held_back = reason_of(footing, standings, day, born=None)
        return Answer.OBJECTED if held_back is Reason.OBJECTED else Answer.NO_OBJECTION
    standing = standings.of(footing.purpose.name)
    if not standing.consented:
        said = Answer.SAID_NO if standing.said_no else Answer.NEVER_ASKED
        return _WAITING.get(standing.state, said)
    if standing.until is not None and standing.until <= day:
        return Answer.EXPIRED
    return Answer.CONSENTED if standing.terms in footing.accepted else Answer.ASK_AGAIN


def order_of_answers(counts: Mapping[str, int]) -> list[str]:
    return [name for name in HIDDEN_FIRST if name in counts]
