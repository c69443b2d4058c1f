"""One call to a recipient's server: bounded in time and size, and no further than asked.

No redirect is followed, no proxy or password of this machine's environment is used, and no
answer is unpacked. Nothing of what was sent or answered stands in an exception.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

import httpx

from dsar.connectors import addresses
from dsar.connectors.addresses import IP, Place
from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold

WITHIN = 20.0  # seconds, from looking up the name to the answer's last byte
CONNECT = 5.0  # seconds for each address behind the name
LONGEST = 64 << 10  # bytes of an answer's body

_REDIRECTS = range(300, 400)


@dataclass(frozen=True)
class Reply:
    """What a recipient's server answered; nothing of it has been looked into."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def trouble(self) -> Trouble | None:
        """What its status says is wrong; None for 2xx."""
        if 200 <= self.status < 300:
            return None
        if self.status in _REDIRECTS:
            return Trouble.REDIRECTED
        known = {401: Trouble.NOT_LET_IN, 403: Trouble.NOT_LET_IN, 410: Trouble.GONE}
        known |= {408: Trouble.TOO_SLOW, 425: Trouble.BUSY, 429: Trouble.BUSY}
        return known.get(
            self.status, Trouble.UNAVAILABLE if self.status >= 500 else Trouble.REFUSED
        )

    @property
    def wish(self) -> timedelta:
        """How long it wants to be left alone: `Retry-After` in seconds (RFC 9110, 10.2.3)."""
        sent = self.headers.get("retry-after", "")
        plain = sent.isascii() and sent.isdecimal() and len(sent) < 10
        return timedelta(seconds=int(sent)) if plain else timedelta()

    def raise_for_status(self) -> None:
        """Raises `NotTold` for a status that is no success."""
        if self.trouble is not None:
            raise NotTold(self.trouble, wish=self.wish)


async def call(
    method: str,
    address: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    within: float | None = None,
) -> Reply:
    """Call once; whatever the status, it is an answer. Raises `NotTold` when there is none.

    `within`: seconds for all of it, `WITHIN` when left out.

    Whether the recipient has got it is then not known: it is called again, with the same ids.
    """
    sent = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
    try:
        async with asyncio.timeout(WITHIN if within is None else within):
            place = await addresses.find(address)
            for ip in place.ips[:-1]:
                try:
                    return await _call(method, place, ip, sent, content)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    continue  # nothing was sent: the name has another address
            return await _call(method, place, place.ips[-1], sent, content)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise NotTold(Trouble.TOO_SLOW) from error
    except httpx.ConnectError as error:
        raise NotTold(Trouble.NO_TLS if _of_tls(error) else Trouble.UNREACHABLE) from error
    except httpx.HTTPError as error:
        raise NotTold(Trouble.UNREACHABLE) from error
    except (httpx.InvalidURL, UnicodeError) as error:
        raise NotTold(Trouble.BAD_ADDRESS) from error


async def _call(
    method: str, place: Place, ip: IP, headers: Mapping[str, str], content: bytes
) -> Reply:
    timeout = httpx.Timeout(WITHIN, connect=CONNECT)
    async with (
        httpx.AsyncClient(
            verify=_trust(), trust_env=False, follow_redirects=False, timeout=timeout
        ) as client,
        client.stream(
            method,
            place.url(ip),
            headers={**headers, "Host": place.host},
            content=content,
            extensions={"sni_hostname": place.name},
        ) as response,
    ):
        body = b""
        async for part in response.aiter_raw():
            body += part
            if len(body) > LONGEST:
                raise NotTold(Trouble.TOO_LARGE)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise NotTold(Trouble.MALFORMED)
        return Reply(response.status_code, response.headers, body)


@cache
def _trust() -> ssl.SSLContext:
    """Made once: reading the authorities takes longer than a call."""
    return httpx.create_ssl_context(trust_env=False)


def _of_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
