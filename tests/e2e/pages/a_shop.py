"""A shop on another site: a sign-up page with the panel in its form, and a server behind it.

Its own security policy is strict: our origin for one script and one frame, and nothing else.
It keeps what is sent to it, and asks nobody.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head><body><main>
<h1>Join the shop</h1>
<form method="post" action="/join">
<p><label>Name <input name="name"></label></p>
{panel}
<p><button>Join</button></p>
</form></main></body></html>"""


@dataclass
class Shop:
    """`url`: without a slash at its end. `joined`: every form that was sent, oldest first."""

    url: str
    joined: list[dict[str, str]] = field(default_factory=list)
    #: By path: what is in the page's head, what stands in its form, and its policy.
    pages: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def opens(self, path: str, panel: str, *, tillit: str, head: str = "", more: str = "") -> str:
        """A page with this in its form; its address. `more`: of its policy."""
        policy = (
            f"default-src 'none'; script-src {tillit}; frame-src {tillit}; form-action 'self'; "
            f"base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'{more}"
        )
        self.pages[path] = (head, panel, policy)
        return self.url + path


@contextmanager
def open_shop(host: str = "localhost") -> Iterator[Shop]:
    """A shop, on a loopback port of its own; `localhost` is another site than `127.0.0.1`."""

    class Counter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = shop.pages.get(self.path)
            if found is None:
                self.send_error(404)
                return
            head, panel, policy = found
            self._answer(PAGE.format(head=head, panel=panel), policy)

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            shop.joined.append({k: v[0] for k, v in parse_qs(sent, keep_blank_values=True).items()})
            self._answer("<!doctype html><title>Welcome</title><p>Welcome", "default-src 'none'")

        def _answer(self, page: str, policy: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    shop = Shop(f"http://{host}:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, name="shop")
    thread.start()
    yield shop
    server.shutdown()
    thread.join()
    server.server_close()
