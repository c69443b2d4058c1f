"""The figures of an answer, added up use by use. Pure; the members are ordinals."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from audit.entries import ActorType
from consent.affected.giving import PURCHASES
from consent.affected.question import Affected, How, Line
from consent.programme.vocabulary import CRIMINAL, SPECIAL
from consent.programmes import Active
from profiles import stacks
from profiles.catalogue import known_set
from profiles.shard import MemberSets
from profiles.stacks import Op
from profiles.values import to_number

_PURCHASE = "pd:Purchase"
_MEMBER = f"{ActorType.MEMBER}/"
_OF_AGE = 18  # years: who is younger is a child, whatever they may consent to
_MILLISECONDS = np.uint64(16)  # bits of an id's first word that follow its time


@dataclass(frozen=True)
class People:
    """Who there was when the question was asked; nothing here changes while others do.

    `ids`: the first word of each one's id, by ordinal.
    """

    everyone: BitMap
    children: BitMap
    ages_known: BitMap
    ids: NDArray[Any] = field(repr=False)

    @classmethod
    def of(cls, sets: MemberSets, active: Active, now: datetime) -> "People":
        birth, day = active.programme.birth_field, now.astimezone(active.programme.zone).date()
        known, children = BitMap(), BitMap()
        if birth is not None:
            known = sets.get(known_set(birth)).copy()
            youngest = _years_before(day, _OF_AGE)
            children = stacks.compare(sets, birth, Op.GT, to_number(youngest))
        ids = sets.ids[:, 0].astype(np.uint64)
        return cls(sets.everyone.copy(), children, known, ids)

    def joined_by(self, at: datetime) -> BitMap:
        """Members, of those there are still, who had joined before that moment had passed."""
        until = np.uint64(int(at.timestamp() * 1000))
        found = np.flatnonzero((self.ids >> _MILLISECONDS) <= until).astype(np.uint32)
        return BitMap(found) & self.everyone


class Tally:
    """An answer under way."""

    def __init__(self, people: People, active: Active) -> None:
        self._people, self._active = people, active
        self.certain, self.maybe, self.answered = BitMap(), BitMap(), BitMap()
        self.gone, self.gone_subjects = BitMap(), set[str]()
        self.entries = self.lost = self.broken = self.strangers = 0
        self.untold = self.wards = self.vouchers = 0
        self._times: list[datetime] = []
        self._lines: dict[tuple[str, How, str], tuple[int, BitMap, set[str]]] = {}

    def used(self, at: datetime) -> None:
        """A use that was meant, whatever came of it."""
        self.entries += 1
        self._times = [min([at, *self._times]), max([at, *self._times])]

    def gave(self, actor: str, how: How, fields: tuple[str, ...], those: BitMap) -> None:
        """Something was given out about those."""
        here = those & self._people.everyone
        self.gone |= those - here
        if how is How.ANSWER:
            self.answered |= here
        else:
            self.certain |= here
        self._line(actor, how, fields, those, set())

    def gave_of_gone(self, actor: str, how: How, fields: tuple[str, ...], subject: str) -> None:
        """The same of one of whom only a pseudonym is left."""
        self._line(actor, how, fields, BitMap(), {subject})

    def nobody_can_tell(self, actor: str, how: How, those: BitMap) -> None:
        """It is lost whether anything was given out about those."""
        self.lost += 1
        self.maybe |= those & self._people.everyone
        self._line(actor, how, (), those, set())

    def perhaps(self, actor: str, how: How, those: BitMap) -> None:
        """What was given out is known, and not if it was by who is meant."""
        self.maybe |= those & self._people.everyone
        self._line(actor, how, (), those, set())

    def _line(
        self, actor: str, how: How, fields: tuple[str, ...], those: BitMap, gone: set[str]
    ) -> None:
        if actor.startswith(_MEMBER):  # nothing in an answer leads to a pseudonym
            actor = _MEMBER
        for name in fields or ("",):
            entries, members, subjects = self._lines.get((actor, how, name), (0, BitMap(), set()))
            self._lines[actor, how, name] = entries + 1, members | those, subjects | gone

    def result(self) -> Affected:
        maybe = self.maybe - self.certain
        answered = self.answered - self.certain - maybe
        told = self.certain | maybe
        return Affected(
            certain=self.certain.serialize(),
            maybe=maybe.serialize(),
            answered=answered.serialize(),
            lines=tuple(self._shown()),
            gone=len(self.gone) + len(self.gone_subjects),
            untold=self.untold,
            children=len(told & self._people.children),
            ages_unknown=len(told - self._people.ages_known),
            entries=self.entries,
            lost=self.lost,
            broken=self.broken,
            strangers=self.strangers,
            wards=self.wards,
            vouchers=self.vouchers,
            first=self._times[0] if self._times else None,
            last=self._times[-1] if self._times else None,
        )

    def _shown(self) -> list[Line]:
        found = []
        for (actor, how, name), (entries, members, gone) in sorted(self._lines.items()):
            category = self._category(name)
            found.append(
                Line(
                    actor=actor,
                    how=how,
                    field=name,
                    category=category,
                    special=category in SPECIAL or category in CRIMINAL,
                    entries=entries,
                    members=len(members) + len(gone),
                )
            )
        return found

    def _category(self, name: str) -> str:
        """As the newest version that has the field says; empty where none has."""
        if name == PURCHASES:
            return _PURCHASE
        for one in (self._active, *self._active.earlier.values()):
            programme = one.programme
            if (field := programme.catalogue().fields.get(name)) is not None:
                return field.category
            if (trait := programme.traits.get(name)) is not None:
                return trait.category
        return ""


def _years_before(day: date, years: int) -> date:
    """The same day so many years before; 29 February is 28 February in a common year."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)
