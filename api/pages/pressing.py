"""A press that is repeated: what it would do was done by the first, and it leads on all the same.

Without a script nothing keeps a button from being pressed twice, and the browser shows what came of
the last press alone. So a page whose form makes a new session gives the browser a nonce, and the
session's token follows from it: within a minute the same browser gets the same session, and who
knows the link or the former token, but not the nonce, gets none.

A form that makes something new holds a nonce itself, one each time its page is shown
(`{{ once() }}`): what one officer sends twice from there within a minute, word for word, is done
once.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Annotated

import msgspec

from api.pages import guarding
from api.pages.asked import Asked
from api.people import limits, sessions, tokens
from api.people.people import Kind, Person

HOLDS = timedelta(minutes=1)
_WHAT = "pressed"

#: What `{{ once() }}` writes into a form; empty for one that nobody has seen.
Press = Annotated[str, msgspec.Meta(max_length=32)]


async def again(asked: Asked, press: str, said: msgspec.Struct) -> bool:
    """Whether the form with this nonce, and with this in it, was done a moment ago.

    Who presses at the same time waits for the first: if that is refused, the second counts.
    """
    if not press:
        return False
    path = sorted((name, str(value)) for name, value in asked.path.items())
    sent = msgspec.msgpack.encode((type(said).__name__, path, said))
    whose = asked.keys.mark(_WHAT, "form", asked.act.actor, press, sha256(sent).digest())
    return not await limits.take(asked.unit, limits.What.PRESSES, whose)


def by_link(asked: Asked, link: str) -> str | None:
    """The token of the session that this browser begins with a link."""
    return _token(asked, "link", link)


def by_proof(asked: Asked) -> str | None:
    """The token that this browser's session has after a second proof."""
    cookie = guarding.session_cookie(asked.tillit.settings)
    former = asked.cookies.get(cookie)
    return None if former is None else _token(asked, "proof", former)


async def done(asked: Asked, token: str | None) -> Person | None:
    """Whose session it is, where the same press has made it a moment ago and it goes on."""
    if token is None:
        return None
    person = await sessions.found(asked.unit, asked.active, asked.keys, token)
    if person is None or person.begun is None:
        return None
    made = max(person.begun, person.stepped_up or person.begun)
    return person if abs(asked.unit.now - made) <= HOLDS else None


async def proved(asked: Asked, kind: Kind | None = None) -> Person | None:
    """Whose session it is, where the same press has given the second proof a moment ago."""
    person = await done(asked, by_proof(asked))
    if person is None or person.stepped_up is None or kind not in (None, person.kind):
        return None
    return person


def _token(asked: Asked, by: str, what: str) -> str | None:
    """Nothing for a browser without a nonce of ours: its press makes a token of chance."""
    nonce = asked.cookies.get(guarding.press_cookie(asked.tillit.settings), "")
    if tokens.digest(nonce) is None:
        return None
    return tokens.written(asked.keys.mark(_WHAT, by, nonce, what))
