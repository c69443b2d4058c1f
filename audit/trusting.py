"""Whether entries are ours: asked before anything is decided by what they say.

Until a checkpoint covers an entry its MAC vouches for it, and from then on the signed tree does.
Whoever can write to the database can add a row that looks like an entry, and neither of the two.
Reads only; what was taken away it cannot see, which is what `check` is for.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from audit.entries import entry_mac
from audit.errors import RecordTampered
from audit.merkle import inclusion_path
from audit.tree import StoredTree, last_signed, tampered
from audit.verify import (
    TILE,
    Checkpoint,
    VerificationError,
    VerifierKey,
    key_id,
    leaf_hash,
    open_checkpoint,
    tree_root,
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
        foreign = await self.foreign(session, entries)
        if foreign:
            raise _not_ours(next(one.id for one in entries if one.id in foreign))

    async def foreign(self, session: AsyncSession, entries: Sequence[Stored]) -> set[UUID]:
        """Those that are not ours, for whoever shows them with a warning.

        Raises `RecordTampered` where nothing can be told: no checkpoint of ours covers a leaf. What
        was read of the tree is kept for the transaction (`forget`).
        """
        found = {one.id for one in entries if not self.has_place(one)}
        leaves = [
            (one, one.number) for one in entries if one.number is not None and one.id not in found
        ]
        if not leaves:
            return found
        signed = await self._signed(session, max(number for _, number in leaves))
        shown = await signed.tiles({number // TILE for _, number in leaves})
        for one, number in leaves:
            tile = shown[number // TILE]
            if tile is None or leaf_hash(one.body) != tile[number % TILE]:
                found.add(one.id)
        return found

    def forget(self, session: AsyncSession) -> None:
        """Let go of what was read of the tree: for whoever goes through all of it."""
        session.info.pop(_SIGNED, None)

    async def leaves(self, session: AsyncSession, tiles: range) -> set[bytes]:
        """The hashes in these tiles of leaves; at most as many as there are.

        Raises `RecordTampered` where one is not under the signed root.
        """
        signed = await self._signed(session, (tiles.stop - 1) * TILE)
        shown = await signed.tiles(tiles)
        if None in shown.values():
            raise tampered("a tile is not what was signed")
        hashes = {hash for tile in shown.values() if tile is not None for hash in tile}
        signed.shown.clear()
        return hashes

    async def holds(self, session: AsyncSession, one: Stored) -> bool:
        """The same of one, as an answer."""
        try:
            await self.check(session, [one])
        except RecordTampered:
            return False
        return True

    def has_place(self, one: Stored) -> bool:
        """Whether it has a number in the log, or a MAC of ours; whether the right number is for
        `check` to say.
        """
        return self._vouched_for(one) if one.number is None else one.number >= 0

    def _vouched_for(self, one: Stored) -> bool:
        wanted = entry_mac(self._mac_key(), id=one.id, body=one.body)
        return one.mac is not None and compare_digest(one.mac, wanted)

    async def _signed(self, session: AsyncSession, leaf: int) -> "_Signed":
        """The newest checkpoint, seen to be signed by us, and its tree: read once a transaction."""
        kept = session.info.get(_SIGNED)
        if kept is None or kept.checkpoint.size <= leaf:
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
            kept = _Signed(checkpoint, await StoredTree.at(session, checkpoint.size))
            session.info[_SIGNED] = kept
        assert isinstance(kept, _Signed)
        return kept


@dataclass
class _Signed:
    """A checkpoint of ours and the tree that is stored for it; `shown`: what is seen to be its."""

    checkpoint: Checkpoint
    tree: StoredTree
    shown: dict[int, list[bytes]] = field(default_factory=dict)

    async def tiles(self, numbers: Collection[int]) -> dict[int, list[bytes] | None]:
        """The hashes of the leaves in these tiles; None for one that is not under the signed root.

        One proof shows a whole tile: its leaves are folded, each of them, to the tile's own root,
        and the tiles are the leaves of the tree above them.
        """
        size, root = self.checkpoint.size, self.checkpoint.root
        new = sorted(set(numbers) - self.shown.keys())
        found = await self.tree.tiles(0, new)
        # Of the way from a tile's first leaf, the steps within the tile are left out.
        proofs = await self.tree.prove_all(
            inclusion_path(tile * TILE, size)[(len(found[tile]) - 1).bit_length() :] for tile in new
        )
        tiles = -(-size // TILE)
        for tile, proof in zip(new, proofs, strict=True):
            try:
                verify_inclusion(
                    leaf=tree_root(found[tile]), index=tile, proof=proof, size=tiles, root=root
                )
            except VerificationError:
                continue
            self.shown[tile] = found[tile]
        return {number: self.shown.get(number) for number in numbers}


_SIGNED = "audit.trusting.signed"


def _not_ours(id: UUID) -> RecordTampered:
    return RecordTampered(
        "an entry was not written by us", place=str(id), remedy="run `tillit audit verify`"
    )
