"""The remedy for a name that nothing bears: the nearest one, or all of them when they are few."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import islice

_FEW = 12
_LONGEST = 60
_MANY = 1000  # more than there are time zones
_SOMEBODYS = re.compile(r"@|\d(?:[ -]?\d){5}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'tier'?``, else the names there are, else nothing."""
    names = sorted(str(name) for name in known)
    if close := _nearest(word, names, n=1, cutoff=0.6):
        return f"did you mean {close[0]!r}?"
    return "choose one of " + ", ".join(names) if 0 < len(names) <= _FEW else ""


def close_to(word: str, known: Iterable[str]) -> str:
    """Up to three names that resemble `word`, for vocabularies too long to list."""
    close = _nearest(word, [str(name) for name in known], n=3, cutoff=0.5)
    return "did you mean " + " or ".join(close) + "?" if close else ""


def _nearest(word: str, names: Sequence[str], *, n: int, cutoff: float) -> list[str]:
    """The names that resemble `word` most. Comparing is slow: long lists are cut short first."""
    sought = word.lower()
    if len(sought) > _LONGEST:
        return []
    folded = {name.lower(): name for name in names}
    if len(folded) > _MANY:
        alike = (one for one in folded if one[:1] == sought[:1])
        folded = {one: folded[one] for one in islice(alike, _MANY)}
    return [folded[one] for one in get_close_matches(sought, folded, n=n, cutoff=cutoff)]


def shown(name: str) -> str:
    """A name in quotes, cut short, safe to print whatever was typed.

    What may be somebody's e-mail address, telephone or personal number is left out: ``'…'``.
    """
    if _SOMEBODYS.search(name):
        return "'…'"
    return repr(name if len(name) <= _LONGEST else name[:_LONGEST] + "…")
