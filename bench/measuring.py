"""Two sides measured in turn, and what comes of it: a ratio with its least and its most.

A ratio is how many times faster ours is, taken round by round, so that whatever else the machine
was doing in a round weighs on both sides of it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import msgspec

ROUNDS = 7

Side = Callable[[], object]


class Result(msgspec.Struct, frozen=True):
    """One line of the table. Ratios are None for a row that has nothing to be compared with."""

    row: str
    size: str
    ours: str
    theirs: str
    ratio: float | None
    ratio_min: float | None
    ratio_max: float | None
    goal: str
    machine: str = ""


@dataclass(frozen=True)
class Rounds:
    """Seconds for one thing done, round by round."""

    ours: Sequence[float]
    theirs: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        return [theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True)]


def in_turn(ours: Side, theirs: Side, *, rounds: int, at_least: float = 0.0) -> Rounds:
    """Each side for `at_least` so many seconds a round, now one first and now the other."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        sides = [(ours, taken[0]), (theirs, taken[1])]
        for side, into in sides if number % 2 == 0 else reversed(sides):
            into.append(seconds(side, at_least))
    return Rounds(*taken)


def seconds(side: Side, at_least: float = 0.0) -> float:
    """The mean time of a run: of one, or of as many as `at_least` has room for."""
    started, runs = time.perf_counter(), 0
    while True:
        side()
        runs += 1
        taken = time.perf_counter() - started
        if taken >= at_least:
            return taken / runs


def result(
    row: str, rounds: Rounds, *, size: str, goal: str, say: Callable[[float], str]
) -> Result:
    """The line of a row whose two sides were measured; `say` words a time."""
    ratios = rounds.ratios
    return Result(
        row=row,
        size=size,
        ours=say(median(rounds.ours)),
        theirs=say(median(rounds.theirs)),
        ratio=rounded(median(ratios)),
        ratio_min=rounded(min(ratios)),
        ratio_max=rounded(max(ratios)),
        goal=goal,
    )


def latency(taken: float) -> str:
    """A time in the unit that suits it."""
    return f"{figure(taken)} s" if taken >= 1 else f"{figure(taken * 1e3)} ms"


def throughput(unit: str) -> Callable[[float], str]:
    """Words seconds for one as so many in a second."""
    return lambda taken: f"{1 / taken:,.0f} {unit}/s"


def figure(value: float) -> str:
    """Three significant digits, and no exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def rounded(ratio: float) -> float:
    """Three significant digits."""
    return float(f"{ratio:.3g}")
