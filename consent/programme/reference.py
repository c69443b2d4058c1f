"""The reference part of docs/programme.md, written from the types that read the file.

``python -m consent.programme.reference docs/programme.md`` writes it anew between its two marks;
without a file it goes to stdout. What the page says of a key is the text under that key.
"""

import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from consent.programme.countries import ADEQUACY, EEA, TABLES
from consent.programme.declarations import (
    Ability,
    Action,
    Children,
    Declaration,
    FieldDeclaration,
    OfficerRole,
    Purpose,
    Retention,
    Service,
    TraitDeclaration,
)
from consent.programme.handling import Agent, Carrier, Connector, Handling
from consent.programme.parties import (
    Controller,
    JointController,
    ProtectionOfficer,
    Recipient,
    Role,
    Safeguard,
)
from consent.programme.words import Explained

BEGIN = "<!-- written by `python -m consent.programme.reference docs/programme.md`: begin -->"
END = "<!-- end -->"

#: Each table of the file, with what it is called there and the lists that its keys take words of.
TABLES_OF_FILE: tuple[tuple[str, type[Declaration], tuple[type[Explained], ...]], ...] = (
    ("controller", Controller, ()),
    ("controllers.NAME", JointController, (Safeguard,)),
    ("dpo", ProtectionOfficer, ()),
    ("recipients.NAME", Recipient, (Role, Safeguard)),
    ("recipients.NAME.connector", Connector, (Carrier,)),
    ("agents.NAME", Agent, ()),
    ("fields.NAME", FieldDeclaration, ()),
    ("traits.NAME", TraitDeclaration, ()),
    ("purposes.NAME", Purpose, ()),
    ("services.NAME", Service, (Action,)),
    ("officers.ROLE", OfficerRole, (Ability,)),
    ("children", Children, ()),
    ("retention", Retention, ()),
    ("requests", Handling, ()),
)
_AFTER = {
    "fields.NAME": "`member_number` is always there and is not declared.",
    "services.NAME": (
        'A line for each purpose: `PURPOSE = ["action", …]`. What is not listed is refused.'
    ),
    "officers.ROLE": (
        "Without any such table there is one role, `privacy_officer`, that may do everything."
    ),
}
_LISTED = "one of those below"
_SEVERAL = {"text": "texts", _LISTED: "those below"}
_FORMS = {"string": "text", "boolean": "`true` or `false`", "object": "a table"}


def reference() -> str:
    """The whole reference, from the first heading to the last line."""
    lines: list[str] = []
    for title, kind, words in TABLES_OF_FILE:
        lines += [f"### [{title}]", "", inspect.cleandoc(kind.__doc__ or ""), ""]
        if after := _AFTER.get(title):
            lines += [after, ""]
        lines += _keys(kind, words)
        for one in words:
            lines += _words(one)
    return "\n".join([*lines, *_countries()]).rstrip() + "\n"


def _keys(kind: type[Declaration], words: tuple[type[Explained], ...]) -> Iterator[str]:
    if kind is Service:  # its keys are the purposes' names
        return
    schema = kind.model_json_schema()
    known = schema.get("$defs", {}) | {one.__name__: {"explained": True} for one in words}
    yield "| key | what to write | default | |"
    yield "|---|---|---|---|"
    for key, field in kind.model_fields.items():
        if kind.own_name and key == "name":
            continue
        form = _form(schema["properties"][key], known)
        meaning = " ".join((field.description or "").split())
        yield f"| `{key}` | {form} | {_default(field)} | {meaning} |"
    yield ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default()
    if default is None or default in ((), {}):
        return "none"
    if isinstance(default, tuple):
        return f"`{json.dumps(default)}`"
    if isinstance(default, bool | int):
        return f"`{str(default).lower()}`"
    return f'`"{default}"`'


def _form(schema: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """What can be written for a key, from its JSON schema."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        forms = [_form(one, known) for one in schema["anyOf"] if one.get("type") != "null"]
        return ", or ".join(forms)
    if "explained" in schema:
        return _LISTED
    if "enum" in schema:
        return ", ".join(f'`"{word}"`' for word in schema["enum"])
    if schema["type"] == "integer":
        return f"a number, {schema['minimum']} to {schema['maximum']}"
    if schema["type"] == "array":
        items = _form(schema["items"], known)
        return f"a list of {_SEVERAL.get(items, items)}"
    return _FORMS[schema["type"]]


def _words(words: type[Explained]) -> Iterator[str]:
    yield f"| {words.__name__.lower()} | |"
    yield "|---|---|"
    for word in words:
        yield f"| `{word}` | {word.meaning} |"
    yield ""


def _countries() -> Iterator[str]:
    yield "### Countries"
    yield ""
    yield (
        "What a country sets, from [countries.toml](../consent/programme/countries.toml), where "
        "each value has its source. Values with `?` are to be checked before they are relied on."
    )
    yield ""
    yield "| | time zone | currency | language | age of consent | bookkeeping, years | authority |"
    yield "|---|---|---|---|---|---|---|"
    for code, one in TABLES.items():
        values = (one.timezone, one.currency, one.language, one.age_of_consent)
        cells = [f"{value.value}{_doubt(value.check)}" for value in values]
        kept = f"{one.bookkeeping_years.value}{_doubt(one.bookkeeping_years.check)}"
        authority = f"[{one.authority.name}]({one.authority.site}){_doubt(one.authority.check)}"
        yield f"| {code} | {' | '.join(cells)} | {kept} | {authority} |"
    yield ""
    yield f"The EEA: {', '.join(sorted(EEA))}."
    yield ""
    decided = (
        f"{code}{_doubt(one.check)}" + (f" ({one.only} only)" if one.only else "")
        for code, one in sorted(ADEQUACY.items())
    )
    yield f"Decisions on adequacy (Art. 45): {', '.join(decided)}."


def _doubt(check: bool) -> str:
    return " ?" if check else ""


def renewed(page: str) -> str:
    """The page with its reference part as it should be. Raises `ValueError` without the marks."""
    head, mark, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (mark and end):
        raise ValueError("the page has lost the marks of its reference part")
    return f"{head}{BEGIN}\n\n{reference()}\n{END}{tail}"


def _main(arguments: list[str]) -> None:
    if not arguments:
        sys.stdout.write(reference())
    for name in arguments:
        page = Path(name)
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    _main(sys.argv[1:])
