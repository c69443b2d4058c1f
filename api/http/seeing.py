"""What is seen of a request while it runs: route templates and kinds of callers, never values."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

_SEEN = "tillit.seen"


@dataclass
class Seen:
    """What a door tells about the request it ran; filled in as it becomes known."""

    route: str = "none"
    caller: str = "nobody"


def seen_in(scope: MutableMapping[str, Any]) -> Seen:
    """The request's `Seen`."""
    found = scope.setdefault(_SEEN, Seen())
    assert isinstance(found, Seen)
    return found


def instance_of(scope: MutableMapping[str, Any]) -> str:
    """The route that a problem names: never the address as it came, which may hold anything."""
    route = seen_in(scope).route
    return "" if route == "none" else route
