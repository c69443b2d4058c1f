"""What every row is handed: sizes, rounds, and the store, built when a row first asks for it."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.measuring import ROUNDS
from bench.store import Store, Tell, store_of

MILLION = 1_000_000
SMALL = 10_000


@dataclass
class Bench:
    """One run. Use it as a context: the store goes when it ends, unless it is kept."""

    members: int = MILLION
    rounds: int = ROUNDS
    keep: Path | None = None
    tell: Tell = field(default=lambda _: None)
    _open: ExitStack = field(default_factory=ExitStack, repr=False)

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def store(self) -> Store:
        made = store_of(self.members, keep=self.keep, tell=self.tell)
        return self._open.enter_context(made)

    @cached_property
    def small(self) -> Store:
        """A store of ten thousand, beside the other: how a cost grows with the members."""
        if self.members <= SMALL:
            return self.store
        return self._open.enter_context(store_of(SMALL, keep=None, tell=self.tell))

    def part(self, of_a_million: int) -> int:
        """A size that goes down with the store's in a small run."""
        return max(50, of_a_million * self.members // MILLION)

    @property
    def haste(self) -> float:
        """What the seconds of a measurement are multiplied by: a small run is a short one."""
        return 1.0 if self.members >= MILLION else 0.1

    @staticmethod
    def size(count: int, what: str = "members") -> str:
        return f"{count:,} {what}"
