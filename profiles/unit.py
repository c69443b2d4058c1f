"""What a domain function is handed: one transaction, its time, its keys, and the record.

Made by the doors, one for each request or job; whoever holds it may write and never commits.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from audit.record import Record
from profiles.catalogue import Catalogue
from profiles.changes import Changes, changes_of
from profiles.keys import EpochKey


@dataclass(frozen=True)
class Schema:
    """As much of a programme version as the profile store needs."""

    version: int
    catalogue: Catalogue
    zone: ZoneInfo
    region: str  # ISO 3166, for phone numbers written without a country code


@dataclass(frozen=True)
class Unit:
    """One unit of work. Everything done through it is durable together or not at all."""

    session: AsyncSession
    epoch: EpochKey
    record: Record
    schema: Schema
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(self.schema.zone).date()

    @property
    def milliseconds(self) -> int:
        """This unit's time as ids carry it."""
        return int(self.now.timestamp() * 1000)

    @property
    def changes(self) -> Changes:
        """The member-set changes that go out with this transaction."""
        return changes_of(self.session, self.epoch)
