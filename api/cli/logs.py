"""What a process logs, and how: short lines on stderr, where they never mix with answers.

Commands that end log warnings alone; those that run on say what they do as well. A line names
routes, jobs, counts and kinds of faults. It holds no id and no value, and so no sentence of a
library's either: those repeat what they were about.
"""

import logging
import sys
import time
from functools import lru_cache
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

_OURS = "tillit"


def quiet_logs() -> None:
    """For commands that end."""
    _configure(logging.WARNING)


def full_logs() -> None:
    """For what runs until it is stopped: each request and each job is a line."""
    _configure(logging.INFO)


def _configure(level: int) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _stamp,
            _line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up anew each time: whoever runs commands in one process may have swapped it.
        # A line and its end in one write: cheaper, and two processes do not mix theirs.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
    if not any(isinstance(one, _Libraries) for one in logging.root.handlers):
        logging.root.addHandler(_Libraries(logging.WARNING))


def _stamp(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event["at"] = _local(int(time.time()))
    return event


@lru_cache(maxsize=1)
def _local(second: int) -> str:
    """Written once a second, not once a line: a busy door logs hundreds in one."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))


def _line(_: WrappedLogger, __: str, event: EventDict) -> str:
    """`2026-03-02 09:30:00 200 POST /v1/events 3.1 ms, service`; other events as they are."""
    at, level, name = event.pop("at"), event.pop("level"), event.pop("event")
    if name == "request":
        told = "{status} {method} {route} {milliseconds} ms, {caller}".format_map(event)
        return f"{at} {told}"
    said = "".join(f" {key}={_word(value)}" for key, value in event.items())
    return f"{at} {name}{said}" if level == "info" else f"{at} {level}: {name}{said}"


def _word(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return repr(text) if " " in text or not text else text


class _Libraries(logging.Handler):
    """What libraries log, from warnings on: by whom, about which kind of fault, in which job."""

    def emit(self, record: logging.LogRecord) -> None:
        facts: dict[str, Any] = {}
        if record.name.split(".")[0] == _OURS:
            facts["message"] = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            facts["error"] = record.exc_info[0].__name__
        job = getattr(record, "job", None)
        if isinstance(job, dict):
            facts["job"] = job.get("task_name")
        if action := getattr(record, "action", None):
            facts["action"] = action
        log = structlog.get_logger(_OURS)
        (log.error if record.levelno >= logging.ERROR else log.warning)(record.name, **facts)
