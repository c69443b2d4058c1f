"""The page that says what could not be done, and where to go on."""

from dataclasses import dataclass
from typing import ClassVar

from api.pages.answers import View
from dsar.packages.marking import mark


@dataclass(frozen=True)
class Mistake(View):
    """`what`: an English sentence of the catalogue; `back`: an address on this site.

    `settle`: where a second proof is given, where that would do.
    """

    template: ClassVar[str] = "mistake.html"
    title: ClassVar[str] = mark("That did not work")

    what: str
    back: str
    settle: str = ""
