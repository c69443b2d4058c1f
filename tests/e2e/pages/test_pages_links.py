"""Every link on every page in every state leads somewhere, for who sees it."""

from html.parser import HTMLParser

import httpx

from api.pages import guarding
from tests.e2e.pages.states import STATES, WHO
from tests.e2e.pages.the_site import Site


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.names.add(given.get("id") or "")
        if tag in ("a", "link", "img", "script") and (to := given.get("href") or given.get("src")):
            self.found.append(to)


def test_no_link_is_dead(site: Site) -> None:
    cookie = guarding.session_cookie(site.tillit.settings)
    dead: set[str] = set()
    for who in WHO:
        token, seen = WHO[who](site), set[str]()
        with httpx.Client(
            base_url=site.url, headers={"Cookie": f"{cookie}={token or ''}"}, timeout=30
        ) as browser:
            for state in STATES:
                if state.who != who:
                    continue
                answer = browser.get(state.address(site))
                assert answer.status_code == state.status, state.id
                links = _Links()
                links.feed(answer.text)
                for link in links.found:
                    path, _, anchor = link.partition("#")
                    if not path:
                        if anchor not in links.names:
                            dead.add(f"{state.id}: #{anchor}")
                    elif path.startswith("/") and path not in seen:
                        seen.add(path)
                        if (came := browser.get(path).status_code) >= 400:
                            dead.add(f"{state.id}: {path}: {came}")
    assert "\n".join(sorted(dead)) == ""
