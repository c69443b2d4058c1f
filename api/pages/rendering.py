"""From a page's context to HTML: one environment a language, with everything escaped.

Templates say texts with `_`, and get `page`, their context, and `frame`, what stands around it.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.pages import static
from api.pages.answers import View
from api.pages.speaking import Speaking, endonym, texts
from dsar.languages import LANGUAGES

TEMPLATES = Path(__file__).parent / "templates"
EXTENSIONS = ("jinja2.ext.i18n",)


@dataclass(frozen=True)
class Link:
    """One of a navigation's: `text` in the language already."""

    to: str
    text: str
    here: bool


@dataclass(frozen=True)
class Frame:
    """What stands around every page.

    `kind`: ``member``, ``officer`` or empty; `said`: what was done just now, in words; `form`: the
    token that a form of a signed-in person holds; `path`: this page's own address; `settled`: as a
    `Person` has it.
    """

    controller: str
    contact: str
    kind: str
    name: str
    links: tuple[Link, ...]
    path: str
    said: str = ""
    settled: bool = True
    form: str = field(default="", repr=False)


@cache
def environment(code: str) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=list(EXTENSIONS),
    )
    made.install_gettext_translations(texts(code), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(static=static.address, languages=[(one, endonym(one)) for one in LANGUAGES])
    return made


def html(view: View, frame: Frame, speaking: Speaking) -> str:
    """A whole page."""
    return (
        environment(speaking.code)
        .get_template(view.template)
        .render(
            page=view,
            frame=frame,
            title=speaking.say(view.title),
            lang=speaking.code,
            speak=speaking,
            day=speaking.day,
            moment=speaking.moment,
            number=speaking.number,
            listed=speaking.listed,
            csrf=lambda: _hidden("form", frame.form),
            once=lambda: _hidden("press", uuid4().hex),
        )
    )


def _hidden(name: str, value: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(name, value)
