"""Every text of every page is in every language, and no template holds one of its own."""

import re
from collections.abc import Iterator
from dataclasses import fields
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2 import nodes
from jinja2.ext import babel_extract

import api.pages
from api.pages.all import PAGES
from api.pages.answers import View
from api.pages.rendering import EXTENSIONS, TEMPLATES, environment
from dsar.languages import LANGUAGES

FOLDER = Path(api.pages.__file__).parent
LOCALES = FOLDER / "locales"
_OPTIONS = {"extensions": ",".join(EXTENSIONS), "trimmed": "false", "silent": "false"}
_PLACE = re.compile(r"%\((\w+)\)s")


def _templates() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


def _in_templates() -> Iterator[str]:
    for path in _templates():
        found = babel_extract(
            BytesIO(path.read_bytes()), ("_", "gettext", "ngettext"), [], _OPTIONS
        )
        for _, _, message, _ in found:
            yield from (
                one for one in (message if isinstance(message, tuple) else [message]) if one
            )


def _in_python() -> Iterator[str]:
    """What is marked, or said, in the pages' own modules."""
    for path in sorted(FOLDER.rglob("*.py")):
        for found in extract("python", BytesIO(path.read_bytes()), {"mark": None, "say": None}):
            message = found[1]
            yield from ([message] if isinstance(message, str) else message)


def _said() -> set[str]:
    return {*_in_templates(), *_in_python()}


def _catalogue(language: str) -> dict[str, list[tuple[str, str]]]:
    """By English text: the file it stands in, and what it is there."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted((LOCALES / language).glob("*.po")):
        for message in read_po(BytesIO(path.read_bytes()), locale=language):
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            for at, id in enumerate(ids):
                if id:
                    found.setdefault(id, []).append((path.name, texts[min(at, len(texts) - 1)]))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing_in_any_language(language: str) -> None:
    known = _catalogue(language)
    missing = sorted(one for one in _said() if not known.get(one, [("", "")])[0][1])
    assert not missing, f"{len(missing)} texts lack {language}:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_stands_once_and_is_said_by_a_page(language: str) -> None:
    known, said = _catalogue(language), _said()
    assert {one: where for one, where in known.items() if len(where) > 1} == {}
    assert sorted(known.keys() - said) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_fills_in_what_the_english_does(language: str) -> None:
    differ = {
        one
        for one, [(_, text), *_] in _catalogue(language).items()
        if text and set(_PLACE.findall(one)) != set(_PLACE.findall(text))
    }
    assert differ == set()


def test_english_says_what_the_key_says() -> None:
    assert {one: text for one, [(_, text), *_] in _catalogue("en").items() if one != text} == {}


@pytest.mark.parametrize("path", _templates(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_holds_a_text_of_its_own(path: Path) -> None:
    tree = environment("en").parse(path.read_text("utf-8"))
    plain = "".join(
        part.data if isinstance(part, nodes.TemplateData) else "\x00"
        for output in tree.find_all(nodes.Output)
        for part in output.nodes
    )
    plain = re.sub(r"<!--.*?-->|<[^<>]*>", " ", plain, flags=re.DOTALL)
    words = [one for one in re.findall(r"[^\W\d_]{2,}", plain) if one not in _NO_TEXT]
    assert words == []


#: What reads the same in every language.
_NO_TEXT = {"Tillit", "CSV", "JSON", "PDF", "TOTP", "ndash", "middot", "nbsp", "mdash"}


def _views() -> list[type[View]]:
    return sorted(_below(View), key=lambda one: one.__name__)


def _below(kind: type[View]) -> Iterator[type[View]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


@pytest.mark.parametrize("view", _views(), ids=lambda view: view.__name__)
def test_a_template_asks_its_page_for_what_it_has(view: type[View]) -> None:
    assert PAGES
    known = {one.name for one in fields(view)} | {
        name for name in dir(view) if isinstance(getattr(view, name), property)
    }
    source = environment("en").loader.get_source(environment("en"), view.template)[0]  # type: ignore[union-attr]
    asked = {
        node.attr
        for node in environment("en").parse(source).find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name) and node.node.name == "page"
    }
    assert asked <= known, f"{view.template} asks for {asked - known}"
    assert {one.name for one in fields(view)} <= asked, "nothing is put in that nobody shows"


def test_every_template_is_some_pages() -> None:
    shown = {view.template for view in _views()}
    files = {str(path.relative_to(TEMPLATES)) for path in _templates()}
    assert {one for one in files - shown if not Path(one).name.startswith(("base", "_"))} == set()


def test_a_childs_guardian_is_called_the_same_in_danish_wherever_they_are_named() -> None:
    # An adult's guardian is a `værge`; whoever answers for a child is not.
    for folder in ("api/pages/locales/da", "dsar/locales/da"):
        for path in Path(folder).glob("*.po"):
            assert "værge" not in path.read_text("utf-8").lower(), path
