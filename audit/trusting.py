"""Whether entries are ours: asked before anything is decided by what they say.

Until a checkpoint covers an entry its MAC vouches for it, and from then on the signed tree does.
Whoever can write to the database can add a row that looks like an entry, and neither of the two.
Reads only; what was taken away it cannot see, which is what `check` is for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from audit.entries import entry_mac
from audit.errors import RecordTampered
from audit.merkle import inclusion_path
from audit.tree import StoredTree, last_signed, tampered
from audit.verify import (
    Checkpoint,
    VerificationError,
    VerifierKey,
    key_id,
    leaf_hash,
    open_checkpoint,
    verify_inclusion,
)


@dataclass(frozen=True)
class Stored:
    """An entry's row. `number`: its leaf's, None while it has none; `mac`: until it has one."""

    id: UUID
    body: bytes
    number: int | None
    mac: bytes | None


class Trust:
    """What tells our entries from others: the MAC's key, and the public half of the log's.

    Both are asked for when they are needed; `public` is 32 bytes of Ed25519.
    """

    def __init__(self, mac_key: Callable[[], bytes], public: Callable[[], bytes]) -> None:
        self._mac_key, self._public = mac_key, public

    def __repr__(self) -> str:
        return "Trust(mac_key=…)"

    async def check(self, session: AsyncSession, entries: Sequence[Stored]) -> None:
        """Raises `RecordTampered` for one that is not ours. Few queries, however many."""
        for one in entries:
            if one.number is None and not self._vouched_for(one):
                raise _not_ours(one.id)
        leaves = {one.number: one for one in entries if one.number is not None}
        if not leaves:
            return
        checkpoint, tree = await self._tree(session, max(leaves))
        proofs = await tree.prove_all(inclusion_path(leaf, tree.size) for leaf in leaves)
        for (number, one), proof in zip(leaves.items(), proofs, strict=True):
            try:
                verify_inclusion(
                    leaf=leaf_hash(one.body),
                    index=number,
                    proof=proof,
                    size=checkpoint.size,
                    root=checkpoint.root,
                )
            except VerificationError as error:
                raise _not_ours(one.id) from error

    def _vouched_for(self, one: Stored) -> bool:
        wanted = entry_mac(self._mac_key(), id=one.id, body=one.body)
        return one.mac is not None and compare_digest(one.mac, wanted)

    async def _tree(self, session: AsyncSession, leaf: int) -> tuple[Checkpoint, StoredTree]:
        """The newest checkpoint, seen to be signed by us, and its tree: read once a transaction."""
        kept: dict[str, Any] = session.info
        if _TREE not in kept or kept[_TREE][0].size <= leaf:
            signed = await last_signed(session)
            if signed is None or signed.size <= leaf:
                raise tampered(f"no checkpoint covers leaf {leaf}")
            name, public = signed.note.split("\n", 1)[0], self._public()
            try:
                checkpoint = open_checkpoint(
                    signed.note, VerifierKey(name, key_id(name, public), public)
                )
            except VerificationError as error:
                raise tampered(f"the last checkpoint is not ours ({error})") from error
            kept[_TREE] = (checkpoint, await StoredTree.at(session, checkpoint.size))
        found: tuple[Checkpoint, StoredTree] = kept[_TREE]
        return found


_TREE = "audit.trusting.tree"


def _not_ours(id: UUID) -> RecordTampered:
    return RecordTampered(
        "an entry was not written by us", place=str(id), remedy="run `tillit audit verify`"
    )
