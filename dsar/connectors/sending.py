"""The way of one word outward: begun in one transaction, carried in none, ended in another.

    outgoing.begin, errand ──► carry ──► end

No database transaction is open while somebody else's server is waited for. Who dies in between
leaves a row that is due again later, and is then carried again under the same id.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec

from audit.acts import Act
from consent.programme.handling import Carrier
from consent.programmes import Active
from dsar import outgoing, register
from dsar.connectors import mailbox, opendsr, taking, webhook
from dsar.connectors.errands import Errand, Home, Outcome
from dsar.connectors.mailbox import Letter
from dsar.connectors.schedule import PAUSE, after_failure
from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold
from dsar.outgoing import Outgoing, State
from dsar.telling import Word
from profiles.unit import Unit

#: Hands a letter over; what is wrong, or None.
Posts = Callable[[Letter], Awaitable[Trouble | None]]

_LOOK_AGAIN = timedelta(days=1)


async def errand(unit: Unit, active: Active, row: Outgoing, home: Home) -> Errand | None:
    """What was begun (`outgoing.begin`), with all that the call needs.

    None when the programme names no way to the recipient any more; then that is shown.
    """
    assert row.recipient is not None
    assert row.payload is not None
    recipient = active.programme.recipients.get(row.recipient)
    if recipient is None or recipient.connector is None:
        trouble = Trouble.NO_CONNECTOR.value
        await outgoing.move(unit, row.id, row.state, problem=trouble, again=_LOOK_AGAIN)
        return None
    by = recipient.connector.by
    if row.carrier != by:
        await outgoing.reroute(unit, row, by.value)
    word = msgspec.json.decode(row.payload, type=Word)
    fields = unit.schema.catalogue.fields
    request = await register.get(unit, row.request)
    return Errand(
        id=row.id,
        recipient=row.recipient,
        name=recipient.name,
        country=recipient.country,
        by=by,
        address=recipient.connector.address,
        word=word,
        types={name: fields[name].lookup or "" for name in word.identities if name in fields},
        # Told by another way before, it is told anew by the one it has now.
        sent=row.state is State.SENT and row.carrier == by,
        attempts=row.attempts,
        made_at=row.made_at,
        received=request.opened_at,
        due=row.due,
        now=unit.now,
        controller=active.programme.controller.name,
        home=home,
    )


async def carry(errand: Errand, *, link: str, post: Posts) -> Outcome:
    """Over the network, within half a minute. Never raises for what a recipient does.

    `link`: where somebody says that it is done; `post`: hands a letter to a mail server.
    """
    try:
        if errand.by is Carrier.OPENDSR:
            return await opendsr.carry(errand)
        if errand.by is Carrier.WEBHOOK:
            return await webhook.carry(errand)
        trouble = await post(mailbox.letter(errand, link))
    except NotTold as error:
        return _failed(errand, Trouble(error.trouble), error.wish)
    return mailbox.told(errand) if trouble is None else _failed(errand, trouble)


def _failed(errand: Errand, trouble: Trouble, wish: timedelta = timedelta()) -> Outcome:
    state = State.SENT if errand.sent else State.WAITING
    if trouble.holds:
        return Outcome(state, trouble)
    return Outcome(state, trouble, after_failure(errand.attempts, wish=wish))


async def end(unit: Unit, act: Act, errand: Errand, outcome: Outcome) -> None:
    """Write down what came of the call, unless the word was closed meanwhile, or is gone."""
    row = await outgoing.take(unit, errand.id)
    if row is None:
        return  # the member was erased: what told of that went its own way
    if outcome.trouble is not None and outcome.trouble.is_the_recipients:
        await outgoing.postpone(unit, errand.recipient, PAUSE)
    await taking.take_in(unit, act, row, outcome)
