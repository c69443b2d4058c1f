"""A letter as it was written: its words and nothing of how it looks."""

import os
from datetime import date
from hashlib import sha256
from uuid import UUID

import msgspec


class Block(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a letter, in this order: a heading, a paragraph, points, an address to follow.

    `quoted`: the paragraph is somebody's own words.
    """

    text: str = ""
    heading: str = ""
    points: tuple[str, ...] = ()
    link: str = ""
    quoted: bool = False


class Sender(msgspec.Struct, frozen=True):
    """Who writes: the controller, where they are, and how they are reached."""

    name: str
    address: tuple[str, ...]
    contact: str


class Written(msgspec.Struct, frozen=True):
    """A whole letter. `kind`: of `dsar.letters.kinds`. `language`: one that letters are in.

    `greeting` names the reader; `plain_greeting` is for where their name cannot be written.
    `salt`: random, so that the digest in the record tells nothing to whoever guesses the words.
    """

    kind: str
    language: str
    reference: UUID
    day: date
    subject: str
    to: str
    greeting: str
    plain_greeting: str
    blocks: tuple[Block, ...]
    closing: str
    sender: Sender
    salt: bytes

    def __repr__(self) -> str:
        return f"Written({self.kind}, {self.language})"


def salt() -> bytes:
    return os.urandom(16)


def packed(letter: Written) -> bytes:
    return msgspec.msgpack.encode(letter)


def unpacked(kept: bytes) -> Written:
    return msgspec.msgpack.decode(kept, type=Written)


def digest(letter: Written) -> str:
    """SHA-256 of the letter, in hex: what the record holds of it."""
    return sha256(packed(letter)).hexdigest()
