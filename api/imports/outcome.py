"""What an import came to, in counts that add up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: Told of a stage ("Writing"), how much of it is done, and how much there is (None: unknown).
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The file's counts are the same however often it is imported; `new` is about this run.

    `lines` = `taken` + all of `not_taken`: taken is what is in the store thanks to this file,
    from now or from before. `things` are what lines became, such as purchases.
    """

    lines: int
    taken: int
    members: int
    not_taken: Mapping[str, int]
    things: Mapping[str, int]
    new: Mapping[str, int]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "lines": self.lines,
            "taken": self.taken,
            **self.things,
            "members": self.members,
            "not_taken": dict(self.not_taken),
            "new": dict(self.new),
        }
