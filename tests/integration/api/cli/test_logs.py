"""What the command line logs: in one short form, and nothing of what libraries write."""

import logging

import pytest
import structlog

from api.cli.logs import full_logs, quiet_logs

_log = structlog.get_logger("tillit.test")


def test_commands_that_end_log_warnings_alone(capsys: pytest.CaptureFixture[str]) -> None:
    quiet_logs()
    _log.info("request", status=200)
    _log.warning("step_failed", error="unavailable", place="member sets")
    came = capsys.readouterr()
    assert came.out == ""
    assert came.err.endswith(" warning: step_failed error=unavailable place='member sets'\n")


def test_a_request_is_one_short_line(capsys: pytest.CaptureFixture[str]) -> None:
    full_logs()
    facts = {"method": "GET", "route": "/v1/me", "caller": "member"}
    _log.info("request", status=200, milliseconds=3.1, **facts)
    assert capsys.readouterr().err[19:] == " 200 GET /v1/me 3.1 ms, member\n"


def test_a_librarys_sentence_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        full_logs()  # set up twice, told once
    try:
        int("anna@example.com")
    except ValueError:
        job = {"task_name": "request.access", "call_string": "request.access(request='0197')"}
        logging.getLogger("procrastinate.worker").exception(
            "Job request.access(request='0197') ended: anna@example.com",
            extra={"action": "job_error", "job": job},
        )
    logging.getLogger("uvicorn.error").info("anna@example.com")
    err = capsys.readouterr().err
    told = "error: procrastinate.worker error=ValueError job=request.access action=job_error\n"
    assert err[20:] == told


def test_what_the_record_reports_is_told_whole(capsys: pytest.CaptureFixture[str]) -> None:
    quiet_logs()
    logging.getLogger("tillit.record").error("%s", "a pending entry is gone")
    assert "error: tillit.record message='a pending entry is gone'" in capsys.readouterr().err
