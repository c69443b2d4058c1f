"""Pages for whoever comes by: the way in, and the language to read in."""

import msgspec

from api.pages import guarding
from api.pages.answers import Go
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.frames import first_at_desk
from api.pages.onward import HOME
from api.people.people import Kind
from dsar.languages import LANGUAGES

pages = Pages(None)
desk, own = Pages(Kind.OFFICER), Pages(Kind.MEMBER)


class WantedLanguage(msgspec.Struct, forbid_unknown_fields=True):
    """One of the five, and the page to come back to."""

    language: str
    back: str = "/"


@pages("GET", "/")
async def enter(asked: Asked) -> Go:
    """To one's own pages, or to the sign-in."""
    return Go(HOME[asked.person.kind] if asked.person is not None else "/sign-in")


@desk("GET", HOME[Kind.OFFICER])
async def sit_down(asked: Asked) -> Go:
    """To the first page that the officer's role includes."""
    return Go(first_at_desk(asked))


@own("GET", "/my")
async def come_home(_: Asked) -> Go:
    """To the first of a member's pages."""
    return Go(HOME[Kind.MEMBER])


@pages("POST", "/language")
async def speak(_: Asked, wanted: WantedLanguage) -> Go:
    """Read on in another language; it holds in this browser for a year, and says nothing else."""
    back = guarding.local(wanted.back, otherwise="/")
    if wanted.language not in LANGUAGES:
        return Go(back)
    return Go(back, cookies={guarding.LANGUAGE: wanted.language})
