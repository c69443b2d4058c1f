"""Global Privacy Control: what a browser's `Sec-GPC: 1` says for the member who uses it.

An objection to direct marketing by automated means (Art. 21(5)). The signal comes with every
request and its owner's own words do not, so those weigh more: whoever ever said anything about
direct marketing as a whole is not spoken for by their browser.
"""

from datetime import timedelta
from uuid import UUID

from msgspec import structs

from audit.acts import Act
from consent import ledger
from consent.choices import Action, By, Choice
from consent.choosing import marketing
from profiles import members
from profiles.members import Member
from profiles.unit import Unit

HEADER = "Sec-GPC"
#: The one value that the signal has; any other is no signal.
ON = "1"

_ABOUT_MARKETING = (Action.OBJECTED, Action.OBJECTION_LIFTED)


async def heed(unit: Unit, act: Act, member: Member) -> bool:
    """Keep the signal as the member's objection; whether there was anything new to keep.

    Once kept, or overruled by the member, the signal costs a look at their ledger and no lock.
    """
    if await _spoken(unit, member):
        return False
    locked = await members.one(unit, member.id, lock=True)
    if await _spoken(unit, locked):  # by another request, while this one waited
        return False
    said = marketing(unit, objects=True, by=By.GPC, how=HEADER)
    # What they say in the same request is at the same moment, where the no would decide.
    said = structs.replace(said, at=unit.now - timedelta(microseconds=1))
    await ledger.record(unit, act, {locked: [said]})
    return True


async def _spoken(unit: Unit, member: Member) -> bool:
    said: dict[UUID, list[Choice]] = await ledger.opened(unit, {member.id: member.key})
    return any(one.purpose is None and one.action in _ABOUT_MARKETING for one in said[member.id])
