"""`tillit policy replay`: what it says, whom it names, and that it is on record."""

import json
from pathlib import Path

import numpy as np
import pytest

from api.bootstrap import Tillit
from api.cli.door import run
from consent.deciding import AskingMany
from consent.rulings import Question
from kernel.database import raw

EXAMPLE = Path(__file__).parents[4] / "examples" / "fjallklubben.toml"
SINCE = ("--since", "2026-01-01")


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """The club's programme, without `tier` among what offers may use."""
    text = EXAMPLE.read_text("utf-8")
    one = '"member_number", "tier", "interests", "county", "country", "age",\n    "last_purchase"'
    assert one in text
    path = tmp_path / "draft.toml"
    path.write_text(text.replace(one, one.replace('"tier", ', "")))
    return path


def test_the_same_programme_flips_nothing_and_the_check_agrees(ask, club) -> None:
    assert ask("tier = 'gold'").status == 0
    came = club("policy", "replay", "--programme", str(EXAMPLE), *SINCE, "--json")
    assert came.status == 0, came.err
    assert (came.json["replayed"], came.json["flips"], came.json["right"]) == (4, [], True)
    checked = club("policy", "replay", "--check", *SINCE)
    assert checked.status == 0
    assert "each came out as it is on record" in checked.out


def test_what_was_refused_then_is_not_refused_outright_by_the_same_programme(club) -> None:
    async def ask(tillit: Tillit) -> None:
        question = Question("newsletter", "read", None, None)
        async with tillit.unit() as work:
            await tillit.gate.freshen(work.unit)
        async with tillit.unit() as work:
            cursor = await (await raw(work.session)).execute("SELECT id FROM member LIMIT 2")
            ids = [row[0] for row in await cursor.fetchall()]
            packed = np.frombuffer(b"".join(id.bytes for id in ids), ">u8").reshape(-1, 2)
            await tillit.gate.decide_batch(
                work.unit, work.active, AskingMany("offers-engine", question, packed)
            )
        await tillit.integrate()

    run(ask)
    came = club("policy", "replay", "--programme", str(EXAMPLE), *SINCE, "--json")
    assert came.json["questions_about_many"] == 1
    assert came.json["refused"] == came.json["flips"] == []


def test_a_field_that_goes_flips_those_who_were_named(ask, club, draft: Path) -> None:
    assert ask("tier = 'gold'").status == 0
    command = ("policy", "replay", "--programme", str(draft), *SINCE)
    came = club(*command, "--lines", "flips.ndjson", "--json")
    assert came.status == 0, came.err
    (flip,) = came.json["flips"]
    assert (flip["after"], flip["answers"], flip["named"]) == ("field_not_in_purpose", 3, 2)
    (refused,) = came.json["refused"]
    assert (refused["reason"], refused["questions"]) == ("field_not_in_purpose", 1)
    file = Path("flips.ndjson")
    assert file.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len({line["member"] for line in lines}) == 3
    assert sorted(line["named"] for line in lines) == [False, True, True]
    plain = club(*command)
    assert "fewer than 10 members" in plain.out
    for line in lines:
        assert line["member"] not in plain.out + plain.err + came.out
    again = club(*command, "--lines", "flips.ndjson")
    assert again.status == 1
    assert len(file.read_text().splitlines()) == 3
