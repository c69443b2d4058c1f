"""`tillit policy explain`: each step in words, and the look on record."""

from pathlib import Path

import psycopg
import pytest

from kernel.database import libpq

QUESTION = ("--service", "offers-engine", "--purpose", "personalised_offers")
EXAMPLE = Path(__file__).parents[4] / "examples" / "fjallklubben.toml"


def _looks(url: str) -> int:
    with psycopg.connect(libpq(url, role=None)) as connection:
        found = connection.execute(
            "SELECT count(*) FROM audit_entry WHERE position('choices.viewed' IN body) > 0"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_a_yes_and_a_no_are_told_with_the_ledgers_line_and_the_rule(
    club, database_url: str
) -> None:
    yes = club("policy", "explain", *QUESTION, "--fields", "tier", "--member", "1")
    assert yes.status == 0, yes.err
    assert "yes on" in yes.out
    assert "ledger: " in yes.out
    no = club("policy", "explain", *QUESTION, "--fields", "tier", "--member", "4", "--json")
    assert (no.json["allowed"], no.json["reason"]) == (False, "no_consent")
    passed = {step["what"]: step["passed"] for step in no.json["steps"]}
    assert (passed["restricted"], passed["no_consent"], passed["expired"]) == (True, False, None)
    assert _looks(database_url) == 2


def test_the_place_in_the_file_is_the_line_that_says_it(club, database_url: str) -> None:
    came = club("policy", "explain", *QUESTION, "--action", "enrol", "--json")
    step = came.json["steps"][0]
    assert (step["passed"], came.json["reason"]) == (False, "action_not_given")
    place, _, line = step["place"].partition(", line ")
    assert place == "services.offers-engine.personalised_offers"
    lines = EXAMPLE.read_text("utf-8").splitlines()
    assert lines[int(line) - 1] == 'personalised_offers = ["segment", "read"]'
    assert lines[int(line) - 2] == "[services.offers-engine]"
    assert _looks(database_url) == 0  # nobody's ledger was opened


@pytest.mark.parametrize(
    ("service", "purpose", "place"),
    [
        ("newsletters", "newsletter", "there is no [services.newsletters]"),
        ("till", "newsletters", "there is no [purposes.newsletters]"),
        ("till", "assortment_insight", "[services.till] has no assortment_insight"),
    ],
)
def test_what_the_file_does_not_say_is_told_by_what_is_missing(
    club, service: str, purpose: str, place: str
) -> None:
    came = club("policy", "explain", "--service", service, "--purpose", purpose, "--json")
    assert came.json["steps"][0]["place"] == place


def test_an_entry_is_explained_as_it_was_and_as_it_is_now(ask, club) -> None:
    entry = ask("tier = 'gold'", "personalised_offers", "--json").json["entry"]
    came = club("policy", "explain", "--entry", entry, "--member", "1", "--json")
    assert came.status == 0, came.err
    assert (came.json["recorded"], came.json["then"]["reason"]) == ("yes", None)
    assert came.json["now"]["reason"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        ("--entry", "not-an-id"),
        ("--entry", "019c162d-6640-769b-8d32-306cc3ba9a36"),
        (*QUESTION, "--at", "yesterday"),
        (*QUESTION, "--at", "2001-01-01"),
        (*QUESTION, "--member", "999"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(club, wrong: tuple[str, ...]) -> None:
    came = club("policy", "explain", *wrong)
    assert (came.status, came.out) == (1, "")
    assert came.err.startswith("error: ")
    assert came.err.count("\n") == 1


def test_a_question_needs_its_parts(club) -> None:
    assert club("policy", "explain", "--service", "till").status == 2
    assert club("policy", "explain").status == 2
