"""The page about importing says what the program does."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from api.imports import mapping, parse_mapping

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "import.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
MODELS = [one for one in vars(mapping).values() if isinstance(one, type) and one is not BaseModel]


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.startswith("source")])
def test_every_whole_example_is_a_mapping(example: str) -> None:
    parse_mapping(example)


def test_the_example_on_the_page_is_the_example_file() -> None:
    file = (ROOT / "examples" / "online_retail.toml").read_text("utf-8")
    assert tomllib.loads(EXAMPLES[0]) == tomllib.loads(file)


def test_every_key_of_a_mapping_is_on_the_page() -> None:
    keys = {key for one in MODELS if issubclass(one, BaseModel) for key in one.model_fields}
    assert len(keys) > 35
    assert {key for key in keys if not re.search(rf"\b{key}\b", PAGE)} == set()
