"""A letter about one's own request, as it was written: on a page, and on paper.

Opening one is on record. Which are shown after a second proof only, `dsar.letters.kinds` says.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from api.pages.answers import File, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.errors import SecondProofNeeded
from api.pages.member import whose
from api.people.people import Kind as PersonKind
from dsar.languages import Language
from dsar.letters import desk, sheets
from dsar.letters.kinds import Kind, kind_named, wants_proof
from dsar.letters.written import Block, Written
from dsar.packages.marking import mark

pages = Pages(PersonKind.MEMBER)
PATH = whose.OWN + "/{request:uuid}/letters/{letter}"
#: What each is called in a list.
LETTERS: Mapping[Kind, str] = {
    Kind.ACKNOWLEDGEMENT: mark("Receipt of your request"),
    Kind.IDENTITY_QUERY: mark("Question about who asked"),
    Kind.EXTENSION: mark("Why it takes longer"),
    Kind.REFUSAL: mark("Why we do not do it, and where you can complain"),
    Kind.ANSWER: mark("The answer"),
    Kind.RELEASE: mark("The restriction is about to end"),
    Kind.FAREWELL: mark("What was erased, and what stays"),
}


@dataclass(frozen=True)
class Letter(View):
    """`written`: its day, in its own `language`; `back`: the request's page; `paper`: its PDF."""

    template: ClassVar[str] = "member/letter.html"
    title: ClassVar[str] = mark("A letter to you")

    subject: str
    language: str
    day: date
    written: str
    greeting: str
    blocks: Sequence[Block]
    closing: str
    sender: str
    back: str
    paper: str


@pages("GET", PATH)
async def see(asked: Asked) -> Letter:
    """The letter's words."""
    letter, back = await _opened(asked)
    return Letter(
        subject=letter.subject,
        language=letter.language,
        day=letter.day,
        written=Language.of(letter.language).date(letter.day),
        greeting=letter.greeting,
        blocks=letter.blocks,
        closing=letter.closing,
        sender=letter.sender.name,
        back=back,
        paper=f"{back}/letters/{letter.kind}/paper",
    )


@pages("GET", PATH + "/paper")
async def paper(asked: Asked) -> File:
    """The same as a PDF; drawn in another thread."""
    letter, _ = await _opened(asked)
    drawn = await asyncio.to_thread(sheets.pdf, letter)
    return File(drawn, "application/pdf", f"{letter.kind}.pdf")


async def _opened(asked: Asked) -> tuple[Written, str]:
    found = await whose.request_of(asked)
    kind = kind_named(str(asked.path["letter"]))
    if wants_proof(kind, found.right) and not asked.proved_lately:
        raise SecondProofNeeded("a second proof is needed", place="letter")
    return await desk.opened(asked.unit, asked.act, found.id, kind), whose.at(found.id)
