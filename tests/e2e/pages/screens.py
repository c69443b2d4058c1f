"""Screens: a browser's window as somebody has it before them, and what is heard from it."""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from api.pages import guarding
from tests.e2e.pages.the_site import Site

NARROW, WIDE = 360, 1280
#: What 1280 px are at 400 % (WCAG 2.2, 1.4.10).
ZOOMED = 320
HEIGHT = 800
PATIENCE_MS = 10_000
Scheme = Literal["light", "dark"]
#: Whether scripts run in it, and its language.
Windows = dict[tuple[bool, str], Page]


def shots() -> Path:
    """Where pictures go: SHOTS, which is no setting of Tillit's, or a temporary folder."""
    return Path(os.environ.get("SHOTS") or Path(tempfile.gettempdir()) / "tillit-shots")


@dataclass
class Screen:
    """One window. `noise`: every console message but Chromium's word that it did as we asked it
    (Clear-Site-Data); `fetched`: every answer, by what it is."""

    page: Page = field(repr=False)
    site: Site = field(repr=False)
    noise: list[str] = field(default_factory=list)
    fetched: list[Response] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        for event, heard in self._listening:
            self.page.on(event, heard)

    @property
    def _listening(self) -> list[tuple[Any, Any]]:
        return [
            ("console", self._heard),
            ("pageerror", self._broken),
            ("response", self._fetched),
        ]

    def left(self) -> None:
        """Listen no more: somebody else looks at this window now."""
        for event, heard in self._listening:
            self.page.remove_listener(event, heard)

    def _broken(self, error: Exception) -> None:
        self.noise.append(f"error: {error}")

    def _heard(self, message: ConsoleMessage) -> None:
        if not message.text.startswith("Clear-Site-Data header on "):
            self.noise.append(f"{message.type}: {message.text}")

    def _fetched(self, answer: Response) -> None:
        self.fetched.append(answer)

    def open(self, path: str, *, status: int = 200) -> None:
        """Go to a page, by its path; it must answer so."""
        self.fetched.clear()
        answer = self.page.goto(self.site.url + path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        assert answer.url.startswith(self.site.url)

    @property
    def at(self) -> str:
        """The path of the page that is open."""
        return urlsplit(self.page.url).path

    def wide(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": HEIGHT})

    def lit(self, scheme: Scheme) -> None:
        self.page.emulate_media(color_scheme=scheme)

    def shot(self, name: str) -> None:
        """A picture of the whole page."""
        folder = shots()
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png", full_page=True)

    @property
    def text(self) -> str:
        return self.page.locator("main").inner_text()


class Screens:
    """Screens of one browser at one site. `windows`: those that tests have one after another."""

    def __init__(self, browser: Browser, site: Site, windows: Windows) -> None:
        self._browser = browser
        self.site = site
        self._windows = windows
        self._open: list[BrowserContext] = []
        self._shared: list[Screen] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for screen in self._shared:
            screen.left()
        for context in self._open:
            context.close()

    def __call__(
        self,
        token: str | None = None,
        *,
        width: int = NARROW,
        scheme: Scheme = "light",
        script: bool = True,
        language: str = "en",
    ) -> Screen:
        """A window of a browser of its own. `token`: the session's whose it is."""
        context = self._context(script, language)
        self._open.append(context)
        return self._before(context.new_page(), token, width, scheme)

    def shared(
        self,
        token: str | None = None,
        *,
        width: int = NARROW,
        scheme: Scheme = "light",
        script: bool = True,
        language: str = "en",
    ) -> Screen:
        """A window that others have had before, for who only looks: a new one takes a second."""
        kind = (script, language)
        if kind not in self._windows:
            self._windows[kind] = self._context(script, language).new_page()
        page = self._windows[kind]
        page.context.clear_cookies()
        screen = self._before(page, token, width, scheme)
        self._shared.append(screen)
        return screen

    def _context(self, script: bool, language: str) -> BrowserContext:
        return self._browser.new_context(
            viewport={"width": NARROW, "height": HEIGHT},
            reduced_motion="reduce",
            java_script_enabled=script,
            locale=language,
            timezone_id="Europe/Stockholm",
        )

    def _before(self, page: Page, token: str | None, width: int, scheme: Scheme) -> Screen:
        if token is not None:
            name = guarding.session_cookie(self.site.tillit.settings)
            page.context.add_cookies([{"name": name, "value": token, "url": self.site.url}])
        screen = Screen(page, self.site)
        screen.wide(width)
        screen.lit(scheme)
        return screen

    def of_member(self, member: UUID, *, proved: bool = False, **how: Any) -> Screen:
        return self(self.site.member_token(member, proved=proved), **how)

    def of_officer(self, account: UUID, **how: Any) -> Screen:
        return self(self.site.officer_token(account), **how)
