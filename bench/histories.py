"""Members with a history, the same on both sides: enrolled and recorded here, plain rows there.

They are added to a store for one measurement. Ours go through the functions that a till calls;
theirs are the rows that an engineer would have, in the plaintext database on the same server.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from api.bootstrap import SYSTEM, Tillit
from bench.people import PURPOSES
from bench.plain import plain_table
from bench.store import Store
from consent.choices import Action as Said
from consent.choices import By
from consent.choosing import choose
from consent.ledger import record as say
from kernel.database import libpq
from profiles.enrolment import enrol
from profiles.events import record
from profiles.members import load
from profiles.purchases import Item, Purchase

SOURCE = "till"
_AT_ONCE = 20_000  # events in one transaction

#: What everybody else has bought. Ours: as many rows of as many bytes as sealed purchases have,
#: which open for nobody; sealing them takes longer than a benchmark may, and nothing reads them.
_ELSE_OURS = """
INSERT INTO event (id, member, reference, sealed)
SELECT gen_random_uuid(), m.id, decode(md5(m.id::text || n) || md5(n || m.id::text), 'hex'),
    decode(repeat(md5(n || m.id::text), %s), 'hex')
FROM member m, generate_series(1, %s) AS n WHERE m.id <> ALL(%s)
"""
_ELSE_THEIRS = """
INSERT INTO purchase (customer, source, reference, at, amount, cancelled, items)
SELECT c.id, 'long ago', 'R' || n, now() - n * interval '3 days', 199.50, false, %s
FROM customer c, generate_series(1, %s) AS n
"""
_FILLED = "SELECT FROM purchase WHERE source = 'long ago' LIMIT 1"
_SIXTEENTHS = "SELECT avg(length(sealed))::integer / 16 FROM event WHERE member = ANY(%s)"


#: Purchases as a shop keeps them, their lines as JSON, and what was said; gone with the customer.
_TABLES = """
CREATE TABLE IF NOT EXISTS purchase (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer uuid NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    source text NOT NULL,
    reference text NOT NULL,
    at timestamptz NOT NULL,
    amount numeric(12, 2) NOT NULL,
    cancelled boolean NOT NULL,
    items jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS purchase_customer ON purchase (customer);
CREATE TABLE IF NOT EXISTS consent (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer uuid NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    purpose text NOT NULL,
    action text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS consent_customer ON consent (customer);
"""


@dataclass(frozen=True)
class History:
    """One member who was added, and what they bought."""

    id: UUID
    number: str
    bought: Sequence[Purchase]

    @property
    def references(self) -> set[str]:
        return {one.reference for one in self.bought}


async def ours(tillit: Tillit, members: int, events: int) -> list[History]:
    """So many more members with so many purchases each, and one consent."""
    numbers = [f"h{uuid4().hex}" for _ in range(members)]
    rows = [
        {"member_number": number, "name": "Maja Linddotter", "tier": "gold",
         "email": f"{number}@post.example"}
        for number in numbers
    ]  # fmt: skip
    async with tillit.unit() as work:
        people = await enrol(work.unit, SYSTEM, rows, source="bench")
    now = datetime.now(UTC)
    made = [
        History(person.id, number, [_purchase(now, at) for at in range(events)])
        for person, number in zip(people, numbers, strict=True)
    ]
    at_once = max(1, _AT_ONCE // max(events, 1))
    for first in range(0, members, at_once):
        some = {one.id: one for one in made[first : first + at_once]}
        async with tillit.unit() as work:
            locked = await load(work.unit, list(some), lock=True)
            bought = {member: some[member.id].bought for member in locked.values()}
            await record(work.unit, SYSTEM, bought)
            newsletter = work.active.programme.purpose(PURPOSES[1])
            no = choose(work.unit, newsletter, Said.REFUSED, at=work.unit.now, by=By.MEMBER)
            await say(work.unit, SYSTEM, {member: [no] for member in locked.values()})
    await tillit.integrate()
    return made


def _purchase(now: datetime, at: int) -> Purchase:
    """Bought within the last two years."""
    items = tuple(
        Item(f"s{at % 97}-{line}", "Stavar, två par", Decimal(1 + line), Decimal("199.50"))
        for line in range(1 + at % 3)
    )
    when = now - timedelta(minutes=5 + at * 61 % 1_000_000)
    return Purchase(SOURCE, f"R{at}", when, Decimal("199.50"), False, items)


def theirs(store: Store, people: Sequence[History]) -> str:
    """The same members in plaintext; the URL of the database. Analysed, as autovacuum would."""
    url = plain_table(store)
    with psycopg.connect(libpq(url, role=None), autocommit=True) as connection:
        connection.execute(_TABLES.encode())
        with connection.transaction(), connection.cursor() as cursor:
            columns = "id, member_number, name, birth_date, tier, interests, spend, last_visit"
            with cursor.copy(
                f"COPY customer ({columns}, consented, objected, restricted) FROM STDIN".encode()
            ) as copy:
                for one in people:
                    copy.write_row(
                        (one.id, one.number, "Maja Linddotter", "1990-01-01", "gold", ["hiking"],
                         "199.50", "2025-01-01", False, False, False)
                    )  # fmt: skip
            with cursor.copy(
                b"COPY purchase (customer, source, reference, at, amount, cancelled, items) "
                b"FROM STDIN"
            ) as copy:
                for one in people:
                    for bought in one.bought:
                        copy.write_row((one.id, *_plain(bought)))
            with cursor.copy(b"COPY consent (customer, purpose, action, at) FROM STDIN") as copy:
                for one in people:
                    copy.write_row((one.id, PURPOSES[1], "refused", datetime.now(UTC)))
        connection.execute("VACUUM (ANALYZE) purchase")
    return url


def everybody(store: Store, made: Sequence[History], events: int) -> None:
    """Give everybody else so many purchases too, on either side; once a store.

    `made`: who was added, whose purchases tell how long a sealed one is.
    """
    with psycopg.connect(libpq(plain_table(store), role=None), autocommit=True) as connection:
        connection.execute(_TABLES.encode())
        if connection.execute(_FILLED).fetchone() is not None:
            return
        items = Jsonb(_items(_purchase(datetime.now(UTC), 1)))
        connection.execute(_ELSE_THEIRS, (items, events))
    ids = [one.id for one in made]
    with psycopg.connect(libpq(store.url, role=None), autocommit=True) as connection:
        [length] = connection.execute(_SIXTEENTHS, (ids,)).fetchone() or (0,)
        connection.execute(_ELSE_OURS, (length, events, ids))
        connection.execute("VACUUM (ANALYZE) event")


def _plain(bought: Purchase) -> tuple[object, ...]:
    """As a row of theirs, without whose it is."""
    return (
        bought.source,
        bought.reference,
        bought.at,
        bought.amount,
        bought.cancelled,
        Jsonb(_items(bought)),
    )


def _items(bought: Purchase) -> list[dict[str, str]]:
    return [
        {
            "sku": item.sku,
            "description": item.description,
            "quantity": str(item.quantity),
            "price": str(item.price),
        }
        for item in bought.items
    ]
