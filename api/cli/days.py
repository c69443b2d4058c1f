"""Days as they are typed at the command line: 2026-01-31, and nothing else."""

from collections.abc import Callable
from datetime import date

from kernel.errors import Invalid


def day_at(place: str) -> Callable[[str], date]:
    """Reads the day typed at `place`, an option or an argument. What it returns raises `Invalid`.

    The mistake repeats nothing of what was typed: somebody may have pasted something else.
    """

    def read(typed: str | date) -> date:
        if isinstance(typed, date):
            return typed
        try:
            day = date.fromisoformat(typed)
        except ValueError:
            day = None
        # Python reads 20260131 and 2026-W05-6 too; people who write those mean something else.
        if day is None or day.isoformat() != typed:
            raise Invalid(
                "there is no such day",
                place=place,
                remedy="write year, month and day, such as 2026-01-31",
            )
        return day

    return read
