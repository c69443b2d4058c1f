"""`tillit request`: the desk at the command line."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

RIGHTS = {
    "access": (),
    "portability": (),
    "rectification": ("--values", "right.json"),
    "erasure": (),
    "restriction": (),
    "release": (),
    "objection": ("--marketing",),
    "review": ("--note", "note.txt"),
    "withdrawal": ("--purpose", "newsletter", "--purpose", "personalised_offers"),
}


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    (tmp_path / "right.json").write_text('{"tier": "silver", "email": null}')
    (tmp_path / "note.txt").write_text("Why was I offered less?\n")
    return tmp_path


def _open(club, right: str, member: str = "1", *more: str) -> str:
    came = club("request", "open", right, "--member", member, "--identified", "--json", *more)
    assert came.status == 0, came.err
    return str(came.json["id"])


def _told(out: str, *, each: int = 4) -> list[list[str]]:
    """The lines of each request in a list."""
    lines = out.splitlines()
    return [lines[first : first + each] for first in range(0, len(lines), each)]


def test_every_right_is_opened_and_shown_with_what_it_is_about(club, papers: Path) -> None:
    assert papers.exists()
    wanted = {}
    for right, about in RIGHTS.items():
        request = _open(club, right, "1", *about)
        shown = club("request", "show", request, "--json").json
        assert shown["right"] == right
        wanted[right] = shown.get("wanted")
        if right == "restriction":  # so that there is something to release
            assert club("request", "approve", request, "--now").status == 0
    assert {right: about for right, about in wanted.items() if about} == {
        "rectification": {"values": {"tier": "silver", "email": None}},
        "objection": {"marketing": True},
        "review": {"note": "Why was I offered less?"},
        "withdrawal": {"purposes": ["newsletter", "personalised_offers"]},
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("withdrawal",), "purposes: a withdrawal and an objection name what they are about"),
        (
            ("objection",),
            "purposes: a withdrawal and an objection name what they are about, and nothing else "
            "does; name the purposes (--purpose NAME); for an objection to all direct marketing, "
            "say so (--marketing",
        ),
        (
            ("rectification",),
            "values: a rectification says what is right, and nothing else does; give the fields "
            "with their right values (--values FILE)",
        ),
        (("release",), "right: nothing of this member is restricted; there is nothing to release"),
        (("acces",), "right: there is no request for 'acces'; did you mean 'access'?"),
        (("rectification", "--values", "note.txt"), "note.txt: this is not one JSON object"),
        (("access", "--received", "2020-01-01"), "received: a request came in today, or within"),
    ],
)
def test_what_is_no_request_is_one_clear_line(
    club, papers: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert papers.exists()
    came = club("request", "open", *arguments, "--member", "1")
    assert (came.status, came.out) == (1, "")
    assert came.err.startswith(f"error: {said}")
    assert club("request", "list", "--json").json == {"requests": [], "unreadable": []}


def test_the_same_asked_again_joins_what_is_open(club) -> None:
    request = _open(club, "access")
    again = club("request", "open", "access", "--member", "1", "--json").json
    assert (again["id"], again["joined"]) == (request, True)


def test_what_is_overdue_is_first_and_loud(club) -> None:
    today = date.today()
    old = (today - timedelta(days=80)).isoformat()
    soon = _open(club, "access", "2")
    late = _open(club, "access", "1", "--received", old)
    first, second = _told(club("request", "list").out)
    assert re.search(r"^\S+  OVERDUE by \d+ days +access +acknowledged$", first[0])
    assert re.search(r"^\S+  \d+ days left +access +acknowledged$", second[0])
    assert [one[3] for one in (first, second)] == [
        f"  $ tillit request approve {one}" for one in (late, soon)
    ]
    only = club("request", "list", "--overdue", "--json").json["requests"]
    assert [one["id"] for one in only] == [late]
    more = club("request", "list", "--limit", "1").err
    assert "there are more than 1: see more with --limit, or fewer with --open" in more
    figures = club("request", "figures", "--json").json
    assert (figures["open"], figures["overdue"]) == (2, 1)


@pytest.mark.parametrize("typed", ["2026-02-30", "31.1.2026", "20260131", "anna@example.com", ""])
@pytest.mark.parametrize(
    ("command", "place"),
    [
        (("request", "due", "{}", "--country", "SE"), "DATE"),
        (("request", "open", "access", "--member", "1", "--received", "{}"), "--received"),
        (("request", "figures", "--from", "{}"), "--from"),
        (("request", "figures", "--to", "{}"), "--to"),
        (("request", "hold", "place", "1", "--ground", "dispute", "--until", "{}"), "--until"),
    ],
)
def test_what_is_no_day_is_told_in_our_words_and_not_repeated(
    cli, command: tuple[str, ...], place: str, typed: str
) -> None:
    arguments = [typed if word == "{}" else word for word in command]
    came = cli(*arguments)
    remedy = "write year, month and day, such as 2026-01-31"
    assert (came.status, came.out) == (1, "")
    assert came.err == f"error: {place}: there is no such day; {remedy}\n"
    told = json.loads(cli(*arguments, "--json").err)
    assert told["problems"] == [
        {"place": place, "message": "there is no such day", "remedy": remedy}
    ]


def test_a_day_is_the_last_one_to_answer(cli) -> None:
    assert cli("request", "due", "2026-01-31", "--country", "SE").out == "2026-03-02\n"
    extended = cli("request", "due", "2026-01-31", "--country", "SE", "--extended", "--json")
    assert extended.json == {"due": "2026-04-30"}


def test_a_worker_that_cron_starts_tells_what_is_overdue(club) -> None:
    _open(club, "access", "1", "--received", (date.today() - timedelta(days=80)).isoformat())
    said = club("worker", "--once")
    assert said.status == 0
    assert "warning: requests_overdue requests=1" in said.err
    assert "job name=outgoing.send" in said.err, "the reminder is on its way"
    assert "outgoing.send" not in club("worker", "--once").err


def test_a_worker_that_cron_starts_says_in_counts_what_it_did_and_when_there_was_nothing(
    club,
) -> None:
    request = _open(club, "access", "1", "--identified")
    assert club("request", "approve", request).status == 0
    lines = [line.split(maxsplit=1) for line in club("worker", "--once").out.splitlines()]
    did = {words: int(number) for number, words in lines}
    assert did["jobs done: request.access"] == 1
    assert did["jobs done: request.letter"] == 2
    assert did["entries of the record numbered"] > 3
    assert "letters sent" not in did, "no settings name a mail server"
    assert all(did.values())
    assert club("worker", "--once").out == "nothing was due\n"


def test_nobody_is_taken_for_identified_unless_an_officer_says_so(club) -> None:
    request = club("request", "open", "erasure", "--member", "1", "--json").json["id"]
    refused = club("request", "approve", request)
    assert (refused.status, "proof of email, member_number" in refused.err) == (1, True)
    asked = club("request", "ask", request, "--json").json
    assert (asked["state"], asked["paused"]) == ("requires_action", True)
    assert "clock stands" in club("request", "list").out
    identified = club("request", "identify", request, "--how", "officer", "--json").json
    assert (identified["state"], identified["lacking"]) == ("acknowledged", [])
    assert club("request", "identify", request, "--how", "gut_feeling").status == 2
    assert club("request", "approve", request, "--now", "--json").json["state"] == "fulfilled"


def test_a_request_goes_through_its_steps_by_name(club, papers: Path) -> None:
    request = _open(club, "review", "1", "--note", "note.txt")
    wrong = club("request", "extend", request, "--reason", "ProcessExcessive")
    assert wrong.err.startswith("error: reason: this is no reason for an extension")
    extended = club("request", "extend", request, "--reason", "HighVolumeOfProcesses", "--json")
    assert (extended.json["state"], extended.json["extended"]) == ("delayed", True)
    assert club("request", "approve", request).err.startswith("error: outcome: a review says")
    (papers / "found.txt").write_text("It was set right.\n")
    done = club("request", "approve", request, "--outcome", "found.txt", "--now", "--json")
    assert done.json["state"] == "fulfilled"
    assert "outcome: It was set right." in club("request", "show", request).out
    other = _open(club, "access", "2")
    assert club("request", "cancel", other, "--json").json["state"] == "unfulfilled"


def test_many_at_once_come_out_each_by_itself_and_again_changes_nothing(
    club, tmp_path: Path
) -> None:
    ids = [_open(club, "access", number) for number in ("1", "2", "3")]
    assert club("request", "refuse", ids[1], "--reason", "ProcessExcessive").status == 0
    unknown = str(uuid4())
    (tmp_path / "ids.txt").write_text("\n".join([*ids, "", unknown, ids[0], ""]))
    came = club("request", "bulk", "approve", "--file", "ids.txt")
    assert (came.status, came.out) == (1, "2 done, 2 not done\n")
    assert f"error: {ids[1]}: request: this request is rejected" in came.err
    assert f"error: {unknown}: request: there is no such request" in came.err
    again = club("request", "bulk", "approve", "--file", "ids.txt", "--now", "--json")
    assert again.status == 1
    lines = json.loads(again.out)["requests"]
    assert [(one["came"], one["state"]) for one in lines] == [
        *(("already", "accepted"), ("not_done", "rejected")),
        *(("already", "accepted"), ("not_done", None)),
    ]
    states = {one["id"]: one["state"] for one in club("request", "list", "--json").json["requests"]}
    assert [states[request] for request in ids] == ["fulfilled", "rejected", "fulfilled"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("approve",), "ids.txt line 2: this is no request's id"),
        (("fulfil",), "step: this is no step that officers take"),
        (
            ("refuse",),
            "reason: a refusal and an extension have a reason, and nothing else has; give one of "
            "IdentityVerificationFailure, LegalObligation",
        ),
        (
            ("approve", "--reason", "LegalObligation"),
            "reason: a refusal and an extension have a reason, and nothing else has; leave it out",
        ),
        (("refuse", "--reason", "Because"), "reason: this is no reason to refuse"),
    ],
)
def test_a_batch_that_makes_no_sense_does_nothing(
    club, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    request = _open(club, "access")
    (tmp_path / "ids.txt").write_text(f"{request}\nanna@example.com\n")
    came = club("request", "bulk", *arguments, "--file", "ids.txt")
    assert came.status == 1
    assert came.err.startswith(f"error: {said}")
    assert "anna" not in came.err
    assert club("request", "show", request, "--json").json["state"] == "acknowledged"


def test_figures_are_told_in_a_table(club) -> None:
    request = _open(club, "access")
    club("request", "approve", request, "--now")
    _open(club, "erasure", "2")
    lines = club("request", "figures").out.splitlines()
    assert lines[0] == "open 1, due within 7 days 0, overdue 0"
    cells = {line.split()[0]: line.split() for line in lines[4:6]}
    assert cells["access"] == ["access", "1", "0", "0", "0", "d", "0", "d", "100%"]
    assert cells["erasure"] == ["erasure", "1", "1", "0", "–", "–", "–"]
    assert lines[-1] == "acknowledged 1, fulfilled 1"
    backwards = club("request", "figures", "--from", "2026-02-01", "--to", "2026-01-01")
    assert backwards.err == "error: --from: this is after --to; the earlier day first\n"
