"""Random footings, and members with ledgers and birth dates, for property tests."""

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st
from made_up_ledgers import TERMS, applied, ledgers

from consent.choices import Choice
from consent.footing import Footing, Silencer, heeds_objection
from consent.programme.declarations import Channel, LegalBasis, Purpose
from consent.sets import place
from consent.standings import Standings, fold
from kernel.ids import uuid7
from profiles.changes import Changes
from profiles.shard import MemberSets
from profiles.values import to_number

BIRTH = "birth_date"
AGE = 16
#: Days around the one on which somebody comes of age today; and somebody born before 1970.
BIRTHS = [date(2010, 3, 1) + timedelta(days=days) for days in (-1, 0, 1)] + [date(1955, 5, 5)]


def purpose(basis: LegalBasis, *, name: str = "p", marketing: bool = False) -> Purpose:
    return Purpose(
        name=name,
        legal_basis=basis,
        dpv="dpv:Marketing",
        fields=("member_number",),
        notice={"sv": "…"},
        direct_marketing=marketing,
        channels=(Channel.EMAIL,),
    )


@st.composite
def footings(draw: st.DrawFn) -> Footing:
    basis = draw(st.sampled_from(LegalBasis))
    marketing = draw(st.booleans()) and basis in (
        LegalBasis.CONSENT,
        LegalBasis.LEGITIMATE_INTEREST,
    )
    made = purpose(basis, marketing=marketing)
    silencers = [Silencer("p", marketing)] if heeds_objection(made) else []
    silencers += [Silencer("q", True)] if draw(st.booleans()) else []
    birth = draw(st.sampled_from([None, BIRTH]))
    return Footing(
        purpose=made,
        accepted=frozenset(draw(st.sets(st.sampled_from(TERMS)))),
        silencers=tuple(silencers),
        birth_field=birth,
        age_of_consent=AGE,
        children=birth is not None and draw(st.booleans()),
    )


@dataclass(frozen=True)
class Person:
    """A member: all they ever said, and when they were born, if that is known."""

    ledger: list[Choice]
    born: date | None

    @property
    def standings(self) -> Standings:
        return fold(self.ledger)


people = st.builds(Person, ledgers, st.none() | st.sampled_from(BIRTHS))
crowds = st.lists(people, min_size=1, max_size=8)


def put(changes: Changes, ordinal: int, one: Person) -> None:
    place(changes, ordinal, one.standings, one.ledger)
    changes.assign(BIRTH, ordinal, None if one.born is None else to_number(one.born))


def sets_of(crowd: list[Person]) -> MemberSets:
    """Everybody's sets, in the order of the list."""
    changes = Changes()
    for ordinal, one in enumerate(crowd):
        changes.join(ordinal, uuid7())
        put(changes, ordinal, one)
    return applied(MemberSets(), changes)


def born_for(footing: Footing, one: Person) -> date | None:
    return one.born if footing.birth_field else None
