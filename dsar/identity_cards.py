"""The card with a recent purchase: who has the receipt of what it was used for has the card.

Proves the member number and no other identifier. A receipt can be found or looked at, and a
number said at a till: so it opens what hangs on the card, and nothing that hangs on an address.
"""

import hmac
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from audit.acts import Act
from consent.programmes import Active
from dsar import identity, identity_challenges
from dsar.identity import How, Proof
from dsar.identity_cases import Case, Outcome, opened, proved, tried
from dsar.identity_limits import may_show
from profiles import reading
from profiles.members import NUMBER
from profiles.unit import Unit

RECENT = timedelta(days=90)
_PROOF = Proof(How.PURCHASE, NUMBER)


@dataclass(frozen=True)
class Shown:
    """What somebody has read off a card and a receipt."""

    number: str
    day: date
    amount: Decimal

    def __repr__(self) -> str:
        return "Shown(***)"


async def show(unit: Unit, act: Act, active: Active, request: UUID, shown: Shown) -> Outcome:
    """Try a member number with the day and the amount of a purchase of the last 90 days.

    The purchase was made before the request, so that nobody makes one to prove it. All is
    compared, whatever is wrong: the answer does not tell which, nor how soon it was known. Each
    try counts and is on record. Raises `UnknownRequest`, and `NotReady` once the member is erased.
    """
    case = await opened(unit, active, request, lock=True)
    if not case.is_open:
        return await tried(unit, act, case, _PROOF, outcome=Outcome.EXPIRED)
    before = await identity_challenges.recent(unit, case.member, How.PURCHASE)
    if not may_show((one.made_at for one in before), unit.now):
        return await tried(unit, act, case, _PROOF, outcome=Outcome.LIMITED)
    used = identity_challenges.new(
        unit, request, How.PURCHASE, identifier=NUMBER, of=b"", expires=unit.now
    )
    await identity_challenges.keep(unit, case.member, used)
    await identity_challenges.close(unit, [used])
    right = _is_theirs(unit, case, shown.number)
    bought = await _bought(unit, case, shown)
    if not (right and bought):
        return await tried(unit, act, case, _PROOF, outcome=Outcome.WRONG)
    return await proved(unit, act, active, case, _PROOF)


def _is_theirs(unit: Unit, case: Case, number: str) -> bool:
    kept = identity.fingerprint(unit, case.member, NUMBER)
    return hmac.compare_digest(identity.spelt(unit, NUMBER, number), kept)


async def _bought(unit: Unit, case: Case, shown: Shown) -> bool:
    earliest = unit.today - RECENT
    zone = unit.schema.zone
    hits = 0
    for one in await reading.purchases(unit, case.member):
        same = (one.day(zone) == shown.day) & (one.amount == shown.amount)
        counts = (one.day(zone) >= earliest) & (one.at < case.request.opened_at)
        hits += same & counts & (not one.cancelled)
    return hits > 0
