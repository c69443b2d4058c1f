"""Settings: environment variables, read here and nowhere else."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import getaddresses
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from kernel.errors import Invalid

#: Where `tillit serve` answers when nothing else is said.
LOCAL = "http://127.0.0.1:8000"
_HERE = ("127.0.0.1", "localhost")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~-]+)*")
_ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?")
_SENDER = re.compile(r"[^@\s<>]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
#: Where mail is handed over, by the beginning of the address (RFC 8314, 3.3; RFC 6409).
_MAIL_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class MailServer:
    """Whom mail is handed to, and in whose name. The password is never shown.

    `implicit`: TLS from the first byte; `starttls`: it begins in the clear and goes on in TLS.
    One of them holds, unless the server is on this machine.
    """

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    implicit: bool = False
    starttls: bool = True


@dataclass(frozen=True)
class SmsGateway:
    """Whom text messages are handed to, by a webhook; `folder`: where `sms.secret` lies."""

    url: str = field(repr=False)
    folder: Path


@dataclass(frozen=True)
class Settings:
    """Where data lies and which keys open it.

    TILLIT_DATA           the data folder (default: ``tillit-data`` in the working folder)
    TILLIT_DATABASE_URL   a PostgreSQL of 15 or later; unset: a private one in the data folder
    TILLIT_ROOT_KEY       the root key's file (default: ``keys/root.key`` in the data folder)
    TILLIT_RECORD_KEY     the record's signing key (default: ``keys/record.key``)
    TILLIT_TOKEN_KEY      the key of bearer tokens and sealed links (default: ``keys/token.key``)
    TILLIT_PUBLIC_URL     where members reach the doors (default: ``http://127.0.0.1:8000``)
    TILLIT_TRUSTED_PROXIES  the proxies in front, whose word about callers is taken (unset: none)
    TILLIT_SMTP_URL       whom mail is handed to (unset: nothing is sent, letters are downloaded)
    TILLIT_MAIL_FROM      in whose name: ``Name <address>`` or an address
    TILLIT_SMS_URL        a webhook that sends text messages (unset: none are sent)
    TILLIT_PANEL_ORIGINS  whose pages may frame the consent panel (unset: nobody else's)
    TILLIT_PANEL_EXAMPLE  the service of the example sign-up page (unset: there is no such page)
    """

    data: Path
    database_url: str | None
    root_key: Path
    record_key: Path
    token_key: Path
    public_url: str = LOCAL
    #: Addresses and networks (CIDR).
    proxies: tuple[str, ...] = ()
    mail: MailServer | None = None
    sms: SmsGateway | None = None
    panel_origins: tuple[str, ...] = ()
    panel_example: str | None = None

    @property
    def journal(self) -> Path:
        """Erasures, kept outside the database so that no restored backup undoes them."""
        return self.data / "erasures.journal"

    @property
    def checkpoint(self) -> Path:
        """The newest signed checkpoint, outside the database so that its end cannot be cut off."""
        return self.data / "record.checkpoint"


def read_settings(
    environment: Mapping[str, str] = os.environ, *, folder: str = "tillit-data"
) -> Settings:
    """What the environment says; `folder` is the data folder when it says nothing.

    Raises `Invalid` for a variable that begins with TILLIT_ and is none of ours, and for a
    database that is no PostgreSQL.
    """
    known = {
        "TILLIT_DATA",
        "TILLIT_DATABASE_URL",
        "TILLIT_ROOT_KEY",
        "TILLIT_RECORD_KEY",
        "TILLIT_TOKEN_KEY",
        "TILLIT_PUBLIC_URL",
        "TILLIT_TRUSTED_PROXIES",
        "TILLIT_SMTP_URL",
        "TILLIT_MAIL_FROM",
        "TILLIT_SMS_URL",
        "TILLIT_PANEL_ORIGINS",
        "TILLIT_PANEL_EXAMPLE",
    }
    for name in environment:
        if name.startswith("TILLIT_") and name not in known:
            raise Invalid(
                "there is no such setting", place=name, remedy="one of " + ", ".join(sorted(known))
            )
    url = environment.get("TILLIT_DATABASE_URL") or None
    if url is not None and not url.startswith("postgresql://"):
        # Not shown: it may hold a password.
        raise Invalid(
            "this is not the URL of a PostgreSQL database",
            place="TILLIT_DATABASE_URL",
            remedy="it must begin with postgresql://",
        )
    data = Path(environment.get("TILLIT_DATA") or folder).absolute()
    here = _public_url(environment.get("TILLIT_PUBLIC_URL") or LOCAL)
    keys = data / "keys"
    return Settings(
        data=data,
        database_url=url,
        root_key=Path(environment.get("TILLIT_ROOT_KEY") or keys / "root.key"),
        record_key=Path(environment.get("TILLIT_RECORD_KEY") or keys / "record.key"),
        token_key=Path(environment.get("TILLIT_TOKEN_KEY") or keys / "token.key"),
        public_url=here,
        proxies=_proxies(environment.get("TILLIT_TRUSTED_PROXIES") or ""),
        mail=_mail(environment.get("TILLIT_SMTP_URL"), environment.get("TILLIT_MAIL_FROM")),
        sms=_sms(environment.get("TILLIT_SMS_URL"), keys),
        panel_origins=_origins(environment.get("TILLIT_PANEL_ORIGINS") or ""),
        panel_example=_example(environment.get("TILLIT_PANEL_EXAMPLE"), here),
    )


def _public_url(url: str) -> str:
    """The base of links that members follow, without a slash at its end.

    They carry a member's right to say no: in the clear only on this machine (RFC 8058, 3.1).
    """
    bare = url.rstrip("/")
    if _ADDRESS.fullmatch(bare):
        parts = urlsplit(bare)
        if parts.scheme == "https" or parts.hostname in _HERE:
            return bare
    raise Invalid(
        "this is no address that members can be sent to",
        place="TILLIT_PUBLIC_URL",
        remedy="such as https://choices.example.com; http only on this machine",
    )


def _proxies(said: str) -> tuple[str, ...]:
    """Who may say from where a request came. Never everybody: each could then be anybody."""
    found = []
    for one in filter(None, (part.strip() for part in said.split(","))):
        try:
            network = ipaddress.ip_network(one)
        except ValueError:
            network = None
        if network is None or not network.prefixlen:
            raise Invalid(
                "this is not the address of a proxy",
                place="TILLIT_TRUSTED_PROXIES",
                remedy="addresses and networks, parted by commas: 192.0.2.10, 2001:db8:1::/64",
            )
        found.append(str(network))
    return tuple(found)


def _origins(named: str) -> tuple[str, ...]:
    """Whose pages may frame the panel: whole origins, one by one, and no pattern."""
    for origin in (found := named.split()):
        parts = urlsplit(origin) if _ORIGIN.fullmatch(origin) else None
        if parts is None or (parts.scheme == "http" and parts.hostname not in _HERE):
            raise Invalid(
                "this is no site that could frame the panel",
                place="TILLIT_PANEL_ORIGINS",
                remedy="such as https://www.shop.example, several with spaces between them; http "
                "only on this machine",
            )
    return tuple(dict.fromkeys(found))


def _example(service: str | None, public_url: str) -> str | None:
    """In whose name the example enrols whoever comes by: on this machine, and nowhere else."""
    if service and urlsplit(public_url).hostname not in _HERE:
        raise Invalid(
            "the example sign-up page lets anybody enrol members",
            place="TILLIT_PANEL_EXAMPLE",
            remedy="leave it out, but where TILLIT_PUBLIC_URL is on this machine",
        )
    return service or None


def _sms(url: str | None, folder: Path) -> SmsGateway | None:
    """Whom text messages are handed to: codes travel in them, so never in the clear."""
    if not url:
        return None
    parts = urlsplit(url)
    host, _ = _host_and_port(parts)
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _HERE)
    if not safe or host is None or "@" in parts.netloc or parts.fragment:
        raise Invalid(
            "this is no webhook that text messages can be handed to",
            place="TILLIT_SMS_URL",
            remedy="https://gateway.example/messages; http only on this machine",
        )
    return SmsGateway(url, folder)


def _mail(url: str | None, sender: str | None) -> MailServer | None:
    """Whom mail is handed to; None when nothing is set. No message repeats what was set."""
    if not url and not sender:
        return None
    named = [address for _, address in getaddresses([sender or ""])]
    if len(named) != 1 or _SENDER.fullmatch(named[0]) is None or not (sender or "").isprintable():
        raise Invalid(
            "this is nobody whom mail can come from",
            place="TILLIT_MAIL_FROM",
            remedy="such as Fjällklubben <privacy@fjallklubben.example>",
        )
    parts = urlsplit(url or "")
    host, port = _host_and_port(parts)
    if parts.scheme not in _MAIL_PORTS or host is None or parts.path.strip("/") or parts.query:
        raise Invalid(
            "this is not the address of a mail server",
            place="TILLIT_SMTP_URL",
            remedy="smtp://user:password@host:587 or smtps://user:password@host:465",
        )
    implicit = parts.scheme == "smtps"
    return MailServer(
        host=host,
        port=port or _MAIL_PORTS[parts.scheme],
        sender=sender or "",
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        implicit=implicit,
        starttls=not implicit and host not in _HERE,
    )


def _host_and_port(parts: SplitResult) -> tuple[str | None, int | None]:
    try:
        return parts.hostname or None, parts.port
    except ValueError:
        return None, None
