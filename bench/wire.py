"""HTTP/1.1 as bytes, for clients that cost next to nothing beside what they measure.

Only what the servers of a benchmark send: keep-alive, and a Content-Length on every answer.
"""

import socket
from collections.abc import Mapping

_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "


class BadAnswer(Exception):
    """A server answered other than 200: nothing measured on it would mean anything."""


def request(
    method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """One request, ready to be sent."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + _END + body


def body_span(received: bytes | bytearray) -> tuple[int, int] | None:
    """Where the body of the answer begins and ends, or None while its headers are not all here.

    Raises `BadAnswer` for any status but 200.
    """
    end = received.find(_END)
    if end < 0:
        return None
    if received[9:12] != b"200":
        raise BadAnswer(bytes(received[:end]).decode("latin-1").partition("\r\n")[0])
    at = received[: end + 2].lower().find(_LENGTH)
    if at < 0:
        raise BadAnswer("an answer without Content-Length")
    at += len(_LENGTH)
    start = end + len(_END)
    return start, start + int(received[at : received.find(b"\r", at)])


class Client:
    """One kept-alive connection that waits for each answer."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        """The answer's body. Raises `BadAnswer`."""
        self._socket.sendall(request)
        received = bytearray()
        span = None
        while span is None or len(received) < span[1]:
            part = self._socket.recv(1 << 18)
            if not part:
                raise BadAnswer("the server hung up")
            received += part
            span = span or body_span(received)
        return bytes(received[span[0] : span[1]])

    def close(self) -> None:
        self._socket.close()
