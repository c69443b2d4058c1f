"""A served Tillit with people in it, for a browser to look at.

The app that `tillit serve` runs, on a loopback port of its own. It runs in a thread of the tests'
process, with its own event loop, so that a test can look behind the pages; jobs are done when a
test says so, and letters are kept here.
"""

import asyncio
import base64
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from api import work
from api.bootstrap import SYSTEM, Tillit, opened
from api.http.serving import listen, server
from api.mail import Mail, Outcome
from api.people import links, officers, sessions, totp
from api.people.keys import keys_of
from api.people.people import Kind, Somebody
from api.settings import read_settings
from consent.programme import read_programme
from kernel.clock import Clock
from profiles.enrolment import enrol
from tests.at_a_browser import signed_in
from tests.e2e.pages.the_people import People, moved_in

EXAMPLE = Path(__file__).parents[3] / "examples" / "fjallklubben-connected.toml"
#: Beside the role that may do everything.
ROLES = """
[officers.privacy_officer]
can = ["requests", "restrict", "programme", "record", "keys"]

[officers.desk]
can = ["requests"]
"""
PROGRAMME = EXAMPLE.read_text("utf-8") + ROLES
#: With no way to any recipient: what is carried out is over at once.
ALONE = re.sub(r"\n\[recipients\.[\w-]+\.connector\]\n(?:.+\n)+", "\n", PROGRAMME)
PATIENCE = 60.0  # seconds, for whatever is asked of the thread

Given = TypeVar("Given")


@dataclass
class Mailbox:
    """Takes every letter, and keeps it."""

    mails: list[Mail] = field(default_factory=list)

    async def send(self, mail: Mail) -> Outcome:
        self.mails.append(mail)
        return Outcome.ACCEPTED


@dataclass
class PutForward:
    """The time it is, and so much more."""

    by: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


class Site:
    """What is served, and by whom it is lived in. `url`: without a slash at its end."""

    def __init__(self, tillit: Tillit, mailbox: Mailbox, people: People | None) -> None:
        self.tillit = tillit
        self.mailbox = mailbox
        self._people = people
        self._loop = asyncio.get_running_loop()
        self._numbers = iter(range(900_001, 1_000_000))

    @property
    def people(self) -> People:
        assert self._people is not None, "nobody has moved in here"
        return self._people

    @property
    def url(self) -> str:
        return self.tillit.settings.public_url

    def do(self, doing: Callable[[Tillit], Awaitable[Given]]) -> Given:
        """Do something behind the pages, on the thread's loop."""

        async def done() -> Given:
            return await doing(self.tillit)

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(PATIENCE)

    def works(self) -> None:
        """The worker does all jobs that are due."""
        self.do(work.drain)

    def joins(self, **values: Any) -> UUID:
        """A new member, for a test that changes things."""

        async def joined(tillit: Tillit) -> UUID:
            person = {"member_number": str(next(self._numbers)), **values}
            async with tillit.unit() as unit:
                [member] = await enrol(unit.unit, SYSTEM, [person], source="sign-up")
            return member.id

        return self.do(joined)

    def hires(self, name: str, *, role: str = "privacy_officer") -> UUID:
        """A new officer's account."""

        async def hired(tillit: Tillit) -> UUID:
            async with tillit.unit() as unit:
                return await officers.add(
                    unit.unit, unit.active, keys_of(tillit), SYSTEM,
                    name=name, address=f"{name}@club.example", role=role,
                )  # fmt: skip

        return self.do(hired)

    def token(self, somebody: Somebody, *, proved: bool = False) -> str:
        """A new session's token; with `proved`, after a second proof."""
        return self.do(lambda tillit: signed_in(tillit, somebody, stepped_up=proved))

    def link(self, somebody: Somebody) -> str:
        """The token of a new link to sign in by."""

        async def made(tillit: Tillit) -> str:
            async with tillit.unit() as unit:
                return await links.make(unit.unit, keys_of(tillit), somebody)

        return self.do(made)

    def member_token(self, member: UUID, *, proved: bool = False, settled: bool = True) -> str:
        somebody = Somebody(kind=Kind.MEMBER, member=member, settled=settled)
        return self.token(somebody, proved=proved)

    def officer_token(self, account: UUID, *, proved: bool = True) -> str:
        return self.token(Somebody(kind=Kind.OFFICER, account=account), proved=proved)

    def just_set_up(self) -> str:
        """The token of a new officer's session that has set up a second factor just now."""
        account = self.hires(f"officer-{next(self._numbers)}")
        token = self.officer_token(account, proved=False)

        async def done(tillit: Tillit) -> str:
            keys = keys_of(tillit)
            async with tillit.unit() as unit:
                person = await sessions.found(unit.unit, unit.active, keys, token)
                assert person is not None
                made = await totp.enrol(unit.unit, keys, person, issuer="the club")
                assert made is not None
                key = TOTP(base64.b32decode(made.secret), 6, SHA1(), totp.STEP)  # noqa: S303
                code = key.generate(int(unit.unit.now.timestamp())).decode()
                act = person.act(None, unit.active.version)
                given = await totp.confirm(unit.unit, keys, act, person, code=code)
            assert given.token is not None
            return given.token

        return self.do(done)


@contextmanager
def served(database_url: str, folder: Path, *, clock: Clock | None = None) -> Iterator[Site]:
    """A site on an empty, migrated database, moved into by `the_people`.

    Nobody moves in where a clock is given, which then may be put forward, and no recipient is
    told of anything.
    """
    came: Future[tuple[Site, Callable[[], object]]] = Future()

    async def live() -> None:
        leave, loop = asyncio.Event(), asyncio.get_running_loop()
        async with _living(database_url, folder, clock) as site:
            came.set_result((site, lambda: loop.call_soon_threadsafe(leave.set)))
            await leave.wait()

    def lived() -> None:
        try:
            asyncio.run(live())
        except Exception as error:  # told to whoever waits for the site
            if came.done():
                raise
            came.set_exception(error)

    thread = threading.Thread(target=lived, name="site")
    thread.start()
    site, leave = came.result(PATIENCE)
    yield site
    leave()
    thread.join(PATIENCE)


@asynccontextmanager
async def _living(database_url: str, folder: Path, clock: Clock | None) -> AsyncIterator[Site]:
    listening = listen("127.0.0.1", 0)
    url = "http://{}:{}".format(*listening.getsockname()[:2])
    settings = read_settings(
        {
            "TILLIT_DATA": str(folder),
            "TILLIT_DATABASE_URL": database_url,
            "TILLIT_PUBLIC_URL": url,
            "TILLIT_PANEL_EXAMPLE": "till",
        }
    )
    async with opened(settings, clock=clock) as tillit:
        await tillit.apply(SYSTEM, read_programme(PROGRAMME if clock is None else ALONE))
        tillit.mail = mailbox = Mailbox()
        people = await moved_in(tillit) if clock is None else None
        running = server(tillit, *listening.getsockname()[:2], worker=False)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(running.serve(sockets=[listening]))
            while not running.started:
                assert not serving.done(), "the server has stopped"
                await asyncio.sleep(0.01)
            yield Site(tillit, mailbox, people)
            running.should_exit = True
