"""A processor to test against: a real HTTP server on loopback that fails in every way there is.

It speaks OpenDSR 2.0 under `/dsr` and takes signed webhooks at `/hook`, with keys of its own. What
it is to do next is a queue of `Manner`s, one a call; when that is empty it does what is right.
Nothing of Tillit's is used but the facts of the two standards.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

DOMAIN = "127.0.0.1"
_CALLBACK = "status_callback_urls"


class Manner(Enum):
    """What it does with one call."""

    RIGHT = auto()
    HANG = auto()  # says nothing until it is left
    BREAK_OFF = auto()  # closes in the middle of an answer
    FAULT = auto()  # 500
    BUSY = auto()  # 429
    UNSIGNED = auto()
    FORGED = auto()  # a signature that is none
    OTHERS = auto()  # signed with somebody else's key
    OTHER_DOMAIN = auto()
    MALFORMED = auto()  # signed, and no JSON
    HUGE = auto()
    PACKED = auto()  # compressed, though nobody asked for it
    REDIRECT = auto()
    CONFLICT = auto()  # 409
    DUPLICATE = auto()  # 400, as some say that they know it already
    GONE = auto()  # 410
    DENIED = auto()  # 401
    OF_ANOTHER = auto()  # signed, about another id
    DRIP = auto()  # a byte now and then, for ever
    UNKNOWN = auto()  # 404
    EARLY = auto()  # calls back before it answers
    AT_ONCE = auto()  # says "completed" in its first answer


@dataclass(frozen=True)
class Call:
    """One call that came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Key:
    """A key and its self-made certificate."""

    def __init__(
        self,
        *,
        curve: bool = False,
        days: int = 30,
        bits: int = 2048,
    ) -> None:
        self._key: Any = (
            ec.generate_private_key(ec.SECP256R1())
            if curve
            else rsa.generate_private_key(public_exponent=65537, key_size=bits)
        )
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DOMAIN)])
        now = datetime.now(UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .sign(self._key, SHA256())
            .public_bytes(Encoding.PEM)
        )

    def tls(self) -> ssl.SSLContext:
        """A server's side of TLS, with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            file.write(pem + self.certificate)
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def signed(self, body: bytes) -> str:
        if isinstance(self._key, rsa.RSAPrivateKey):
            made = self._key.sign(body, padding.PKCS1v15(), SHA256())
        else:
            made = self._key.sign(body, ec.ECDSA(SHA256()))
        return base64.b64encode(made).decode()

    def headers(self, body: bytes, *, domain: str = DOMAIN) -> dict[str, str]:
        return {
            "X-OpenDSR-Processor-Domain": domain,
            "X-OpenDSR-Signature": self.signed(body),
            "Content-Type": "application/json",
        }


@dataclass
class Toy:
    """`requests` and `events`: by id, what came by OpenDSR and by webhook; `calls`: all that came.

    `status`: of each request, how it stands here; `received`: how often each id came.
    """

    key: Key
    stranger: Key
    secret: bytes
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    port: int = 0
    tls_port: int = 0  # the same, behind a certificate that nobody trusts
    manners: list[Manner] = field(default_factory=list)
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    #: Where callbacks go: the app under test.
    ours: httpx.AsyncClient | None = None
    called: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def whsec(self) -> str:
        return "whsec_" + base64.b64encode(self.secret).decode()

    def paths(self) -> list[str]:
        return [f"{one.method} {one.path.partition('?')[0]}" for one in self.calls]

    # What it says by itself.

    async def calls_back(
        self,
        id: str,
        status: str,
        *,
        key: Key | None = None,
        recipient: str = "letters",
        domain: str = DOMAIN,
        **more: Any,
    ) -> httpx.Response:
        assert self.ours is not None
        said = {"controller_id": "club", "subject_request_id": id, "request_status": status,
                "expected_completion_time": "2026-12-01T00:00:00Z", **more}  # fmt: skip
        body = json.dumps(said).encode()
        headers = (key or self.key).headers(body, domain=domain)
        path = f"/v1/connectors/{recipient}/opendsr"
        return await self.ours.post(path, content=body, headers=headers)

    async def answers(
        self,
        said: Any,
        *,
        message: str = "msg_1",
        at: datetime | None = None,
        secret: bytes | None = None,
        recipient: str = "letters",
    ) -> httpx.Response:
        assert self.ours is not None
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        headers = self.webhook_headers(message, body, at=at, secret=secret)
        path = f"/v1/connectors/{recipient}/answers"
        return await self.ours.post(path, content=body, headers=headers)

    def webhook_headers(
        self, id: str, body: bytes, *, at: datetime | None = None, secret: bytes | None = None
    ) -> dict[str, str]:
        stamp = str(int((at or self.clock()).timestamp()))
        mac = hmac.digest(secret or self.secret, f"{id}.{stamp}.".encode() + body, hashlib.sha256)
        signature = "v1," + base64.b64encode(mac).decode()
        return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}

    # What it does when it is called.

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            call = await _read(reader)
            self.calls.append(call)
            self.called.set()
            manner = self.manners.pop(0) if self.manners else Manner.RIGHT
            await self._answer(call, manner, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # whoever called has left, or the test is over
        finally:
            self._busy.discard(task)
            writer.close()

    def leave(self) -> None:
        """Hang on to nobody any more."""
        for task in self._busy:
            task.cancel()

    async def _answer(self, call: Call, manner: Manner, writer: asyncio.StreamWriter) -> None:
        if manner is Manner.HANG:
            await asyncio.sleep(3600)
        if manner is Manner.DRIP:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        if manner is Manner.BREAK_OFF:
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")
            await writer.drain()
            return
        status, headers, body = await self._made(call, manner)
        head = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
        head += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        writer.write("\r\n".join(head).encode() + body)
        await writer.drain()

    async def _made(self, call: Call, manner: Manner) -> tuple[int, dict[str, str], bytes]:
        plain = {
            Manner.FAULT: (500, {}, b"oh no"),
            Manner.BUSY: (429, {"Retry-After": "7200"}, b""),
            Manner.REDIRECT: (307, {"Location": f"{self.address}/elsewhere"}, b""),
            Manner.GONE: (410, {}, b""),
            Manner.DENIED: (401, {}, b""),
            Manner.UNKNOWN: (404, {}, b""),
            Manner.HUGE: (200, {}, b" " * 1_000_000),
        }
        if manner in plain:
            return plain[manner]
        if call.path.startswith("/hook"):
            return self._hook(call, manner)
        return await self._dsr(call, manner)

    def _hook(self, call: Call, manner: Manner) -> tuple[int, dict[str, str], bytes]:
        id, stamp = call.headers["webhook-id"], call.headers["webhook-timestamp"]
        mac = hmac.digest(self.secret, f"{id}.{stamp}.".encode() + call.body, hashlib.sha256)
        given = call.headers["webhook-signature"].split(" ")
        if f"v1,{base64.b64encode(mac).decode()}" not in given:
            return 401, {}, b""
        self.events.setdefault(id, call.json)
        self.received[id] = self.received.get(id, 0) + 1
        if manner in (Manner.RIGHT, Manner.PACKED):
            packed = {"Content-Encoding": "gzip"} if manner is Manner.PACKED else {}
            return 202, packed, b""
        said = {"status": "completed"}
        body = json.dumps(said).encode() if manner is not Manner.MALFORMED else b"{oops"
        if manner is Manner.UNSIGNED:
            return 200, {}, body
        if manner is Manner.FORGED:
            return 200, {**self.webhook_headers(id, body), "webhook-signature": "v1,AAAA"}, body
        if manner is Manner.OTHERS:
            return 200, self.webhook_headers(id, body, secret=b"x" * 32), body
        about = "msg_of_another" if manner is Manner.OF_ANOTHER else id
        return 200, self.webhook_headers(about, body), body

    async def _dsr(self, call: Call, manner: Manner) -> tuple[int, dict[str, str], bytes]:
        if call.path == "/dsr/discovery":
            found = {"api_version": "2.0", "supported_subject_request_types": ["erasure"],
                     "supported_identities": [{"identity_type": "email", "identity_format": "raw"}],
                     "processor_certificate": f"{self.address}/cert.pem"}  # fmt: skip
            return 200, {}, json.dumps(found).encode()
        if call.method == "POST":
            asked = call.json
            id = asked["subject_request_id"]
            self.received[id] = self.received.get(id, 0) + 1
            if manner in (Manner.CONFLICT, Manner.DUPLICATE) or id in self.requests:
                if manner is not Manner.DUPLICATE or id in self.requests:
                    self.requests.setdefault(id, asked)
                    self.status.setdefault(id, "pending")
                return (400 if manner is Manner.DUPLICATE else 409), {}, b"{}"
            self.requests[id] = asked
            self.status[id] = "pending"
            if manner is Manner.EARLY:
                self.status[id] = "completed"
                answer = await self.calls_back(id, "completed")
                assert answer.status_code == 202, answer.text
            said = {"controller_id": "club", "subject_request_id": id,
                    "expected_completion_time": "2026-12-01T00:00:00Z",
                    "received_time": "2026-11-01T00:00:00Z",
                    "encoded_request": base64.b64encode(call.body).decode()}  # fmt: skip
            return self._signed(201, said, manner)
        id = call.path.rpartition("/")[2]
        if id not in self.status:
            return 404, {}, b""
        said = {"controller_id": "club", "subject_request_id": id, "api_version": "2.0",
                "request_status": self.status[id],
                "expected_completion_time": "2026-12-01T00:00:00Z"}  # fmt: skip
        return self._signed(200, said, manner)

    def _signed(
        self, status: int, said: dict[str, Any], manner: Manner
    ) -> tuple[int, dict[str, str], bytes]:
        if manner is Manner.OF_ANOTHER:
            said["subject_request_id"] = "00000000-0000-4000-8000-000000000000"
        body = b"{oops" if manner is Manner.MALFORMED else json.dumps(said).encode()
        key = self.stranger if manner is Manner.OTHERS else self.key
        domain = "elsewhere.example" if manner is Manner.OTHER_DOMAIN else DOMAIN
        headers = key.headers(body, domain=domain)
        if manner is Manner.UNSIGNED:
            headers.pop("X-OpenDSR-Signature")
        if manner is Manner.FORGED:
            headers["X-OpenDSR-Signature"] = "c2lnbmVk"
        if manner is Manner.PACKED:
            headers["Content-Encoding"] = "gzip"
        return status, headers, body

    def pinned_in(self, folder: Path, recipient: str = "letters") -> None:
        """Put what verifies it where Tillit looks."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{recipient}.pem").write_bytes(self.key.certificate)
        (folder / f"{recipient}.secret").write_text(self.whsec + "\n")


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {k.strip().lower(): v.strip() for k, _, v in (one.partition(":") for one in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Call(method, path, headers, body)


@asynccontextmanager
async def toy(key: Key, stranger: Key) -> AsyncIterator[Toy]:
    """One that listens until the block ends."""
    made = Toy(key, stranger, hashlib.sha256(b"toy").digest())
    plain = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    safe = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=key.tls())
    made.port, made.tls_port = (one.sockets[0].getsockname()[1] for one in (plain, safe))
    try:
        yield made
    finally:
        made.leave()
        for server in (plain, safe):
            server.close()
            await server.wait_closed()
