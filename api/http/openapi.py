"""The OpenAPI description, made from the doors themselves: nothing is described twice."""

import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, get_args

import msgspec

from api.http.bodies import FORM
from api.http.doors import JSON, Door, Media
from api.http.problems import MEDIA_TYPE, ProblemDocument

#: What each status of a problem means, at any door.
PROBLEMS = {
    400: "The body is not JSON.",
    401: "There is no bearer token, or none that holds.",
    403: "The token is good, and this is not for its bearer, or not for this purpose.",
    404: "What was named is not there, or not for this caller.",
    409: "What was asked clashes with what is already there.",
    413: "The body is longer than the door reads: 1 MiB, or as it says.",
    422: "What was sent is wrong; each problem names its place and what would be right.",
    429: "More than may be asked in an hour, or be open; `Retry-After` says when to come again.",
    503: "Something that is needed is missing or busy; nothing was done.",
}

_PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")
_REFERENCE = "#/components/schemas/{name}"


@dataclass(frozen=True)
class Described:
    """An address that is no door: it answers before there is a programme, or who calls signs."""

    path: str
    description: str
    media: str = JSON
    gives: Any = None
    method: str = "get"
    takes: Any = None
    status: int = 200


def document(
    doors: Sequence[Door], *, title: str, version: str, beside: Sequence[Described] = ()
) -> dict[str, Any]:
    """The description of these doors, and of what is `beside` them, OpenAPI 3.1."""
    shapes = _Shapes(doors, beside)
    paths: dict[str, dict[str, Any]] = {}
    for door in doors:
        path = _PARAMETER.sub(r"{\1}", door.path)
        paths.setdefault(path, {})[door.method.lower()] = _operation(door, shapes)
    for one in beside:
        paths.setdefault(one.path, {})[one.method] = _described(one, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": shapes.components,
            "responses": {
                str(status): _problem(means, shapes) for status, means in PROBLEMS.items()
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


class _Shapes:
    """The schema of every body and answer, and of a problem."""

    def __init__(self, doors: Iterable[Door], beside: Iterable[Described]) -> None:
        wanted = [ProblemDocument, *(one for door in doors for one in _shapes_of(door))]
        wanted += [shape for one in beside for shape in (one.takes, one.gives) if shape is not None]
        schemas, self.components = msgspec.json.schema_components(wanted, ref_template=_REFERENCE)
        self._schemas = dict(zip(map(repr, wanted), schemas, strict=True))

    def __getitem__(self, shape: Any) -> dict[str, Any]:
        return self._schemas[repr(shape)]


def _shapes_of(door: Door) -> list[Any]:
    return [shape for shape in (door.takes, door.gives) if shape not in (None, Media, bytes)]


def _operation(door: Door, shapes: _Shapes) -> dict[str, Any]:
    answer: dict[str, Any] = {"schema": {"type": "string"}}
    if door.gives is not Media:
        answer = {"schema": shapes[door.gives]}
    content = {door.media: answer}
    content |= {other: {"schema": {"type": "string"}} for other in door.also}
    operation: dict[str, Any] = {
        "summary": door.summary,
        "description": inspect.getdoc(door.handle),
        "operationId": f"{door.handle.__module__.rpartition('.')[2]}_{door.handle.__name__}",
        "tags": [str(door.caller) if door.caller else "public"],
        "parameters": list(_parameters(door)),
        "responses": {
            str(door.status): {"description": door.summary, "content": content},
            **{str(status): _reference(status) for status in _problems(door)},
            "default": _problem("Any mistake: a problem document (RFC 9457).", shapes),
        },
    }
    if door.caller is not None:
        # OpenAPI 3.1 has a place for roles that a caller needs: here, an officer's ability.
        operation["security"] = [{"bearer": [str(door.ability)] if door.ability else []}]
    if door.takes is not None:
        signed = door.takes is bytes  # read as they are; what is in them, the page says
        content = {JSON: {"schema": {"type": "object"} if signed else shapes[door.takes]}}
        if door.form:
            content[FORM] = {"schema": shapes[door.takes]}
        needed = NoneType not in get_args(door.takes)
        operation["requestBody"] = {"required": needed, "content": content}
    return operation


def _described(one: Described, shapes: _Shapes) -> dict[str, Any]:
    schema = {"type": "string"} if one.gives is None else shapes[one.gives]
    name = one.path.strip("/")
    answer = {"description": one.description, "content": {one.media: {"schema": schema}}}
    operation: dict[str, Any] = {
        "summary": one.description,
        "description": one.description,
        "operationId": name if one.method == "get" else f"{one.method}_{name}",
        "tags": ["public"],
        "parameters": list(_path_parameters(one.path)),
        "responses": {str(one.status): answer, "503": _reference(503)},
    }
    if one.takes is not None:
        content = {JSON: {"schema": shapes[one.takes]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _problems(door: Door) -> list[int]:
    """The statuses of problems that this door can answer with; faults of ours are beside them."""
    found = {422, 503}  # any door may be sent a parameter it does not have
    if door.caller is not None:
        found |= {401, 403}
    if door.takes is not None:
        found |= {400, 413}
    if any(type_ in ("uuid", "path") for _, type_ in _PARAMETER.findall(door.path)):
        found.add(404)
    return sorted({*found, *door.problems})


def _problem(means: str, shapes: _Shapes) -> dict[str, Any]:
    return {"description": means, "content": {MEDIA_TYPE: {"schema": shapes[ProblemDocument]}}}


def _reference(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{status}"}


def _path_parameters(path: str) -> Iterable[dict[str, Any]]:
    for name, kind in _PARAMETER.findall(path):
        schema = {"type": "string", **({"format": "uuid"} if kind == "uuid" else {})}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _parameters(door: Door) -> Iterable[dict[str, Any]]:
    yield from _path_parameters(door.path)
    for name in door.query:
        yield {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
