"""Doors: who may come in, what they hand over, what they get, and the one way it is run.

A door is declared by a function that is handed the `Asked` and, if it takes one, the body; its
annotations say both shapes. Running it is the same for all: authenticate, read, one
transaction, commit, answer. A door without a caller is public; tests hold the list of those.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.asking import Asking
from api.bootstrap import Tillit, Work
from api.http.bodies import LIMIT, Shape, check_path, check_query, decoded, is_form, read
from api.http.callers import Callers, admit, expect
from api.http.seeing import seen_in
from api.tokens import Caller
from audit.acts import Act
from audit.entries import ActorType
from consent import gpc
from consent.errors import OutOfDate
from consent.programme import Ability
from profiles.members import Member

Shared = TypeVar("Shared")
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Any]])
JSON = "application/json"


@dataclass(frozen=True)
class Media:
    """An answer that is not JSON. `keep`: it never changes, caches may hold it for ever."""

    content: bytes = field(repr=False)
    type: str
    keep: bool = False
    filename: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Streamed:
    """An answer that leaves part by part, made in another thread; all of it was decided before."""

    parts: Iterator[bytes] = field(repr=False)
    type: str


@dataclass(frozen=True)
class Together(Generic[Shared]):
    """One request of a door whose requests share transactions: `gathering` opens them."""

    tillit: Tillit
    caller: Caller
    gathering: Shared


@dataclass(frozen=True)
class Asked(Asking):
    """One request: its transaction, its caller, and what its address and its headers say."""

    tillit: Tillit
    work: Work
    caller: Caller | None
    path: Mapping[str, Any]
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    _member: Member | None = field(default=None, repr=False)

    @property
    def who(self) -> Caller:
        assert self.caller is not None
        return self.caller

    @property
    def act(self) -> Act:
        """The officer or member, acting under the programme in force; services have grants."""
        if self._member is not None:
            name = self._member.key.subject().hex()
            return Act(ActorType.MEMBER, name, programme=self.active.version)
        return Act(self.who.type, self.who.name, programme=self.active.version)


@dataclass(frozen=True)
class Door:
    """One method of one address."""

    method: str
    path: str
    handle: Callable[..., Awaitable[Any]]
    caller: ActorType | None
    ability: Ability | None = None
    status: int = 200
    query: Sequence[str] = ()
    media: str = JSON
    #: When the gate cannot answer because traits are out of date, they are brought up to date.
    freshen: bool = False
    #: A member's token is good here even after the member's erasure.
    erased_too: bool = False
    #: Statuses of problems that do not follow from the door's shape, for its description.
    problems: Sequence[int] = ()
    #: The longest body it reads, in bytes.
    limit: int = LIMIT
    #: Other media types it may answer in, when it is asked to.
    also: Sequence[str] = ()
    #: It is also sent by a page's form, and answers that with a page.
    form: bool = False
    #: Makes what its requests share, once for each app: then it is handed a `Together`, has no
    #: transaction of its own, and sees to it that the programme still knows the caller.
    together: Callable[[Tillit], Any] | None = None

    @property
    def takes(self) -> Any:
        """The shape of the body, None for a door that reads none."""
        hints = get_type_hints(self.handle)
        shapes = (hint for name, hint in hints.items() if name != "return")
        return next((one for one in shapes if not _is_asked(one)), None)

    @property
    def gives(self) -> Any:
        given = get_type_hints(self.handle)["return"]
        shapes = [one for one in get_args(given) if one not in (Streamed, Media)]
        return shapes[0] if isinstance(given, UnionType) and len(shapes) == 1 else given

    @property
    def summary(self) -> str:
        return (self.handle.__doc__ or "").partition("\n")[0]


def _is_asked(hint: Any) -> bool:
    return hint is Asked or get_origin(hint) is Together


class Doors:
    """The doors of one kind of caller, declared one by one."""

    def __init__(self, caller: ActorType | None) -> None:
        self._caller = caller
        self.all: list[Door] = []

    def __call__(self, method: str, path: str, **how: Any) -> Callable[[Handler], Handler]:
        """Declare a door; see `Door` for what else can be said."""

        def declare(handle: Handler) -> Handler:
            door = Door(method, path, handle, self._caller, **how)
            if (door.caller is ActorType.OFFICER) != (door.ability is not None):
                raise TypeError(f"{path}: officers' doors, and no others, name an ability")
            self.all.append(door)
            return handle

        return declare


def routes(tillit: Tillit, doors: Sequence[Door]) -> list[Route]:
    """The routes of these doors, one for each address, in the order first declared."""
    by_path: dict[str, dict[str, Door]] = {}
    for door in doors:
        by_path.setdefault(door.path, {})[door.method] = door
    callers = Callers(tillit)
    return [
        Route(path, _endpoint(tillit, callers, at), methods=list(at))
        for path, at in by_path.items()
    ]


def _endpoint(
    tillit: Tillit, callers: Callers, doors: Mapping[str, Door]
) -> Callable[[Request], Awaitable[Response]]:
    shapes = {
        method: None if (taken := door.takes) is None else Shape(taken)
        for method, door in doors.items()
    }
    shared = {method: door.together and door.together(tillit) for method, door in doors.items()}

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        door, shape = doors[method], shapes[method]
        seen = seen_in(request.scope)
        seen.route = door.path
        caller = None
        if door.caller is not None:
            caller = await callers.of(request)
            seen.caller = caller.type.value
            expect(caller, door.caller)
        check_query(request.query_params, door.query)
        check_path(request.path_params)
        body = await read(request, door.limit) if shape is not None else b""
        if (gathering := shared[method]) is not None:
            assert caller is not None
            assert shape is not None
            answer = await door.handle(Together(tillit, caller, gathering), shape.decode(body))
        else:
            answer = await _run(tillit, _Asking(door, shape, caller, request, body))
        return _response(door, answer)

    return endpoint


@dataclass(frozen=True)
class _Asking:
    """What is known of a request before its transaction."""

    door: Door
    shape: Shape | None
    caller: Caller | None
    request: Request
    body: bytes = field(repr=False)


async def _run(tillit: Tillit, asking: _Asking) -> Any:
    """What the door gives, once its transaction has committed.

    Members who are out of date are few and rare: the question is asked first, and only when
    the gate will not answer it yet are they brought up to date, in a transaction before it.
    """
    try:
        return await _once(tillit, asking)
    except OutOfDate:
        if not asking.door.freshen:
            raise
    async with tillit.unit() as work:
        await tillit.gate.freshen(work.unit)
    return await _once(tillit, asking)


async def _once(tillit: Tillit, asking: _Asking) -> Any:
    door, caller, request = asking.door, asking.caller, asking.request
    async with tillit.unit() as work:
        member = None
        if caller is not None:
            member = await admit(work, caller, ability=door.ability, erased_too=door.erased_too)
        said = (request.path_params, request.query_params, request.headers)
        asked = Asked(tillit, work, caller, *said, member)
        if member is not None and request.headers.getlist(gpc.HEADER) == [gpc.ON]:
            # Before the door: what the member says there with their own hand comes later.
            await gpc.heed(work.unit, asked.act, member)
        if asking.shape is None:
            answer = await door.handle(asked)
        elif door.form and is_form(request.headers):
            answer = await door.handle(asked, asking.shape.decode_form(asking.body))
        else:
            body = await decoded(asking.shape, asking.body)
            answer = await door.handle(asked, body)
    return answer


def _response(door: Door, answer: Any) -> Response:
    if isinstance(answer, Streamed):
        return StreamingResponse(answer.parts, door.status, media_type=answer.type)
    if not isinstance(answer, Media):
        return Response(msgspec.json.encode(answer), status_code=door.status, media_type=JSON)
    headers = dict(answer.headers)
    if answer.keep:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if answer.filename is not None:
        headers["Content-Disposition"] = f'attachment; filename="{answer.filename}"'
    return Response(answer.content, door.status, headers, media_type=answer.type)
