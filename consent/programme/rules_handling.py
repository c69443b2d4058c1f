"""Rules about how requests are handled, and how recipients are told of what came of them."""

from collections.abc import Iterator

from consent.programme.catalogue import MEMBER_NUMBER
from consent.programme.declarations import FieldDeclaration
from consent.programme.handling import AT_ONCE, Carrier, Connector
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.suggestion import did_you_mean, shown
from kernel.errors import Problem

Problems = Iterator[Problem]


def handling(programme: Programme) -> Problems:
    """Two officers where two can be asked, and a mailbox that is one."""
    for position, right in enumerate(programme.requests.four_eyes):
        if right in AT_ONCE:
            yield Problem(
                key_of("requests", "four_eyes", position),
                f"{shown(right)} works at once, and waits for no officer (Arts. 7(3) and 21(3))",
                "leave it out",
            )
    mailbox = programme.requests.mailbox
    if mailbox is not None and not _is_mailbox(mailbox):
        yield Problem("requests.mailbox", "this is no e-mail address", "such as desk@club.example")


def connectors(programme: Programme) -> Problems:
    """Addresses that can be reached, and identifiers that members have."""
    for name, recipient in programme.recipients.items():
        if recipient.connector is not None:
            place = key_of("recipients", name, "connector")
            yield from _connector(programme, place, recipient.connector)


def _connector(programme: Programme, place: str, connector: Connector) -> Problems:
    mailbox = connector.by is Carrier.MAILBOX
    if mailbox and not _is_mailbox(connector.address):
        yield Problem(f"{place}.address", "this is no e-mail address", "such as desk@club.example")
    if not mailbox and not _is_address(connector.address):
        yield Problem(
            f"{place}.address",
            "this is no address that personal data may be sent to",
            "it begins with https://, or http://127.0.0.1 on this machine",
        )
    known = {MEMBER_NUMBER, *(n for n, one in programme.fields.items() if _finds(one))}
    if not connector.identifiers:
        yield Problem(f"{place}.identifiers", "it would not know whom it is about", "name one")
    for position, one in enumerate(connector.identifiers):
        if one not in known:
            yield Problem(
                f"{place}.identifiers[{position}]",
                f"members are not found by {shown(one)}",
                did_you_mean(one, known),
            )
    if not connector.carries:
        yield Problem(f"{place}.carries", "it would be told of nothing", "leave the key out")
    if connector.by is Carrier.OPENDSR and set(connector.carries) - {"erasure"}:
        yield Problem(
            f"{place}.carries",
            "OpenDSR 2.0 knows erasure, and neither correction nor restriction",
            'write carries = ["erasure"]',
        )


def _finds(field: FieldDeclaration) -> bool:
    return field.lookup_kind is not None


def _is_mailbox(address: str) -> bool:
    head, at, domain = address.rpartition("@")
    return bool(head and at and "." in domain) and address.isprintable() and " " not in address


def _is_address(address: str) -> bool:
    here = ("http://127.0.0.1:", "http://localhost:")
    safe = address.startswith("https://") or address.startswith(here)
    return safe and address.isprintable() and " " not in address
