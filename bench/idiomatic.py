"""The other side of `read-http`: the route that FastAPI's and SQLModel's own pages teach, async.

One session a request, one `get` by primary key, a response model. No caller is checked, no policy
asked, nothing recorded.
"""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import ARRAY, Column, Enum, Text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.people import TIERS
from kernel.database import with_driver

POOL = 10


class CustomerPublic(SQLModel):
    """What a reader gets: the six fields."""

    member_number: str
    birth_date: date
    tier: str = Field(sa_column=Column(Enum(*TIERS, name="tier")))
    interests: list[str] = Field(sa_column=Column(ARRAY(Text)))
    spend: Decimal = Field(max_digits=12, decimal_places=2)
    last_visit: date


class Customer(CustomerPublic, table=True):
    """The plaintext table of `bench.plain`, as much of it as is read."""

    __tablename__ = "customer"
    id: UUID = Field(primary_key=True)


def app(url: str) -> FastAPI:
    """The app over the table at `url`."""
    engine = create_async_engine(with_driver(url), pool_size=POOL, max_overflow=0)
    made = FastAPI()

    async def session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as opened:
            yield opened

    @made.get("/members/{member_id}", response_model=CustomerPublic)
    async def read(member_id: UUID, session: Annotated[AsyncSession, Depends(session)]) -> Customer:
        found = await session.get(Customer, member_id)
        if found is None:
            raise HTTPException(404, "no such member")
        return found

    return made
