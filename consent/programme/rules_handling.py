"""Rules about how requests are handled, and how recipients are told of what came of them."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from consent.programme.catalogue import MEMBER_NUMBER
from consent.programme.countries import COUNTRIES
from consent.programme.declarations import FieldDeclaration, LegalBasis
from consent.programme.handling import AT_ONCE, Carrier, Connector, years_of
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.rules_controller import contact, twice
from consent.programme.suggestion import did_you_mean, shown
from kernel.errors import Problem

Problems = Iterator[Problem]

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: A host: `localhost` and addresses are there for trying things out on one machine.
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+|localhost")


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


def bookkeeping(programme: Programme) -> Problems:
    """Vouchers are kept because a law says so, and for as long as one says."""
    name = programme.requests.bookkeeping
    if name is None:
        return
    purpose = programme.purposes.get(name)
    if purpose is None:
        yield Problem(
            "requests.bookkeeping",
            f"there is no purpose {shown(name)}",
            did_you_mean(name, programme.purposes),
        )
        return
    if purpose.legal_basis is not LegalBasis.LEGAL_OBLIGATION:
        yield Problem(
            "requests.bookkeeping",
            f"{name} rests on {purpose.legal_basis}: nothing of an erased member is kept for it",
            "name a purpose on legal_obligation (Art. 17(3)(b))",
        )
    if not set(purpose.fields) - set(programme.traits):
        yield Problem(
            "requests.bookkeeping",
            f"{name} uses no stored field: its vouchers would be about nobody",
            "name the fields that a voucher must show, such as member_number",
        )
    yield from _years(programme, name)


def _years(programme: Programme, name: str) -> Problems:
    """The law's years where we know them; else the purpose has to say how many."""
    place = key_of("purposes", name, "retention")
    years = years_of(programme.retention_of(name))
    land = COUNTRIES.get(programme.controller.country)
    if land is None and years is None:
        yield Problem(
            place, "how long the law keeps vouchers is not known here", 'such as "10 years"'
        )
    elif land is not None and (years or 0) < land.bookkeeping_years:
        yield Problem(
            place,
            f"bookkeeping law in {programme.controller.country} asks for longer",
            f'write retention = "{land.bookkeeping_years} years"',
        )


def connectors(programme: Programme) -> Problems:
    """Addresses that can be reached, and identifiers that members have."""
    for name, recipient in programme.recipients.items():
        if recipient.connector is not None:
            place = key_of("recipients", name, "connector")
            yield from _connector(programme, place, recipient.connector)


def agents(programme: Programme) -> Problems:
    """Companies that can be told apart, reached, and asked to do something."""
    domains: dict[str, str] = {}
    for name, one in programme.agents.items():
        place = key_of("agents", name)
        yield from contact(f"{place}.contact", one.contact)
        if not _DOMAIN.fullmatch(one.domain):
            yield Problem(
                f"{place}.domain", "this is no domain", "small letters, such as agent.example"
            )
        if (other := domains.setdefault(one.domain, name)) != name:
            yield Problem(
                f"{place}.domain",
                f"agents.{other} signs as this domain too",
                "give each its own: it is by their domains that they are told apart",
            )
        if not one.rights:
            yield Problem(f"{place}.rights", "it could ask for nothing", "leave the key out")
        yield from twice(f"{place}.rights", one.rights)


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
    """By its parts: `http://127.0.0.1:80@elsewhere.example` begins like this machine."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    here = parts.scheme == "http" and host in ("127.0.0.1", "localhost") and port is not None
    plain = "@" not in parts.netloc and not parts.fragment
    return bool(
        (parts.scheme == "https" or here)
        and host
        and plain
        and address.isprintable()
        and " " not in address
    )
