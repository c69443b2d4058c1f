"""OpenDSR 2.0 as it goes over the wire: its names, its shapes, and nothing else.

After the specification's sections 5 to 9, as 2.0 has them: `regulation`, `/requests`, headers
that begin with X-OpenDSR. No decisions and no database. What is sent beyond these names is left
unread; a message about what is wrong names its place, and repeats none of it.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from consent.programme.handling import Agent
from dsar.errors import NotARequest
from dsar.opendsr.statuses import Status
from dsar.states import Right
from profiles import lookup
from profiles.catalogue import Catalogue
from profiles.errors import BadValue
from profiles.members import NUMBER
from profiles.unit import Schema

VERSION = "2.0"
RAW = "raw"
#: Where the standard has no name, we have one of our own (as its 0.1.5 allows): the telephone.
CUSTOMER, EMAIL, PHONE = "controller_customer_id", "email", "phone_number"
_KINDS = {"email": EMAIL, "phone": PHONE}  # by how members are found by a field

#: How long ago a member may have spoken to whoever hands it in. A replay is found by its id.
OLDEST = timedelta(days=30)
AHEAD = timedelta(minutes=5)  # by which another's clock may be before ours
MOST_IDENTITIES = 20
MOST_CALLBACKS = 5
LONGEST = 512  # characters of a value or an address

_HERE = ("127.0.0.1", "localhost")
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

Text = Annotated[str, msgspec.Meta(max_length=LONGEST)]


class Identity(msgspec.Struct, frozen=True):
    """Section 5.3."""

    identity_type: Text
    identity_value: Text
    identity_format: Text = RAW


class IdentityKind(msgspec.Struct, frozen=True):
    """What members can be found by."""

    identity_type: str
    identity_format: str


class Discovery(msgspec.Struct, frozen=True):
    """Section 6.3."""

    api_version: str
    supported_identities: list[IdentityKind]
    supported_subject_request_types: list[str]
    processor_certificate: str


class Submitted(msgspec.Struct, frozen=True):
    """Section 7.1.1, with `regulation` as 2.0 has it."""

    regulation: Text
    subject_request_id: Text
    subject_request_type: Text
    submitted_time: Annotated[datetime, msgspec.Meta(tz=True)]
    subject_identities: Annotated[list[Identity], msgspec.Meta(max_length=MOST_IDENTITIES)] = []
    api_version: Text = VERSION
    status_callback_urls: Annotated[list[Text], msgspec.Meta(max_length=MOST_CALLBACKS)] = []
    extensions: dict[str, Any] | None = None


class Extension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands under our own domain in `extensions`: a telephone number, and a language."""

    identities: Annotated[list[Identity], msgspec.Meta(max_length=MOST_IDENTITIES)] = []
    language: Text | None = None


class Received(msgspec.Struct, frozen=True):
    """Section 7.3; the signature is in the header, as it cannot stand in what it signs."""

    controller_id: str
    expected_completion_time: datetime
    received_time: datetime
    encoded_request: str
    subject_request_id: str


class Standing(msgspec.Struct, frozen=True):
    """Section 8.3. There is no `results_url`: results go to the member, and to nobody else."""

    controller_id: str
    expected_completion_time: datetime
    subject_request_id: str
    request_status: str
    api_version: str = VERSION
    results_count: int | UnsetType = UNSET


class Called(msgspec.Struct, frozen=True):
    """The body of a callback, section 8.6."""

    controller_id: str
    expected_completion_time: datetime
    status_callback_url: str
    subject_request_id: str
    request_status: str
    api_version: str = VERSION
    results_count: int | UnsetType = UNSET


class Cancelled(msgspec.Struct, frozen=True):
    """Section 9.2."""

    controller_id: str
    received_time: datetime
    subject_request_id: str
    api_version: str = VERSION


class OneError(msgspec.Struct, frozen=True):
    """Section 7.6."""

    domain: str
    reason: str
    message: str


class Error(msgspec.Struct, frozen=True):
    """Section 7.6. `code`: the HTTP status."""

    code: int
    message: str
    errors: list[OneError]


def kinds(catalogue: Catalogue) -> Mapping[str, str]:
    """The field behind each type of identity that members can be found by."""
    found = {CUSTOMER: NUMBER}
    for name, field in catalogue.fields.items():
        if name != NUMBER and (kind := _KINDS.get(field.lookup or "")) is not None:
            found.setdefault(kind, name)
    return found


def discovery(catalogue: Catalogue, certificate: str) -> Discovery:
    """What we can be asked, and by what members are found: values as they are, never hashed.

    Our index is keyed: who is behind a hash would have to be tried, member by member.
    """
    return Discovery(
        api_version=VERSION,
        supported_identities=[IdentityKind(one, RAW) for one in kinds(catalogue)],
        supported_subject_request_types=["access", "erasure", "portability"],
        processor_certificate=certificate,
    )


