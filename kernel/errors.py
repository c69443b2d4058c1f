"""The root of every error Tillit raises on purpose.

    TillitError
    ├── Refused      the caller may not, whatever they send
    ├── Invalid      what was sent is wrong; the sentence says where, and what would be right
    ├── NotFound     what was named does not exist, or not for this caller
    ├── Conflict     what was asked clashes with what is already there
    └── Unavailable  something Tillit needs is missing or broken; nothing was done

Rooms derive their own root from these in their ``errors.py``. No error carries personal
data: places name fields, lines and keys, never values of members.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it stands, what is wrong, what would be right."""

    place: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        what = f"; {self.remedy}" if self.remedy else ""
        return f"{where}{self.message}{what}"


class TillitError(Exception):
    """A mistake with a place, a sentence, and, where there is one, the way out."""

    slug = "error"

    def __init__(self, message: str, *, place: str = "", remedy: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(place, message, remedy),)
        super().__init__(str(self.problems[0]))

    @classmethod
    def of(cls, problems: tuple[Problem, ...]) -> "TillitError":
        """One error for several problems found together, so that they are mended together."""
        error = cls(problems[0].message, place=problems[0].place, remedy=problems[0].remedy)
        error.problems = problems
        error.args = ("\n".join(str(problem) for problem in problems),)
        return error


class Refused(TillitError):
    slug = "refused"


class Invalid(TillitError):
    slug = "invalid"


class NotFound(TillitError):
    slug = "not-found"


class Conflict(TillitError):
    slug = "conflict"


class Unavailable(TillitError):
    slug = "unavailable"
