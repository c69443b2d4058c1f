"""A consents file is one step on each line."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from api.imports import ConsentFile, ImportRefused, parse_mapping, read_consents

MAPPING = """
source = "forms"
timezone = "Europe/Stockholm"
[consents]
date_format = "%Y-%m-%d %H:%M"
language = "sv"
values = { ja = "given", nej = "refused", avslut = "withdrawn" }
[consents.columns]
member = "no"
at = "when"
purpose = "what"
action = "answer"
notice = "text"
"""
HEADER = "no,when,what,answer,text\n"


def read(folder: Path, lines: str, mapping: str = MAPPING) -> ConsentFile:
    (folder / "f.csv").write_text(HEADER + lines)
    return read_consents(folder / "f.csv", parse_mapping(mapping), today=date(2026, 3, 4))


def refusal(folder: Path, lines: str) -> str:
    with pytest.raises(ImportRefused) as refused:
        read(folder, lines)
    return str(refused.value)


def test_steps_come_by_member_and_time(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "2,2025-07-01 10:00,news,ja,v1\n1,2025-02-01 10:00,news,avslut,\n"
        "1,2025-01-01 10:00,news,ja,v1\n",
    )
    steps = [(s.number, s.line, s.purpose, s.action, s.language, s.notice) for s in found]
    assert steps == [
        ("1", 4, "news", "given", "sv", "v1"),
        ("1", 3, "news", "withdrawn", "sv", ""),
        ("2", 2, "news", "given", "sv", "v1"),
    ]
    last = list(found)[-1]
    assert last.at == datetime(2025, 7, 1, 8, tzinfo=UTC)
    assert last.reference == "forms:news:given::2025-07-01T08:00:00+00:00"
    assert (found.lines, found.taken, found.numbers) == (3, 3, ("1", "2"))
    assert list(found.purposes()) == [("news", 2)]
    assert list(found.first_lines()) == [("1", 3), ("2", 2)]


def test_steps_of_one_time_stay_as_they_stood(tmp_path: Path) -> None:
    found = read(tmp_path, "1,2025-01-01 10:00,news,nej,\n1,2025-01-01 10:00,news,ja,\n")
    assert [step.action for step in found] == ["refused", "given"]


def test_the_same_step_again_is_not_taken(tmp_path: Path) -> None:
    one = "1,2025-01-01 10:00,news,ja,\n"
    other = "2,2025-01-01 10:00,news,ja,\n"
    found = read(tmp_path, one + other + one)
    assert [step.line for step in found] == [2, 3]
    assert (found.lines, found.taken) == (3, 2)
    assert found.not_taken == {"no_member": 0, "repeated": 1}


def test_steps_about_two_channels_at_one_time_are_two(tmp_path: Path) -> None:
    mapping = (
        'source = "forms"\n[consents]\npurpose = "news"\naction = "channel_off"\nhow = "phone"\n'
        'columns = { member = "no", at = "when", channel = "what", evidence = "answer" }'
    )
    lines = "1,2025-01-01,email,A 1,\n1,2025-01-01,sms,A 1,\n1,2025-01-01,sms,A 1,\n"
    found = read(tmp_path, lines, mapping)
    assert [(step.channel, step.how, step.evidence) for step in found] == [
        ("email", "phone", "A 1"),
        ("sms", "phone", "A 1"),
    ]
    assert found.not_taken["repeated"] == 1


def test_purpose_and_action_may_be_fixed(tmp_path: Path) -> None:
    mapping = (
        'source = "forms"\n[consents]\npurpose = "news"\naction = "objected"\n'
        'columns = { member = "no", at = "when", language = "what" }'
    )
    [step] = read(tmp_path, "1,2025-01-01,fi,,\n", mapping)
    assert (step.purpose, step.action, step.language, step.notice) == ("news", "objected", "fi", "")
    assert list(read(tmp_path, "1,2025-01-01,fi,,\n", mapping).purposes()) == [("news", 2)]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            "1,2025-01-01 10:00,news,kanske,\n",
            "f.csv line 2, column answer: not a word for an action; write one of ja, nej, avslut",
        ),
        ("1,2025-01-01 10:00,,ja,\n", "f.csv line 2, column what: empty"),
        ("1,2025-01-01 10:00,news,,\n", "f.csv line 2, column answer: empty"),
        ("1,,news,ja,\n", "f.csv line 2, column when: empty"),
        ("1,2025-01-01,news,ja,\n", "f.csv line 2, column when: not a date like 2009-12-01 07:45"),
        ("1,2026-03-05 10:00,news,ja,\n", "f.csv line 2, column when: a date after today"),
        (",2025-01-01 10:00,news,ja,\n", "f.csv line 2, column no: no member number"),
    ],
)
def test_a_wrong_line_is_refused(tmp_path: Path, lines: str, says: str) -> None:
    said = refusal(tmp_path, lines)
    assert says in said
    assert "kanske" not in said
