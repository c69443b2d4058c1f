"""A real mail server on this machine that does as it is told, and keeps what it was given."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.settings import MailServer

SENDER = "Fjällklubben <privacy@fjallklubben.example>"
PASSWORD = "a:b@c/d"


@dataclass
class Told:
    """What the server is to say next, step by step; once a list is empty it accepts.

    ``drop`` after the data: it takes the message over and breaks the line before it says so.
    """

    connect: str | None = None
    sender: list[str] = field(default_factory=list)
    recipient: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    @property
    def messages(self) -> list[EmailMessage]:
        found = [message_from_bytes(one, policy=default) for one in self.kept]
        assert all(isinstance(one, EmailMessage) for one in found)
        return found  # type: ignore[return-value]


class _Hooks:
    def __init__(self, told: Told) -> None:
        self.told = told

    async def handle_MAIL(
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.told.sender:
            return self.told.sender.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.told.recipient:
            return self.told.recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        answer = self.told.data.pop(0) if self.told.data else "250 OK"
        transport = server.transport
        assert transport is not None
        if answer.startswith("2") or answer == "drop":
            assert isinstance(envelope.content, bytes)
            self.told.kept.append(envelope.content)
            self.told.envelopes.append((envelope.mail_from or "", list(envelope.rcpt_tos)))
            self.told.encrypted.append(transport.get_extra_info("ssl_object") is not None)
        if answer == "drop":
            transport.abort()
            await asyncio.sleep(0)
        return answer


@contextmanager
def mail_server(
    *, certificate: Path | None = None, implicit: bool = False, user: str | None = None
) -> Iterator[tuple[Told, MailServer]]:
    """A server that runs while the block does, and the settings that reach it.

    `certificate`: a PEM file with its key, for TLS: from the start if `implicit`.
    """
    told = Told()
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

    def allowed(*given: object) -> AuthResult:
        word = given[-1]
        assert isinstance(word, LoginPassword)
        right = (word.login.decode(), word.password.decode()) == (user, PASSWORD)
        return AuthResult(success=right, handled=False)

    controller = Controller(
        _Hooks(told),
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        authenticator=allowed if user else None,
        auth_required=user is not None,
        auth_require_tls=not implicit,
        enable_SMTPUTF8=True,
    )
    controller.start()
    try:
        yield (
            told,
            MailServer(
                host="localhost" if certificate else "127.0.0.1",
                port=controller.port,
                sender=SENDER,
                user=user,
                password=PASSWORD if user else None,
                implicit=implicit,
                starttls=certificate is not None and not implicit,
            ),
        )
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def certificate_in(folder: Path) -> Path:
    """A certificate for this machine and its key, made now, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "mail.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file
