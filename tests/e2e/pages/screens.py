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


def shots() -> Path:
    """Where pictures go: SHOTS, which is no setting of Tillit's, or a temporary folder."""
    return Path(os.environ.get("SHOTS") or Path(tempfile.gettempdir()) / "tillit-shots")


@dataclass
class Screen:
    """One window. `noise`: every console message; `fetched`: every answer, by what it is."""

    page: Page = field(repr=False)
    site: Site = field(repr=False)
    noise: list[str] = field(default_factory=list)
    fetched: list[Response] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.noise.append(f"error: {error}"))
        self.page.on("response", self._fetched)

    def _heard(self, message: ConsoleMessage) -> None:
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
    """Screens of one browser at one site."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser = browser
        self.site = site
        self._open: list[BrowserContext] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        how: dict[str, Any] = {"reduced_motion": "reduce"}
        context = self._browser.new_context(
            viewport={"width": width, "height": HEIGHT},
            color_scheme=scheme,
            java_script_enabled=script,
            locale=language,
            timezone_id="Europe/Stockholm",
            **how,
        )
        self._open.append(context)
        if token is not None:
            name = guarding.session_cookie(self.site.tillit.settings)
            context.add_cookies([{"name": name, "value": token, "url": self.site.url}])
        return Screen(context.new_page(), self.site)

    def of_member(self, member: UUID, *, proved: bool = False, **how: Any) -> Screen:
        return self(self.site.member_token(member, proved=proved), **how)

    def of_officer(self, account: UUID, **how: Any) -> Screen:
        return self(self.site.officer_token(account), **how)
