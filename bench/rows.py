"""Every row there is, in the order of the table."""

from collections.abc import Callable

from bench import decisions, importing, reading, segment_http, segment_warm, starting
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
}
