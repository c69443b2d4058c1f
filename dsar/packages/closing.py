"""What stays closed in a package, because who asked has not proved it to be theirs.

Under every version of the programme, not the one in force alone: a new version that calls an
identifier a mere field, or drops a trait, opens nothing that was closed the day before. Opens
nothing itself.
"""

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass, field, replace

import msgspec

from audit.browsing import told
from audit.entries import Kind
from consent.choices import Action
from consent.programmes import Active
from consent.uses import Use
from dsar import identity
from dsar.own_choices import Line
from profiles.catalogue import Catalogue, TraitKind
from profiles.members import NUMBER, Member
from profiles.tokens import UNITS
from profiles.unit import Unit

#: What is kept in these categories was worked out from purchases, or handed out because of them.
FROM_PURCHASES = frozenset({"pd:Purchase", "pd:PurchasesAndSpendingHabit"})
#: Lines about two people: what proves that one is the other's guardian is not the child's to see.
OF_TWO = frozenset({Action.GUARDIAN_NAMED, Action.GUARDIAN_REMOVED})
#: What is on record because something was bought: each tells when, and all together how often.
OF_PURCHASES = frozenset({Kind.EVENTS_RECORDED, Kind.VOUCHERS_KEPT})
#: The outcome of a use that is not told, because its question was about what was not proved.
LEFT_OUT = "left_out"
_GRAMMAR = frozenset(
    {"and", "or", "not", "in", "between", "is", "null", "true", "false", "current_date"}
    | {"date", "interval", "any"}
    | {one.lower() for one in UNITS}
)


@dataclass(frozen=True)
class Closed:
    """What is left out, because who asked has not proved it to be theirs.

    `fields` and `traits`: names. `purchases`: the purchases, and with them what follows from
    them. `words`: texts in somebody's own words, which may name what was not proved. `unasked`:
    names that a question may not have if it is told; `known`: every name that is vouched for.
    """

    fields: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    purchases: bool = False
    words: bool = False
    unasked: frozenset[str] = field(default=frozenset(), repr=False)
    known: frozenset[str] = field(default=frozenset(), repr=False)

    def __bool__(self) -> bool:
        return bool(self.fields or self.traits or self.purchases or self.words)


def from_purchases(catalogue: Catalogue) -> frozenset[str]:
    """The traits that follow from purchases."""
    return frozenset(
        name for name, one in catalogue.traits.items() if one.kind is not TraitKind.AGE
    )


def closed(
    unit: Unit,
    active: Active,
    member: Member,
    *,
    have: identity.Proved,
    kept: Set[str],
    former: Set[str],
) -> Closed:
    """What is closed of a member; `kept`: their fields, `former`: those of earlier programmes."""
    if have.whole:
        return Closed()
    every = [one.programme.catalogue() for one in (active, *active.earlier.values())]
    known = frozenset().union({NUMBER}, *(one.fields.keys() | one.traits.keys() for one in every))
    # An identifier of an earlier programme alone cannot be proved any more; so it stays closed.
    unproved = {
        name for name in {NUMBER, *_identifiers(every)} if name in former or not have.covers(name)
    }
    fields = kept - identity.released(unit, dict.fromkeys(kept), member, have)
    fields |= kept & unproved
    if identity.opens_purchases(have):
        return Closed(frozenset(fields), words=True, unasked=frozenset(unproved), known=known)
    bought = {
        name
        for one in every
        for name, declared in one.fields.items()
        if declared.category in FROM_PURCHASES
    }
    traits = frozenset().union(*map(from_purchases, every))
    return Closed(
        frozenset(fields | kept & bought),
        traits,
        purchases=True,
        words=True,
        unasked=frozenset(unproved | bought | traits),
        known=known,
    )


def _identifiers(every: Iterable[Catalogue]) -> set[str]:
    return {
        name
        for one in every
        for name, declared in one.fields.items()
        if declared.lookup is not None
    }


def shown_line(line: Line, closed: Closed) -> Line:
    """Without who else it is about, and without words that may name what was not proved.

    Whose guardian somebody is, and what proves it, is theirs to tell: never the child's to see.
    """
    choice = msgspec.structs.replace(line.choice, guardian=None)
    if choice.action in OF_TWO:
        choice = msgspec.structs.replace(choice, evidence="")
    if closed.words:
        choice = msgspec.structs.replace(choice, how="", evidence="")
    return replace(line, choice=choice)


def has_words(line: Line) -> bool:
    """Whether somebody's own words stand in it."""
    return bool(line.choice.how or line.choice.evidence)


def shown_uses(uses: Iterable[Use], closed: Closed) -> list[Use]:
    """Without those that are there because something was bought, while purchases are closed."""
    bought = OF_PURCHASES if closed.purchases else frozenset()
    return [shown_use(one, closed) for one in uses if one.kind not in bought]


def waits(body: bytes, closed: Closed) -> bool:
    """Whether an entry is not to be handed out, nor its proof: it tells of purchases, or counts
    them.

    `body`: its exact bytes, which cannot be told in part.
    """
    if not closed.purchases:
        return False
    said = told(body)
    return said.kind in OF_PURCHASES or "purchases" in said.facts


def shown_use(use: Use, closed: Closed) -> Use:
    """A question about purchases tells of purchases, and so does the answer to it.

    A question with a name that no version of the programme vouches for may be one, too.
    """
    if use.question is None:
        return use
    words = set(re.findall(r"\w+", use.question.lower()))
    if words & closed.unasked or (closed.purchases and _asked(use) - closed.known):
        return replace(use, question=None, outcome=LEFT_OUT)
    return use


def _asked(use: Use) -> set[str]:
    """The names of fields and traits in a question, known or not."""
    question = use.question or ""
    if use.kind == Kind.DECISIONS_MADE:  # such as `read: tier, age; email`
        _, _, question = question.partition(": ")
        question, _, _ = question.partition(";")
    elif use.kind != Kind.SEGMENT_EVALUATED:
        return set()
    unquoted = re.sub(r"'[^']*'", " ", question.lower())
    return set(re.findall(r"\b[a-z_]\w*", unquoted)) - _GRAMMAR
