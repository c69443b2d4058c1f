"""A mapping is taken whole or refused with every wrong key named."""

from pathlib import Path

import pytest

from api.imports import MappingRefused, events_of, load_mapping, members_of, parse_mapping

EXAMPLES = Path(__file__).parents[4] / "examples"

EVENTS = """
source = "shop"
[events]
{section}
[events.columns]
member = "m"
reference = "r"
at = "t"
{columns}
"""


def events(section: str = "", columns: str = 'price = "p"') -> str:
    return EVENTS.format(section=section, columns=columns)


def refusal(text: str) -> str:
    with pytest.raises(MappingRefused) as refused:
        parse_mapping(text, name="shop.toml")
    return str(refused.value)


def test_the_example_is_a_mapping_for_events() -> None:
    mapping = load_mapping(EXAMPLES / "online_retail.toml")
    section = events_of(mapping)
    assert mapping.source == "online-retail"
    assert section.columns.member == "Customer ID"
    assert section.members.fields["country"].column == "Country"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("source = ", "shop.toml: not TOML: Invalid value (at end of document)"),
        ("", "shop.toml: source: a value is needed"),
        ('source = "Shop 1"', "source: may hold small letters, digits and - only"),
        ('source = "a"\nfromat = "csv"', "fromat: unknown key; did you mean 'format'?"),
        ('source = "a"\nzzz = 1', "zzz: unknown key; the keys here are source, format, "),
        (
            'source = "a"\nformat = "pargket"',
            "format: must be 'csv', 'ndjson' or 'parquet'; did you mean 'parquet'?",
        ),
        ('source = "a"\nformat = 3', "format: must be 'csv', 'ndjson' or 'parquet'"),
        ('source = "a"\ndelimiter = ";;"', "delimiter: must be one character"),
        ('source = "a"\nencoding = "klingon"', "encoding: no such text encoding"),
        ('source = "a"\nencoding = "hex"', "encoding: no such text encoding"),
        ('source = "a"\ntimezone = "Europe/Lodnon"', "timezone: no such timezone"),
        (
            events(columns='amonut = "a"'),
            "events.columns.amonut: unknown key; did you mean 'amount'?",
        ),
        (events(columns=""), "events.columns: name a price (of one piece) or an amount"),
        (events(columns='price = "p"\namount = "a"'), "events.columns: name a price"),
        (
            events(columns='amount = "a"\nquantity = "q"'),
            "events.columns: an amount is of the whole line; quantity goes with price",
        ),
        (events('date_format = "%H:%M"'), "events.date_format: the format must hold the year"),
        (events('date_format = "%Y-%q"'), 'events.date_format: write "iso" or a strptime format'),
        (events('shift_to = "tomorrow"'), "events.shift_to: must be 'today'"),
        (events('cancelled = { column = "r" }'), "events.cancelled: use exactly one of"),
        (
            events('cancelled = { starts_with = "C" }'),
            "events.cancelled: starts_with and equals need a column",
        ),
        (
            events('members = { fields = { country = "c" } }'),
            "events.members: fields and made_up are for members being made: set create = true",
        ),
        (
            events(
                'members = { create = true, fields = { name = "c" }, made_up = '
                '{ seed = 1, locales = ["sv_SE"], fields = { name = "name" } } }'
            ),
            "events.members: 'name' comes from a column and is made up too; keep one",
        ),
        (
            events(
                "members = { create = true, made_up = "
                '{ seed = 1, locales = ["xx_XX"], fields = { name = "nmae" } } }'
            ),
            "events.members.made_up.fields.name: must be 'name', 'email' or 'phone'; "
            "did you mean 'name'?",
        ),
        (
            'source = "a"\n[members]\nnumber = "n"\nfields = { born = { colunm = "b" } }',
            "members.fields.born.colunm: unknown key; did you mean 'column'?",
        ),
        (
            'source = "a"\n[members]\nnumber = "n"\n'
            'fields = { born = { column = "b", format = "iso", split = ";" } }',
            "members.fields.born: use one of format, split, number, and true_is with false_is",
        ),
        (
            'source = "a"\n[members]\nnumber = "n"\n'
            'fields = { news = { column = "b", true_is = ["ja"] } }',
            "members.fields.news: true_is and false_is go together",
        ),
        (
            'source = "a"\n[consents]\ncolumns = { member = "m", at = "t" }\naction = "given"',
            "consents: give purpose, or columns.purpose, and not both",
        ),
        (
            'source = "a"\n[consents]\ncolumns = { member = "m", at = "t", action = "a" }\n'
            'purpose = "news"\nvalues = { ja = "yes" }',
            "consents.values.ja: must be 'given', 'refused', 'withdrawn', 'objected', "
            "'objection_lifted', 'channel_off' or 'channel_on'",
        ),
        (
            'source = "a"\n[consents]\npurpose = "news"\naction = "given"\nevidence = "form"\n'
            'columns = { member = "m", at = "t", evidence = "e" }',
            "consents: give evidence or columns.evidence, not both",
        ),
    ],
)
def test_a_wrong_mapping_is_refused_by_the_key(text: str, says: str) -> None:
    assert says in refusal(text)


def test_all_wrong_keys_are_named_together() -> None:
    said = refusal('source = "a"\nfoo = 1\ndecimal = "x"')
    assert "foo" in said
    assert "decimal" in said


def test_a_mapping_without_the_section_says_what_it_serves() -> None:
    mapping = parse_mapping('source = "a"\n[members]\nnumber = "n"')
    with pytest.raises(MappingRefused, match=r"no section \[events\]; it serves members"):
        events_of(mapping)
    with pytest.raises(MappingRefused, match=r"no section \[members\]; add \[members\]"):
        members_of(parse_mapping('source = "a"'))


def test_a_mapping_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingRefused, match=r"none.toml: the mapping cannot be opened"):
        load_mapping(tmp_path / "none.toml")


def test_a_mapping_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(MappingRefused, match="not UTF-8 text"):
        load_mapping(tmp_path / "m.toml")
