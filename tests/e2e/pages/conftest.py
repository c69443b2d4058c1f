"""What the pages' tests stand on: a site with people, a browser, and accessibility rules.

Nothing is skipped: where the browser or the rules are missing, tests fail and say what to do.
Without them, `-m "not browser"` leaves these tests out.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql
from sqlalchemy import make_url

from kernel.clock import Clock
from kernel.database import libpq
from tests.e2e.pages.screens import Screens, Windows
from tests.e2e.pages.the_site import Site, served

HERE = Path(__file__).parent
AXE = HERE.parents[1] / "browser" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
#: Seconds for one test: no browser that stands still holds up a run.
LONGEST = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(LONGEST))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is."""
    for name in CHROMIUMS:
        if (found := shutil.which(name)) is not None:
            return found
    pytest.fail(
        "there is no Chromium: install it (`apt-get install chromium`), or leave these tests "
        'out with -m "not browser"',
        pytrace=False,
    )


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility rules' script."""
    if not AXE.exists():
        pytest.fail(
            "axe-core is not there: run `make browser` (npm ci in tests/browser), or leave these "
            'tests out with -m "not browser"',
            pytrace=False,
        )
    return AXE.read_text("utf-8")


@contextmanager
def housed(
    server: str, template: str, folder: Path, *, clock: Clock | None = None
) -> Iterator[Site]:
    """A served Tillit on a database of its own, which is dropped after."""
    name = f"tillit_site_{uuid4().hex[:8]}"
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(libpq(server, role=None), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    with served(url, folder, clock=clock) as found:
        yield found
    with psycopg.connect(libpq(server, role=None), autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


@pytest.fixture(scope="package")
def site(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served Tillit, lived in. One for all tests of a worker: who changes things joins anew."""
    with housed(server, template, tmp_path_factory.mktemp("site")) as found:
        yield found


@pytest.fixture(scope="package")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """One browser for a worker; it ends with this folder, for it holds the thread's event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path,
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def windows(chromium: Browser) -> Windows:
    """Those that tests have one after another; they go with the browser."""
    return {}


@pytest.fixture
def screens(chromium: Browser, site: Site, windows: Windows) -> Iterator[Screens]:
    """Screens to open for this test, all shut when it is over but for those that are shared."""
    with Screens(chromium, site, windows) as made:
        yield made
