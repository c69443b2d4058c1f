"""What a function gives for each value, worked out once: members buy the same again."""

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Once(dict[Key, Value]):
    """Keeps what `work` gave. Made for one file and gone with it: it holds a member's data."""

    def __init__(self, work: Callable[[Key], Value]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, key: Key) -> Value:
        found = self[key] = self._work(key)
        return found

    def __repr__(self) -> str:
        return "Once(***)"
