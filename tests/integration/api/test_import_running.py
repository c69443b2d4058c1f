"""An import ends the same however often it is run, and wherever it was stopped."""

import csv
import random
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.bootstrap import SYSTEM, Tillit
from api.imports import batches, parse_mapping
from api.imports.errors import ImportRefused
from api.imports.mapping import Noun
from api.imports.running import run
from consent import ledger
from consent.choices import State
from consent.standings import fold
from profiles import events, members, reading
from profiles.enrolment import enrol
from profiles.members import Member

PURCHASES = """
source = "till"
timezone = "Europe/Stockholm"
[events]
date_format = "%Y-%m-%d %H:%M"
without_member = "leave_out"
[events.columns]
member = "no"
reference = "receipt"
at = "when"
sku = "item"
quantity = "count"
price = "price"
[events.members]
create = true
fields.county = "county"
[events.members.made_up]
seed = 7
locales = ["sv_SE", "no_NO"]
fields = { name = "name", email = "email", phone = "phone" }
"""
PEOPLE = """
source = "crm"
[members]
number = "no"
on_existing = "update"
[members.fields]
name = "name"
tier = "tier"
interests = { column = "likes", split = ";" }
"""
CONSENTS = """
source = "forms"
timezone = "Europe/Stockholm"
[consents]
date_format = "%Y-%m-%d %H:%M"
on_unknown_member = "leave_out"
[consents.columns]
member = "no"
at = "when"
purpose = "what"
action = "answer"
notice = "text"
"""
Row = tuple[str, ...]


class Stop(Exception):
    """Pulls the plug."""


def ignore(stage: str, done: int, total: int | None) -> None:
    pass


async def bring(tillit: Tillit, noun: Noun, file: Path, mapping: str) -> dict[str, Any]:
    outcome = await run(tillit, noun, file, parse_mapping(mapping), progress=ignore)
    return outcome.plain()


def write(file: Path, header: str, rows: Iterable[Row]) -> Path:
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return file


@pytest.fixture
def receipts() -> list[Row]:
    """Receipts of twelve members, two of each receipt's lines alike, a few without a member."""
    dice = random.Random(3)
    rows = []
    for receipt in range(40):
        number = "" if receipt % 9 == 0 else str(receipt % 12)
        when = datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(days=receipt)
        for _ in range(dice.randint(1, 3)):
            price, count = dice.randint(1, 900), dice.randint(1, 4)
            line = (number, f"R{receipt}", f"{when:%Y-%m-%d %H:%M}", "S1", str(count))
            rows += [(*line, f"{price}.50", "Skåne")] * 2
    return rows


@pytest.fixture
def file(tmp_path: Path, receipts: list[Row]) -> Path:
    return write(tmp_path / "r.csv", "no,receipt,when,item,count,price,county", receipts)


def expected(receipts: list[Row]) -> dict[str, dict[str, Decimal]]:
    """Each member's receipts with what they come to, counted the plain way."""
    sums: dict[str, dict[str, Decimal]] = {}
    for number, receipt, _, _, count, price, _ in receipts:
        if number:
            mine = sums.setdefault(number, {})
            mine[receipt] = mine.get(receipt, Decimal(0)) + int(count) * Decimal(price)
    return sums


async def stored(tillit: Tillit, numbers: Iterable[str]) -> dict[str, dict[str, Decimal]]:
    async with tillit.unit() as work:
        found = await members.find_numbers(work.unit, list(numbers))
        people = await members.load(work.unit, list(found.values()))
        return {
            number: {
                one.reference: one.amount
                for one in await reading.purchases(work.unit, people[member])
            }
            for number, member in found.items()
        }


