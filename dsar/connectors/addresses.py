"""Where a recipient is: its name looked up, and every address behind it checked.

Personal data goes to no private network: a name that leads there too is refused. What is
connected to is the address that was checked, whatever the name says a moment later.
"""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold

#: Hosts that mean this machine, for trying things out; a programme has to write them like this.
HERE = ("127.0.0.1", "localhost")
_PORTS = {"https": 443, "http": 80}
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_SITE_LOCAL = ip_network("fec0::/10")

IP = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Place:
    """A server that may be connected to. `ips`: where, in the order in which to try."""

    scheme: str
    name: str
    port: int
    path: str
    ips: tuple[IP, ...]

    @property
    def host(self) -> str:
        """As the `Host` header names it."""
        return self.name if self.port == _PORTS[self.scheme] else f"{self.name}:{self.port}"

    def url(self, ip: IP) -> str:
        """With the checked address in the name's place."""
        at = f"[{ip}]" if ip.version == 6 else str(ip)
        return f"{self.scheme}://{at}:{self.port}{self.path}"


def host_of(address: str) -> str:
    """The host in a recipient's address, without its port; for a mailbox, the domain."""
    if "://" in address:
        return urlsplit(address).hostname or ""
    return address.rpartition("@")[2]


async def find(address: str) -> Place:
    """Look the address up. Raises `NotTold`: `bad_address`, `unresolved`, `private_address`."""
    parts, port = _parts(address)
    name = parts.hostname or ""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise NotTold(Trouble.UNRESOLVED) from error
    ips = tuple(dict.fromkeys(ip_address(str(one[4][0]).partition("%")[0]) for one in found))
    allowed = (ip.is_loopback if name in HERE else is_public(ip) for ip in ips)
    if not ips or not all(allowed):
        raise NotTold(Trouble.PRIVATE_ADDRESS)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, name, port, path or "/", ips)


def is_public(ip: IP) -> bool:
    """Whether everybody reaches the same server by it, also by an IPv4 address within."""
    if ip.is_multicast or not ip.is_global:
        return False
    if isinstance(ip, IPv6Address):
        within = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            within = IPv4Address(int(ip) & 0xFFFF_FFFF)
        return ip not in _SITE_LOCAL and (within is None or is_public(within))
    return True


def _parts(address: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise NotTold(Trouble.BAD_ADDRESS) from error
    name = parts.hostname
    safe = parts.scheme == "https" or (parts.scheme == "http" and name in HERE)
    if not safe or not name or not port or "@" in parts.netloc or parts.fragment:
        raise NotTold(Trouble.BAD_ADDRESS)
    return parts, port
