"""One-time codes on their way out: by the mail server, or by the webhook that sends text messages.

Used by the worker alone, between the two transactions in which an `outgoing` row is begun and
ended. A code that has run out is not sent any more. What went wrong is one word, and no message,
address or code stands in a log line or an exception.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from api.bootstrap import Tillit
from api.mail import Mail
from api.mail import Outcome as Sent
from consent.programmes import Active
from dsar import outgoing
from dsar.connectors.calling import call
from dsar.connectors.shared_secrets import secret
from dsar.errors import NotTold
from dsar.identity_codes import Carrier
from dsar.identity_letters import CodeMessage, code_letter, code_text
from dsar.outgoing import Outgoing, State

TYPE = "identity.code"
_GATEWAY = "sms"
#: A code holds for minutes: it is tried again soon, or never.
_AGAIN = timedelta(seconds=30)
_WITHIN = 10.0  # seconds for the gateway to answer
_RAN_OUT = "ran_out"
#: Statuses that may be others in a moment: too slow, too early, too many.
_PASSING = (408, 425, 429)


async def carry(tillit: Tillit, active: Active, one: Outgoing) -> None:
    """Send a code that was begun (`outgoing.begin`), and write down what came of it."""
    assert one.payload is not None
    message = msgspec.json.decode(one.payload, type=CodeMessage)
    controller = active.programme.controller.name
    if tillit.clock.now() >= message.until:
        problem, again = _RAN_OUT, False
    elif one.carrier == Carrier.EMAIL:
        problem, again = await _by_mail(tillit, one, message, controller)
    else:
        problem, again = await by_sms(tillit, one.id, message, controller)
    state = State.DONE if problem == "" else State.WAITING if again else State.GIVEN_UP
    async with tillit.unit() as work:
        await outgoing.move(work.unit, one.id, state, problem=problem or None, again=_AGAIN)


async def _by_mail(
    tillit: Tillit, one: Outgoing, message: CodeMessage, controller: str
) -> tuple[str, bool]:
    """What went wrong, empty if nothing did, and whether it is worth trying again."""
    if tillit.mail is None:
        return "no_mail_server", True
    subject, text = code_letter(message, controller)
    mail = Mail(id=one.id, to=message.to, subject=subject, text=text, language=message.language)
    outcome = await tillit.mail.send(mail)
    return ("", False) if outcome is Sent.ACCEPTED else (outcome.value, outcome.again)


async def by_sms(
    tillit: Tillit, id: UUID, message: CodeMessage, controller: str
) -> tuple[str, bool]:
    """Hand a code to the gateway of the settings; `id`: the same for the same code.

    What went wrong, empty if nothing did, and whether it is worth trying again.
    """
    gateway = tillit.settings.sms
    if gateway is None:
        return "no_sms_gateway", True
    now = tillit.clock.now()
    body = _body(message, controller, now)
    try:
        headers = secret(gateway.folder, _GATEWAY).signed(str(id), body, at=now)
        reply = await call(
            "POST",
            gateway.url,
            headers={"Content-Type": "application/json", **headers},
            content=body,
            within=_WITHIN,
        )
    except NotTold as error:
        return str(error.trouble), True
    if reply.trouble is None:
        return "", False
    return reply.trouble.value, reply.status >= 500 or reply.status in _PASSING


def _body(message: CodeMessage, controller: str, now: datetime) -> bytes:
    said = {
        "type": TYPE,
        "timestamp": now.isoformat(),
        "data": {"to": message.to, "text": code_text(message, controller)},
    }
    return msgspec.json.encode(said)
