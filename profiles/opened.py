"""A value that has been opened: shown by nothing but whoever was meant to see it."""

from dataclasses import dataclass
from datetime import datetime

from profiles.values import Value


@dataclass(frozen=True, slots=True)
class Opened:
    """One value with where it came from and since when."""

    value: Value
    source: str
    at: datetime

    def __repr__(self) -> str:
        return "Opened(***)"