async def test_the_counts_of_an_import_add_up(
    tillit: Tillit, file: Path, receipts: list[Row]
) -> None:
    came = await bring(tillit, "events", file, PURCHASES)
    nobody = sum(not row[0] for row in receipts)
    want = expected(receipts)
    assert came == {
        "lines": len(receipts),
        "taken": len(receipts) - nobody,
        "purchases": sum(map(len, want.values())),
        "members": len(want),
        "not_taken": {"no_member": nobody},
        "new": {"members": len(want), "purchases": sum(map(len, want.values()))},
    }
    assert await stored(tillit, want) == want


async def test_a_second_run_changes_no_table(
    tillit: Tillit, file: Path, tables: Callable[[], object]
) -> None:
    first = await bring(tillit, "events", file, PURCHASES)
    before = tables()
    second = await bring(tillit, "events", file, PURCHASES)
    assert tables() == before
    assert second == first | {"new": {"members": 0, "purchases": 0}}


@pytest.mark.parametrize("batch", [1, 2, 3, 4])
@pytest.mark.parametrize("recorded", [True, False])
async def test_an_import_that_was_stopped_ends_as_one_that_was_not(
    tillit: Tillit,
    file: Path,
    receipts: list[Row],
    monkeypatch: pytest.MonkeyPatch,
    *,
    batch: int,
    recorded: bool,
) -> None:
    monkeypatch.setattr(batches, "BATCH", 3)
    writes = 0
    record = events.record

    async def plug(*arguments: Any) -> events.Recorded:
        nonlocal writes
        writes += 1
        if writes == batch and not recorded:
            raise Stop
        done = await record(*arguments)
        if writes == batch:
            raise Stop
        return done

    monkeypatch.setattr(events, "record", plug)
    with pytest.raises(Stop):
        await bring(tillit, "events", file, PURCHASES)
    want = expected(receipts)
    held = await stored(tillit, want)
    assert len(held) == 3 * (batch - 1)
    assert held == {number: want[number] for number in held}

    again = await bring(tillit, "events", file, PURCHASES)
    assert await stored(tillit, want) == want
    assert again["new"]["members"] == len(want) - len(held)
    assert (again["taken"], again["members"]) == (sum(bool(row[0]) for row in receipts), len(want))
    async with tillit.unit() as work:
        await tillit.gate.freshen(work.unit)
    assert len(tillit.replica.members.everyone) == len(want)


