"""By what somebody is signed in, in two words of closed lists: all that is kept of a User-Agent."""

from collections.abc import Sequence
from dataclasses import dataclass

OTHER = "other"
#: The first that fits: browsers pose as those they came after.
_BROWSERS: Sequence[tuple[str, str]] = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Sequence[tuple[str, str]] = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)
BROWSERS = sorted({name for _, name in _BROWSERS} | {OTHER})
SYSTEMS = sorted({name for _, name in _SYSTEMS} | {OTHER})
_LONGEST = 1_024  # characters that are looked at


@dataclass(frozen=True)
class Device:
    """`browser`: one of `BROWSERS`; `system`: one of `SYSTEMS`."""

    browser: str = OTHER
    system: str = OTHER

    def __str__(self) -> str:
        return f"{self.browser} on {self.system}"


def device(user_agent: str) -> Device:
    """What a User-Agent comes to; ``other`` for what is not on the lists."""
    seen = user_agent[:_LONGEST]
    return Device(_first(_BROWSERS, seen), _first(_SYSTEMS, seen))


def _first(list_: Sequence[tuple[str, str]], seen: str) -> str:
    return next((name for sign, name in list_ if sign in seen), OTHER)
