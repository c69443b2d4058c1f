"""Requests as an officer opens them at the desk, where they have seen who it is.

And members as they must be for there to be anything to ask for.
"""

from typing import Any
from uuid import UUID

from api.bootstrap import SYSTEM, Work
from consent import choosing, ledger
from consent.choices import By
from dsar import deciding, requests
from dsar.identity import How, Proof
from dsar.register import Request
from dsar.states import Right
from dsar.words import Channel
from profiles import members


async def opened(work: Work, right: Right, member: UUID, **how: Any) -> Request:
    """A request of somebody who was identified; `how`: what else `open_request` takes."""
    how = {"channel": Channel.OFFICER, "proof": Proof(How.OFFICER)} | how
    return await requests.open_request(work.unit, SYSTEM, work.active, right, member, **how)


async def approved(work: Work, right: Right, member: UUID, **how: Any) -> Request:
    """The same, approved: a worker carries it out."""
    asked = await opened(work, right, member, **how)
    return await deciding.approve(work.unit, SYSTEM, work.active, asked.id)


async def restricted(work: Work, member: UUID) -> None:
    """Nothing of this member may be used from now on: there is something to release."""
    person = await members.one(work.unit, member, lock=True)
    said = [choosing.restriction(work.unit, on=True, by=By.OFFICER)]
    await ledger.record(work.unit, SYSTEM, {person: said})
