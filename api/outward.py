"""What leaves for somebody else's server: each kind by its carrier, two transactions around it.

The attempt is committed before the network is touched and what came of it after: a crash between
leads to the same message once more, under the same id.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from uuid import UUID

import structlog

from api import codes_out, letters_out
from api.bootstrap import SYSTEM, Tillit, Work
from api.links import links_of
from api.mail import Mail
from api.mail import Outcome as Sent
from consent.errors import NoProgramme
from consent.programme.handling import Carrier
from dsar import identity_codes, mail, outgoing
from dsar.connectors import lost, sending
from dsar.connectors.errands import Home
from dsar.connectors.mailbox import Letter
from dsar.connectors.trouble import Trouble
from dsar.outgoing import Outgoing
from kernel.errors import Unavailable

#: What is to be done once the attempt is committed; True when a mail server has taken a letter.
Carry = Callable[[], Awaitable[bool | None]]
Begin = Callable[[Tillit, Work, Outgoing], Awaitable[Carry | None]]

_log = structlog.get_logger("tillit.worker")


async def send(tillit: Tillit, id: UUID) -> bool:
    """Send what is on its way under this id, if it is due; a job done twice sends it once.

    Returns whether a letter to a member was taken over by a mail server.
    """
    carry: Carry | None = None
    async with tillit.unit() as work:
        one = await outgoing.begin(work.unit, id)
        if one is not None:
            carry = await _carrier(one.carrier)(tillit, work, one)
    return carry is not None and bool(await carry())


def home_of(tillit: Tillit) -> Home:
    """Where recipients' keys lie, and where recipients answer."""
    return Home(tillit.settings.data / "keys" / "connectors", tillit.settings.public_url)


async def _recipient(tillit: Tillit, work: Work, one: Outgoing) -> Carry | None:
    errand = await sending.errand(work.unit, work.active, one, home_of(tillit))
    if errand is None:
        return None
    link = links_of(tillit).answering(one.request, errand.recipient, one.id)

    async def carry() -> None:
        outcome = await sending.carry(errand, link=link, post=partial(_post, tillit))
        async with tillit.unit() as after:
            await sending.end(after.unit, SYSTEM, errand, outcome)

    return carry


async def _post(tillit: Tillit, letter: Letter) -> Trouble | None:
    """Hand a recipient's letter to the mail server; what is wrong, or None."""
    if tillit.mail is None:
        return Trouble.NO_MAIL_SERVER
    message = Mail(
        id=letter.id,
        to=letter.to,
        subject=letter.subject,
        text=letter.text,
        language=letter.language,
    )
    sent = await tillit.mail.send(message)
    return None if sent is Sent.ACCEPTED else Trouble.MAIL_FAILED


async def _letter(tillit: Tillit, _: Work, one: Outgoing) -> Carry:
    return partial(letters_out.carry_letter, tillit, one)


async def _email(tillit: Tillit, work: Work, one: Outgoing) -> Carry:
    return partial(letters_out.carry_message, tillit, work, one)


async def _sms(tillit: Tillit, work: Work, one: Outgoing) -> Carry:
    return partial(codes_out.carry, tillit, work.active, one)


#: By carrier, how what it carries is begun: inside the transaction of the attempt.
CARRIERS: Mapping[str, Begin] = {
    **dict.fromkeys((one.value for one in Carrier), _recipient),
    outgoing.LETTER: _letter,
    mail.EMAIL: _email,
    identity_codes.Carrier.SMS.value: _sms,
}


def _carrier(name: str) -> Begin:
    if (found := CARRIERS.get(name)) is None:
        raise Unavailable("nothing carries this outward", place=name, remedy="see `api/outward.py`")
    return found


async def find_lost(tillit: Tillit) -> int:
    """Put back words that recipients were told and whose rows are gone; returns how many."""
    try:
        async with tillit.unit() as work:
            back = await lost.put_back(work.unit)
    except NoProgramme:
        return 0  # nobody has asked for anything yet
    if back:
        _log.warning("words_lost", words=back)
    return back
