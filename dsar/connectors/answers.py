"""What recipients say by themselves: signed calls at our doors, and a button in a letter.

A signature is verified before the bytes under it are parsed. Saying it twice changes nothing, and
so does sending again what somebody else once said.
"""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from audit.acts import Act
from consent.programme.handling import Carrier, Connector
from consent.programmes import Active
from dsar import outgoing
from dsar.connectors import opendsr, taking, webhook
from dsar.connectors.addresses import host_of
from dsar.connectors.errands import OPENDSR_PATH, Answer, Home, Said, Way, came_of
from dsar.connectors.pinned import pinned
from dsar.connectors.schedule import until_asked
from dsar.connectors.shared_secrets import secret
from dsar.errors import NotAnAnswer, NotSigned, NotTold, UnknownOutgoing
from dsar.outgoing import Outgoing
from profiles.unit import Unit


async def called_back(
    unit: Unit,
    act: Act,
    active: Active,
    *,
    recipient: str,
    home: Home,
    headers: Mapping[str, str],
    body: bytes,
) -> None:
    """A processor's callback (OpenDSR 8.5 to 8.8).

    Raises `NotSigned`, for whatever reason, before anything is parsed; then `NotAnAnswer` and
    `UnknownOutgoing`.
    """
    connector = _connector(active, recipient, Carrier.OPENDSR)
    try:
        key = pinned(home.keys, recipient, now=unit.now)
    except NotTold as error:
        raise _not_signed() from error
    if not opendsr.is_signed(headers, body, key=key, host=host_of(connector.address)):
        raise _not_signed()
    try:
        found, said = opendsr.status(body)
    except NotTold as error:
        raise _not_understood() from error
    if found.status_callback_url not in (None, home.callback(recipient, OPENDSR_PATH)):
        raise NotAnAnswer(
            "this was to go elsewhere",
            place="status_callback_url",
            remedy="send it to the address that the request gave",
        )
    signature = headers.get(opendsr.SIGNATURE, "")
    answer = Answer(Way.CALLBACK, said, body, body, signature)
    await _take(unit, act, recipient, found.subject_request_id, answer)


async def answered(
    unit: Unit,
    act: Act,
    active: Active,
    *,
    recipient: str,
    home: Home,
    headers: Mapping[str, str],
    body: bytes,
) -> None:
    """A recipient's own message, signed as Standard Webhooks says. Raises as `called_back` does."""
    _connector(active, recipient, Carrier.WEBHOOK)
    try:
        shared = secret(home.keys, recipient)
    except NotTold as error:
        raise _not_signed() from error
    if not shared.has_signed(headers, body, now=unit.now):
        raise _not_signed()
    try:
        said, about = webhook.answered(body)
    except NotTold as error:
        raise _not_understood() from error
    if about is None:
        raise NotAnAnswer("it does not say what it is about", place="id", remedy="the event's id")
    answer = webhook.answer_of(Way.CALLBACK, said, headers, body)
    await _take(unit, act, recipient, about, answer)


async def pressed(unit: Unit, act: Act, *, recipient: str, id: UUID, link: str) -> None:
    """Somebody with the link of a letter says that it is done; once, and then as often as not.

    Raises `UnknownOutgoing` for a word that is gone.
    """
    answer = Answer(Way.BUTTON, Said.COMPLETED, link.encode())
    await _take(unit, act, recipient, id, answer)


async def _take(unit: Unit, act: Act, recipient: str, id: UUID, answer: Answer) -> None:
    row = await outgoing.take(unit, id)
    if row is None or row.recipient != recipient:
        raise UnknownOutgoing("nothing of that id was sent to this recipient", place="id")
    if await taking.seen(unit, id, answer):
        return
    await taking.take_in(unit, act, row, came_of(answer, again=_wait(unit, row)))


def _wait(unit: Unit, row: Outgoing) -> timedelta:
    by = Carrier(row.carrier)
    return until_asked(by, made_at=row.made_at, due=row.due, now=unit.now)


def _connector(active: Active, recipient: str, by: Carrier) -> Connector:
    """Raises `NotSigned`: who asks is not told which recipients there are."""
    found = active.programme.recipients.get(recipient)
    if found is None or found.connector is None or found.connector.by is not by:
        raise _not_signed()
    return found.connector


def _not_signed() -> NotSigned:
    return NotSigned(
        "this is not signed by the recipient whose door it is, or not of now",
        place="signature",
        remedy="sign the bytes of the body as they are sent, within five minutes",
    )


def _not_understood() -> NotAnAnswer:
    return NotAnAnswer(
        "this is signed, and is no answer", place="body", remedy="see docs/howto/processor.md"
    )
