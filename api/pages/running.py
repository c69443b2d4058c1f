"""How every page is run: who sits there, may they, is the form ours; one transaction; the answer.

What is answered leaves only after the transaction has committed, or, for a page that refuses
something, has been rolled back.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from api.bootstrap import Tillit, Work
from api.http import problems
from api.http.bodies import Shape, check_path, check_query, form_fields, read
from api.http.errors import Malformed, NoSuchRoute, WrongCaller
from api.http.problems import status_of
from api.http.seeing import seen_in
from api.http.watching import passing, record
from api.pages import guarding, keeping, naming, saying, unsure, uploads
from api.pages.answers import File, Go, View
from api.pages.asked import Asked
from api.pages.declaring import Page
from api.pages.errors import (
    ForeignForm,
    NotSettled,
    OldForm,
    SecondProofNeeded,
    SignInNeeded,
)
from api.pages.frames import frame_of
from api.pages.mistakes import Mistake
from api.pages.onward import HOME, carrying
from api.pages.rendering import html
from api.pages.speaking import Speaking, wanted
from api.people import sessions, tokens
from api.people.errors import SessionOver
from api.people.keys import PeopleKeys, keys_of
from api.people.people import Kind, Person
from kernel.errors import TillitError
from profiles import members
from profiles.members import Member

HTML = "text/html; charset=utf-8"
SIGN_IN, SECOND = "/sign-in", "/second"
#: Known on every page: what was done just now, and where to go on to.
_QUERY = ("said", "next")
_FORM = "form"
_log = structlog.get_logger("tillit.pages")


def routes(tillit: Tillit, pages: Sequence[Page]) -> list[Route]:
    """The routes of these pages, one for each address, in the order first declared."""
    keys = cache(lambda: keys_of(tillit))  # not before there is somebody to know
    looked_at = {page.path: page for page in pages if page.method == "GET"}
    by_path: dict[str, dict[str, Page]] = {}
    for page in pages:
        by_path.setdefault(page.path, {})[page.method] = page
    return [
        Route(
            path, _endpoint(tillit, keys, at, looked_at), methods=list(at), include_in_schema=False
        )
        for path, at in by_path.items()
    ]


def _endpoint(
    tillit: Tillit,
    keys: Callable[[], PeopleKeys],
    pages: Mapping[str, Page],
    looked_at: Mapping[str, Page],
) -> Callable[[Request], Awaitable[Response]]:
    shapes = {
        method: None if (taken := page.takes) is None else Shape(taken)
        for method, page in pages.items()
    }
    always = guarding.headers(tillit.settings)

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        page = pages[method]
        seen = seen_in(request.scope)
        seen.route = page.path
        seen.caller = page.kind.value if page.kind is not None else "anybody"
        sent = _Sent(tillit, keys(), page, request, shapes[method], looked_at)
        try:
            response = await sent.answered()
        except (SignInNeeded, SessionOver):
            response = await sent.first(SIGN_IN, keeping.SIGNED_OUT)
        except SecondProofNeeded:
            response = await sent.first(SECOND, keeping.UNPROVED)
        except OldForm as error:
            response = await (sent.kept(keeping.ANEW) if sent.is_kept else sent.mistaken(error))
        except TillitError as error:
            response = await sent.mistaken(error)
        except ClientDisconnect:
            raise
        except Exception as error:  # a door: recorded, and answered with a page
            record(error, seen)
            response = await sent.faulty(error)
        if page.frames:
            response.headers["Content-Security-Policy"] = guarding.FRAMING
        for name, value in always.items():
            response.headers.setdefault(name, value)
        return response

    return endpoint


def lost(tillit: Tillit) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What is said of an address at which there is nothing: to a browser, a page."""
    always = guarding.headers(tillit.settings)

    async def nowhere(_: Asked) -> Go:
        raise NoSuchRoute("there is nothing at this address")

    page = Page("GET", "none", nowhere, None)

    async def told(request: Request, error: Exception) -> Response:
        looks = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if not (isinstance(error, HTTPException) and error.status_code == 404 and looks):
            return await problems.on_http(request, error)
        sent = _Sent(tillit, keys_of(tillit), page, request, None, {})
        try:
            response = await sent.mistaken(NoSuchRoute("there is nothing at this address"))
        except TillitError:  # without a programme there is nobody to speak for
            return await problems.on_http(request, error)
        for name, value in always.items():
            response.headers.setdefault(name, value)
        return response

    return told


class _Refused(Exception):
    """Ends a transaction without its being committed; the answer is there already."""


