"""Mistakes of form in plain words: what pydantic found, told to who writes the file."""

import re
from collections.abc import Mapping
from typing import Any

from consent.programme.declarations import Declaration, LegalBasis
from consent.programme.suggestion import did_you_mean, shown
from kernel.errors import Problem

MOST = 200  # as many as anybody mends at once; who finds more would look for ever

# What to write when a key or table is missing.
MISSING = {
    "controller": 'write [controller] with name, country and contact, such as country = "SE"',
    "name": "say who it is, as members know them",
    "country": 'write the two letters of ISO 3166, such as country = "SE"',
    "contact": 'write where members reach you, such as contact = "privacy@example.org"',
    "category": 'write a DPV term, such as category = "pd:EmailAddress"',
    "legal_basis": "write one of " + ", ".join(LegalBasis),
    "dpv": 'write a DPV term, such as dpv = "dpv:DirectMarketing"',
    "fields": "list the fields and traits that the purpose uses",
    "notice": "write the text members see, a line for each language: notice.en = …",
    "can": "list what the role may do",
    "role": "write processor, recipient or joint_controller",
    "purposes": "list the purposes it receives data for",
    "arrangement": "write the page where members find what you have agreed (Art. 26(2))",
    "domain": 'write the domain it signs as, such as domain = "agent.example"',
}

_PATTERNS = {
    "currency": 'write the three letters of ISO 4217, such as "SEK"',
    "retention": 'write a number and days, months or years, such as "24 months"',
    "default": 'write a number and days, months or years, such as "24 months"',
    "arrangement": "write a page that begins with https://",
}

_WRONG = "this must be a text"

_KINDS = {
    "string_type": _WRONG,
    "int_type": "this must be a whole number",
    "bool_type": "this must be true or false",
    "tuple_type": "this must be a list",
    "list_type": "this must be a list",
    "frozen_set_type": "this must be a list",
    "dict_type": "this must be a table",
    "string_too_short": "this must not be empty",
}


def key_of(*parts: str | int) -> str:
    """The place of a key as people write it: ``purposes.newsletter.fields[1]``."""
    place = ""
    for part in parts:
        if isinstance(part, int):
            place += f"[{part}]"
        else:
            place += f".{part}" if place else part
    return place


def explain(kind: type[Declaration], table: str, detail: Mapping[str, Any]) -> tuple[str, Problem]:
    """Where a mistake of form stands, and the problem to show for it."""
    path = _path(detail["loc"])
    place = key_of(table, *path)
    key = str(path[0])
    written, context = detail["input"], detail.get("ctx", {})
    message = _KINDS.get(detail["type"], str(detail["msg"]))
    remedy = ""
    match detail["type"]:
        case "missing":
            message, remedy = f"{key} is missing", MISSING.get(key, "")
        case "extra_forbidden":
            known = set(kind.model_fields) - ({"name"} if kind.own_name else set())
            message, remedy = f"there is no key {shown(key)}", did_you_mean(key, known)
        case _ if key == "lookup":
            message = "there is no such lookup"
            remedy = 'write true, or one of "email", "phone", "member_number", "text"'
        case "enum":
            choices = re.findall(r"'([^']+)'", str(context.get("expected", "")))
            message = f"{shown(written)} is not known here" if isinstance(written, str) else _WRONG
            remedy = did_you_mean(written if isinstance(written, str) else "", choices)
        case "string_pattern_mismatch":
            message, remedy = f"{shown(written)} has another form", _PATTERNS.get(key, "")
        case "greater_than_equal":
            message = f"this must be at least {context['ge']}"
        case "less_than_equal":
            message = f"this must be at most {context['le']}"
    return place, Problem(place, message, remedy)


def _path(location: tuple[str | int, ...]) -> list[str | int]:
    """The keys of the file on the way: pydantic also names the branches of a union."""
    return list(location[:1]) if location[0] == "lookup" else list(location)
