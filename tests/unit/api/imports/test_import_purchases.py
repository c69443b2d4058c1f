"""Lines become purchases: every line in exactly one, or left out and counted."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.imports import ImportRefused, Item, PurchaseFile, parse_mapping, read_purchases

TODAY = date(2026, 3, 4)
COLUMNS = ("who", "ref", "at", "sku", "text", "qty", "price", "land")
HEAD = """
source = "shop"
timezone = "Europe/London"
{head}
[events]
{section}
[events.columns]
member = "who"
reference = "ref"
at = "at"
{columns}
[events.members]
create = true
fields.country = "land"
"""
ITEMS = 'sku = "sku"\ndescription = "text"\nquantity = "qty"\nprice = "price"'
STARTS_WITH = 'cancelled = { column = "ref", starts_with = "C" }'


def line(
    who: str = "1",
    ref: str = "A1",
    at: str = "2025-01-31 10:00:00",
    *,
    qty: str = "1",
    price: str = "2.50",
    land: str = "SE",
    sku: str = "tea",
) -> tuple[str, ...]:
    return (who, ref, at, sku, "Some tea", qty, price, land)


def read(
    folder: Path,
    *lines: tuple[str, ...],
    section: str = STARTS_WITH,
    columns: str = ITEMS,
    head: str = "",
    today: date = TODAY,
) -> PurchaseFile:
    path = folder / "shop.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *lines])
    mapping = parse_mapping(HEAD.format(head=head, section=section, columns=columns))
    return read_purchases(path, mapping, today=today)


def refusal(folder: Path, *lines: tuple[str, ...], section: str = "", columns: str = ITEMS) -> str:
    with pytest.raises(ImportRefused) as refused:
        read(folder, *lines, section=section, columns=columns)
    return str(refused.value)


def test_lines_of_one_invoice_are_one_purchase_with_items(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        line(at="2025-07-01 10:02", qty="3", price="0.125"),
        line(at="2025-07-01 10:01", qty="2", sku="cup"),
        line(ref="A2"),
    )
    [member] = found.members
    earlier, purchase = member.purchases
    assert earlier.reference == "shop:A2"
    assert purchase.reference == "shop:A1"
    assert purchase.at == datetime(2025, 7, 1, 9, 1, tzinfo=UTC)  # the earliest, off a summer clock
    assert purchase.amount == Decimal("5.375")
    assert purchase.items == (
        Item("tea", "Some tea", 3, Decimal("0.125")),
        Item("cup", "Some tea", 2, Decimal("2.5")),
    )
    assert (purchase.lines, purchase.cancelled) == (2, False)
    assert (found.lines, found.taken, found.purchases, found.not_taken) == (
        3,
        3,
        2,
        {"no_member": 0},
    )


def test_one_invoice_of_two_members_is_two_purchases(tmp_path: Path) -> None:
    first, second = read(tmp_path, line("2"), line("1", qty="2")).members
    assert (first.number, first.line, first.purchases[0].amount) == ("1", 3, Decimal(5))
    assert (second.number, second.line, second.purchases[0].amount) == ("2", 2, Decimal("2.5"))
    assert first.purchases[0].reference == second.purchases[0].reference


def test_a_reference_may_tell_a_cancellation(tmp_path: Path) -> None:
    [member] = read(tmp_path, line(), line(ref="C7", qty="-1")).members
    told = {one.reference: (one.cancelled, one.amount) for one in member.purchases}
    assert told == {"shop:A1": (False, Decimal("2.5")), "shop:C7": (True, Decimal("-2.5"))}


def test_another_column_may_tell_a_cancellation(tmp_path: Path) -> None:
    [member] = read(
        tmp_path,
        line(),
        line(sku="back", qty="-1"),
        section='cancelled = { column = "sku", equals = "back" }',
    ).members
    told = {one.reference: one.cancelled for one in member.purchases}
    assert told == {"shop:A1": False, "shop:A1:cancelled": True}


def test_a_negative_sum_may_tell_a_cancellation(tmp_path: Path) -> None:
    [member] = read(
        tmp_path,
        line(qty="-2"),
        line(qty="1"),
        line(ref="A2", qty="1"),
        section="cancelled = { negative_amount = true }",
    ).members
    told = {one.reference: (one.cancelled, one.lines) for one in member.purchases}
    assert told == {"shop:A1": (True, 2), "shop:A2": (False, 1)}


def test_a_file_may_give_amounts_instead_of_prices(tmp_path: Path) -> None:
    lines = (line(price="1 000,5"), line(price="0,25"))
    with pytest.raises(ImportRefused, match="not a number like 1234,50"):
        read(tmp_path, *lines, columns='amount = "price"', head='decimal = ","')
    lines = (line(price="1000,50"), line(price="0,25"))
    [member] = read(tmp_path, *lines, columns='amount = "price"', head='decimal = ","').members
    assert member.purchases[0].amount == Decimal("1000.75")
    assert member.purchases[0].items == ()
    columns = 'amount = "price"\nsku = "sku"'
    [member] = read(tmp_path, *lines, columns=columns, head='decimal = ","').members
    assert member.purchases[0].items[0] == Item("tea", "", 1, Decimal("1000.5"))


def test_lines_without_a_member_are_left_out_when_the_mapping_says_so(tmp_path: Path) -> None:
    lines = (line(), line("", ref="A2"), line(" ", ref="A3"))
    found = read(tmp_path, *lines, section='without_member = "leave_out"')
    assert (found.lines, found.taken, found.not_taken) == (3, 1, {"no_member": 2})
    assert "shop.csv line 3, column who: no member number; set without_member" in refusal(
        tmp_path, *lines
    )


def test_a_spreadsheet_s_member_number_loses_its_point(tmp_path: Path) -> None:
    found = read(tmp_path, line("13085.0"), line("13085"), line("007"))
    assert found.numbers == ("007", "13085")


def test_the_newest_line_with_a_value_gives_a_member_s_field(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        line(at="2025-02-02", land="NO"),
        line(at="2025-01-01", land="SE"),
        line(at="2025-03-03", land=""),
        line("2", land=""),
        line("3", land="FI"),
        line("3", land="DK"),
    )
    assert [member.fields for member in found.members] == [
        {"country": "NO"},
        {},
        {"country": "DK"},
    ]
    assert list(found.distinct_values("country")) == [("NO", 2), ("DK", 7)]
    assert found.place(7, "country") == "shop.csv line 7, column land"
    assert list(found.first_lines()) == [("1", 2), ("2", 5), ("3", 6)]


def test_dates_move_by_whole_days_until_the_newest_is_today(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        line(ref="A", at="2025-01-10 09:30"),
        line(ref="B", at="2025-06-10 23:59"),
        section='shift_to = "today"',
        today=date(2026, 1, 15),
    )
    london = ZoneInfo("Europe/London")
    [member] = found.members
    moved = [one.at.astimezone(london).replace(tzinfo=None) for one in member.purchases]
    assert moved == [datetime(2025, 8, 17, 9, 30), datetime(2026, 1, 15, 23, 59)]
    assert found.shifted_days == 219


def test_a_time_the_clock_skips_is_later_and_one_it_shows_twice_is_the_first(
    tmp_path: Path,
) -> None:
    [member] = read(
        tmp_path, line(ref="A", at="2025-03-30 01:30"), line(ref="B", at="2025-10-26 01:30")
    ).members
    assert [one.at for one in member.purchases] == [
        datetime(2025, 3, 30, 1, 30, tzinfo=UTC),
        datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
    ]


def test_a_time_with_an_offset_is_taken_at_its_word(tmp_path: Path) -> None:
    [member] = read(tmp_path, line(at="2025-01-31T10:00:00+02:00")).members
    assert member.purchases[0].at == datetime(2025, 1, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            line(at="31/01/2025"),
            "shop.csv line 3, column at: not a date like 2009-12-01 07:45:00 "
            "(format %Y-%m-%d %H:%M:%S)",
        ),
        (line(at="2025-02-30 10:00:00"), "shop.csv line 3, column at: not a date like"),
        (line(at=""), "shop.csv line 3, column at: empty; a value is needed"),
        (line(at="0025-01-31 10:00:00"), "line 3, column at: a date before 1970"),
        (line(at="1969-12-31 22:00:00"), "line 3, column at: a date before 1970"),
        (line(at="2026-03-05 00:00:00"), "line 3, column at: a date after today, 2026-03-04"),
        (line(at="9999-12-31 23:59:59"), "line 3, column at: a date after 9998"),
        (line(ref=""), "shop.csv line 3, column ref: empty"),
        (line(qty=""), "shop.csv line 3, column qty: empty"),
        (line(price=""), "shop.csv line 3, column price: empty"),
        (line(price="2,50"), "line 3, column price: not a number like 1234.50"),
        (line(price="1e5"), "line 3, column price: not a number"),
        (line(price="NaN"), "line 3, column price: not a number"),
        (line(qty="9" * 30), "line 3, column qty: not a number"),
    ],
)
def test_a_wrong_line_is_refused_with_its_place(
    tmp_path: Path, wrong: tuple[str, ...], says: str
) -> None:
    right = line()
    said = refusal(tmp_path, right, wrong, section='date_format = "%Y-%m-%d %H:%M:%S"')
    assert says in said
    assert "\n" not in said


def test_times_that_no_zone_reaches_are_refused_with_their_lines(tmp_path: Path) -> None:
    said = refusal(
        tmp_path, line(at="0001-01-01T00:00:00+14:00"), line(at="9999-12-31T23:59:59-23:59")
    ).splitlines()
    assert said[0].startswith("shop.csv line 2, column at: a date before 1970")
    assert said[1].startswith("shop.csv line 3, column at: a date after 9998")


def test_moving_nothing_before_1970_is_better_than_moving_it(tmp_path: Path) -> None:
    said = refusal(
        tmp_path, line(at="1980-01-01"), line(at="9998-01-01"), section='shift_to = "today"'
    )
    assert "shop.csv line 2, column at: the newest date of the file is" in said
    assert "moved, this lies before 1970; mend the newest date" in said


def test_what_stands_in_the_file_is_not_repeated(tmp_path: Path) -> None:
    said = refusal(tmp_path, line(at="Anna was here", price="Bo too", qty="Cecilia"))
    assert all(name not in said for name in ("Anna", "Bo ", "Cecilia"))


def test_many_wrong_lines_are_counted_and_the_first_are_shown(tmp_path: Path) -> None:
    said = refusal(tmp_path, *[line(at="x")] * 25).splitlines()
    assert [int(one.split()[2].rstrip(",")) for one in said[:10]] == list(range(2, 12))
    assert said[10:] == ["shop.csv: 15 more values are wrong"]


def test_an_unknown_column_is_refused_by_the_mapping_s_key(tmp_path: Path) -> None:
    said = refusal(tmp_path, line(), columns='price = "prize"')
    assert said == (
        "shop.csv: no column 'prize' (the mapping's events.columns.price); did you mean 'price'?"
    )


def test_a_file_without_lines_has_no_purchases(tmp_path: Path) -> None:
    found = read(tmp_path, section='shift_to = "today"')
    assert (found.lines, found.taken, found.purchases, list(found.members)) == (0, 0, 0, [])


def test_no_line_taken_is_no_purchase(tmp_path: Path) -> None:
    found = read(tmp_path, line(""), section='without_member = "leave_out"')
    assert (found.lines, found.taken, found.purchases, list(found.members)) == (1, 0, 0, [])


LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "1", "2", "10", "x"]),
        st.sampled_from(["A", "B", "CA", "CB"]),
        st.integers(0, 40),
        st.integers(-5, 5),
        st.decimals(-100, 100, places=3),
        st.sampled_from(["", "SE", "NO"]),
    ),
    max_size=40,
)


@given(LINES)
def test_grouping_adds_up_like_the_naive_sum(
    tmp_path_factory: pytest.TempPathFactory,
    cells: list[tuple[str, str, int, int, Decimal, str]],
) -> None:
    lines = [
        line(who, ref, f"2025-01-01 00:{minute:02}", qty=str(qty), price=f"{price:f}", land=land)
        for who, ref, minute, qty, price, land in cells
    ]
    found = read(
        tmp_path_factory.mktemp("any"),
        *lines,
        section=STARTS_WITH + '\nwithout_member = "leave_out"',
    )

    naive: dict[tuple[str, str], list[tuple[int, Decimal]]] = defaultdict(list)
    country: dict[str, tuple[int, str]] = {}
    for who, ref, minute, qty, price, land in cells:
        if who:
            naive[who, ref].append((minute, qty * price))
            if land and minute >= country.get(who, (-1, ""))[0]:
                country[who] = (minute, land)
    expected = {
        (who, f"shop:{ref}"): (
            min(minute for minute, _ in own),
            sum(amount for _, amount in own),
            len(own),
            ref.startswith("C"),
        )
        for (who, ref), own in naive.items()
    }
    members = list(found.members)
    got = {
        (member.number, one.reference): (one.at.minute, one.amount, one.lines, one.cancelled)
        for member in members
        for one in member.purchases
    }
    assert got == expected
    assert found.lines == len(cells) == found.taken + sum(found.not_taken.values())
    assert found.taken == sum(member.lines for member in members)
    assert found.purchases == len(expected)
    assert [m.number for m in members] == sorted({who for who, _ in naive})
    assert {m.number: m.fields.get("country") for m in members} == {
        who: country.get(who, (0, None))[1] for who, _ in naive
    }
    assert members == list(found.members)
    for member in members:
        order = [(one.at, one.reference) for one in member.purchases]
        assert order == sorted(order)
