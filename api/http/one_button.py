"""Pages that a link leads to: one question, one button, and what came of it.

For people without a sign-in, in a language they read. No script, nothing from elsewhere, and
nothing but what a policy with every door shut lets a browser do: send the one form back.
"""

import base64
import tomllib
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.http.doors import Asked, Media
from dsar.languages import shown_in

HTML = "text/html; charset=utf-8"
_TEMPLATES = Path(__file__).parent / "templates"
PAGES = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STYLE = (_TEMPLATES / "one_button.css").read_text("utf-8").strip()
_WORST = 32  # languages that are looked at


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page says; ``{controller}`` and ``{channel}`` are filled in. No button: it is done."""

    title: str
    text: str
    button: str | None = None


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every page in one language."""

    unsubscribe: Words
    unsubscribe_channel: Words
    unsubscribed: Words
    confirm: Words
    confirmed: Words
    answer: Words
    answered: Words
    channels: dict[str, str]


#: By language, as templates/one_button.toml has them.
TEXTS: dict[str, Texts] = msgspec.convert(
    tomllib.loads((_TEMPLATES / "one_button.toml").read_text("utf-8")), dict[str, Texts]
)
_ELSE = "en"


def policy(style: str = STYLE) -> str:
    """The pages' Content-Security-Policy: their own style, and their form sent back here."""
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


#: The address is the right to what it does: it is kept nowhere, and told to nobody.
HEADERS = {
    "Content-Security-Policy": policy(),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


def language_of(asked: Asked) -> str:
    """The first language the reader wants that members are served in; else English or the first
    of those, in the order in which texts are shown everywhere (`dsar.languages.shown_in`)."""
    return preferred(asked.headers.get("accept-language", ""), asked.active.programme.languages)


def preferred(header: str, served: Sequence[str]) -> str:
    """Of the languages served, the one an `Accept-Language` (RFC 9110, 12.5.4) wants most."""
    wanted: list[tuple[float, str]] = []
    for part in header.split(",")[:_WORST]:
        tag, _, weight = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        wanted.append((_weight(weight), {"no": "nb", "nn": "nb"}.get(language, language)))
    wanted.sort(key=lambda one: -one[0])
    there = (language for weight, language in wanted if weight > 0 and language in served)
    wants = next((language for weight, language in wanted if weight > 0 and language != "*"), "")
    return next(there, "") or (
        shown_in(served, reader=wants, first=served[0]) if wants else served[0]
    )


def page(
    asked: Asked, which: str, *, language: str, notice: str = "", channel: str | None = None
) -> Media:
    """One of the pages. Where we have no words in the language, they are English."""
    spoken = language if language in TEXTS else _ELSE
    texts = TEXTS[spoken]
    words: Words = getattr(texts, which)
    controller = asked.active.programme.controller.name
    filled = {"controller": controller, "channel": texts.channels.get(channel or "", "")}
    content = PAGES.get_template("one_button.html").render(
        style=STYLE,
        language=spoken,
        controller=controller,
        title=words.title.format(**filled),
        text=words.text.format(**filled),
        button=words.button,
        notice=notice,
    )
    return Media(content.encode(), HTML, headers=HEADERS)


def _weight(text: str) -> float:
    """The weight of a language, 1 when none is given and 0 for what is none."""
    name, _, number = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        weight = float(number)
    except ValueError:
        return 0.0
    return weight if name.strip() == "q" and 0 <= weight <= 1 else 0.0
