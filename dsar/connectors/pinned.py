"""A processor's certificate, pinned by whoever runs this, and what is signed by it (OpenDSR 4).

Pinned, not looked up: a certificate that came with an answer would prove nothing about it.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold

_SHORTEST = 2048  # bits of an RSA key (NIST SP 800-131A)
_LONGEST = 4096  # characters of a signature


@dataclass(frozen=True)
class Pinned:
    """The public key of one processor. `until`: when its certificate is over."""

    _key: RSAPublicKey | EllipticCurvePublicKey
    until: datetime

    def has_signed(self, body: bytes, signature: str) -> bool:
        """Whether `signature`, in base64, is the key's over SHA-256 of these very bytes."""
        try:
            made = base64.b64decode("".join(signature.split()), validate=True)
        except ValueError:
            return False
        if len(signature) > _LONGEST:
            return False
        try:
            if isinstance(self._key, RSAPublicKey):
                self._key.verify(made, body, PKCS1v15(), SHA256())
            else:
                self._key.verify(made, body, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


def pinned(folder: Path, recipient: str, *, now: datetime) -> Pinned:
    """The certificate in NAME.pem. Raises `NotTold`: `no_certificate`, `certificate_over`."""
    try:
        found = load_pem_x509_certificate((folder / f"{recipient}.pem").read_bytes())
        key = found.public_key()
    except (OSError, ValueError) as error:
        raise NotTold(Trouble.NO_CERTIFICATE) from error
    if isinstance(key, RSAPublicKey):
        fits = key.key_size >= _SHORTEST
    else:
        fits = isinstance(key, EllipticCurvePublicKey)
    if not fits or not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise NotTold(Trouble.NO_CERTIFICATE)
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise NotTold(Trouble.CERTIFICATE_OVER)
    return Pinned(key, found.not_valid_after_utc)
