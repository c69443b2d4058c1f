"""Everything a member ever said, line by line, as it stands in the ledger."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from api.http.doors import Asked, Doors
from api.http.my_choices import Agreed, agreed
from audit.entries import ActorType
from consent import choosing
from consent.choices import Action, By, State
from consent.receipts.events import RECEIPTED
from dsar import own_choices, own_sight
from dsar.own_choices import Line
from dsar.packages import closing
from dsar.packages.closing import Closed

doors = Doors(ActorType.MEMBER)


class MyLine(msgspec.Struct):
    """One thing that was said.

    `purpose`: null for what is about all of them. `before`: how the consent stood. `at`: when it
    was said; `recorded`: when it was written down. `by`, `how` and `evidence`: who brought it,
    by which means, and what proves it. `notice`: the text shown. `programme`: the version it was
    said under. `until`: the first day on which a consent, or a pause, no longer holds. `often`:
    days between two contacts; `quiet`: hours without any. `how` and `evidence` are empty without a
    second proof of the last minutes: `later` says that they wait for one, and so does the receipt.
    Who a guardian is, and what proves it, is not told.
    `leaf` and the proof behind `receipt` are there a second after `entry`. `receipt`: null for
    what is about neither a consent nor an objection, such as a channel or a pause.
    """

    entry: UUID
    action: Action
    before: State | None
    purpose: str | None
    at: datetime
    recorded: datetime
    by: By
    how: str
    evidence: str
    language: str | None
    notice: Agreed | None
    programme: int
    until: date | None
    channel: str | None
    often: int | None
    quiet: list[int] | None
    later: bool
    leaf: int | None
    receipt: str | None


class MyHistory(msgspec.Struct):
    """Newest first, as written down."""

    lines: list[MyLine]


@doors("GET", "/v1/me/choices/history")
async def history(asked: Asked) -> MyHistory:
    """Everything you ever said, and others for you, with what proves it."""
    found = await own_choices.lines(asked.unit, asked.active, asked.member)
    proved = asked.who.proved_lately(asked.unit.now)
    closed = own_sight.sight(asked.unit, asked.active, asked.member, proved=proved).closed
    return MyHistory([_line(one, closed) for one in found])


def _line(whole: Line, closed: Closed) -> MyLine:
    line = closing.shown_line(whole, closed)
    said, later = line.choice, closed.words and closing.has_words(whole)
    return MyLine(
        entry=line.entry,
        action=said.action,
        before=said.before,
        purpose=said.purpose,
        at=said.at,
        recorded=line.recorded,
        by=said.by,
        how=said.how,
        evidence=said.evidence,
        language=said.language,
        notice=agreed(line.notice),
        programme=said.programme,
        until=said.until,
        channel=said.channel,
        often=said.setting if said.action is Action.OFTEN else None,
        quiet=choosing.hours_of(said.setting or 0) if said.action is Action.HOURS else None,
        later=later,
        leaf=line.leaf,
        receipt=f"/v1/me/choices/history/{line.entry}/receipt"
        if said.action in RECEIPTED
        else None,
    )
