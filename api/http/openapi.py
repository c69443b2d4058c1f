"""The OpenAPI description, made from the doors themselves: nothing is described twice."""

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from api.http.doors import JSON, Door, Media
from api.http.problems import MEDIA_TYPE, ProblemDocument

_PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")
_REFERENCE = "#/components/schemas/{name}"


def document(doors: Sequence[Door], *, title: str, version: str) -> dict[str, Any]:
    """The description of these doors, OpenAPI 3.1."""
    shapes = _Shapes(doors)
    paths: dict[str, dict[str, Any]] = {}
    for door in doors:
        path = _PARAMETER.sub(r"{\1}", door.path)
        paths.setdefault(path, {})[door.method.lower()] = _operation(door, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": shapes.components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


class _Shapes:
    """The schema of every body and answer, and of a problem."""

    def __init__(self, doors: Iterable[Door]) -> None:
        wanted = [ProblemDocument, *(one for door in doors for one in _shapes_of(door))]
        schemas, self.components = msgspec.json.schema_components(wanted, ref_template=_REFERENCE)
        self._schemas = dict(zip(map(repr, wanted), schemas, strict=True))

    def __getitem__(self, shape: Any) -> dict[str, Any]:
        return self._schemas[repr(shape)]


def _shapes_of(door: Door) -> list[Any]:
    return [shape for shape in (door.takes, door.gives) if shape not in (None, Media)]


def _operation(door: Door, shapes: _Shapes) -> dict[str, Any]:
    answer: dict[str, Any] = {"schema": {"type": "string"}}
    if door.gives is not Media:
        answer = {"schema": shapes[door.gives]}
    operation: dict[str, Any] = {
        "summary": door.summary,
        "description": inspect.getdoc(door.handle),
        "operationId": f"{door.handle.__module__.rpartition('.')[2]}_{door.handle.__name__}",
        "tags": [str(door.caller) if door.caller else "public"],
        "parameters": list(_parameters(door)),
        "responses": {
            str(door.status): {"description": door.summary, "content": {door.media: answer}},
            "default": {
                "description": "Any mistake: a problem document (RFC 9457).",
                "content": {MEDIA_TYPE: {"schema": shapes[ProblemDocument]}},
            },
        },
    }
    if door.caller is not None:
        operation["security"] = [{"bearer": []}]
    if door.takes is not None:
        content = {JSON: {"schema": shapes[door.takes]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(door: Door) -> Iterable[dict[str, Any]]:
    for name, kind in _PARAMETER.findall(door.path):
        schema = {"type": "string", **({"format": "uuid"} if kind == "uuid" else {})}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name in door.query:
        yield {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
