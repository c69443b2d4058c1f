"""`tillit request list`: what each request waits for, and what to type next, at any width."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import typer.main
from typer.testing import CliRunner

from api.cli import app
from api.cli.request_waiting import next_command, said
from api.settings import read_settings
from dsar.desk import Seen
from dsar.register import Request
from dsar.states import Right, State, Step
from dsar.waiting import Waiting, Waits
from dsar.words import Channel
from kernel.database import libpq

EXAMPLE = Path(__file__).parents[4] / "examples" / "fjallklubben.toml"
OLD = (date.today() - timedelta(days=80)).isoformat()


@pytest.fixture
def cooling(cli, club, tmp_path: Path):
    """The same club, which lets an erasure wait and has two officers look at a package."""
    asks = '[requests]\ncooling_off_days = 3\nfour_eyes = ["portability"]\n'
    text = EXAMPLE.read_text("utf-8").replace("[requests]\n", asks, 1)
    (tmp_path / "cooling.toml").write_text(text)
    assert cli("programme", "apply", "cooling.toml", "--yes").status == 0
    return club


def _open(club, right: str, member: str, *more: str, identified: bool = True) -> str:
    seen = ("--identified",) if identified else ()
    came = club("request", "open", right, "--member", member, "--json", *seen, *more)
    assert came.status == 0, came.err
    return str(came.json["id"])


@pytest.fixture
def desk(cooling) -> dict[str, str]:
    """One request for each thing that a request can wait for; by what it is."""
    made = {
        "decision": _open(cooling, "access", "1", "--received", OLD),
        "second_officer": _open(cooling, "portability", "1"),
        "identity": _open(cooling, "access", "2", identified=False),
        "asked": _open(cooling, "portability", "2", identified=False),
        "cooling_off": _open(cooling, "erasure", "3"),
        "legal_hold": _open(cooling, "erasure", "4"),
        "worker": _open(cooling, "access", "3"),
        "nothing": _open(cooling, "access", "4"),
        "repair": _open(cooling, "portability", "3"),
        "recipients": _open(cooling, "restriction", "4"),
    }
    steps = (
        ("approve", made["second_officer"]),
        ("ask", made["asked"]),
        ("approve", made["cooling_off"]),
        ("hold", "place", "4", "--ground", "dispute"),
        ("approve", made["worker"]),
        ("refuse", made["nothing"], "--reason", "ProcessExcessive"),
        ("approve", made["recipients"]),
    )
    for step in steps:
        came = cooling("request", *step)
        assert came.status == 0, (step, came.err)
    _spoil(made["repair"], made["recipients"])
    return made


def _spoil(broken: str, waits: str) -> None:
    """One gets a proof that nobody gave; of the other, three recipients have yet to answer."""
    with psycopg.connect(libpq(read_settings().database_url or "", role=None)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO identity_proof (id, request, member, sealed) "
            "SELECT gen_random_uuid(), id, member, %s FROM request WHERE id = %s",
            (b"7" * 60, broken),
        )
        connection.execute("UPDATE request SET state = 'carried_out' WHERE id = %s", (waits,))
        for state in ("waiting", "sent", "sent", "done"):
            connection.execute(
                "INSERT INTO outgoing (id, request, recipient, carrier, what, state, made_at, "
                "epoch) VALUES (gen_random_uuid(), %s, gen_random_uuid(), 'webhook', "
                "'restriction', %s, now(), 1)",
                (waits, state),
            )


def test_each_says_what_it_waits_for_and_what_comes_next(cooling, desk: dict[str, str]) -> None:
    told = {one["id"]: one for one in cooling("request", "list", "--json").json["requests"]}
    waits = {name: told[request]["waits_for"] for name, request in desk.items()}
    assert waits == {name: name for name in desk} | {"asked": "identity"}
    then = {name: told[request]["next"].replace(request, "ID") for name, request in desk.items()}
    assert then == {
        "decision": "tillit request approve ID",
        "second_officer": "tillit request approve ID",
        "identity": "tillit request ask ID",
        "asked": "tillit request identify ID --how officer",
        "cooling_off": "tillit request show ID",
        "legal_hold": "tillit request preview ID",
        "worker": "tillit request show ID",
        "nothing": "tillit request show ID",
        "repair": "tillit audit verify",
        "recipients": "tillit connectors list --request ID",
    }
    assert told[desk["recipients"]]["recipients_open"] == 3
    assert told[desk["cooling_off"]]["waits_until"] is not None
    assert told[desk["decision"]]["waits_until"] is None


@pytest.mark.parametrize(("columns", "each"), [(80, 4), (139, 4), (140, 2), (200, 2)])
def test_a_list_is_as_wide_as_the_terminal_and_says_the_same(
    cooling, desk: dict[str, str], columns: int, each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = cooling("request", "list").out
    assert max(map(len, out.splitlines())) <= columns
    assert len(out.splitlines()) == each * len(desk)
    told = {one["id"]: one for one in cooling("request", "list", "--json").json["requests"]}
    for part in ("id", "right", "state", "due", "member", "next"):
        assert all(one[part] in out for one in told.values()), part
    assert out.splitlines()[0].startswith(told[desk["decision"]]["due"] + "  OVERDUE by ")
    for words in ("your decision", "identity", "recipients: 3 open", "a second pair of eyes"):
        assert words in out
    assert re.search(r"cooling-off until \d{4}-\d\d-\d\d \d\d:\d\d UTC", out)
    assert re.search(r"\d+ days left, clock stands +portability +requires_action", out)


def test_what_is_overdue_is_red_and_what_is_broken_too(cooling, desk: dict[str, str]) -> None:
    out = CliRunner().invoke(app, ["request", "list"], color=True).stdout
    red = [line for line in out.splitlines() if "\x1b[31m" in line]
    assert len(red) == 2
    assert "OVERDUE" in red[0]
    assert "repair" in red[1]


def test_an_unreadable_row_is_named_and_the_others_are_listed(club) -> None:
    whole, broken = _open(club, "access", "1"), _open(club, "access", "2")
    with psycopg.connect(libpq(read_settings().database_url or "", role=None)) as connection:
        connection.execute("UPDATE request SET kind = 'none' WHERE id = %s", (broken,))
    came = club("request", "list")
    assert came.status == 0
    assert whole in came.out
    assert came.err.startswith(f"error: {broken}: ")
    assert "tillit audit verify" in came.err
    assert club("request", "list", "--json").json["unreadable"] == [broken]


def test_whatever_comes_next_is_a_command() -> None:
    named = set()
    for right, what, steps in product(Right, Waits, ((), (Step.ASK_IDENTITY,))):
        then = next_command(Seen(_request(right), steps=steps), Waiting(what))
        named.add(tuple(word for word in then.split()[1:] if word.islower() and word.isalpha()))
        assert said(Waiting(what))
    for words in named:
        found: Any = typer.main.get_command(app)
        for word in words[:2]:
            found = found.commands[word]
    assert len(named) == 7


def _request(right: Right) -> Request:
    return Request(
        id=uuid4(),
        right=right,
        state=State.ACKNOWLEDGED,
        member=uuid4(),
        channel=Channel.MEMBER,
        language="sv",
        received=date(2026, 3, 2),
        opened_at=datetime(2026, 3, 2, tzinfo=UTC),
        due=date(2026, 4, 2),
        extended=False,
        paused_on=None,
        not_before=None,
        reason=None,
        closed_at=None,
    )
