"""What is asked about a breach, and the answer: plain values, fit to be sealed. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from pyroaring import BitMap

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class How(StrEnum):
    """In which way data were given out."""

    VALUES = "values"  # values were opened
    COPY = "copy"  # a package: all there is about a member
    SAID = "said"  # what a member had said, and where they stand
    LETTER = "letter"  # a letter to a member was read by somebody else
    USES = "uses"  # what a member's data had been used for
    TOLD = "told"  # a recipient was told of a member, by identifiers
    MATCHED = "matched"  # that a member fits a description
    LISTED = "listed"  # that a member is to be asked or reminded
    REPLAYED = "replayed"  # past answers about everybody, as a file
    ANSWER = "answer"  # a yes or no, and no value
    ACCOUNT = "account"  # somebody was signed in as the member, who sees all of their own
    GUARDIAN = "guardian"  # somebody was signed in as a child's guardian
    EVERYTHING = "everything"  # a copy of the database


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything given out from `since` up to, and without, `until`.

    `actors`: as ``service/till`` or ``officer/anna``; nobody named: whoever it was, without what
    members looked at themselves. `account`: the ordinal of a member whose account was misused, who
    is then one of the actors. `purposes` and `fields` narrow it; none named: any. `whole`: the
    database was copied, so that it is about everybody there was; `keys_too`: the keys with it.
    `pseudonym`: the account's, for a member who may be erased before anybody looks; `holder`: their
    id, which stands in the ledgers of children they answer for, and `wards`: the pseudonyms of
    those they answered for when it was asked. None of these is kept once somebody has looked.
    """

    since: Moment
    until: Moment
    actors: tuple[str, ...] = ()
    account: int | None = None
    pseudonym: str | None = None
    holder: UUID | None = None
    wards: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    whole: bool = False
    keys_too: bool = False


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What one actor gave out of one field in one way. `field` is empty where no field was.

    `category`: the DPV's term, empty where there is none; `special`: it is one of Arts. 9 or 10.
    `entries`: how many uses; `members`: how many people, those of whom only a number is left too.
    """

    actor: str
    how: How
    field: str
    category: str
    special: bool
    entries: int
    members: int


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. Members are ordinals: nobody finds anybody by them who was erased since.

    `certain`: data of theirs were given out. `maybe`: nobody can tell any more whether any were.
    `answered`: of these only a yes or no was given, no value. No member is in two of them.
    `gone`: erased since, as a number that may count one of them twice. `untold`: pseudonyms in the
    record that lead neither to a member nor to an erasure. `children`: under 18 on the day of the
    question, `ages_unknown`: of whom nobody knows; of the first two. `first`, `last`: of the uses.

    What the answer rests on: `entries` were uses that were meant, `lost` of them without the detail
    that says of whom or of what; `broken` entries were altered or are gone, and may have said
    anything; `strangers` are not as we wrote them, if we did: they are not counted, and so somebody
    may be missing. `wards`: people for whom a guardian may have acted, of whom nobody can tell any
    more which. `vouchers`: how often the books of the erased were read, which lead to nobody.
    """

    certain: bytes
    maybe: bytes
    answered: bytes
    lines: tuple[Line, ...]
    gone: int
    untold: int
    children: int
    ages_unknown: int
    entries: int
    lost: int
    broken: int
    strangers: int
    wards: int
    vouchers: int
    first: Moment | None
    last: Moment | None

    @property
    def told(self) -> BitMap:
        """Those whom a breach may concern: of whom it is certain, and of whom nobody can tell."""
        return self.those("certain") | self.those("maybe")

    def those(self, which: str) -> BitMap:
        """One of the three sets."""
        return BitMap.deserialize(getattr(self, which))

    @property
    def is_sure(self) -> bool:
        """Whether the record could tell everything that was asked."""
        doubts = self.lost + self.broken + self.strangers + self.untold + self.wards
        return not (doubts or self.those("maybe"))
