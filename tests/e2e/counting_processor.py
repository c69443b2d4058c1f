"""A processor that counts how often each id comes: a real HTTP server that takes signed webhooks.

It says "completed", signed, in its answer. It is a thread, so that it goes on while a test waits.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_LATE = 300  # seconds of a signature that is too old


@dataclass
class Processor:
    """`arrived`: how often each id came; `said`: what it said the first time."""

    secret: bytes = hashlib.sha256(b"a processor that counts").digest()
    arrived: Counter[str] = field(default_factory=Counter)
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    port: int = 0

    def pinned_in(self, folder: Path, recipient: str) -> None:
        """Put the shared secret where Tillit looks."""
        folder.mkdir(parents=True, exist_ok=True)
        secret = "whsec_" + base64.b64encode(self.secret).decode()
        (folder / f"{recipient}.secret").write_text(secret + "\n")

    def take(self, path: str, headers: dict[str, str], body: bytes) -> dict[str, Any] | None:
        """What it answers; None for a message that is not signed as it should be."""
        id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        signature = headers.get("webhook-signature", "").split(" ")
        fresh = abs(time.time() - int(stamp)) < _LATE
        if not fresh or self._mac(id, stamp, body) not in signature:
            self.wrong.append(f"{id} of {stamp} is not signed, or too old")
            return None
        said = {"path": path, **json.loads(body)["data"]}
        first = self.said.setdefault(id, said)
        if first != said:
            self.wrong.append(f"{id} is {said}, and was {first}")
        self.arrived[id] += 1
        return {"status": "completed"}

    def signed(self, id: str, body: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        return {
            "webhook-id": id,
            "webhook-timestamp": stamp,
            "webhook-signature": self._mac(id, stamp, body),
        }

    def _mac(self, id: str, stamp: str, body: bytes) -> str:
        mac = hmac.digest(self.secret, f"{id}.{stamp}.".encode() + body, hashlib.sha256)
        return "v1," + base64.b64encode(mac).decode()


class Serving:
    """A processor that listens until the block ends."""

    def __init__(self, processor: Processor) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(processor))
        self._server.daemon_threads = True
        processor.port = self._server.server_port
        self._processor = processor

    def __enter__(self) -> Processor:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self._processor

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _answering(processor: Processor) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length)
            if len(body) < length:
                return  # whoever called died in the middle of it
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = processor.take(self.path, headers, body)
            text = json.dumps(said or {}).encode()
            self.send_response(200 if said else 401)
            for name, value in processor.signed(headers.get("webhook-id", ""), text).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """It keeps no log: whose data it was told of is nobody's business."""

    return Answering
