"""What the sender of a request is told of how it stands: four words, for our nine states.

`pending` means that nobody has shown yet that the member is behind it, and is all that is told
as long as this is so: of a member who does not answer, of one whom nobody asked, and of somebody
who is no member, the same is said, to the day.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from dsar.states import State


class Status(StrEnum):
    """OpenDSR 2.0, section 8."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def is_last(self) -> bool:
        return self in (Status.COMPLETED, Status.CANCELLED)


#: The standard has no word for a refusal: it is not completed, and is told to the member.
OF: Mapping[State, Status] = MappingProxyType(
    {
        State.INITIATED: Status.PENDING,
        State.REQUIRES_ACTION: Status.PENDING,
        State.ACKNOWLEDGED: Status.IN_PROGRESS,
        State.DELAYED: Status.IN_PROGRESS,
        State.ACCEPTED: Status.IN_PROGRESS,
        State.CARRIED_OUT: Status.IN_PROGRESS,
        State.FULFILLED: Status.COMPLETED,
        State.REJECTED: Status.CANCELLED,
        State.UNFULFILLED: Status.CANCELLED,
    }
)
