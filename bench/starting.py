"""`start-1m`: how long a new process takes from sealed shards to its first answer.

A new Python process each time. The page cache is warm, since this run wrote the shards; there is
nothing to compare with, only a goal.
"""

import os
import subprocess
import sys
import time
from statistics import median

import msgspec

from bench.context import Bench
from bench.equality import same
from bench.first_answer import First
from bench.measuring import Result, figure
from bench.people import club_day
from bench.segments import naive
from bench.store import Store


def measure(bench: Bench) -> Result:
    store = bench.store
    taken, whole = [], []
    for _ in range(bench.rounds):
        started = time.perf_counter()
        first = _first_answer(store)
        whole.append(time.perf_counter() - started)
        taken.append(first.seconds)
        same([first.matched], [len(naive(store.people, club_day()))])
    ours = (
        f"{figure(median(taken))} s ({figure(min(taken))}–{figure(max(taken))});"
        f" {figure(median(whole))} s with Python's own start"
    )
    size = bench.size(store.made.members)
    return Result("start-1m", size, ours, "—", None, None, None, "≤ 2 s")


def _first_answer(store: Store) -> First:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TILLIT_")},
        "TILLIT_DATA": str(store.settings.data),
        "TILLIT_DATABASE_URL": store.url,
    }
    ran = subprocess.run(
        [sys.executable, "-m", "bench.first_answer"],
        env=environment,
        capture_output=True,
        check=True,
    )
    return msgspec.json.decode(ran.stdout, type=First)
