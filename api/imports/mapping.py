"""The mapping: which column of a file is which, and how lines become members, purchases, consents.

Models only; `loading` reads them from a TOML file. Every key is documented in
``docs/import.md``. Unknown keys are refused, so that a misspelt one never passes for a default.
"""

import codecs
from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

Noun = Literal["members", "events", "consents"]
Format = Literal["csv", "ndjson", "parquet"]
Action = Literal[
    "given", "refused", "withdrawn", "objected", "objection_lifted", "channel_off", "channel_on"
]
Kind = Literal["name", "email", "phone"]
Locale = Literal["sv_SE", "no_NO"]

ISO = "iso"
_SAMPLE = datetime(2009, 12, 1, 7, 45)


def _date_format(value: str) -> str:
    if value == ISO:
        return value
    try:
        read = datetime.strptime(_SAMPLE.strftime(value), value)
    except ValueError as error:
        raise ValueError('write "iso" or a strptime format such as "%Y-%m-%d %H:%M"') from error
    if read.date() != _SAMPLE.date():
        raise ValueError("the format must hold the year, the month and the day")
    return value


Text = Annotated[str, StringConstraints(min_length=1)]
DateFormat = Annotated[str, AfterValidator(_date_format)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FieldColumn(_Section):
    """Where a field's value comes from. It is handed on as text unless a key says otherwise."""

    column: Text
    format: DateFormat | None = None
    """The column holds days, written so."""
    split: Text | None = None
    """The column holds several texts with this between them."""
    number: bool = False
    """The column holds numbers."""
    true_is: list[str] = Field(default_factory=list)
    false_is: list[str] = Field(default_factory=list)
    """The column holds yes or no, in these words."""

    @model_validator(mode="after")
    def _one_reading(self) -> Self:
        if bool(self.true_is) != bool(self.false_is):
            raise ValueError("true_is and false_is go together")
        readings = (self.format, self.split, self.number, self.true_is)
        if sum(map(bool, readings)) > 1:
            raise ValueError("use one of format, split, number, and true_is with false_is")
        return self


def _short(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


Fields = dict[str, Annotated[FieldColumn, BeforeValidator(_short)]]


class MembersSection(_Section):
    """One line is one member."""

    number: Text
    on_existing: Literal["keep", "update"] = "keep"
    without_member: Literal["refuse", "leave_out"] = "refuse"
    fields: Fields = Field(default_factory=dict)


class MadeUp(_Section):
    """Invented details for members who are only numbers in the file."""

    seed: int
    locales: list[Locale] = Field(min_length=1)
    fields: dict[str, Kind] = Field(min_length=1)


class NewMembers(_Section):
    """Whether a purchase's member is made when there is none with that number."""

    create: bool = False
    fields: Fields = Field(default_factory=dict)
    made_up: MadeUp | None = None

    @model_validator(mode="after")
    def _only_when_created(self) -> Self:
        if not self.create and (self.fields or self.made_up):
            raise ValueError("fields and made_up are for members being made: set create = true")
        if self.made_up and (both := self.fields.keys() & self.made_up.fields.keys()):
            raise ValueError(f"{min(both)!r} comes from a column and is made up too; keep one")
        return self


class Cancelled(_Section):
    """What tells a cancellation from a purchase."""

    column: Text | None = None
    starts_with: Text | None = None
    equals: Text | None = None
    negative_amount: bool = False

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        chosen = (self.starts_with, self.equals, self.negative_amount)
        if sum(map(bool, chosen)) != 1:
            raise ValueError("use exactly one of starts_with, equals and negative_amount")
        if (self.column is None) != self.negative_amount:
            raise ValueError("starts_with and equals need a column, negative_amount needs none")
        return self


class PurchaseColumns(_Section):
    member: Text
    reference: Text
    at: Text
    sku: Text | None = None
    description: Text | None = None
    quantity: Text | None = None
    price: Text | None = None
    amount: Text | None = None

    @model_validator(mode="after")
    def _one_money(self) -> Self:
        if (self.price is None) == (self.amount is None):
            raise ValueError("name a price (of one piece) or an amount (of the line), and not both")
        if self.amount is not None and self.quantity is not None:
            raise ValueError("an amount is of the whole line; quantity goes with price")
        return self


class EventsSection(_Section):
    """Lines with the same member and reference are one purchase."""

    kind: Literal["purchase"] = "purchase"
    columns: PurchaseColumns
    date_format: DateFormat = ISO
    shift_to: Literal["today"] | None = None
    cancelled: Cancelled | None = None
    without_member: Literal["refuse", "leave_out"] = "refuse"
    on_unknown_member: Literal["refuse", "leave_out"] = "refuse"
    members: NewMembers = NewMembers()


class ConsentColumns(_Section):
    member: Text
    at: Text
    purpose: Text | None = None
    action: Text | None = None
    language: Text | None = None
    notice: Text | None = None
    channel: Text | None = None
    how: Text | None = None
    evidence: Text | None = None


class ConsentsSection(_Section):
    """One line is one step in the ledger."""

    columns: ConsentColumns
    date_format: DateFormat = ISO
    purpose: Text | None = None
    action: Action | None = None
    language: Text | None = None
    channel: Text | None = None
    how: Text | None = None
    evidence: Text | None = None
    values: dict[str, Action] = Field(default_factory=dict)
    without_member: Literal["refuse", "leave_out"] = "refuse"
    on_unknown_member: Literal["refuse", "leave_out"] = "refuse"

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for name in ("purpose", "action"):
            if (getattr(self, name) is None) == (getattr(self.columns, name) is None):
                raise ValueError(f"give {name}, or columns.{name}, and not both")
        for name in ("language", "channel", "how", "evidence"):
            if getattr(self, name) is not None and getattr(self.columns, name) is not None:
                raise ValueError(f"give {name} or columns.{name}, not both")
        if self.values and self.columns.action is None:
            raise ValueError("values translate a column: give columns.action")
        return self


class Mapping(_Section):
    """A whole mapping file: what holds for the file, and a section for each noun it serves."""

    source: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    format: Format | None = None
    encoding: str = "utf-8"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    timezone: str = "UTC"
    members: MembersSection | None = None
    events: EventsSection | None = None
    consents: ConsentsSection | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Where a time without an offset was read off the clock."""
        return ZoneInfo(self.timezone)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError('no such timezone; write one such as "Europe/Stockholm"') from error
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            b"    ".decode(codecs.lookup(value).name, "ignore")
        except LookupError as error:
            raise ValueError('no such text encoding; write one such as "latin-1"') from error
        return value
