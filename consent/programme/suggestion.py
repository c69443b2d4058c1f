"""The remedy for a name that nothing bears: the nearest one, or all of them when they are few."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_FEW = 12
_LONGEST = 60
_SOMEBODYS = re.compile(r"@|\d(?:[ -]?\d){5}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'tier'?``, else the names there are, else nothing."""
    names = sorted(str(name) for name in known)
    close = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    if not close:
        folded = {name.lower(): name for name in names}
        close = [folded[one] for one in get_close_matches(word.lower(), folded, n=1, cutoff=0.6)]
    if close:
        return f"did you mean {close[0]!r}?"
    return "choose one of " + ", ".join(names) if 0 < len(names) <= _FEW else ""


def close_to(word: str, known: Iterable[str]) -> str:
    """Up to three names that resemble `word`, for vocabularies too long to list."""
    folded = {str(name).lower(): str(name) for name in known}
    close = get_close_matches(word.lower(), folded, n=3, cutoff=0.5)
    return "did you mean " + " or ".join(folded[one] for one in close) + "?" if close else ""


def shown(name: str) -> str:
    """A name in quotes, cut short, safe to print whatever was typed.

    What may be somebody's e-mail address, telephone or personal number is left out: ``'…'``.
    """
    if _SOMEBODYS.search(name):
        return "'…'"
    return repr(name if len(name) <= _LONGEST else name[:_LONGEST] + "…")
