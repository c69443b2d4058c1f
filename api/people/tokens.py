"""Tokens of links and sessions: 32 random bytes, of which the database has the digest alone."""

import base64
import hmac
import secrets
from hashlib import sha256

_BYTES = 32
_WRITTEN = 43  # characters of base64url without padding
_FORM = b"tillit/form/v1"


def new() -> str:
    """A token, to be handed to its bearer and kept nowhere."""
    return written(secrets.token_bytes(_BYTES))


def digest(token: str) -> bytes | None:
    """The 32 bytes by which the database knows a token; None for what cannot be one."""
    if len(token) != _WRITTEN or not token.isascii():
        return None
    try:
        secret = base64.b64decode(token + "=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    # One spelling only: the last character has bits to spare.
    return sha256(secret).digest() if written(secret) == token else None


def form_token(token: str) -> str:
    """What the forms of a session hold, so that no other site sends one of them (CSRF).

    Follows from the session's token, and tells nothing of it: HMAC-SHA256.
    """
    return written(hmac.digest(token.encode(), _FORM, "sha256"))


def is_form_token(token: str, given: str) -> bool:
    """Whether a form is of that session; takes the same time whatever the answer."""
    return hmac.compare_digest(form_token(token).encode(), given.encode("utf-8", "replace"))


def written(data: bytes) -> str:
    """The token that these 32 bytes are."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
