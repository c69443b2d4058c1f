"""Pages, declared one by one: whose they are, where they are, and what is needed to see them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from api.pages.asked import Asked
from api.people.people import Kind
from consent.programme import Ability

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Any]])
#: Bytes of a form: three texts of the longest kind there is, each sign as three times ``%XX``.
LIMIT = 256 << 10


@dataclass(frozen=True)
class Page:
    """One method of one address.

    `kind`: whose page it is, None for everybody's. `ability`: what an officer's role has to give.
    `proved`: only after a second proof within the last minutes; who has not given one is asked
    for it, and comes back. `half`: an officer may see it before their second factor.
    """

    method: str
    path: str
    handle: Callable[..., Awaitable[Any]]
    kind: Kind | None
    ability: Ability | None = None
    query: Sequence[str] = ()
    proved: bool = False
    half: bool = False
    #: Also for who signed in by an address that was changed lately (`Person.settled`).
    unsettled: bool = False
    limit: int = LIMIT
    #: Its form may hold a file.
    file: bool = False
    #: Any page of ours may send its form, also one from before the session's token was another.
    any_form: bool = False
    #: Its form makes a new session: pressed twice in one browser, it makes the same one.
    presses: bool = False
    #: It holds a frame with a page of ours.
    frames: bool = False

    @property
    def takes(self) -> Any:
        """The shape of the form, None for a page that reads none."""
        hints = get_type_hints(self.handle)
        return next((hint for name, hint in hints.items() if _is_form(name, hint)), None)

    @property
    def gives(self) -> Any:
        return get_type_hints(self.handle)["return"]


def _is_form(name: str, hint: Any) -> bool:
    return name != "return" and hint is not Asked


class Pages:
    """The pages of one kind of person."""

    def __init__(self, kind: Kind | None) -> None:
        self._kind = kind
        self.all: list[Page] = []

    def __call__(self, method: str, path: str, **how: Any) -> Callable[[Handler], Handler]:
        """Declare a page; see `Page` for what else can be said."""

        def declare(handle: Handler) -> Handler:
            page = Page(method, path, handle, self._kind, **how)
            if page.ability is not None and page.kind is not Kind.OFFICER:
                raise TypeError(f"{path}: only officers have abilities")
            self.all.append(page)
            return handle

        return declare
