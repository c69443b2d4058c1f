"""A request keeps its member's language, and everything that is written about it is in that one."""

import at_the_desk
import pytest
from at_the_books import Books

from api import work as worker
from api.bootstrap import SYSTEM
from dsar import register, requests
from dsar.letters import desk
from dsar.letters.kinds import Kind
from dsar.states import Right

SUBJECTS = {
    "sv": "Vi har tagit emot din begäran",
    "nb": "Vi har mottatt anmodningen din",
    "da": "Vi har modtaget din anmodning",
    "fi": "Olemme vastaanottaneet pyyntösi",
    "en": "We have received your request",
}


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        *((one, one) for one in SUBJECTS),
        ("no", "nb"),
        ("nn-NO", "nb"),
        ("sv-FI", "sv"),
        ("DA-dk", "da"),
        ("de", "sv"),
        ("", "sv"),
        ("<script>", "sv"),
        (None, "sv"),
    ],
)
async def test_a_request_is_answered_in_the_language_that_was_chosen_if_anybody_writes_it(
    books: Books, chosen: str | None, kept: str
) -> None:
    """The programme lists Swedish, Norwegian and English; letters are written in five."""
    anna = await books.joins()
    async with books.tillit.unit() as work:
        assert work.active.programme.languages == ("sv", "nb", "en")
        asked = await at_the_desk.opened(work, Right.ACCESS, anna, language=chosen)
        assert (await register.get(work.unit, asked.id)).language == kept
        await requests.approve(work.unit, SYSTEM, work.active, asked.id)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        letter = await desk.opened(work.unit, SYSTEM, asked.id, Kind.ACKNOWLEDGEMENT)
        assert (letter.language, letter.subject) == (kept, SUBJECTS[kept])
        answered = await desk.opened(work.unit, SYSTEM, asked.id, Kind.ANSWER)
        assert answered.language == kept
