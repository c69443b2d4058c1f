"""The record, for whoever wants to watch it: checkpoints and hashes for all, entries for few.

Hashes prove everything and tell nothing, so they are public: a record that only its owner
can look at can be rewritten whole. The entries themselves name no member; but all entries of
one member bear one pseudonym, and whoever saw a member at a till could tell which it is, and
then follow it. So entries go to officers with the ability `record`, and each member gets
their own.
"""

from api.http.doors import Asked, Doors, Media
from audit import proofs
from audit.entries import ActorType
from audit.errors import TileUnknown
from audit.verify import TILE, VerificationError, parse_tile_path
from consent.programme import Ability

public = Doors(None)
doors = Doors(ActorType.OFFICER)

_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"


@doors(
    "GET",
    "/v1/audit/tile/entries/{path:path}",
    ability=Ability.RECORD,
    media=_BYTES,
)
async def entries(asked: Asked) -> Media:
    """A bundle of entries (C2SP tlog-tiles): `000`, or `000.p/17` for a partial one."""
    return await _tile(asked, f"tile/entries/{asked.path['path']}")


@public("GET", "/v1/audit/tile/{path:path}", media=_BYTES)
async def tile(asked: Asked) -> Media:
    """A tile of hashes (C2SP tlog-tiles): `0/000`, or `0/000.p/17` for a partial one."""
    path = f"tile/{asked.path['path']}"
    if _parsed(path)[0] is None:
        raise TileUnknown("entries have a door of their own", place="path")
    return await _tile(asked, path)


@public("GET", "/v1/audit/checkpoint", media=_TEXT, problems=(404,))
async def checkpoint(asked: Asked) -> Media:
    """The newest signed checkpoint (C2SP tlog-checkpoint)."""
    text = await proofs.latest_checkpoint(asked.unit.session)
    return Media(text.encode(), _TEXT)


@public("GET", "/v1/audit/key", media=_TEXT)
async def key(asked: Asked) -> Media:
    """The verifier key of the record (C2SP signed-note): what `audit.verify` is given."""
    signer = await asked.tillit.signer(asked.unit.session)
    return Media(f"{signer.verifier_key}\n".encode(), _TEXT)


async def _tile(asked: Asked, path: str) -> Media:
    width = _parsed(path)[2]
    content = await proofs.resource(asked.unit.session, path)
    # A full tile never changes; a partial one is the beginning of what it grows to.
    return Media(content, _BYTES, keep=width == TILE)


def _parsed(path: str) -> tuple[int | None, int, int]:
    try:
        return parse_tile_path(path)
    except VerificationError as error:
        raise TileUnknown(str(error), place="path") from error
