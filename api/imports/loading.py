"""Reads a mapping file, and says what is wrong with it by the key a person wrote."""

import tomllib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from api.imports.errors import MappingRefused
from api.imports.mapping import ConsentsSection, EventsSection, Mapping, MembersSection
from kernel.errors import Problem

_SAYINGS = {
    "missing": "a value is needed",
    "string_type": "must be text, in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must be one character",
    "bool_type": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "dict_type": "must be a table, as in { key = value }",
    "model_type": "must be a table, as in { key = value }",
    "list_type": "must be a list, as in [ value, value ]",
    "too_short": "must name at least one",
    "string_pattern_mismatch": "may hold small letters, digits and - only",
}


def load_mapping(path: Path) -> Mapping:
    """The mapping in a TOML file. Raises `MappingRefused` with every wrong key at once."""
    try:
        return parse_mapping(path.read_text("utf-8"), name=path.name)
    except OSError as error:
        raise MappingRefused(
            f"the mapping cannot be opened ({error.strerror})", place=path.name
        ) from error
    except UnicodeDecodeError as error:
        raise MappingRefused(
            "not UTF-8 text", place=path.name, remedy="a mapping is a TOML file in UTF-8"
        ) from error


def parse_mapping(text: str, *, name: str = "mapping") -> Mapping:
    """The mapping in TOML text; `name` stands in the messages."""
    try:
        return Mapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise MappingRefused(f"not TOML: {error}", place=name) from error
    except ValidationError as error:
        raise MappingRefused.of(
            tuple(_problem(name, detail) for detail in error.errors())
        ) from error


def events_of(mapping: Mapping) -> EventsSection:
    """The section for purchases. Raises `MappingRefused` when there is none."""
    return mapping.events or _lacking(mapping, "events")


def members_of(mapping: Mapping) -> MembersSection:
    """The section for members. Raises `MappingRefused` when there is none."""
    return mapping.members or _lacking(mapping, "members")


def consents_of(mapping: Mapping) -> ConsentsSection:
    """The section for consents. Raises `MappingRefused` when there is none."""
    return mapping.consents or _lacking(mapping, "consents")


def _lacking(mapping: Mapping, noun: str) -> Any:
    there = [name for name in ("members", "events", "consents") if getattr(mapping, name)]
    raise MappingRefused(
        f"the mapping has no section [{noun}]",
        place=noun,
        remedy=f"it serves {' and '.join(there)}" if there else f"add [{noun}]",
    )


def _problem(name: str, detail: ErrorDetails) -> Problem:
    key = ".".join(str(part) for part in detail["loc"])
    place = f"{name}: {key}" if key else name
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = list(_keys_beside(detail["loc"]))
        near = _nearest(str(detail["loc"][-1]), known)
        return Problem(place, "unknown key", near or f"the keys here are {', '.join(known)}")
    if kind == "literal_error":
        allowed = [part.strip("'") for part in _expected(detail)]
        wrote = detail["input"]
        near = _nearest(wrote, allowed) if isinstance(wrote, str) else ""
        return Problem(place, "must be " + _either([f"{one!r}" for one in allowed]), near)
    if kind == "value_error":
        return Problem(place, str(detail["ctx"]["error"]))
    return Problem(place, _SAYINGS.get(kind, detail["msg"]))


def _expected(detail: ErrorDetails) -> list[str]:
    return str(detail["ctx"]["expected"]).replace(" or ", ", ").split(", ")


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _nearest(wrote: str, known: Sequence[str]) -> str:
    near = get_close_matches(wrote.lower(), known, n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def _keys_beside(loc: tuple[int | str, ...]) -> Iterator[str]:
    """The keys that the model holding the last part of `loc` knows."""
    model: type[BaseModel] = Mapping
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        # A part that is no field is a key of a table whose values are models: same model.
        if field is not None:
            model = next(_models_in(field.annotation), model)
    yield from model.model_fields


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
