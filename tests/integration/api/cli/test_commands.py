"""What each command does, and how it says so."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
import pytest

from api.settings import read_settings
from api.tokens import Caller, Tokens
from audit import verify
from kernel.clock import SystemClock
from kernel.database import libpq
from profiles.secret_files import secret_file

EXAMPLES = Path(__file__).parents[4] / "examples"
CLUB = str(EXAMPLES / "fjallklubben.toml")
TILLIT = [sys.executable, "-c", "from api.cli import main; main()"]


def _alter(url: str) -> None:
    """What only the database's owner can do, with its triggers switched off."""
    with psycopg.connect(libpq(url, role=None)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE audit_entry SET body = convert_to(replace(convert_from(body, 'UTF8'), "
            "'member.enrolled', 'member.imported'), 'UTF8') "
            "WHERE id = (SELECT entry FROM audit_leaf WHERE number = 1)"
        )


def test_a_segment_names_members_who_allow_it_and_counts_the_rest(ask) -> None:
    came = ask("tier = 'gold'", "personalised_offers", "--json")
    assert came.status == 0
    assert {k: v for k, v in came.json.items() if k != "entry"} == {
        "eligible": 3,
        "matched": 2,
        "held_back": {"no_consent": 1},
        "members": ["1", "2"],
    }
    plain = ask("tier = 'gold'")
    assert plain.out == "1\n2\n"
    assert "2 matched of 3 who may be used\nheld back: no_consent 1\n" in plain.err


def test_a_preview_names_nobody(club) -> None:
    purpose = ("--purpose", "personalised_offers", "--service", "offers-engine")
    came = club("segment", "preview", "tier = 'gold'", *purpose, "--json")
    assert "members" not in came.json
    assert (came.json["eligible"], came.json["matched"]) == (3, 2)


def test_a_programme_shows_what_it_changes_before_it_does(cli, tmp_path: Path) -> None:
    first = cli("programme", "apply", CLUB)
    assert "+ purposes.newsletter: consent for" in first.out
    assert first.out.endswith("version 1 is in force\n")
    assert cli("programme", "apply", CLUB).out == "nothing changes: version 1 stays in force\n"
    shorter = tmp_path / "shorter.toml"
    shorter.write_text(Path(CLUB).read_text().replace("valid_months = 24", "valid_months = 12"))
    came = cli("programme", "apply", str(shorter), "--json")
    assert came.json["version"] == 2
    [change] = came.json["changes"]
    assert change["place"] == "purposes.personalised_offers.valid_months"
    assert "those given before keep their term" in change["consequence"]
    assert "valid_months = 12" in cli("programme", "show").out
    assert cli("programme", "show", "--json").json["version"] == 2


def test_a_programme_is_checked_without_a_database(cli, tmp_path: Path) -> None:
    for name in (CLUB, str(EXAMPLES / "fjallklubben-connected.toml")):
        assert cli("programme", "check", name).out.endswith("this programme can be applied\n")
    bad = tmp_path / "bad.toml"
    bad.write_text(Path(CLUB).read_text().replace('legal_basis = "contract"', 'legal_basis = "x"'))
    came = cli("programme", "check", str(bad))
    assert came.status == 1
    assert came.err.startswith("error: purposes.membership.legal_basis: ")
    as_json = cli("programme", "check", str(bad), "--json")
    assert as_json.json["errors"][0]["place"] == "purposes.membership.legal_basis"
    assert not (tmp_path / "data").exists()


def test_an_access_request_ends_in_a_package(club, tmp_path: Path) -> None:
    opened = club("request", "open", "access", "--email", "B@example.org", "--identified", "--json")
    request = opened.json["id"]
    assert opened.json["state"] == "acknowledged"
    assert request in club("request", "list", "--open").out
    approved = club("request", "approve", request, "--now", "--json")
    assert approved.json["state"] == "fulfilled"
    assert club("request", "list", "--open", "--json").json["requests"] == []
    folder = tmp_path / "out" / "package"
    assert club("request", "show", request, "--package", str(folder)).status == 0
    package = json.loads((folder / "package.json").read_text())
    assert "b@example.org" in json.dumps(package)
    assert (folder / "index.html").exists()
    assert folder.stat().st_mode & 0o077 == 0
    again = club("request", "show", request, "--package", str(folder))
    assert again.status == 1
    assert "this is there already; give a new name" in again.err


def test_an_erasure_ends_in_a_certificate_and_nobody_is_found(club, ask, tmp_path: Path) -> None:
    request = club("request", "open", "erasure", "--member", "1", "--identified", "--json").json[
        "id"
    ]
    assert club("request", "approve", request, "--now", "--json").json["state"] == "fulfilled"
    certificate = tmp_path / "certificate.json"
    shown = club("request", "show", request, "--certificate", str(certificate))
    assert shown.status == 0
    [command] = re.findall(r"python -m audit\.verify (.+)", shown.err)
    assert verify.main(shlex.split(command)) == 0
    assert json.loads(certificate.read_text())["certificate"]["request"] == request
    for name, begins in (("a.html", b"<!doctype html>"), ("a.pdf", b"%PDF-"), ("a.json", b"{")):
        args = ("request", "certificate", request, "--out", str(tmp_path / name), "--language")
        assert club(*args, "sv").status == 0
        assert (tmp_path / name).read_bytes().startswith(begins)
        assert club(*args, "sv").status == 1, "what is there is never written over"
    assert "Intyg om radering" in (tmp_path / "a.html").read_text()
    assert (tmp_path / "a.json").read_bytes() == certificate.read_bytes()
    odd = club("request", "certificate", request, "--out", str(tmp_path / "a.txt"))
    assert odd.status != 0
    second = ("request", "certificate", request, "--horizon", "--out", str(tmp_path / "b.pdf"))
    assert club(*second).status == 1, "not before the keys are changed"
    assert not (tmp_path / "b.pdf").exists()
    assert ask("tier = 'gold'").out == "2\n"
    gone = club("request", "open", "access", "--member", "1")
    assert (gone.status, gone.err) == (1, "error: member number: there is no such member\n")


def test_a_request_is_refused_for_one_of_the_reasons_there_are(club) -> None:
    request = club("request", "open", "access", "--member", "2", "--json").json["id"]
    wrong = club("request", "refuse", request, "--reason", "ProcessExcesive")
    assert (wrong.status, wrong.err) == (
        1,
        "error: reason: this is no reason to refuse; did you mean 'ProcessExcessive'?\n",
    )
    refused = club("request", "refuse", request, "--reason", "ProcessExcessive", "--json")
    assert refused.json["state"] == "rejected"
    assert club("request", "approve", request).status == 1


def test_an_identifier_that_several_have_names_nobody(club) -> None:
    came = club("request", "open", "access", "--email", "a@example.org")
    assert came.status == 1
    assert came.err == "error: email: 2 members have it; give the member number\n"


@pytest.mark.parametrize(
    ("received", "due"), [("2026-02-28", "2026-03-30"), ("2026-01-28", "2026-03-02")]
)
def test_a_due_day_is_printed_as_iso(cli, received: str, due: str) -> None:
    assert cli("request", "due", received, "--country", "SE").out == f"{due}\n"


def test_keys_are_counted_and_never_shown(club) -> None:
    came = club("keys", "status", "--json")
    [epoch] = came.json["epochs"]
    assert (epoch["number"], epoch["state"], epoch["member_keys"]) == (1, "live", 4)
    assert verify.VerifierKey.parse(came.json["record"]["verifier_key"])
    assert club("keys", "rotate", "--json").json == {"epoch": 2, "members": 4}
    states = [e["state"] for e in club("keys", "status", "--json").json["epochs"]]
    assert states == ["destroyed", "live"]


def test_a_record_that_was_tampered_with_is_told_row_by_row(club, database_url: str) -> None:
    assert club("audit", "verify", "--json").json["verified"] is True
    assert club("audit", "verify").out.endswith("checkpoints: verified\n")
    _alter(database_url)
    came = club("audit", "verify")
    assert came.status == 1
    assert came.err.startswith("error: ")
    assert club("audit", "verify", "--json").json["verified"] is False


def test_an_exported_record_verifies_with_nothing_of_ours(club, tmp_path: Path) -> None:
    came = club("audit", "export", "log", "--json")
    assert verify.main(["log", str(tmp_path / "log"), "--key", came.json["verifier_key"]]) == 0
    assert "holds a log already" in club("audit", "export", "log").err


def test_entries_are_found_by_what_is_looked_for_and_the_look_is_on_record(ask, club) -> None:
    entry = ask("tier = 'gold'", "personalised_offers", "--json").json["entry"]
    club("audit", "export", "log")  # gives out numbers
    looked = ("audit", "entries", "--kind", "segment.evaluated", "--as", "officer-7", "--json")
    came = club(*looked, "--actor", "service", "--purpose", "personalised_offers")
    [found] = came.json["entries"]
    assert (found["entry"], found["standing"]) == (entry, "proved")
    assert club(*looked, "--purpose", "none").json["entries"] == []
    assert club(*looked, "--to", "2020-01-01").json["entries"] == []
    older = club("audit", "entries", "--limit", "1", "--json").json["older"]
    next = club("audit", "entries", "--before", older, "--limit", "1", "--json").json
    assert next["entries"][0]["number"] < int(older.split("-")[1])
    mine = club("audit", "entries", "--actor", "officer:officer-7", "--json").json["entries"]
    assert {one["kind"] for one in mine} == {"record.viewed"}


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        (("--kind", "x"), "--kind"),
        (("--actor", "member:00"), "--actor"),
        (("--actor", "cook"), "--actor"),
        (("--from", "soon"), "--from"),
    ],
)
def test_a_look_for_what_there_is_not_says_which_option_is_wrong(club, typed, place) -> None:
    came = club("audit", "entries", *typed)
    assert (came.status, came.out) == (1, "")
    assert place in came.err


