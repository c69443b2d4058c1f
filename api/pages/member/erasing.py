"""What an erasure would do, told before it is asked for: what goes, what stays, who is told.

Numbers hang on more than the address signed in by: they are told after a second proof, and that
they were looked at is on record (`dsar.previews`). Before, the same is told without them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from api.pages.asked import Asked
from api.pages.member.whose import Whose
from dsar import previews
from dsar.bookkeeping import books_of
from dsar.letters.wording import Wording
from dsar.packages.request_words import GROUNDS
from dsar.previews import Preview
from dsar.readable.words import DESTROYED, DOMAIN

#: What everybody has; the rest goes too where there is any.
_ALWAYS = ("member", "member_key", "value", "event", "ledger", "lookup", "letter")


@dataclass(frozen=True)
class Goes:
    """One kind of what goes. `number`: None before it may be told."""

    what: str
    number: int | None


@dataclass(frozen=True)
class Stays:
    """What a law keeps, through `until`; neither is known before it may be told."""

    law: str
    number: int | None
    until: date | None


@dataclass(frozen=True)
class ShownHold:
    ground: str
    until: date | None


@dataclass(frozen=True)
class ShownErasure:
    """`counted`: with numbers, after a second proof. `told`: recipients, by name; `by_hand`: those
    whom somebody here writes to. `closes`: how many other open requests end with it. `waits`: the
    days for which it can be taken back."""

    counted: bool
    goes: Sequence[Goes]
    stays: Sequence[Stays]
    told: Sequence[str]
    by_hand: Sequence[str]
    holds: Sequence[ShownHold]
    closes: int
    waits: int


async def shown(asked: Asked, whose: Whose) -> ShownErasure:
    """What it would do today."""
    if not asked.proved_lately:
        return _in_general(asked)
    found = await previews.of_member(asked.unit, whose.act, asked.active, whose.about)
    return _counted(asked, found)


def _in_general(asked: Asked) -> ShownErasure:
    words, programme = _words(asked), asked.active.programme
    books = books_of(programme)
    return ShownErasure(
        counted=False,
        goes=[Goes(words.say(DESTROYED[one]), None) for one in _ALWAYS],
        stays=[] if books is None else [Stays(books.law, None, None)],
        told=[one.name for one in programme.recipients.values()],
        by_hand=[],
        holds=[],
        closes=0,
        waits=programme.requests.cooling_off_days,
    )


def _counted(asked: Asked, found: Preview) -> ShownErasure:
    words, recipients = _words(asked), asked.active.programme.recipients
    keeps = found.keeps
    return ShownErasure(
        counted=True,
        goes=[
            Goes(words.say(DESTROYED[kind]), count)
            for kind, count in found.destroys.items()
            if count
        ],
        stays=[Stays(keeps.books.law, keeps.by_day[until], until) for until in sorted(keeps.by_day)]
        if keeps
        else [],
        told=[recipients[name].name for name in found.tells],
        by_hand=[one.name or one.recipient for one in found.by_hand],
        holds=[
            ShownHold(asked.speaking.coded(one.ground, GROUNDS), one.until) for one in found.holds
        ],
        closes=found.closes,
        waits=found.waits,
    )


def _words(asked: Asked) -> Wording:
    return Wording.of(asked.speaking.code, DOMAIN)
