"""Other companies that hand in requests, with keys of their own. Knows none of our signing code."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from api.bootstrap import Tillit

BASE = "/opendsr/v2"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """One for each name; made once, because making them takes long."""
    del name
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def certificate(
    name: str, *, since: datetime | None = None, days: int = 90, of: rsa.RSAPrivateKey | None = None
) -> bytes:
    since = since or datetime.now(UTC) - timedelta(days=1)
    made = of or key(name)
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(whose).issuer_name(whose)
    builder = builder.public_key(made.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(since).not_valid_after(since + timedelta(days=days))
    return builder.sign(made, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def pin(tillit: Tillit, name: str, pem: bytes | None = None) -> Path:
    """Put an agent's certificate where an officer would put it."""
    path = tillit.settings.data / "keys" / "agents" / f"{name}.pem"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pem if pem is not None else certificate(name))
    return path


def signature(name: str, said: bytes) -> str:
    return base64.b64encode(key(name).sign(said, padding.PKCS1v15(), hashes.SHA256())).decode()


def checked(answer: httpx.Response, pem: bytes) -> None:
    """By the certificate alone, as another company does it; raises when it was not signed."""
    found = x509.load_pem_x509_certificate(pem).public_key()
    assert isinstance(found, rsa.RSAPublicKey)
    signed = base64.b64decode(answer.headers["X-OpenDSR-Signature"])
    found.verify(signed, answer.content, padding.PKCS1v15(), hashes.SHA256())


def wanted(right: str = "erasure", *, email: str = "asa@post.example", **other: Any) -> Any:
    """The body of a request; `other`: what it says instead, None for what it leaves out."""
    said = {
        "regulation": "gdpr",
        "subject_request_id": str(uuid4()),
        "subject_request_type": right,
        "submitted_time": datetime.now(UTC).isoformat(timespec="seconds"),
        "subject_identities": [identity("email", email)],
        "api_version": "2.0",
        **other,
    }
    return {name: value for name, value in said.items() if value is not None}


def identity(kind: str, value: str, form: str = "raw") -> dict[str, str]:
    return {"identity_type": kind, "identity_value": value, "identity_format": form}


@dataclass(frozen=True)
class Agent:
    """One of them, calling at the doors."""

    http: httpx.AsyncClient
    name: str = "dataombudet"
    domain: str = "dataombudet.example"

    async def sends(self, body: Any, **headers: str) -> httpx.Response:
        """Hands a body in, signed over the very bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {
            "Content-Type": "application/json",
            "X-OpenDSR-Processor-Domain": self.domain,
            "X-OpenDSR-Signature": signature(self.name, content),
            **headers,
        }
        return await self.http.post(f"{BASE}/requests", content=content, headers=sent)

    async def hands_in(self, right: str = "erasure", **said: Any) -> str:
        """Hands one in that is taken; its id."""
        answer = await self.sends(wanted(right, **said))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["subject_request_id"])

    async def asks(
        self, reference: str, method: str = "GET", *, at: datetime | None = None, **headers: str
    ) -> httpx.Response:
        """Asks how it stands, or takes it back."""
        path = f"{BASE}/requests/{reference}"
        time = (at or datetime.now(UTC)).isoformat(timespec="seconds")
        sent = {
            "X-OpenDSR-Processor-Domain": self.domain,
            "X-OpenDSR-Time": time,
            "X-OpenDSR-Signature": signature(self.name, f"{method} {path}\n{time}\n".encode()),
            **headers,
        }
        return await self.http.request(method, path, headers=sent)

    async def status(self, reference: str) -> str:
        answer = await self.asks(reference)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["request_status"])
