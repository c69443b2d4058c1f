"""Calling a sender back: how its request stands, signed by us, when that has changed.

A call that fails is made again by its job, for about an hour; then it is shown to officers, and
nothing else comes of it: how a request stands can always be asked. What is called is an address
at the sender's own domain, and no address of a private network.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from dsar.connectors.calling import call
from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold
from dsar.opendsr import handed, wire
from dsar.opendsr.receiving import due_of
from dsar.opendsr.signing import Seal
from dsar.opendsr.statuses import Status
from profiles.unit import Unit

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Callback:
    """One call: where to, under which headers, with which bytes."""

    url: str = field(repr=False)
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


async def callback(
    unit: Unit, seal: Seal, id: UUID, *, number: int, status: str
) -> Callback | None:
    """The call to the sender's address of that number; None when it is news to nobody any more."""
    one = await handed.one(unit, id)
    if one.kept is None or one.told is not Status(status) or number >= len(one.kept.callbacks):
        return None
    url = one.kept.callbacks[number]
    body = msgspec.json.encode(
        wire.Called(
            controller_id=one.sender.name,
            expected_completion_time=wire.end_of(due_of(unit, one), unit.schema),
            status_callback_url=url,
            subject_request_id=one.reference,
            request_status=one.told.value,
            results_count=wire.count(one.right, one.told),
        )
    )
    return Callback(url, {**_JSON, **seal.headers(body)}, body)


async def send(made: Callback) -> Trouble | None:
    """Call once, outside any transaction; what was wrong, None when it was taken."""
    try:
        return (await call("POST", made.url, headers=made.headers, content=made.body)).trouble
    except NotTold as error:
        return Trouble(error.trouble)


async def note(unit: Unit, id: UUID, number: int, trouble: Trouble | None) -> None:
    """Write down how the last call went, for officers to see."""
    await handed.note(unit, id, number, None if trouble is None else trouble.value)
