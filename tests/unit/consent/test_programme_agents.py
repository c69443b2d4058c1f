"""Who may hand in members' requests: read, checked, compared, and told in the record."""

from pathlib import Path

import pytest

from consent.programme import check_programme, read_programme
from consent.programme.difference import Kind, difference
from consent.programme.ropa import record_of_processing
from consent.programme.ropa_text import Form, written

CLUB = (Path(__file__).parents[3] / "examples" / "fjallklubben.toml").read_text()
ANOTHER = """
[agents.another]
name = "Another AB"
contact = "hello@another.example"
domain = "another.example"
"""


def test_an_agent_may_hand_in_what_opendsr_knows_unless_it_is_told_otherwise() -> None:
    programme = read_programme(CLUB + ANOTHER)
    assert programme.agents["another"].rights == ("access", "portability", "erasure")
    assert not programme.agents["another"].mandate
    assert programme.agents["another"].per_hour == 100
    fewer = read_programme(CLUB + ANOTHER + 'rights = ["erasure"]\nmandate = true\nper_hour = 5')
    assert fewer.agents["another"].rights == ("erasure",)


@pytest.mark.parametrize(
    ("line", "place", "what"),
    [
        ('rights = ["withdrawal"]', "agents.another.rights[0]", ""),
        ("rights = []", "agents.another.rights", "could ask for nothing"),
        ('rights = ["access", "access"]', "agents.another.rights[1]", "twice"),
        ("per_hour = 0", "agents.another.per_hour", "at least 1"),
        ('mandate = "yes"', "agents.another.mandate", "true or false"),
        ('secret = "x"', "agents.another.secret", "there is no key"),
    ],
)
def test_what_an_agent_cannot_be_is_told_with_its_place(line: str, place: str, what: str) -> None:
    found = check_programme(CLUB + ANOTHER + line).errors
    assert [one.place for one in found] == [place]
    assert what in found[0].message


@pytest.mark.parametrize(
    "domain",
    [
        "https://another.example",
        "Another.example",
        "another",
        "-a.example",
        "a.example\\n",
        "a b.c",
    ],
)
def test_a_domain_is_a_host_and_nothing_else(domain: str) -> None:
    text = CLUB + ANOTHER.replace('another.example"', f'{domain}"').replace(
        f"hello@{domain}", "hello@another.example"
    )
    assert [one.place for one in check_programme(text).errors] == ["agents.another.domain"]


def test_two_agents_never_sign_as_one_domain() -> None:
    text = CLUB + ANOTHER.replace('domain = "another', 'domain = "dataombudet')
    (found,) = check_programme(text).errors
    assert found.place == "agents.another.domain"
    assert "agents.dataombudet" in found.message


def test_an_agent_that_comes_changes_or_goes_is_shown_with_what_follows() -> None:
    old, new = read_programme(CLUB), read_programme(CLUB + ANOTHER)
    (come,) = difference(old, new)
    assert (come.place, come.kind) == ("agents.another", Kind.ADDED)
    assert "keys/agents" in come.consequence
    (gone,) = difference(new, old)
    assert (gone.place, gone.kind) == ("agents.another", Kind.REMOVED)
    fewer = read_programme(CLUB + ANOTHER + 'rights = ["erasure", "access"]')
    (less,) = difference(new, fewer)
    assert (less.place, less.before) == ("agents.another.rights", "portability")
    assert "no more requests for portability" in less.consequence


def test_the_order_of_rights_changes_nothing() -> None:
    one = read_programme(CLUB + ANOTHER + 'rights = ["erasure", "access"]')
    other = read_programme(CLUB + ANOTHER + 'rights = ["access", "erasure"]')
    assert one.digest == other.digest
    assert difference(one, other) == []


def test_the_record_of_processing_names_who_is_told_how_requests_went() -> None:
    record = record_of_processing(read_programme(CLUB))
    assert [one["key"] for one in record["agents"]] == ["dataombudet"]
    assert "Dataombudet i Norden AB" in written(record, Form.MARKDOWN)
    start = CLUB.index("# Who may hand in")
    nobody = record_of_processing(read_programme(CLUB[:start]))
    assert "Who hands in" not in written(nobody, Form.MARKDOWN)
