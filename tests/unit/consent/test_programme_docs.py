"""docs/programme.md says all there is to say, and what it shows works."""

import re
from pathlib import Path

import pytest

from consent.policy import Denied
from consent.programme import Ability, Action, LegalBasis, check_programme
from consent.programme.declarations import (
    Declaration,
    FieldDeclaration,
    OfficerRole,
    Purpose,
    Retention,
    TraitDeclaration,
)
from consent.programme.loading import SECTIONS
from consent.programme.parties import Controller
from profiles.values import FieldType

PAGE = (Path(__file__).parents[3] / "docs" / "programme.md").read_text()


def section(title: str) -> str:
    found = re.search(rf"^### \[{title}[^\n]*\n(.*?)(?=^##)", PAGE, re.M | re.S)
    assert found, f"no section on {title}"
    return found[1]


KEYS: list[tuple[str, type[Declaration]]] = [
    ("controller", Controller),
    ("fields", FieldDeclaration),
    ("traits", TraitDeclaration),
    ("purposes", Purpose),
    ("officers", OfficerRole),
    ("retention", Retention),
]


@pytest.mark.parametrize(("title", "kind"), KEYS)
def test_every_key_is_explained_and_no_other(title: str, kind: type[Declaration]) -> None:
    keys = set(kind.model_fields) - ({"name"} if title != "controller" else set())
    explained = set(re.findall(r"^\| `(\w+)` \|", section(title), re.M))
    if title == "officers":
        assert "`can`" in section(title)
        assert explained == set(Ability)
    else:
        assert explained == keys


def test_every_table_has_its_section() -> None:
    assert set(re.findall(r"^### \[(\w+)", PAGE, re.M)) == set(SECTIONS)


def test_every_action_basis_type_and_reason_is_explained() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", section("services"), re.M)) == set(Action)
    for word in (*LegalBasis, *FieldType, *Denied):
        assert f"`{word}`" in PAGE


def test_the_programme_on_the_page_is_good() -> None:
    (source,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    checked = check_programme(source)
    assert (checked.errors, checked.warnings) == ((), ())


def test_the_mistakes_on_the_page_read_as_the_program_writes_them() -> None:
    (source,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    spoilt = source.replace('"email"]', '"emial"]').replace(
        'country = "NO"', 'country = "NO"\nlanguages = ["nb", "en"]'
    )
    for problem in check_programme(spoilt).errors:
        assert str(problem) in PAGE
