"""The page that says what could not be done, and where to go on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from api.pages.answers import View
from dsar.packages.marking import mark


@dataclass(frozen=True)
class Mistake(View):
    """`what`: an English sentence of the catalogue; `back`: an address on this site.

    `settle`: where a second proof is given, where that would do. `written`: what somebody wrote
    into the form that this comes of; it is not lost, and not done.
    """

    template: ClassVar[str] = "mistake.html"
    title: ClassVar[str] = mark("That did not work")

    what: str
    back: str
    settle: str = ""
    written: Sequence[str] = field(default=(), repr=False)
