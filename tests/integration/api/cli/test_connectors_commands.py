"""`tillit connectors`: what an officer at the command line sees of recipients, and does."""

from pathlib import Path

import pytest

CLUB = Path(__file__).parents[4] / "examples" / "fjallklubben.toml"
CONNECTORS = """
[recipients.letters.connector]
by = "webhook"
address = "http://127.0.0.1:9/hook"

[recipients.auditor.connector]
by = "mailbox"
address = "privacy@siffergarden.example"
carries = ["rectification"]
"""


@pytest.fixture
def connected(club, tmp_path: Path):
    """The club with two recipients that are told: one is not there, one has a mailbox."""
    # Both were sent offers that the members said yes to.
    before, after = '["newsletter", "partner_offers"]', '["newsletter", "personalised_offers"]'
    text = CLUB.read_text("utf-8").replace(f"purposes = {before}", f"purposes = {after}", 1)
    (tmp_path / "connected.toml").write_text(text + CONNECTORS, "utf-8")
    assert club("programme", "apply", "connected.toml", "--yes").status == 0
    return club


def test_what_is_wrong_with_a_recipient_is_shown_and_ended_by_an_officer(connected) -> None:
    opened = connected("request", "open", "erasure", "--member", "1", "--identified", "--json")
    request = opened.json["id"]
    assert connected("request", "approve", request, "--now").status == 0
    listed = connected("connectors", "list", "--json").json["connectors"]
    assert [one["recipient"] for one in listed] == ["auditor", "letters"]
    letters = listed[1]
    assert (letters["by"], letters["host"], letters["open"]) == ("webhook", "127.0.0.1", 1)
    assert letters["problem"] == "no_secret"
    [word] = letters["words"]
    assert (word["request"], word["state"], word["what"]) == (request, "waiting", "erasure")
    plain = connected("connectors", "list").out
    assert "letters" in plain
    assert "1 open, 0 late; no_secret" in plain
    assert word["outgoing"] in plain
    assert "a@example.org" not in plain
    assert connected("connectors", "retry", word["outgoing"]).status == 0
    wrong = connected("connectors", "give-up", word["outgoing"], "--reason", "slow")
    assert (wrong.status, wrong.out) == (1, "")
    ended = connected("connectors", "give-up", word["outgoing"], "--reason", "impossible", "--json")
    assert (ended.json["state"], ended.json["reason"]) == ("given_up", "impossible")
    assert connected("connectors", "retry", word["outgoing"]).status == 1
    assert connected("connectors", "list", "--json").json["connectors"][1]["open"] == 0


def test_a_request_that_waits_for_a_recipient_says_for_whom_and_by_when(connected) -> None:
    ids = {}
    for number in ("1", "2"):
        made = connected("request", "open", "erasure", "--member", number, "--identified", "--json")
        ids[number] = made.json["id"]
        assert connected("request", "approve", ids[number], "--now").status == 0
    listed = connected("request", "list", "--json").json["requests"]
    then = {one["id"]: one["next"] for one in listed}[ids["1"]]
    assert then == f"tillit connectors list --request {ids['1']}"
    every = connected("connectors", "list").out
    assert all(f"request {one}" in every for one in ids.values())
    told = connected(*then.split()[1:], "--json").json["connectors"]
    assert [one["recipient"] for one in told] == ["letters"]
    [word] = told[0]["words"]
    assert word["request"] == ids["1"]
    said = connected(*then.split()[1:]).out
    assert f"due {word['due']}: no_secret  request {ids['1']}" in said
    assert ids["2"] not in said
    shown = connected("request", "show", ids["1"], "--json").json
    assert (shown["waits_for"], shown["recipients_open"]) == ("recipients", 1)
    assert shown["recipients"] == [word]
    lines = connected("request", "show", ids["1"]).out.splitlines()
    waits = "recipients: 1 open, 1 with a problem, 2 to be told by hand"
    assert f"{'waits for':<14} {waits}" in lines
    assert [one["recipient"] for one in shown["by_hand"]] == ["hosting", "auditor"]
    assert sum(one.startswith("tell by hand ") for one in lines) == 2
    [line] = [one for one in lines if one.startswith("recipient ")]
    assert line.endswith(f"due {word['due']}: no_secret")
    ended = ("connectors", "give-up", word["outgoing"], "--reason", "impossible")
    assert connected(*ended).status == 0
    assert "given_up" in connected(*then.split()[1:]).out
    assert connected("connectors", "list", "--request", word["outgoing"]).status == 1


def test_a_certificate_that_waits_for_recipients_says_so_and_where_to_see_whom(
    connected, tmp_path: Path
) -> None:
    made = connected("request", "open", "erasure", "--member", "1", "--identified", "--json")
    request = made.json["id"]
    ways = (
        ("request", "certificate", request, "--out", "certificate.pdf"),
        ("request", "show", request, "--certificate", "certificate.json"),
    )
    for way in ways:
        before = connected(*way)
        assert (before.status, before.out) == (1, "")
        assert "connectors" not in before.err  # it was not carried out
    assert connected("request", "approve", request, "--now").status == 0
    for way in ways:
        awaited = connected(*way)
        assert (awaited.status, awaited.out) == (1, "")
        assert "it is issued once every recipient has answered, or was given up" in awaited.err
        assert f"`tillit connectors list --request {request}`" in awaited.err
    [word] = connected("request", "show", request, "--json").json["recipients"]
    ended = ("connectors", "give-up", word["outgoing"], "--reason", "impossible")
    assert connected(*ended).status == 0
    assert connected("worker", "--once").status == 0
    for way in ways:
        assert connected(*way).status == 0


def test_trying_a_way_says_in_one_line_what_is_wrong(connected) -> None:
    for name, said in (
        ("letters", "no_secret"),
        ("auditor", "no settings name a mail server"),
        ("hosting", "connectors list"),
    ):
        came = connected("connectors", "test", name)
        assert came.status == 1, name
        assert came.err.startswith("error: ")
        assert said in came.err
        assert len(came.err.splitlines()) == 1