def test_an_index_that_somebody_has_altered_is_found_and_made_anew(club, database_url: str) -> None:
    club("audit", "export", "log")
    with psycopg.connect(libpq(database_url, role=None), autocommit=True) as connection:
        connection.execute("DELETE FROM audit_tally WHERE kind = 'member.enrolled'")
    came = club("audit", "verify")
    assert came.status == 1
    assert "audit recount" in came.err
    assert club("audit", "recount", "--json").json["leaves"] > 4
    assert club("audit", "verify").status == 0


def test_evidence_of_an_entry_verifies_with_nothing_of_ours(ask, club, tmp_path: Path) -> None:
    entry = ask("tier = 'gold'", "personalised_offers", "--json").json["entry"]
    came = club("audit", "evidence", entry, "--out", "evidence", "--json").json
    body = (tmp_path / came["entry"]).read_bytes()
    assert json.loads(body)["id"] == entry
    arguments = ["proof", came["proof"], "--entry", came["entry"], "--key", came["verifier_key"]]
    assert verify.main(arguments) == 0
    (tmp_path / came["entry"]).write_bytes(body.replace(b'"v":1', b'"v":2'))
    assert verify.main(arguments) == 1


def test_a_token_is_printed_alone(club) -> None:
    tokens = Tokens(
        secret_file(read_settings().token_key),
        issuer="fjallklubben.example/record",
        clock=SystemClock(),
    )
    service = club("token", "--service", "offers-engine")
    assert tokens.verify(service.out.strip()) == Caller.service("offers-engine")
    person = club("token", "--officer", "officer-7", "--days", "2")
    assert tokens.verify(person.out.strip()).role == "privacy_officer"
    assert club("token", "--member", "2").status == 0
    assert club("token", "--member", "2", "--service", "till").status == 2