def reference_of(sent: str) -> str:
    """A `subject_request_id`. Raises `NotARequest` for anything but a UUID v4 in small letters."""
    if _UUID4.fullmatch(sent) is None:
        raise _wrong("subject_request_id", "this is no UUID v4", "36 characters, small letters")
    return sent


def right_of(submitted: Submitted, agent: Agent) -> Right:
    """What is asked for. Raises `NotARequest` for what cannot be, or not by this agent."""
    if submitted.regulation != "gdpr":
        raise _wrong("regulation", "this controller is bound by another one", "write gdpr")
    if submitted.api_version != VERSION:
        raise _wrong("api_version", "this is spoken in another version", f"write {VERSION}")
    if submitted.subject_request_type not in agent.rights:
        raise _wrong(
            "subject_request_type",
            "you can ask for no such thing here",
            "one of " + ", ".join(agent.rights),
        )
    return Right(submitted.subject_request_type)


def check_time(submitted: Submitted, now: datetime) -> None:
    """Raises `NotARequest` for a time that has not come, or is long gone."""
    if not now - OLDEST <= submitted.submitted_time <= now + AHEAD:
        raise _wrong(
            "submitted_time",
            f"a member spoke within the last {OLDEST.days} days",
            "have them ask again, and hand that in",
        )


def identities_of(
    submitted: Submitted, extension: Extension, schema: Schema
) -> tuple[tuple[str, str], ...]:
    """By which fields and values the member is to be found; what we have no use for is left out.

    Raises `NotARequest` when nothing is left, or one cannot be what it says it is.
    """
    fields, found = kinds(schema.catalogue), []
    given = [("subject_identities", one) for one in enumerate(submitted.subject_identities)]
    given += [("extensions", one) for one in enumerate(extension.identities)]
    for where, (position, one) in given:
        field = fields.get(one.identity_type)
        if field is None or one.identity_format != RAW:
            continue
        kind = schema.catalogue.fields[field].lookup
        try:
            lookup.normalise(kind or "text", one.identity_value, region=schema.region)
        except BadValue as error:
            place = f"{where}[{position}].identity_value"
            raise NotARequest(error.problems[0].message, place=place) from error
        found.append((field, one.identity_value))
    if not found:
        raise _wrong(
            "subject_identities",
            "members are found by none of these",
            "raw values of " + ", ".join(fields),
        )
    return tuple(dict.fromkeys(found))


def extension_of(submitted: Submitted, domain: str) -> Extension:
    """What was sent for us alone; others' extensions are left unread. Raises `NotARequest`."""
    sent = (submitted.extensions or {}).get(domain)
    if sent is None:
        return Extension()
    try:
        return msgspec.convert(sent, Extension)
    except msgspec.ValidationError as error:
        raise _wrong(
            f"extensions.{domain}", "this is no extension of ours", "identities and language alone"
        ) from error


def callbacks_of(submitted: Submitted, agent: Agent) -> tuple[str, ...]:
    """Where its sender is called back: at its own domain, or below it. Raises `NotARequest`."""
    for position, url in enumerate(submitted.status_callback_urls):
        if not _is_theirs(url, agent.domain):
            raise _wrong(
                f"status_callback_urls[{position}]",
                "you cannot be called back there",
                f"an address that begins with https://{agent.domain}/",
            )
    return tuple(dict.fromkeys(submitted.status_callback_urls))


def _is_theirs(url: str, domain: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = not parts.fragment and "@" not in parts.netloc and url.isprintable() and " " not in url
    own = host == domain or host.endswith(f".{domain}")
    here = domain in _HERE and host == domain
    return (
        plain
        and own
        and port != 0
        and (parts.scheme == "https" or (here and parts.scheme == "http"))
    )


def received(
    body: bytes, *, reference: str, controller: str, at: datetime, until: datetime
) -> Received:
    return Received(
        controller_id=controller,
        expected_completion_time=until,
        received_time=at.astimezone(UTC).replace(microsecond=0),
        encoded_request=base64.b64encode(body).decode(),
        subject_request_id=reference,
    )


def count(right: Right, status: Status) -> int | UnsetType:
    """How many results there are: of an erasure there are none to have."""
    if not status.is_last or right not in (Right.ACCESS, Right.PORTABILITY):
        return UNSET
    return int(status is Status.COMPLETED)


def end_of(day: date, schema: Schema) -> datetime:
    """The end of a day, as a time: the last second of it in the programme's own zone, in UTC."""
    return datetime.combine(day, time(23, 59, 59), schema.zone).astimezone(UTC)


def error(status: int, problems: Sequence[Any]) -> Error:
    """The standard's own shape of what went wrong, for problems of the kernel's."""
    return Error(
        code=status,
        message="; ".join(one.message for one in problems),
        errors=[OneError("Validation", one.place, str(one)) for one in problems],
    )


def _wrong(place: str, message: str, remedy: str) -> NotARequest:
    return NotARequest(message, place=place, remedy=remedy)
