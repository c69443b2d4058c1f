"""The page that a form comes back on when it came too late: what was written is on it, unsaved.

It is sent again from there, once its reader has signed in or given a second proof in another tab.
What was written stands in the page alone, which no cache keeps, and in no address and no log. A
form in which nobody has written anything does not come back: a press says nothing of who sits there
now, so the page with the button is opened anew, by whoever that is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, get_args

from api.pages.answers import View
from api.pages.declaring import Page
from dsar.packages.marking import mark

#: How what our own forms hold besides is written: names, ids, days. Nothing a reader has typed.
_OURS = re.compile(r"[a-z0-9_.:-]*")
#: What is written into these, however it reads.
_TYPED = frozenset(
    {"note", "value", "values[]", "outcome", "happened", "why", "consequences", "measures", "delay"}
)
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
#: Said instead where nothing was written: then nothing is sent again.
_OPEN_ANEW: Mapping[str, str] = {
    SIGNED_OUT: mark("You were signed out before this came, and nothing was done."),
    UNPROVED: mark(
        "Before this, we want to be sure that it is you, and nothing was done yet. Show it first, "
        "and then do it on its page."
    ),
    ANEW: mark("This form is of a sign-in that is over, and nothing was done."),
}


@dataclass(frozen=True)
class Unsaved(View):
    """`why`: an English sentence of the catalogue; `action`: where the form goes; `first`: where
    its reader goes before, in another tab, and whether to a second proof; `back`: to begin anew.
    `about`: the title of the page that it is of; `whose`: as whom it would be sent, None while
    nobody is signed in. `fields`: what the form held, and `written`: that of it which somebody
    wrote; both empty where that is nothing.
    """

    template: ClassVar[str] = "unsaved.html"
    title: ClassVar[str] = mark("Not done yet")
    status: ClassVar[int] = 403

    why: str
    action: str
    first: str
    proves: bool
    back: str
    about: str
    whose: str | None = field(repr=False)
    fields: Sequence[tuple[str, str]] = field(repr=False)
    written: Sequence[str] = field(repr=False)


def unsaved(
    why: str,
    sent: Mapping[str, Any],
    names: Sequence[str],
    *,
    ways: tuple[str, str, str],
    about: str,
    whose: str | None,
) -> Unsaved:
    """`sent`: the form's fields; `names`: those that its page asks for, and no others are kept;
    `ways`: where it goes, where its reader goes first (empty: nowhere), and where to begin anew.
    """
    action, first, back = ways
    fields, written = _fields(sent, names), written_in(sent, names)
    said, proves = (why if written else _OPEN_ANEW.get(why, why)), why is UNPROVED
    kept = fields if written else []
    return Unsaved(said, action, first, proves, back, about, whose, kept, written)


def written_in(sent: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """What of a form somebody wrote. The arguments are those of `unsaved`."""
    return [
        value
        for name, value in _fields(sent, names)
        if value and (name in _TYPED or not _OURS.fullmatch(value))
    ]


def page_of(path: str, page: Page, looked_at: Mapping[str, Page]) -> tuple[str, Page] | None:
    """The address and the page that a form of `page`, sent to `path`, is looked at on: that
    address, or the nearest above it; None where there is none. `looked_at`: by declared path.
    """
    declared = page.path
    while declared:
        if declared in looked_at:
            return path, looked_at[declared]
        path, declared = path.rpartition("/")[0], declared.rpartition("/")[0]
    return None


def title_of(page: Page) -> str:
    """Its title, an English sentence of the catalogue; empty for a page without one."""
    shown: Iterable[Any] = get_args(page.gives) or (page.gives,)
    titles = (one.title for one in shown if isinstance(one, type) and issubclass(one, View))
    return next(titles, "")


def _fields(sent: Mapping[str, Any], names: Sequence[str]) -> list[tuple[str, str]]:
    return [line for name, value in sent.items() if name in names for line in _lines(name, value)]


def _lines(name: str, value: str | list[str]) -> list[tuple[str, str]]:
    if isinstance(value, list):
        return [(f"{name}[]", one) for one in value]
    return [(name, value)]