def test_due_work_is_done_once(club) -> None:
    request = club(
        "request", "open", "restriction", "--member", "2", "--identified", "--json"
    ).json["id"]
    assert club("request", "approve", request, "--json").json["state"] == "accepted"
    assert club("worker", "--once").status == 0
    assert club("request", "show", request, "--json").json["state"] == "fulfilled"


def test_what_is_done_here_bears_the_officers_id(club) -> None:
    club("request", "open", "access", "--member", "2", "--as", "officer-7")
    assert club("audit", "export", "log").status == 0
    bundles = b"".join(f.read_bytes() for f in Path("log/tile/entries").rglob("*") if f.is_file())
    assert b'{"actor":{"id":"officer-7","type":"officer"}' in bundles
    wrong = club("request", "open", "erasure", "--member", "2", "--as", "a b")
    assert (wrong.status, "letters, digits" in wrong.err) == (1, True)


def test_migrate_leaves_a_current_schema_alone(cli, tables: Callable[[], object]) -> None:
    before = tables()
    assert cli("migrate").out == "the schema is up to date\n"
    assert tables() == before


def test_a_fault_of_ours_is_told_without_its_text(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: object) -> None:
        raise RuntimeError("anna@example.org")

    monkeypatch.setattr("api.bootstrap.Tillit.erase_revived", broken)
    came = cli("keys", "status")
    assert came.status == 70
    assert "unexpected RuntimeError" in came.err
    assert "anna" not in came.err
    assert came.out == ""


