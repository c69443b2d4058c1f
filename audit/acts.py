"""An act: who does something, for which purpose, under which programme version.

Made at a door from the caller's credentials, handed down, and turned into entries by
whatever it leads to; so the actor of an entry is never an argument somebody forgot.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from audit.entries import ActorType, Entry, Fact, Kind, commit
from kernel.ids import uuid7

#: Seals a detail for the entry of that id.
Seal = Callable[[UUID, bytes], bytes]


@dataclass(frozen=True)
class Act:
    """`actor`: the id of a service or officer, or a member's subject in hex."""

    actor_type: ActorType
    actor: str
    purpose: str | None = None
    programme: int | None = None

    def about(self, purpose: str) -> "Act":
        """The same actor, acting for this purpose."""
        return replace(self, purpose=purpose)

    def entry(
        self,
        kind: Kind,
        *,
        subject: bytes | None = None,
        facts: Mapping[str, Fact] | None = None,
        detail: tuple[bytes, Seal] | None = None,
        entry_id: UUID | None = None,
        at: datetime | None = None,
    ) -> Entry:
        """The entry of this act; a detail is committed to, sealed, and kept beside it."""
        made = entry_id or uuid7()
        commitment = sealed = None
        if detail is not None:
            plain, seal = detail
            promise = commit(plain)
            commitment, sealed = promise.digest, seal(made, promise.salt + plain)
        return Entry(
            kind=kind,
            actor_type=self.actor_type,
            actor=self.actor,
            purpose=self.purpose,
            programme=self.programme,
            subject=subject,
            facts=facts or {},
            commitment=commitment,
            sealed_detail=sealed,
            id=made,
            at=at,
        )
