"""The other side of `import`: a straight `cryptography` and COPY pipeline, with one key for all.

The same file, the same six fields, each sealed on its own with AES-256-GCM and a random nonce, one
binary COPY into one table, one commit. None of the rest: no key a member, no lookup, no consents,
no sets, no record, no checks.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kernel.database import libpq

_NONCE = 12


class Straight:
    """One process, one connection, one key."""

    def __init__(self, url: str, fields: tuple[str, ...]) -> None:
        self._fields = fields
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._connection = psycopg.connect(libpq(url, role=None), autocommit=True)
        columns = ", ".join(f"{name} bytea" for name in fields)
        self._connection.execute("DROP TABLE IF EXISTS imported")
        self._connection.execute(f"CREATE TABLE imported (id uuid PRIMARY KEY, {columns})".encode())

    def load(self, file: Path) -> int:
        """Seal and store every line; durable on return. Returns how many."""
        copied = 0
        with (
            self._connection.transaction(),
            self._connection.cursor() as cursor,
            cursor.copy("COPY imported FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["uuid", *["bytea"] * len(self._fields)])
            for line in _lines(file):
                copy.write_row((uuid4(), *(self._seal(line[name]) for name in self._fields)))
                copied += 1
        return copied

    def opened(self) -> Iterator[tuple[str, ...]]:
        """Every stored line, opened again."""
        for row in self._connection.execute(f"SELECT {', '.join(self._fields)} FROM imported"):
            yield tuple(self._open(sealed) for sealed in row)

    def close(self) -> None:
        self._connection.close()

    def _seal(self, value: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, value.encode(), None)

    def _open(self, sealed: bytes) -> str:
        return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None).decode()


def _lines(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as text:
        yield from csv.DictReader(text)
