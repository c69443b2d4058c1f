"""The pages of a package: `index.html`, to read offline, and `README.txt`, in one language.

One file each, without script and with nothing from elsewhere: it opens in ten years' time on a
machine without a network. What stands in it was escaped, whatever a member is called.
"""

import base64
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from dsar.packages import rows
from dsar.packages.wording import Wording

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE = Markup(  # noqa: S704 - our own file
    (Path(__file__).parents[1] / "templates" / "package.css").read_text("utf-8")
)
#: Nothing is loaded and nothing runs but this very style: not even what slipped into a value.
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)


def access_page(told: Mapping[str, Any], wording: Wording) -> str:
    """The page of an access package: all of `told`, to read."""
    words = _words(wording)
    template = _TEMPLATES.get_template("rows.html")
    bought = rows.purchases(template, words, told["purchases"], wording)
    return _TEMPLATES.get_template("package.html").render(
        {**told, **words, "bought": bought, "style": _STYLE, "policy": _POLICY}
    )


def access_readme(told: Mapping[str, Any], wording: Wording) -> str:
    """What each file is, and how to check the proofs."""
    return _filled(_rendered("package.txt", told, wording))


def portable_readme(told: Mapping[str, Any], wording: Wording, why: tuple[str, ...]) -> str:
    """What each file is, and why something is not in it (`why`: English sentences)."""
    said = [wording.say(one) for one in why]
    return _filled(_rendered("portable.txt", {**told, "why": said}, wording))


def _rendered(name: str, told: Mapping[str, Any], wording: Wording) -> str:
    return _TEMPLATES.get_template(name).render({**told, **_words(wording)})


def _words(wording: Wording) -> dict[str, Any]:
    """What templates say things with, in one language."""
    return {
        "say": wording.say,
        "many": wording.many,
        "day": wording.day,
        "moment": wording.moment,
        "article": wording.article,
        "listed": wording.language.listed,
        "code": wording.language.code,
    }


def _filled(text: str) -> str:
    """Lines of at most 78 characters, and no more than one empty line between two."""
    lines = []
    for line in text.splitlines():
        indent = re.match(r"\s*", line)
        assert indent is not None
        lines += _folded(line.split(), indent.group()) if len(line) > 78 else [line.rstrip()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _folded(words: list[str], indent: str) -> list[str]:
    lines, line = [], indent
    for word in words:
        if len(line) + len(word) > 77 and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += word + " "
    return [*lines, line.rstrip()]
