"""What everything that is asked has, at a door or for a page: its transaction, and its member."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from api.bootstrap import Work
from consent.programmes import Active
from profiles import members
from profiles.members import Member
from profiles.unit import Unit


class Asking:
    """One request, in its transaction; whoever is below says who asks, and as whom they act."""

    work: Work
    path: Mapping[str, Any]
    _member: Member | None

    @property
    def unit(self) -> Unit:
        return self.work.unit

    @property
    def active(self) -> Active:
        return self.work.active

    @property
    def member(self) -> Member:
        """The member who asks."""
        assert self._member is not None
        return self._member

    def id(self, name: str) -> UUID:
        """An id in the address."""
        found = self.path[name]
        assert isinstance(found, UUID)
        return found

    async def locked(self) -> Member:
        """The member who asks, changed by nobody else until this transaction ends."""
        return await members.one(self.unit, self.member.id, lock=True)
