"""What can be asked for: each right in plain words, what happens then, and how long it takes.

Of oneself and of a child alike. Opens what was said, to tell whether there is anything to take
back, to object to or to release.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from api.pages.asked import Asked
from api.pages.member.standing import RIGHTS
from api.pages.member.whose import Whose
from consent import ledger
from consent.footing import heeds_objection
from consent.history import Stand
from consent.standings import Standings, fold
from dsar import own_choices
from dsar.deadlines import due_day
from dsar.packages.marking import mark
from dsar.states import AT_ONCE, Right

_FILE = mark("You fetch it here as a file, after a second proof that it is you.")
_HUMAN = mark("Somebody here looks at it, and you get an answer with reasons.")
_AT_ONCE = mark("It counts at once, and nobody here decides about it.")
#: By right: what it is, and what happens then.
_SAID: Mapping[Right, tuple[str, str]] = {
    Right.ACCESS: (
        mark(
            "Everything that is kept, in words: where it came from, what it is for, who has had "
            "it, and every use of it."
        ),
        _FILE,
    ),
    Right.PORTABILITY: (
        mark(
            "What was given to us and what purchases have left, in files that other services can "
            "read (JSON and CSV)."
        ),
        _FILE,
    ),
    Right.RECTIFICATION: (
        mark("What is wrong is corrected, and those who had it from us are told."),
        _HUMAN,
    ),
    Right.ERASURE: (
        mark("Everything is deleted but what a law makes us keep. The membership ends with it."),
        mark("Before you send it you see what goes, what stays, and who is told."),
    ),
    Right.RESTRICTION: (
        mark(
            "The data is kept and used for nothing else: while it is checked, for example, or "
            "because you need it for a legal claim."
        ),
        _HUMAN,
    ),
    Right.RELEASE: (
        mark("The data is used again as before, in keeping with every yes and no."),
        mark("You are told by letter before it ends."),
    ),
    Right.OBJECTION: (
        mark("No direct marketing any more, or no more of a use that needs no yes."),
        _AT_ONCE,
    ),
    Right.REVIEW: (
        mark("Somebody who can change it looks at what a machine has decided, and hears you."),
        mark("The answer says what they looked at and what they found."),
    ),
    Right.WITHDRAWAL: (
        mark("What rests on that yes ends. What was done before remains lawful."),
        _AT_ONCE,
    ),
}
_ALWAYS = tuple(right for right in _SAID if right is not Right.RELEASE)


@dataclass(frozen=True)
class Offer:
    """One right. `due`: the last day for an answer if it is asked for today, None for at once."""

    right: str
    name: str
    article: str
    what: str
    then: str
    due: date | None


@dataclass(frozen=True)
class Ends:
    """A purpose that a withdrawal or an objection would end."""

    name: str
    title: str


@dataclass(frozen=True)
class Known:
    """What there is to end. `marketing`: no objection to all direct marketing stands yet."""

    restricted: bool
    marketing: bool
    consents: Sequence[Ends]
    uses: Sequence[Ends]

    def of(self, right: Right) -> Sequence[Ends]:
        found = {Right.WITHDRAWAL: self.consents, Right.OBJECTION: self.uses}
        return found.get(right, ())


def offers(asked: Asked, *, restricted: bool = False) -> list[Offer]:
    """Every right there is to ask for; the end of a restriction where there is one."""
    rights = [*_ALWAYS, Right.RELEASE] if restricted else _ALWAYS
    return [offer(asked, right) for right in rights]


def offer(asked: Asked, right: Right) -> Offer:
    say, (name, article), (what, then) = asked.speaking.say, RIGHTS[right], _SAID[right]
    due = None if right in AT_ONCE else due_day(asked.unit.today, asked.unit.schema.region)
    return Offer(
        right=right.value,
        name=say(name),
        article=asked.speaking.wording.article(article),
        what=say(what),
        then=say(then),
        due=due,
    )


async def known(asked: Asked, whose: Whose) -> Known:
    """Where they stand with what can be ended."""
    member = whose.about
    said = fold((await ledger.opened(asked.unit, {member.id: member.key}))[member.id])
    stands = own_choices.stands(asked.unit, asked.active, member, said)
    return Known(
        restricted=said.restricted,
        marketing=not said.marketing_objected,
        consents=[_ends(asked, one) for one in stands if _is_yes(one)],
        uses=[_ends(asked, one) for one in stands if _is_use(one, said)],
    )


def _is_yes(stand: Stand) -> bool:
    return stand.footing.needs_consent and stand.standing.consented


def _is_use(stand: Stand, said: Standings) -> bool:
    return heeds_objection(stand.purpose) and not said.of(stand.purpose.name).objected


def _ends(asked: Asked, stand: Stand) -> Ends:
    return Ends(stand.purpose.name, asked.speaking.purpose(stand.purpose))
