"""An OpenAPI document put in the order in which people read it: by caller, route by route. Pure."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Callers in the order of the page, with what is said of each.
CALLERS = {
    "service": ("Services", "Tills, apps and engines. Each names the purpose it asks for."),
    "member": ("Members", "What members see and say about themselves."),
    "officer": ("Officers", "People who handle requests, the programme and the record."),
    "public": ("Without a token", "Open to everyone. Nothing here tells of anybody."),
}
_FORMATS = {"uuid": "id", "date-time": "time with a zone", "date": "date", "decimal": "decimal"}
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "names and values",
    "null": "null",
}
_SEVERAL = {"id": "ids", "text": "texts"}
_SCHEMA = re.compile(r"#/components/schemas/(\w+)")


@dataclass(frozen=True)
class Field:
    """One field of a body. `needed`: it cannot be left out; `limits`: what it must keep to."""

    name: str
    kind: str
    needed: bool
    limits: str


@dataclass(frozen=True)
class Shape:
    """A body, or an object within one."""

    name: str
    about: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Body:
    """What is taken or answered: of which kind, and the shapes it is made of."""

    media: str
    kind: str
    shapes: tuple[Shape, ...]
    status: str = ""


@dataclass(frozen=True)
class Operation:
    """One method of one address. `needs`: the abilities an officer must have."""

    id: str
    method: str
    path: str
    caller: str
    needs: tuple[str, ...]
    summary: str
    more: tuple[str, ...]
    parameters: tuple[Field, ...]
    takes: Body | None
    answers: Body
    problems: tuple[str, ...]


def outline(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the page is made of: `title`, `version`, `groups` and `problems`."""
    every = [
        _operation(document, path, method, one)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    ]
    groups = [
        (caller, title, about, [one for one in every if one.caller == caller])
        for caller, (title, about) in CALLERS.items()
    ]
    responses = document["components"]["responses"]
    problem = next(iter(responses.values()))["content"]
    return {
        **document["info"],
        "groups": groups,
        "problems": {status: one["description"] for status, one in sorted(responses.items())},
        "problem": _body(document, problem),
    }


def _operation(
    document: Mapping[str, Any], path: str, method: str, one: Mapping[str, Any]
) -> Operation:
    summary, *more = inspect.cleandoc(one["description"]).split("\n\n")
    succeeds = next(status for status in one["responses"] if status.startswith("2"))
    body = one.get("requestBody")
    return Operation(
        id=one["operationId"].replace("_", "-"),
        method=method.upper(),
        path=path,
        caller=one["tags"][0],
        needs=tuple(role for way in one.get("security", []) for role in way["bearer"]),
        summary=summary,
        more=tuple(more),
        parameters=tuple(
            Field(p["name"], kind(p["schema"]), p["required"], _where(p)) for p in one["parameters"]
        ),
        takes=_body(document, body["content"]) if body else None,
        answers=_body(document, one["responses"][succeeds]["content"], succeeds),
        problems=tuple(status for status in one["responses"] if status[0] in "45"),
    )


def _where(parameter: Mapping[str, Any]) -> str:
    return "address" if parameter["in"] == "path" else "query"


def _body(document: Mapping[str, Any], content: Mapping[str, Any], status: str = "") -> Body:
    (_, one), *_ = content.items()  # the others hold the same in another form
    media = " or ".join(content)
    return Body(media, kind(one["schema"]), tuple(_shapes(document, one["schema"])), status)


def _shapes(document: Mapping[str, Any], schema: Any) -> Iterator[Shape]:
    """The shapes named in a schema, then those named in them, each once."""
    waiting = _SCHEMA.findall(str(schema))
    for name in waiting:
        found = document["components"]["schemas"][name]
        waiting += [one for one in _SCHEMA.findall(str(found)) if one not in waiting]
        needed = found.get("required", ())
        fields = tuple(
            Field(key, kind(one), key in needed, limits(one))
            for key, one in found.get("properties", {}).items()
        )
        about = [inspect.cleandoc(found.get("description", ""))]
        about += [f"It is {kind(found)}."] if "enum" in found else []
        yield Shape(name, "\n\n".join(about), fields)


def kind(schema: Mapping[str, Any]) -> str:
    """A schema in a word or two: `text`, `list of ids`, `id or null`."""
    match schema:
        case {"$ref": reference}:
            told = str(reference).rpartition("/")[2]
        case {"anyOf": several}:
            told = " or ".join(kind(one) for one in several)
        case {"type": "array", "items": one}:
            told = f"list of {_SEVERAL.get(kind(one), kind(one))}"
        case {"type": "object", "additionalProperties": dict(one)}:
            told = f"for each name: {kind(one)}"
        case {"enum": words}:
            told = "one of " + ", ".join(map(str, words))
        case {"format": format_} if format_ in _FORMATS:
            told = _FORMATS[format_]
        case _:
            told = _TYPES.get(schema.get("type", ""), "anything")
    return told


def limits(schema: Mapping[str, Any]) -> str:
    """What a value must keep to, and what it is when left out."""
    said = []
    for one in (schema, *schema.get("anyOf", ())):
        for few, many, what in (
            ("minItems", "maxItems", "items"),
            ("minLength", "maxLength", "characters"),
            ("minProperties", "maxProperties", "names"),
        ):
            if few in one and many in one:
                said.append(f"{one[few]:,} to {one[many]:,} {what}")
            elif few in one:
                said.append("not empty" if one[few] == 1 else f"at least {one[few]:,} {what}")
            elif many in one:
                said.append(f"at most {one[many]:,} {what}")
        if "pattern" in one:
            said.append(f"`{one['pattern']}`")
    default = schema.get("default")
    if default not in (None, "", []):
        said.append(f"{str(default).lower()} if left out")
    return ", ".join(said)
