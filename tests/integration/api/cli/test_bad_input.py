"""Each bad input ends in one clear line and a status, and leaves every table as it was."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[4] / "examples"
MAPPING = """
source = "till"
[events]
date_format = "%Y-%m-%d"
columns = { member = "no", reference = "receipt", at = "when", amount = "sum" }
"""
HEADER = "no,receipt,when,sum\n"
GOOD = HEADER + "1,R1,2026-01-05,10.00\n"
ASK = ("segment", "evaluate", "tier = 'gold'", "--purpose", "personalised_offers")
MINE = ("--service", "offers-engine")

IMPORTS = {
    "a file that breaks off": (
        HEADER + '1,R1,2026-01-05,10\n1,"R2,2026-01-05,10\n',
        MAPPING,
        "e.csv line 3: a quoted value is not closed, or goes on after its closing quote",
    ),
    "a line with too few values": (
        HEADER + "1,R1,2026-01-05\n",
        MAPPING,
        "e.csv line 2: 3 values, where the header has 4",
    ),
    "an unknown column": (
        GOOD.replace("when", "whn"),
        MAPPING,
        "e.csv: no column 'when' (the mapping's events.columns.at); did you mean 'whn'?",
    ),
    "a date that is no date": (
        GOOD + "2,R2,2026-02-30,10\n",
        MAPPING,
        "e.csv line 3, column when: not a date like 2009-12-01 (format %Y-%m-%d)",
    ),
    "a date to come": (
        GOOD + "2,R2,2126-02-03,10\n",
        MAPPING,
        "e.csv line 3, column when: a date after today",
    ),
    "an unknown member": (
        GOOD + "77,R2,2026-01-05,10\n",
        MAPPING,
        "e.csv line 3: there is no member with this number; import members first",
    ),
    "an unknown field": (
        GOOD,
        MAPPING + 'members = { create = true, fields = { tire = "sum" } }',
        "events.members.fields.tire: the programme declares no field 'tire'; did you mean 'tier'?",
    ),
    "a value that does not fit its field": (
        GOOD,
        MAPPING + 'members = { create = true, fields = { tier = "sum" } }',
        "e.csv line 2, column sum: the value is not among the declared ones; use one of bronze",
    ),
    "an identifier that is none": (
        GOOD,
        MAPPING + 'members = { create = true, fields = { email = "sum" } }',
        "e.csv line 2, column sum: this is no e-mail address",
    ),
    "one number spelt two ways": (
        HEADER + "a1,R1,2026-01-05,10\nA1,R2,2026-01-05,10\n",
        MAPPING + "members = { create = true }",
        "e.csv line 2: the member number of e.csv line 3, spelt another way",
    ),
    "an amount that no sum can hold": (
        GOOD + "1,R2,2026-01-05,99999999999\n",
        MAPPING,
        "e.csv line 2 and on, a purchase of this member: its amount is beyond 10,000,000,000",
    ),
    "a mapping with a misspelt key": (
        GOOD,
        MAPPING.replace("date_format", "date_formt"),
        "e.toml: events.date_formt: unknown key; did you mean 'date_format'?",
    ),
    "a mapping for something else": (
        GOOD,
        'source = "till"\n[members]\nnumber = "no"\n',
        "events: the mapping has no section [events]; it serves members",
    ),
}

CONSENTS = {
    "an unknown purpose": ("newslettr", "given", "there is no purpose 'newslettr'"),
    "a consent where none is asked": ("membership", "given", "membership does not rest on consent"),
    "an objection where there is none": ("bookkeeping", "objected", "there is no objection to it"),
    "no such action": ("newsletter", "maybe", "not a word for an action"),
}


@pytest.mark.parametrize("what", IMPORTS)
def test_a_file_that_does_not_fit_is_refused_whole(
    club, tmp_path: Path, tables: Callable[[], object], what: str
) -> None:
    lines, mapping, message = IMPORTS[what]
    (tmp_path / "e.csv").write_text(lines)
    (tmp_path / "e.toml").write_text(mapping)
    before = tables()
    came = club("import", "events", "e.csv", "--mapping", "e.toml")
    assert (came.status, came.out) == (1, "")
    assert f"error: {message}" in came.err
    assert tables() == before
    as_json = club("import", "events", "e.csv", "--mapping", "e.toml", "--json")
    assert (as_json.status, as_json.out) == (1, "")
    assert message in str(json.loads(as_json.err)["detail"])


@pytest.mark.parametrize("what", CONSENTS)
def test_consents_that_make_no_sense_are_refused_whole(
    club, tmp_path: Path, tables: Callable[[], object], what: str
) -> None:
    purpose, action, message = CONSENTS[what]
    good = "2,2026-02-03,newsletter,given\n"
    (tmp_path / "s.csv").write_text(f"no,when,what,did\n{good}1,2026-02-03,{purpose},{action}\n")
    (tmp_path / "s.toml").write_text(
        'source = "forms"\n[consents.columns]\n'
        'member = "no"\nat = "when"\npurpose = "what"\naction = "did"\n'
    )
    before = tables()
    came = club("import", "consents", "s.csv", "--mapping", "s.toml")
    assert came.status == 1
    assert came.err.startswith("error: s.csv line 3")
    assert message in came.err
    assert tables() == before


def test_a_missing_file_is_told_by_name(club) -> None:
    came = club("import", "events", "none.csv", "--mapping", "c.toml")
    assert (came.status, came.out) == (1, "")
    came = club("import", "events", "none.csv", "--mapping", "none.toml")
    assert came.err == (
        "error: none.toml: the mapping cannot be opened (No such file or directory)\n"
    )
    assert "none.toml: No such file" in club("programme", "check", "none.toml").err


def test_a_programme_with_an_undeclared_field_is_not_applied(
    club, tmp_path: Path, tables: Callable[[], object]
) -> None:
    text = (EXAMPLES / "fjallklubben.toml").read_text()
    (tmp_path / "bad.toml").write_text(
        text.replace('"interests", "county"', '"intrests", "county"')
    )
    before = tables()
    came = club("programme", "apply", "bad.toml", "--yes")
    assert came.status == 1
    assert "did you mean 'interests'?" in came.err
    assert tables() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tire = 'gold'", *ASK[3:], *MINE), "there is no field 'tire'; did you mean 'tier'?"),
        (("tier > 3", *ASK[3:], *MINE), "tier"),
        (("tier = ", *ASK[3:], *MINE), "line 1"),
        (("tier = 'gold'", "--purpose", "offers", *MINE), "there is no purpose 'offers'"),
        (("tier = 'gold'", *ASK[3:], "--service", "offers"), "there is no service 'offers'"),
        (("tier = 'gold'", *ASK[3:], "--service", "newsletter"), "services.newsletter"),
        (("name = 'Ann'", *ASK[3:], *MINE), "name"),
    ],
)
def test_a_question_that_cannot_be_answered_is_not_on_record_as_answered(
    club, tables: Callable[[], object], arguments: tuple[str, ...], message: str
) -> None:
    before = tables()
    came = club("segment", "evaluate", *arguments)
    assert (came.status, came.out) == (1, "")
    assert came.err.startswith("error: ")
    assert message in came.err
    assert len(came.err.splitlines()) == 1
    assert tables() == before


@pytest.mark.parametrize("command", [(*ASK, *MINE), ("audit", "verify")], ids=" ".join)
def test_nothing_works_before_a_programme_and_the_way_out_is_told(
    cli, command: tuple[str, ...]
) -> None:
    came = cli(*command)
    assert came.err == (
        "error: programme: no programme has been applied yet; run `tillit programme apply FILE`\n"
    )


def test_a_misspelt_setting_is_refused(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLIT_DATABSE", "x")
    came = cli("keys", "status")
    assert (came.status, "TILLIT_DATABSE: there is no such setting" in came.err) == (1, True)


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("segment", "evaluate"), ("request", "show", "1")]
)
def test_a_wrong_use_ends_with_2(cli, arguments: tuple[str, ...]) -> None:
    assert cli(*arguments).status == 2
