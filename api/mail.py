"""Mail: one message handed to the mail server that the settings name, and what came of it.

Used by the worker alone. Nothing here writes an address or a text into a log or an exception:
what goes wrong is told by one word of a closed list.
"""

import asyncio
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from api.settings import MailServer

PATIENCE = 30.0  # seconds to wait for a server that says nothing
_GONE = 421  # SMTP: the service ends the connection; it may be asked again


class Outcome(StrEnum):
    """What came of a message. Words that are safe to keep and to show."""

    ACCEPTED = "accepted"
    NO_SERVER = "no_mail_server"  # no settings name one
    UNREACHABLE = "mail_server_unreachable"
    NOT_ENCRYPTED = "mail_server_not_encrypted"  # it offers no TLS, or no certificate that holds
    NOT_LET_IN = "mail_server_login"  # user or password, or it takes nothing from this sender
    LATER = "refused_for_now"  # 4xx
    NO_SUCH_ADDRESS = "address_refused"  # 5xx about whom it is to
    REFUSED = "message_refused"  # 5xx about anything else

    @property
    def again(self) -> bool:
        """Whether it is worth trying again: the fault is not the message's or the address's."""
        return self in _PASSING


_PASSING = frozenset(
    {Outcome.UNREACHABLE, Outcome.NOT_ENCRYPTED, Outcome.NOT_LET_IN, Outcome.LATER}
)


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message; `type` such as ``application/pdf``."""

    name: str
    type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Mail:
    """One message to one person.

    `id`: the same for the same message however often it is handed over; the Message-ID follows
    from it, so that whoever receives it twice can tell.
    """

    id: UUID
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str | None = field(default=None, repr=False)
    language: str | None = None
    attachments: tuple[Attachment, ...] = ()


class Sends(Protocol):
    """Whatever messages can be handed to: a mail server, or somebody who prints them."""

    async def send(self, mail: Mail) -> Outcome:
        """Hand one over. Once it answers `ACCEPTED`, another has taken it over for good."""


@dataclass(frozen=True)
class Smtp:
    """The mail server of the settings (RFC 5321, RFC 8314)."""

    server: MailServer
    #: Whose certificates are believed; the system's own when left out.
    trust: ssl.SSLContext | None = field(default=None, repr=False)

    async def send(self, mail: Mail) -> Outcome:
        """In a thread: the server may take its time, and nobody else waits for it."""
        return await asyncio.to_thread(self._send, mail)

    def _send(self, mail: Mail) -> Outcome:
        try:
            message = composed(mail, self.server.sender)
        except ValueError:  # it is no address, or there is a line break in it
            return Outcome.NO_SUCH_ADDRESS
        try:
            connection = self._connected()
        except smtplib.SMTPNotSupportedError:
            return Outcome.NOT_ENCRYPTED
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code, Outcome.NOT_LET_IN)
        except ssl.SSLError:
            return Outcome.NOT_ENCRYPTED
        except (smtplib.SMTPException, OSError):
            return Outcome.UNREACHABLE
        try:
            return _hand_over(connection, message)
        finally:
            with suppress(smtplib.SMTPException, OSError):  # it has said what it had to say
                connection.quit()
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        server, trust = self.server, self.trust or ssl.create_default_context()
        if server.implicit:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=PATIENCE, context=trust
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=PATIENCE)
        try:
            if server.starttls:
                connection.starttls(context=trust)
            if server.user is not None:
                connection.login(server.user, server.password or "")
        except BaseException:
            connection.close()
            raise
        return connection


def mail_of(server: MailServer | None) -> Sends | None:
    """What the settings' messages are handed to; None when they name no server."""
    return None if server is None else Smtp(server)


def composed(mail: Mail, sender: str) -> EmailMessage:
    """The message as it goes over the wire: text, HTML beside it, files after it (RFC 5322).

    Raises `ValueError` for what is not one address.
    """
    message = EmailMessage(policy=SMTP)
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message["From"] = sender
    message["To"] = _written(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{mail.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    for one in mail.attachments:
        maintype, _, subtype = one.type.partition("/")
        message.add_attachment(one.content, maintype=maintype, subtype=subtype, filename=one.name)
    if mail.language is not None:
        message["Content-Language"] = mail.language
    return message


def _hand_over(connection: smtplib.SMTP, message: EmailMessage) -> Outcome:
    try:
        connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        [(code, _)] = error.recipients.values()
        return _refused(code, Outcome.NO_SUCH_ADDRESS)
    except smtplib.SMTPNotSupportedError:  # an address in letters that this server knows not
        return Outcome.NO_SUCH_ADDRESS
    except smtplib.SMTPSenderRefused as error:
        return _refused(error.smtp_code, Outcome.NOT_LET_IN)
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, Outcome.REFUSED)
    except (smtplib.SMTPException, OSError):
        return Outcome.UNREACHABLE
    return Outcome.ACCEPTED


def _refused(code: int, lasting: Outcome) -> Outcome:
    return Outcome.LATER if code < 500 or code == _GONE else lasting


def _written(address: str) -> Address:
    """One address and no more, its domain as every server knows it (RFC 5890)."""
    name, _, domain = address.rpartition("@")
    if not name or not domain:
        raise ValueError("not an address")
    return Address(username=name, domain=domain.encode("idna").decode())
