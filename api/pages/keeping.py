"""The page that a form comes back on when it came too late: what was written is on it, unsaved.

It is sent again from there, once its reader has signed in or given a second proof in another tab.
What was written stands in the page alone, which no cache keeps, and in no address and no log.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from api.pages.answers import View
from dsar.packages.marking import mark

#: How what our own forms hold besides is written: names, ids, days. Nothing a reader has typed.
_OURS = re.compile(r"[a-z0-9_.:-]*")
SIGNED_OUT = mark(
    "You were signed out before this came, and nothing was done. Sign in first, in another tab, "
    "and then send it once more from here: it is as you left it."
)
UNPROVED = mark(
    "Before this, we want to be sure that it is you. Show it first, in another tab, and then send "
    "it once more from here: it is as you left it."
)
ANEW = mark(
    "This form is of a sign-in that is over, and nothing was done. Send it once more if it is "
    "still what you want."
)


@dataclass(frozen=True)
class Unsaved(View):
    """`why`: an English sentence of the catalogue; `action`: where the form goes; `first`: where
    its reader goes before, in another tab, and whether to a second proof; `back`: to begin anew.
    `fields`: what the form held; `written`: that of it which somebody wrote.
    """

    template: ClassVar[str] = "unsaved.html"
    title: ClassVar[str] = mark("Not done yet")
    status: ClassVar[int] = 403

    why: str
    action: str
    first: str
    proves: bool
    back: str
    fields: Sequence[tuple[str, str]] = field(repr=False)
    written: Sequence[str] = field(repr=False)


def unsaved(
    why: str, sent: Mapping[str, Any], names: Sequence[str], *, ways: tuple[str, str, str]
) -> Unsaved:
    """`sent`: the form's fields; `names`: those that its page asks for, and no others are kept;
    `ways`: where it goes, where its reader goes first (empty: nowhere), and where to begin anew.
    """
    action, first, back = ways
    fields = [line for name, value in sent.items() if name in names for line in _lines(name, value)]
    written = [value for _, value in fields if not _OURS.fullmatch(value)]
    return Unsaved(why, action, first, why is UNPROVED, back, fields, written)


def _lines(name: str, value: str | list[str]) -> list[tuple[str, str]]:
    if isinstance(value, list):
        return [(f"{name}[]", one) for one in value]
    return [(name, value)]
