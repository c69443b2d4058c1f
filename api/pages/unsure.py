"""The page for a form of which we cannot tell whether it was done: the connection was lost."""

from dataclasses import dataclass
from typing import ClassVar

from api.pages.keeping import Unsaved
from dsar.packages.marking import mark

LOST = mark("We cannot tell whether it was done. Look first.")


@dataclass(frozen=True)
class Unsure(Unsaved):
    """What was sent comes back, as it does with a form that came too late."""

    title: ClassVar[str] = mark("Done, or not done")
    status: ClassVar[int] = 503
