"""Every row there is, in the order of the table."""

from collections.abc import Callable

from bench import (
    decisions,
    importing,
    pages,
    reading,
    requests,
    segment_http,
    segment_warm,
    starting,
)
from bench.context import Bench
from bench.measuring import Result

ROWS: dict[str, Callable[[Bench], Result]] = {
    "segment-warm-1m": segment_warm.measure,
    "segment-http-1m": segment_http.measure,
    "decision-single": decisions.measure_single,
    "decision-batch": decisions.measure_batch,
    "decision-http": decisions.measure_http,
    "read-http": reading.measure,
    "read-http-lean": reading.measure_lean,
    "import": importing.measure,
    "start-1m": starting.measure,
    # Last: they add members to the store, and erase some of them.
    "pages": pages.measure,
    "access": requests.access,
    "access-10k": requests.access_10k,
    "access-1500": requests.access_1500,
    "access-15000": requests.access_15000,
    "erase": requests.erase,
    "erase-10k": requests.erase_10k,
    "erase-1500": requests.erase_1500,
    "erase-15000": requests.erase_15000,
    "erase-horizon": requests.erase_horizon,
}
