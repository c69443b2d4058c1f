"""A sixth language, made when it is needed: English, accented, in brackets, and longer.

What a page shows outside brackets came from no catalogue: it is a value, or somebody has written
a text into a template. It takes the place of English in this process, through the catalogues'
own reading, so that nothing else of the pages is another's.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po

from api.pages import rendering, speaking
from dsar import languages
from dsar.packages import wording

OPEN, SHUT = "⟦", "⟧"
#: Finnish takes a good third more room than English does.
LONGER = 0.4
_ACCENTED = str.maketrans("aeioucnysdAEIOUCNYSD", "áéíóúçñýšďÁÉÍÓÚÇÑÝŠĎ")
#: What is filled in stays as it is, and so does what a template makes of markup.
_KEPT = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}|<[^>]+>|&\w+;")
_CACHES: tuple[Any, ...] = (
    languages.translations,
    speaking.texts,
    rendering.environment,
    wording._translated,
)


def pseudo(text: str) -> str:
    """A text of that language."""
    parts, at = [], 0
    for kept in _KEPT.finditer(text):
        parts += [text[at : kept.start()].translate(_ACCENTED), kept.group()]
        at = kept.end()
    said = "".join([*parts, text[at:].translate(_ACCENTED)])
    padding = ("lóňg " * (round(len(text) * LONGER) // 5 + 1)).strip()
    return f"{OPEN}{said} {padding}{SHUT}"


@contextmanager
def spoken() -> Iterator[None]:
    """English is that language inside the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(languages, "read_po", _read)
        _forget()
        yield
    _forget()


def outside(text: str) -> str:
    """What stands in no brackets."""
    found, depth = [], 0
    for sign in text:
        depth += sign == OPEN
        if depth == 0:
            found.append(sign)
        depth -= sign == SHUT
        if sign == SHUT and depth == 0:
            found.append(" ")
    return "".join(found)


def _read(file: IO[bytes], locale: str, **how: Any) -> Catalog:
    catalogue = read_po(file, locale=locale, **how)
    if locale == languages.ENGLISH:
        for message in catalogue:
            if not message.id:
                continue
            said = message.string or message.id
            message.string = (
                tuple(pseudo(one) for one in (said if any(said) else message.id))
                if isinstance(said, tuple | list)
                else pseudo(said)
            )
    return catalogue


def _forget() -> None:
    for cache in _CACHES:
        cache.cache_clear()
