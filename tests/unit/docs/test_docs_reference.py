"""Settings, entries and errors: the pages have each of them, and nothing that is not there."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import api
import audit
import consent
import dsar
import kernel
import profiles
from api.http.problems import status_of
from api.settings import Settings, read_settings
from audit.entries import Kind
from kernel.errors import TillitError

ROOT = Path(__file__).parents[3]
ROOMS: tuple[ModuleType, ...] = (kernel, audit, profiles, consent, dsar, api)
#: A problem that the router alone finds: no place of ours names its status.
ROUTER = {"method-not-allowed": 405}


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def test_every_setting_is_documented_and_no_other() -> None:
    read = set(re.findall(r'"(TILLIT_[A-Z_]+)"', (ROOT / "api/settings.py").read_text("utf-8")))
    assert len(read) >= 5
    assert set(re.findall(r"^\| `(TILLIT_[A-Z_]+)` \|", page("settings.md"), re.M)) == read
    assert set(re.findall(r"TILLIT_[A-Z_]+", page("settings.md"))) == read


def test_defaults_are_those_that_are_documented() -> None:
    made: Settings = read_settings({})
    text = page("settings.md")
    for path in (made.root_key, made.record_key, made.token_key):
        assert f"`{path.relative_to(made.data)}` in the data folder" in text
    assert f"`{made.data.name}` in the working folder" in text
    assert f"`{made.journal.name}`" in text
    assert f"`{made.checkpoint.name}`" in text


def test_every_kind_of_entry_is_documented_once_and_no_other() -> None:
    found = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", page("entries.md"), re.M)
    assert sorted(found) == sorted(Kind)


def test_every_key_of_an_entry_is_documented() -> None:
    source = (ROOT / "audit" / "entries.py").read_text("utf-8")
    keys = set(re.findall(r'^        "(\w+)":', source, re.M))
    assert keys >= {"id", "at", "kind", "facts"}
    table = page("entries.md").partition("## Programme")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == keys


def test_every_error_is_documented_with_its_status_and_no_other() -> None:
    kinds: list[type[TillitError]] = [TillitError, *errors()]
    expected = ROUTER | named_at_the_doors() | {kind.slug: status_of(kind("")) for kind in kinds}
    over_http = page("errors.md").partition("## On the command line alone")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", over_http, re.M)
    assert len(rows) == len(set(rows))
    assert {slug: int(status) for slug, status in rows} == expected


def named_at_the_doors() -> dict[str, int]:
    """The problems that are no `TillitError`: the HTTP doors name slug and status where they make
    one."""
    sources = [file.read_text("utf-8") for file in sorted((ROOT / "api" / "http").glob("*.py"))]
    found = [one for text in sources for one in re.findall(r'problem\("([a-z-]+)", (\d{3})', text)]
    assert len(found) >= 4
    return {slug: int(status) for slug, status in found}


def test_every_mistake_that_only_a_command_can_make_is_documented_and_no_other() -> None:
    door = (ROOT / "api" / "cli" / "door.py").read_text("utf-8")
    over_http, _, on_the_command_line = page("errors.md").partition("## On the command line alone")
    told = set(re.findall(r'_tell\(manners, "([a-z-]+)"', door))
    assert len(told) >= 5
    shared = set(re.findall(r"^\| `([a-z-]+)` \|", over_http, re.M))
    alone = set(re.findall(r"^\| `([a-z-]+)` \| \d+ \|", on_the_command_line, re.M))
    assert alone == told - shared


def errors(root: type[TillitError] = TillitError) -> Iterator[type[TillitError]]:
    """Every error there is, once every module of every room has been imported."""
    if root is TillitError:
        for room in ROOMS:
            for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
                if not module.name.endswith("__main__"):
                    importlib.import_module(module.name)
    for kind in root.__subclasses__():
        if kind.__module__.split(".")[0] in {room.__name__ for room in ROOMS}:
            yield kind
            yield from errors(kind)