async def test_somebody_enrolled_meanwhile_is_no_accident(
    tillit: Tillit, file: Path, receipts: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    find, calls = members.by_number, 0

    async def late(unit: Any, numbers: Any, **how: Any) -> Any:
        nonlocal calls
        found = await find(unit, numbers, **how)
        calls += 1
        if calls == 1:  # a till enrols one of them between our look and our write
            async with tillit.unit() as work:
                await enrol(work.unit, SYSTEM, [{"member_number": "5"}], source="till")
        return found

    monkeypatch.setattr(members, "by_number", late)
    came = await bring(tillit, "events", file, PURCHASES)
    assert came["new"]["members"] == len(expected(receipts)) - 1
    assert await stored(tillit, expected(receipts)) == expected(receipts)


async def test_members_are_enrolled_then_brought_in_line(
    tillit: Tillit, tmp_path: Path, tables: Callable[[], object]
) -> None:
    header = "no,name,tier,likes"
    crowd = [("1", "Ann", "gold", "hiking;skiing"), ("2", "Bo", "silver", "")]
    file = write(tmp_path / "m.csv", header, crowd)
    came = await bring(tillit, "members", file, PEOPLE)
    assert came == {
        "lines": 2,
        "taken": 2,
        "members": 2,
        "not_taken": {"no_member": 0},
        "new": {"members": 2, "updated": 0},
    }
    before = tables()
    assert (await bring(tillit, "members", file, PEOPLE))["new"] == {"members": 0, "updated": 0}
    assert tables() == before
    write(file, header, [("1", "Ann", "bronze", "skiing;hiking"), ("3", "Cy", "gold", "")])
    assert (await bring(tillit, "members", file, PEOPLE))["new"] == {"members": 1, "updated": 1}
    async with tillit.unit() as work:
        [ann] = await members.find(work.unit, "member_number", "1")
        values = await reading.values(
            work.unit, await members.one(work.unit, ann), ["tier", "interests", "name"]
        )
    assert {name: one.value for name, one in values.items()} == {
        "tier": "bronze",
        "interests": ("hiking", "skiing"),
        "name": "Ann",
    }


async def test_members_who_are_there_are_kept_when_the_mapping_says_so(
    tillit: Tillit, tmp_path: Path
) -> None:
    keep = PEOPLE.replace('"update"', '"keep"')
    file = write(tmp_path / "m.csv", "no,name,tier,likes", [("1", "Ann", "gold", "")])
    await bring(tillit, "members", file, keep)
    write(file, "no,name,tier,likes", [("1", "Eva", "silver", "")])
    came = await bring(tillit, "members", file, keep)
    assert (came["taken"], came["new"]) == (1, {"members": 0, "updated": 0})
    async with tillit.unit() as work:
        [ann] = await members.find(work.unit, "member_number", "1")
        values = await reading.values(work.unit, await members.one(work.unit, ann), ["name"])
    assert values["name"].value == "Ann"


async def test_consents_are_taken_once_with_what_the_file_knows_of_their_notice(
    tillit: Tillit, tmp_path: Path, tables: Callable[[], object]
) -> None:
    async with tillit.unit() as work:
        [one, two] = await enrol(
            work.unit, SYSTEM, [{"member_number": n} for n in "12"], source="test"
        )
    steps = [
        ("1", "2026-02-01 10:00", "newsletter", "given", "We send you letters."),
        ("1", "2026-02-01 10:00", "newsletter", "given", "We send you letters."),
        ("1", "2026-03-01 10:00", "newsletter", "withdrawn", ""),
        ("2", "2026-02-01 10:00", "personalised_offers", "given", "a1" * 32),
        ("9", "2026-02-01 10:00", "newsletter", "given", ""),
    ]
    file = write(tmp_path / "c.csv", "no,when,what,answer,text", steps)
    came = await bring(tillit, "consents", file, CONSENTS)
    assert came == {
        "lines": 5,
        "taken": 3,
        "choices": 3,
        "unproven": 0,
        "members": 2,
        "not_taken": {"no_member": 0, "repeated": 1, "unknown_member": 1},
        "new": {"choices": 3},
    }
    before = tables()
    assert await bring(tillit, "consents", file, CONSENTS) == came | {"new": {"choices": 0}}
    assert tables() == before
    async with tillit.unit() as work:
        said = await ledger.opened(work.unit, {m.id: m.key for m in (one, two)})
    assert [(c.action.value, c.by.value, c.notice is not None) for c in said[one.id]] == [
        ("given", "import", True),
        ("withdrawn", "import", False),
    ]
    assert said[two.id][0].notice == bytes.fromhex("a1" * 32)
    assert said[two.id][0].until == date(2028, 2, 1)


async def test_a_yes_that_nothing_proves_is_kept_unproven_and_counted_each_time(
    tillit: Tillit, tmp_path: Path, tables: Callable[[], object]
) -> None:
    async with tillit.unit() as work:
        [one] = await enrol(work.unit, SYSTEM, [{"member_number": "1"}], source="test")
    when = "2026-02-01 10:00"
    steps = [
        ("1", when, "newsletter", "given", ""),
        ("1", when, "partner_offers", "given", "Trips for you."),  # confirmed, says who?
        ("1", when, "personalised_offers", "refused", ""),
    ]
    file = write(tmp_path / "c.csv", "no,when,what,answer,text", steps)
    came = await bring(tillit, "consents", file, CONSENTS)
    assert (came["choices"], came["unproven"], came["new"]) == (3, 2, {"choices": 3})
    assert await standing(tillit, one, "newsletter") is State.UNPROVEN
    assert await standing(tillit, one, "partner_offers") is State.UNPROVEN
    before = tables()
    assert await bring(tillit, "consents", file, CONSENTS) == came | {"new": {"choices": 0}}
    assert tables() == before

    steps[0] = (*steps[0][:4], "We send you letters.")
    found = write(tmp_path / "c.csv", "no,when,what,answer,text", steps)
    proved = CONSENTS.replace("[consents]", '[consents]\nevidence = "confirmed by e-mail"', 1)
    again = await bring(tillit, "consents", found, proved)
    assert (again["unproven"], again["new"]) == (0, {"choices": 2})
    assert await standing(tillit, one, "newsletter") is State.GIVEN
    assert await standing(tillit, one, "partner_offers") is State.GIVEN
    assert (await bring(tillit, "consents", found, proved))["new"] == {"choices": 0}
    assert (await bring(tillit, "consents", file, CONSENTS))["new"] == {"choices": 0}


async def standing(tillit: Tillit, member: Member, purpose: str) -> State:
    async with tillit.unit() as work:
        said = await ledger.opened(work.unit, {member.id: member.key})
    return fold(said[member.id]).of(purpose).state


async def test_channels_are_imported_as_the_member_turned_them_off(
    tillit: Tillit, tmp_path: Path, tables: Callable[[], object]
) -> None:
    async with tillit.unit() as work:
        [one] = await enrol(work.unit, SYSTEM, [{"member_number": "1"}], source="test")
    steps = [("1", "2026-02-01 10:00", "newsletter", "channel_off", c) for c in ("sms", "email")]
    file = write(tmp_path / "c.csv", "no,when,what,answer,text", steps)
    mapping = CONSENTS.replace('notice = "text"', 'channel = "text"')
    came = await bring(tillit, "consents", file, mapping)
    assert came["new"] == {"choices": 2}
    before = tables()
    await bring(tillit, "consents", file, mapping)
    assert tables() == before
    async with tillit.unit() as work:
        said = (await ledger.opened(work.unit, {one.id: one.key}))[one.id]
    assert fold(said).channels_off == {("newsletter", "sms"), ("newsletter", "email")}
    assert {choice.at for choice in said} == {datetime(2026, 2, 1, 9, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("action", "channel", "wrong"),
    [
        ("channel_off", "", "a channel goes with channel_off and channel_on"),
        ("withdrawn", "sms", "a channel goes with channel_off and channel_on"),
        ("channel_off", "pigeon", "members are not reached by that channel"),
        ("channel_off", "post", "members are not reached by that channel"),
    ],
)
async def test_a_file_with_a_channel_that_makes_no_sense_is_refused_whole(
    tillit: Tillit, tmp_path: Path, *, action: str, channel: str, wrong: str
) -> None:
    async with tillit.unit() as work:
        await enrol(work.unit, SYSTEM, [{"member_number": "1"}], source="test")
    rows = [("1", "2026-02-01 10:00", "newsletter", action, channel)]
    file = write(tmp_path / "c.csv", "no,when,what,answer,text", rows)
    with pytest.raises(ImportRefused, match=wrong):
        await bring(tillit, "consents", file, CONSENTS.replace("notice =", "channel ="))


async def test_unknown_members_are_left_out_and_counted_when_the_mapping_says_so(
    tillit: Tillit, file: Path, receipts: list[Row]
) -> None:
    async with tillit.unit() as work:
        await enrol(work.unit, SYSTEM, [{"member_number": "5"}], source="test")
    lenient = PURCHASES[: PURCHASES.index("[events.members]")].replace(
        'without_member = "leave_out"',
        'without_member = "leave_out"\non_unknown_member = "leave_out"',
    )
    came = await bring(tillit, "events", file, lenient)
    mine = sum(row[0] == "5" for row in receipts)
    nobody = sum(not row[0] for row in receipts)
    assert (came["taken"], came["members"]) == (mine, 1)
    assert came["not_taken"] == {
        "no_member": nobody,
        "unknown_member": len(receipts) - nobody - mine,
    }
    assert came["new"]["members"] == 0