@dataclass
class _Sent:
    """One request, as it came."""

    tillit: Tillit
    keys: PeopleKeys
    page: Page
    request: Request
    shape: Shape | None
    #: The pages to look at, by their declared paths.
    looked_at: Mapping[str, Page]
    #: What the form held, once it is known that a page of ours has sent it.
    fields: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def token(self) -> str | None:
        return self.request.cookies.get(guarding.session_cookie(self.tillit.settings))

    @property
    def back(self) -> str:
        """Where to come back to: this address, if it is a page to look at, or one's own pages."""
        if self.page.method == "GET":
            return quote(self.request.url.path)
        return self._home if self._stood_on is None else quote(self._stood_on[0])

    @property
    def _stood_on(self) -> tuple[str, Page] | None:
        """The page that a form stood on, as far as its address tells."""
        return keeping.page_of(self.request.url.path, self.page, self.looked_at)

    @property
    def _home(self) -> str:
        kind = self.page.kind
        return SIGN_IN if kind is None else HOME[kind]

    async def answered(self) -> Response:
        page, request = self.page, self.request
        check_query(request.query_params, (*page.query, *_QUERY))
        check_path(request.path_params)
        fields = await self._fields() if page.method == "POST" else {}
        with suppress(_Refused):
            async with self.tillit.unit() as work:
                asked = await self._asked(work)
                if page.method == "POST":
                    self._check(asked, fields)
                if page.proved and not asked.proved_lately:
                    raise SecondProofNeeded("a second proof is needed", place=page.path)
                answer = await self._handled(asked, fields)
                if isinstance(answer, View) and answer.is_refused:
                    raise _Refused
        if isinstance(answer, View) and answer.is_refused:
            async with self.tillit.unit() as work:  # that the session was used stays
                await self._asked(work, strict=False)
        return self._response(asked, answer)

    async def _handled(self, asked: Asked, fields: Mapping[str, Any]) -> Any:
        if self.shape is None:
            return await self.page.handle(asked)
        own = {name: value for name, value in fields.items() if name != _FORM}
        return await self.page.handle(asked, self.shape.decode_fields(own))

    @property
    def is_kept(self) -> bool:
        """Whether the form comes back as it was sent; no file does, and nothing of anybody's."""
        return self.fields is not None and self.page.kind is not None and not self.page.file

    @property
    def _names(self) -> Sequence[str]:
        """Of the fields that the page asks for."""
        return () if self.shape is None else self.shape.fields

    async def first(self, to: str, why: str) -> Response:
        """There, before anything else. A form is not lost by it: it says so, and can be sent on."""
        to = carrying(to, self.back)
        return await self.kept(why, to) if self.is_kept else _gone(Go(to), self.tillit)

    async def kept(
        self, why: str, first: str = "", *, kind: type[keeping.Unsaved] = keeping.Unsaved
    ) -> Response:
        """The page that the form comes back on."""
        action = quote(self.request.url.path)
        stood_on = self._stood_on
        async with self.tillit.unit() as work:
            asked = await self._asked(work, strict=False)
            whose = naming.of_now(asked)
        view = keeping.unsaved(
            why,
            self.fields or {},
            self._names,
            ways=(action, first, self.back),
            about="" if stood_on is None else keeping.title_of(stood_on[1]),
            whose=whose,
        )
        view = kind(**vars(view))
        return self._shown(asked, view, status=view.status)

    async def mistaken(self, error: TillitError) -> Response:
        """The page that says what could not be done."""
        status = status_of(error)
        if status >= 500:
            _log.warning("unavailable", error=error.slug, place=error.problems[0].place)
        async with self.tillit.unit() as work:
            asked = await self._asked(work, strict=False)
        view = Mistake(
            what=saying.ERRORS.get(error.slug, saying.WRONG),
            back=self._home if isinstance(error, NotSettled) else self._on,
            settle=carrying(SECOND, self.back) if isinstance(error, NotSettled) else "",
            written=keeping.written_in(self.fields or {}, self._names) if self.is_kept else (),
        )
        return self._shown(asked, view, status=status)

    async def faulty(self, error: Exception) -> Response:
        """The page that says that something is wrong with us, which is in the log.

        Where the connection was lost while a form was done, nobody knows whether it was.
        """
        what, status = saying.WRONG, 500
        if passing(error):
            what, status = saying.ERRORS["unavailable"], 503
            if self.page.method == "POST":
                if self.is_kept:
                    return await self.kept(unsure.LOST, kind=unsure.Unsure)
                what = unsure.LOST
        async with self.tillit.unit() as work:
            asked = await self._asked(work, strict=False)
        return self._shown(asked, Mistake(what=what, back=self._on), status=status)

    @property
    def _on(self) -> str:
        """Where to go on: back to the form; but what cannot be looked at is not tried again."""
        if self.page.method != "GET":
            return self.back
        return self._home if self.page.kind is not None else "/"

    async def _fields(self) -> dict[str, Any]:
        """What was sent, read only where a page of ours has sent it. Raises `ForeignForm`."""
        request, page = self.request, self.page
        if not guarding.is_ours(request.headers, self.tillit.settings):
            raise ForeignForm("this form was not sent by one of our pages", place="form")
        body, type_ = await read(request, page.limit), request.headers.get("content-type", "")
        if not uploads.holds_a_file(type_):
            self.fields = fields = form_fields(body)
            return fields
        if not page.file:
            raise Malformed("this page takes no file", place="body", remedy="send a plain form")
        return uploads.fields(type_, body)

    async def _asked(self, work: Work, *, strict: bool = True) -> Asked:
        """Who sits there; with `strict`, only who may see this page.

        Raises `SignInNeeded` for anybody else, and `WrongCaller` for an officer without the
        ability.
        """
        person = None
        if self.token:
            person = await sessions.found(work.unit, work.active, self.keys, self.token)
        member = await _member(work, person)
        if person is not None and person.kind is Kind.MEMBER:
            stays = sessions.stays(work.unit, self.keys, person, member)
            person = person if stays else None
        asked = Asked(
            self.tillit,
            work,
            self._spoken(work),
            person,
            self.request.path_params,
            self.request.query_params,
            self.request.headers,
            self.request.cookies,
            self.keys,
            self.token if person is not None else None,
            self.request.client.host if self.request.client else "",
            member,
        )
        if strict:
            self._admit(asked)
        return asked

    def _admit(self, asked: Asked) -> None:
        page, person = self.page, asked.person
        if page.kind is None:
            return
        if person is None or person.kind is not page.kind:
            raise SignInNeeded("nobody is signed in", place=page.path)
        if not page.half and not person.is_in:
            raise SecondProofNeeded("officers have a second factor", place=page.path)
        if not person.settled and not page.unsettled:
            raise NotSettled("the address signed in by was changed lately", place=page.path)
        if page.ability is not None and not asked.may(page.ability):
            raise not_allowed(page)

    def _check(self, asked: Asked, fields: Mapping[str, Any]) -> None:
        """Raises `OldForm` for what no page of this session has sent."""
        if self.page.any_form:
            return
        if asked.token is not None and not sessions.is_form_token(
            asked.token, str(fields.get(_FORM, ""))
        ):
            raise OldForm("this form is not of this session", place="form")

    def _spoken(self, work: Work) -> Speaking:
        programme = work.active.programme
        code = wanted(
            self.request.cookies.get(guarding.LANGUAGE),
            self.request.headers.get("accept-language", ""),
            programme.languages[0],
        )
        return Speaking.of(code, programme)

    def _response(self, asked: Asked, answer: View | Go | File) -> Response:
        if isinstance(answer, Go):
            return _gone(answer, self.tillit)
        if isinstance(answer, File):
            how = "inline" if answer.inline else "attachment"
            headers = {
                **answer.headers,
                "Content-Disposition": f'{how}; filename="{answer.filename}"',
            }
            return Response(answer.content, headers=headers, media_type=answer.type)
        response = self._shown(asked, answer, status=answer.status)
        if self.page.presses:
            name = guarding.press_cookie(self.tillit.settings)
            cookie = guarding.cookie(name, tokens.new(), self.tillit.settings)
            response.headers.append("Set-Cookie", cookie)
        return response

    def _shown(self, asked: Asked, view: View, *, status: int) -> Response:
        said = saying.SAID.get(self.request.query_params.get("said", ""), "")
        frame = frame_of(asked, path=self.request.url.path, said=said)
        return Response(
            html(view, frame, asked.speaking).encode(), status_code=status, media_type=HTML
        )


async def _member(work: Work, person: Person | None) -> Member | None:
    if person is None or person.member is None:
        return None
    return (await members.load(work.unit, [person.member])).get(person.member)


def not_allowed(page: Page) -> WrongCaller:
    return WrongCaller(f"officers in this role may not handle {page.ability}", place=page.path)


def _gone(go: Go, tillit: Tillit) -> Response:
    to, hash_, part = go.to.partition("#")
    if go.said is not None:
        to += ("&" if "?" in to else "?") + urlencode({"said": go.said})
    to += hash_ + part
    response = Response(status_code=303, headers={**go.headers, "Location": to})
    for name, value in go.cookies.items():
        response.headers.append("Set-Cookie", guarding.cookie(name, value, tillit.settings))
    return response