def test_ctrl_c_ends_a_command_with_130(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("api.bootstrap.Tillit.erase_revived", interrupted)
    came = cli("keys", "status", "--json")
    assert came.status == 130
    assert json.loads(came.err)["type"] == "urn:tillit:problem:interrupted"


def test_the_installed_command_says_mistakes_on_stderr(club, tmp_path: Path) -> None:
    wrong = [*TILLIT, "segment", "evaluate", "tire = 1"]
    ended = subprocess.run(
        [*wrong, "--purpose", "personalised_offers", "--service", "offers-engine"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "error: line 1, column 1: there is no field 'tire'; did you mean 'tier'?\n"
    )


def test_what_runs_on_tells_of_requests_and_jobs_by_kind_and_names_nobody(
    club, tmp_path: Path
) -> None:
    request = club(
        "request", "open", "restriction", "--member", "2", "--identified", "--json"
    ).json["id"]
    club("request", "approve", request)
    token = club("token", "--member", "1").out.strip()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [*TILLIT, "serve", "--port", str(port)], stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=8)) as http:
            headers = {"Authorization": f"Bearer {token}"}
            assert http.get("/v1/me", headers=headers).status_code == 200
            assert http.get(f"/v1/me/uses/{request}/proof", headers=headers).status_code == 404
            http.get("/a@example.org")
        lines = [""]
        while " job " not in lines[-1]:
            lines.append(process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        lines += process.stderr.read().splitlines(keepends=True)
    said = "".join(lines)
    day = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.search(day + r" 200 GET /v1/me [\d.]+ ms, member$", said, re.M)
    assert re.search(day + r" 404 GET /v1/me/uses/\{entry:uuid\}/proof [\d.]+ ms, ", said, re.M)
    assert re.search(day + r" job name=request\.restriction milliseconds=[\d.]+$", said, re.M)
    assert re.search(day + r" numbered entries=\d+$", said, re.M)
    for hidden in (request, "example.org", token):
        assert hidden not in said


def test_serving_ends_in_order_when_told_to(club, tmp_path: Path) -> None:
    with subprocess.Popen(
        [*TILLIT, "serve", "--port", "0", "--no-worker"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("serving HTTP on ")
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr.read() == "stopped\n"
