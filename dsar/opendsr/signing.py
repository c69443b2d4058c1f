"""Who said it: signatures over the bytes as they came, ours and other companies'.

OpenDSR 2.0 signs with RSA (PKCS #1 v1.5, SHA-256; FIPS 186-4), in base64, in a header. Our key and
its certificate lie in two files; theirs is pinned: an officer has put the certificate into
`keys/agents`. Touches files, and no database.
"""

import base64
import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from dsar.connectors.pinned import pinned
from dsar.errors import NotTold, UnknownAgent
from profiles.errors import CannotOpen

SIGNATURE = "X-OpenDSR-Signature"
DOMAIN = "X-OpenDSR-Processor-Domain"
#: When a request without a body was made; such a request signs `bodiless`.
TIME = "X-OpenDSR-Time"

KEY_FILE = "opendsr.key"
CERTIFICATE_FILE = "opendsr.pem"

_BITS = 3072
_LEAST = 2048
_YEARS = timedelta(days=3650)


class Seal:
    """Our own key and the certificate that others check it by. Signs, and does nothing else."""

    __slots__ = ("_key", "certificate", "domain")

    def __init__(self, key: rsa.RSAPrivateKey, certificate: bytes, domain: str) -> None:
        self._key = key
        #: PEM, as `/certificate` hands it out.
        self.certificate = certificate
        self.domain = domain

    def __repr__(self) -> str:
        return f"Seal(***, domain={self.domain!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not to be copied")

    def headers(self, body: bytes) -> dict[str, str]:
        """The two headers under which `body` leaves."""
        signed = self._key.sign(body, padding.PKCS1v15(), hashes.SHA256())
        return {DOMAIN: self.domain, SIGNATURE: base64.b64encode(signed).decode()}


def our_seal(folder: Path, domain: str, *, now: datetime) -> Seal:
    """The key and certificate in `folder`; made when they are not there, and never written over.

    A certificate made here is self-signed, for trying things out: the standard asks for one that
    an authority issued, and whoever runs this puts it in its place. Takes a second when the key
    is made. Raises `CannotOpen` for files that are none, or do not belong together.
    """
    at = folder / KEY_FILE
    if not at.exists():
        made = rsa.generate_private_key(public_exponent=65_537, key_size=_BITS)
        _place(at, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        key = load_pem_private_key(at.read_bytes(), password=None)
    except (ValueError, TypeError, OSError) as error:
        raise CannotOpen("the key file cannot be read as PEM", place=str(at)) from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _LEAST:
        raise CannotOpen(f"this is no RSA key of {_LEAST} bits or more", place=str(at))
    beside = folder / CERTIFICATE_FILE
    if not beside.exists():
        _place(beside, _own_certificate(key, domain, now).public_bytes(Encoding.PEM))
    pem = beside.read_bytes()
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CannotOpen("the certificate cannot be read as PEM", place=str(beside)) from error
    if certificate.public_key() != key.public_key():
        raise CannotOpen(
            "the certificate is another key's",
            place=str(beside),
            remedy=f"put the certificate of {KEY_FILE} there, or both of them anew",
        )
    return Seal(key, pem, domain)


def verify(folder: Path, agent: str, said: bytes, signature: str, *, now: datetime) -> None:
    """See that whoever holds the key of NAME.pem in `folder` has signed `said`.

    Raises `UnknownAgent`, with the same words whatever is wrong: what lies in our files is no
    business of whoever calls.
    """
    try:
        key = pinned(folder, agent, now=now)
    except NotTold as error:
        raise unknown_agent() from error
    if not key.has_signed(said, signature):
        raise unknown_agent()


def bodiless(method: str, path: str, at: str) -> bytes:
    """What is signed of a request without a body: a signature of nothing would fit them all.

    ``GET /opendsr/v2/requests/… LF 2026-03-01T12:00:00Z LF``, with the time of `TIME`.
    """
    return f"{method} {path}\n{at}\n".encode()


def unknown_agent() -> UnknownAgent:
    return UnknownAgent(
        "this is not signed by anybody who may hand in requests",
        place=SIGNATURE,
        remedy=f"sign the body as it is sent, and name your domain in {DOMAIN}",
    )


def _own_certificate(key: rsa.RSAPrivateKey, domain: str, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain[:64])])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _place(path: Path, content: bytes) -> None:
    """Readable by its owner alone, and whole or absent; whoever was first stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process made it first
    finally:
        draft.unlink()
