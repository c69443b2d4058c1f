"""Double opt-in: a member confirms by the link they were sent that the yes was theirs.

No sign-in: the letter went to an address that only they read. Opening the link changes nothing.
"""

from api.http.doors import Asked, Doors, Media
from api.http.one_button import HTML, language_of, page
from api.links import Kind, links_of, unknown_link
from audit.acts import Act
from audit.entries import ActorType
from consent import confirming
from consent.confirming import Request
from consent.errors import GuardianUnknown
from consent.programmes import notices
from profiles import members

public = Doors(None)


@public("GET", "/v1/confirm/{token}", media=HTML, problems=(404,))
async def ask(asked: Asked) -> Media:
    """The page that shows what would be confirmed; changes nothing."""
    link = links_of(asked.tillit).open(Kind.CONFIRM, str(asked.path["token"]))
    unit = asked.unit
    member = (await members.load(unit, [link.member])).get(link.member)
    if member is None:
        raise unknown_link()
    found = await confirming.request(unit, asked.active, member, link.purpose, link.id)
    if found is None:
        raise unknown_link()
    if found.answered:
        return page(asked, "confirmed", language=_language(asked, found))
    texts = await notices(unit.session)
    notice = texts.get(found.said.notice or b"", "")
    return page(asked, "confirm", language=_language(asked, found), notice=notice)


@public("POST", "/v1/confirm/{token}", media=HTML, problems=(404,))
async def confirm(asked: Asked) -> Media:
    """Confirm the yes; every answer from now on heeds it. Needs no body and no sign-in.

    Answers the same when it was confirmed before, and writes nothing then. 404 when they have
    said no since, or the link has run out.
    """
    link = links_of(asked.tillit).open(Kind.CONFIRM, str(asked.path["token"]))
    unit = asked.unit
    member = (await members.load(unit, [link.member], lock=True)).get(link.member)
    if member is None:
        raise unknown_link()
    act = Act(ActorType.MEMBER, member.key.subject().hex(), programme=asked.active.version)
    try:
        found = await confirming.confirm(
            unit, act, asked.active, member, purpose=link.purpose, row=link.id
        )
    except GuardianUnknown:
        raise unknown_link() from None
    if found is None:
        raise unknown_link()
    return page(asked, "confirmed", language=_language(asked, found))


def _language(asked: Asked, found: Request) -> str:
    """The language in which they were asked, as what they confirm is in."""
    return found.said.language or language_of(asked)
