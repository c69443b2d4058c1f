"""`/my/uses/{entry}/check`: that a use is on record, checked by the member's own browser.

The page holds the entry, its proof and the record's key; `static/check.js` works it out there. A
download does the same by one command. Neither takes our word for anything but the key, and that
can be had from somebody else.
"""

import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import ClassVar
from uuid import UUID

from api.pages.answers import File, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.errors import SecondProofNeeded
from api.people.people import Kind
from audit.browsing import told
from audit.errors import EntryPending
from audit.verify import Proof
from dsar import own, own_sight
from dsar.packages import closing
from dsar.packages.marking import mark
from dsar.packages.meanings import KINDS

pages = Pages(Kind.MEMBER)
PATH = "/my/uses/{entry:uuid}"
PROGRAM = "verify.py"


@dataclass(frozen=True)
class Check(View):
    """`content`: the entry's text, which is its bytes in UTF-8; `proof`: empty while there is
    none, in the second before the entry has a number."""

    template: ClassVar[str] = "member/check.html"
    title: ClassVar[str] = mark("Check this yourself")

    entry: UUID
    what: str
    at: datetime
    content: str
    proof: str
    key: str
    command: str


@pages("GET", PATH + "/check")
async def see(asked: Asked) -> Check:
    """What is proved, and all that is needed to see it."""
    entry, body = asked.id("entry"), await entry_of(asked)
    said = told(body)
    try:
        proof = await own.proof(asked.unit, asked.member, entry)
    except EntryPending:
        proof = ""
    key = await _key(asked)
    return Check(
        entry=entry,
        what=asked.speaking.coded(said.kind, KINDS),
        at=said.at,
        content=body.decode(),
        proof=proof,
        key=key,
        command=_command(key),
    )


@pages("GET", PATH + "/evidence")
async def evidence(asked: Asked) -> File:
    """Everything in one ZIP file, with the program that checks it and how to run it."""
    body = await entry_of(asked)
    return await packed(asked, body, await own.proof(asked.unit, asked.member, asked.id("entry")))


async def entry_of(asked: Asked) -> bytes:
    """The exact bytes of the entry in the address.

    Raises `EntryUnknown` for another's, and `SecondProofNeeded` for one that tells of purchases
    while those are closed.
    """
    body = await own.entry(asked.unit, asked.member, asked.id("entry"))
    seen = own_sight.sight(asked.unit, asked.active, asked.member, proved=asked.proved_lately)
    if closing.waits(body, seen.closed):
        raise SecondProofNeeded("a second proof is needed", place="entry")
    return body


async def packed(asked: Asked, body: bytes, proof: str) -> File:
    """An entry's bytes and its proof, with the key and all else that it takes to check them."""
    number = Proof.parse(proof).index
    key = await _key(asked)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _readme(asked, number, key))
        archive.writestr("entry.json", body)
        archive.writestr("proof.txt", proof)
        archive.writestr("key.txt", f"{key}\n")
        archive.writestr(PROGRAM, files("audit").joinpath(PROGRAM).read_bytes())
    return File(zipped.getvalue(), "application/zip", f"use-{number}.zip")


async def _key(asked: Asked) -> str:
    return (await asked.tillit.signer(asked.unit.session)).verifier_key


def _command(key: str) -> str:
    return f"python {PROGRAM} proof proof.txt --entry entry.json --key {key}"


def _readme(asked: Asked, number: int, key: str) -> str:
    say = asked.speaking.say
    lines = (
        say(WHICH, number=number, origin=key.partition("+")[0]),
        say(FILES),
        say(RUN),
        f"    {_command(key)}",
        say(HOLDS),
    )
    return "\n".join(lines) + "\n"


WHICH = mark("Entry number %(number)s in the record %(origin)s.")
FILES = mark(
    "entry.json is what was written down. proof.txt shows that the record holds it. key.txt is the "
    "key of the record. verify.py is a program that you can read."
)
RUN = mark("With Python and its library “cryptography” installed, type this in this folder:")
HOLDS = mark(
    "It says “verified” if everything holds. Better still, get the key from somebody other than "
    "us, and type theirs."
)
