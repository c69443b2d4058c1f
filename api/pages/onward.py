"""Where somebody goes on to, once they have signed in or given a second proof: a page of theirs.

It is carried in addresses and hidden fields; whatever is no page of theirs leads to their first.
"""

from urllib.parse import urlencode

from api.pages import guarding
from api.people.people import Kind

HOME = {Kind.MEMBER: "/my/choices", Kind.OFFICER: "/desk"}
SIGN_IN = {Kind.MEMBER: "/sign-in", Kind.OFFICER: "/sign-in/desk"}
_OWN = {Kind.MEMBER: "/my/", Kind.OFFICER: "/desk/"}
LONGEST = 200  # characters


def whose(to: str) -> Kind | None:
    """Whose page an address leads to; None for nobody's in particular, and for no page here."""
    if len(to) > LONGEST or not guarding.local(to, otherwise=""):
        return None
    return next((kind for kind, own in _OWN.items() if to.startswith(own)), None)


def onward(to: str, kind: Kind) -> str:
    """There, if it is a page of that kind of person; else their first page."""
    return to if whose(to) is kind else HOME[kind]


def carrying(path: str, to: str, **more: str) -> str:
    """The path, with where to go on from there, and whatever else its address has to say."""
    query = {name: value for name, value in {"next": to, **more}.items() if value}
    return f"{path}?{urlencode(query)}" if query else path
