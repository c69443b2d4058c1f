"""What becomes of letters on their way: handed over, tried again, or left to be fetched."""

from datetime import timedelta

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import outgoing
from dsar.errors import BrokenRequest
from dsar.letters.kinds import Kind
from dsar.outgoing import LETTER, Outgoing, State
from kernel.database import raw
from profiles import members
from profiles.unit import Unit

#: After how long a letter is tried again, by how often it has been: then each time the last.
_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
#: How long a mail server is asked before the letter is left to be fetched.
_LONG_ENOUGH = timedelta(days=3)
#: The word for a letter that goes nowhere because no settings name a mail server.
NO_SERVER = "no_mail_server"
#: Who waits for a farewell has as long as for a package; then it is deleted unread.
RAN_OUT = "ran_out"
_KINDS = frozenset(Kind)


def kind_of(one: Outgoing) -> Kind:
    """Which letter it is. Raises `BrokenRequest` for one that nobody of ours writes."""
    name = one.what.partition(":")[2]
    if name not in _KINDS:
        raise BrokenRequest("what is on its way for it is no letter of ours")
    return Kind(name)


def wait(attempts: int) -> timedelta:
    """After how long it is tried again, having been tried so often."""
    return _AGAIN[min(max(attempts, 1), len(_AGAIN)) - 1]


async def ended(
    unit: Unit, act: Act, one: Outgoing, *, problem: str | None, passing: bool = False
) -> None:
    """Write down what came of an attempt (`outgoing.begin`).

    `problem`: a word for what went wrong, None when the mail server has taken it over; then it
    is on record as `letter.sent`. `passing`: it is worth trying again. What lasts leaves the
    letter to be fetched. That a release's is, for want of a mail server, is on record too: the
    restriction ends upon it, and a row that says so is none of our words.
    """
    now = await outgoing.take(unit, one.id)
    if now is None or not now.state.is_open:
        return  # the member is erased, or another worker was faster
    if problem is None:
        await outgoing.move(unit, one.id, State.DONE)
        await record(unit, act, one, how="email")
    elif passing and unit.now - one.made_at < _LONG_ENOUGH:
        again = wait(one.attempts)
        await outgoing.move(unit, one.id, State.WAITING, problem=problem, again=again)
    else:
        await outgoing.move(unit, one.id, State.DOWNLOAD, problem=problem)
        if problem == NO_SERVER and kind_of(one) is Kind.RELEASE:
            await record(unit, act, one, how="page")


async def record(unit: Unit, act: Act, one: Outgoing, *, how: str) -> None:
    """Put it on record that a letter went out; `how`: ``email``, ``download`` or ``page``."""
    subject = None
    if one.member is not None:
        found = await members.load(unit, [one.member])
        subject = found[one.member].key.subject() if one.member in found else None
    facts: dict[str, Fact] = {
        "request": str(one.request),
        "letter": kind_of(one).value,
        "how": how,
    }
    await unit.session.flush()
    await unit.record.write(
        unit.session, act.entry(EntryKind.LETTER_SENT, subject=subject, facts=facts)
    )


async def drop_farewells(unit: Unit, active: Active) -> int:
    """Delete farewells that have waited longer than packages do; returns how many."""
    over = unit.now - timedelta(days=active.programme.requests.package_days)
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "UPDATE outgoing SET state = %s, problem = %s, sealed = NULL, next_at = NULL "
        "WHERE carrier = %s AND member IS NULL AND sealed IS NOT NULL AND made_at < %s",
        (State.GIVEN_UP.value, RAN_OUT, LETTER, over),
    )
    return cursor.rowcount
