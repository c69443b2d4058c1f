"""What keeps a page from being misused: headers, cookies, and forms that only it can send.

A form counts if the browser says that one of our own pages sent it (Fetch Metadata, Origin), and,
for somebody who is signed in, if it holds the session's own token.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from api.settings import Settings

#: Everything from here, nothing inline, and nobody frames it (CSP Level 3).
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With no referrer at all a browser says `Origin: null` of our own forms (Fetch, 3.2). So much
    # of an address tells nobody which page it was, and no link that stands in it, not even us.
    "Referrer-Policy": "strict-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
#: For a page that holds a frame with another page of ours.
FRAMING = f"{POLICY}; frame-src 'self'"
_YEAR = 31_536_000  # seconds
LANGUAGE = "tillit-language"


def headers(settings: Settings) -> dict[str, str]:
    """Those of every page; on https also that it is never asked for otherwise (RFC 6797)."""
    if encrypted(settings):
        return {**HEADERS, "Strict-Transport-Security": f"max-age={_YEAR}; includeSubDomains"}
    return dict(HEADERS)


def session_cookie(settings: Settings) -> str:
    """The cookie's name; its prefix binds it to this host and to https (RFC 6265bis)."""
    return "__Host-tillit" if encrypted(settings) else "tillit"


def press_cookie(settings: Settings) -> str:
    """The cookie of the nonce that a page's press is known by when it is repeated."""
    return f"{session_cookie(settings)}-press"


def cookie(name: str, value: str | None, settings: Settings) -> str:
    """A `Set-Cookie`: for this site and no script; None ends it.

    The session's and the nonce's go with the browser, the language's after a year.
    """
    parts = [f"{name}={value or ''}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if value is None:
        parts.append("Max-Age=0")
    elif name == LANGUAGE:
        parts.append(f"Max-Age={_YEAR}")
    if encrypted(settings):
        parts.append("Secure")
    return "; ".join(parts)


def is_ours(headers: Mapping[str, str], settings: Settings) -> bool:
    """Whether one of our own pages sent this form, by what the browser says of itself.

    A browser that says neither is too old to be believed. Where members come by https, nothing that
    was read in the clear has sent it: somebody on the way may have written that.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        sent = urlsplit(origin)
    except ValueError:  # no browser sends such an origin
        return False
    own = urlsplit(settings.public_url)
    here = headers.get("host", "")
    if encrypted(settings) and sent.scheme != "https":
        return False
    return sent.netloc in (own.netloc, here) and (sent.scheme == own.scheme or sent.netloc == here)


def local(path: str, *, otherwise: str) -> str:
    """A path on this site to go to, or the other one: nobody is sent elsewhere from here."""
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii()
    plain = all(sign.isalnum() or sign in "/-_.?=&%" for sign in path)
    return path if safe and plain else otherwise


def encrypted(settings: Settings) -> bool:
    """Whether everybody comes by https."""
    return settings.public_url.startswith("https://")
