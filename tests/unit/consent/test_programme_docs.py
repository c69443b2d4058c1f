"""docs/programme.md says all there is to say, and what it shows works."""

import re
from pathlib import Path

import pytest

from consent.policy import Denied
from consent.programme import LegalBasis, check_programme
from consent.programme.declarations import Declaration, Service
from consent.programme.loading import SECTIONS
from consent.programme.reference import TABLES_OF_FILE, reference, renewed
from profiles.values import FieldType

PAGE = (Path(__file__).parents[3] / "docs" / "programme.md").read_text()


def test_the_reference_on_the_page_is_what_the_types_say() -> None:
    assert renewed(PAGE) == PAGE, "run python -m consent.programme.reference docs/programme.md"


def test_a_page_that_lost_its_marks_is_not_written_over() -> None:
    with pytest.raises(ValueError, match="marks"):
        renewed("# The programme file\n")


def test_every_table_has_its_section() -> None:
    assert set(re.findall(r"^### \[(\w+)", PAGE, re.M)) == set(SECTIONS)


@pytest.mark.parametrize("kind", [kind for _, kind, _ in TABLES_OF_FILE if kind is not Service])
def test_every_key_is_explained(kind: type[Declaration]) -> None:
    keys = [key for key in kind.model_fields if not (kind.own_name and key == "name")]
    for key in keys:
        assert kind.model_fields[key].description, key
        assert f"| `{key}` |" in PAGE


def test_every_word_of_a_closed_list_is_explained_where_it_is_used() -> None:
    for _, _, lists in TABLES_OF_FILE:
        for word in (word for words in lists for word in words):
            assert word.meaning
            assert f"| `{word}` | {word.meaning} |" in reference()


def test_every_basis_type_and_reason_is_explained() -> None:
    for word in (*LegalBasis, *FieldType, *Denied):
        assert f"`{word}`" in PAGE or f'`"{word}"`' in PAGE


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
