"""A request keeps its member's language, and everything that is written about it is in that one."""

import at_the_desk
import pytest
from at_the_books import Books

from api import work as worker
from api.bootstrap import SYSTEM
from audit.browsing import naming
from dsar import deciding, register
from dsar.letters import desk
from dsar.letters.kinds import Kind
from dsar.states import Right
from profiles import members

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
        await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        letter = await desk.opened(work.unit, SYSTEM, asked.id, Kind.ACKNOWLEDGEMENT)
        assert (letter.language, letter.subject) == (kept, SUBJECTS[kept])
        answered = await desk.opened(work.unit, SYSTEM, asked.id, Kind.ANSWER)
        assert answered.language == kept


@pytest.mark.parametrize(
    ("again", "kept"), [("fi", "fi"), ("no", "nb"), ("de", "sv"), (None, "sv")]
)
async def test_who_asks_again_in_their_language_is_answered_in_it(
    books: Books, again: str | None, kept: str
) -> None:
    """An officer has opened it, who named none."""
    anna = await books.joins()
    async with books.tillit.unit() as work:
        asked = await at_the_desk.opened(work, Right.ACCESS, anna)
        joined = await at_the_desk.opened(work, Right.ACCESS, anna, language=again)
        assert (joined.id, joined.joined, joined.language) == (asked.id, True, kept)
        subject = (await members.one(work.unit, anna)).key.subject()
        trust = work.unit.record.trust
        said = await naming(work.session, str(asked.id), subject=subject, trust=trust)
        assert [one.facts.get("language") for one in said if one.facts.get("step") == "join"] == [
            kept if again in ("fi", "no") else None
        ]
        await deciding.approve(work.unit, SYSTEM, work.active, asked.id)
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        answered = await desk.opened(work.unit, SYSTEM, asked.id, Kind.ANSWER)
        assert answered.language == kept


async def test_what_is_decided_keeps_its_language(books: Books) -> None:
    anna = await books.joins()
    async with books.tillit.unit() as work:
        asked = await at_the_desk.approved(work, Right.ACCESS, anna, language="nb")
        joined = await at_the_desk.opened(work, Right.ACCESS, anna, language="fi")
        assert (joined.id, joined.language) == (asked.id, "nb")
