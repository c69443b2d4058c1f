"""Within a rotation: the register and its searches, under the new epoch."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from dsar.breaches.account import at
from dsar.breaches.searches import row_place
from kernel.database import raw
from profiles.errors import CannotOpen
from profiles.keys import EpochKey
from profiles.labels import Label


async def reseal(session: AsyncSession, old: EpochKey, new: EpochKey) -> None:
    """What does not open stays as it is, for `tillit audit verify` to name."""
    connection = await raw(session)

    def anew(sealed: bytes, place: bytes) -> bytes | None:
        try:
            plain = old.sealing(Label.BREACHES).open(sealed, at=place)
        except CannotOpen:
            return None
        return new.sealing(Label.BREACHES).seal(plain, at=place)

    breaches: list[tuple[UUID, bytes]] = await (
        await connection.execute("SELECT id, sealed FROM breach FOR UPDATE", binary=True)
    ).fetchall()
    for id, sealed in breaches:
        if (fresh := anew(sealed, at(id))) is not None:
            await connection.execute(
                "UPDATE breach SET epoch = %s, sealed = %s WHERE id = %s", (new.number, fresh, id)
            )
    searches = await (
        await connection.execute(
            "SELECT id, breach, question, result FROM breach_search FOR UPDATE", binary=True
        )
    ).fetchall()
    for id, breach, question, result in searches:
        for column, sealed in (("question", question), ("result", result)):
            place = row_place(id, breach, column)
            if sealed is not None and (fresh := anew(sealed, place)) is not None:
                await connection.execute(
                    f"UPDATE breach_search SET epoch = %s, {column} = %s WHERE id = %s",  # noqa: S608 - one of two
                    (new.number, fresh, id),
                )
