"""One word on its way to one recipient: all that a call needs, and all that comes of it.

Plain values, so that a call holds no transaction and opens nothing.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from consent.programme.handling import Carrier
from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold
from dsar.outgoing import State
from dsar.telling import Word

OPENDSR_PATH = "opendsr"
ANSWERS_PATH = "answers"


@dataclass(frozen=True)
class Home:
    """Ours: the folder with what signs and verifies, and the address at which we are answered."""

    keys: Path
    url: str

    def callback(self, recipient: str, path: str) -> str:
        return f"{self.url}/v1/connectors/{recipient}/{path}"

    def authorization(self, recipient: str) -> dict[str, str]:
        """The `Authorization` that a processor asks for, from NAME.authorization if it is there.

        OpenDSR leaves it to processors how they know who calls (4.3). Raises `NotTold`.
        """
        file = self.keys / f"{recipient}.authorization"
        try:
            value = file.read_text("ascii").strip() if file.exists() else ""
        except (OSError, ValueError) as error:
            raise NotTold(Trouble.NO_SECRET) from error
        if not value.isprintable():
            raise NotTold(Trouble.NO_SECRET)
        return {"Authorization": value} if value else {}


@dataclass(frozen=True)
class Errand:
    """`sent`: it has it, and is asked after. `received`: when the member asked.

    `types`: of each identifier's field, by what it is found: ``email``, ``phone``…
    """

    id: UUID
    recipient: str
    name: str
    country: str
    by: Carrier
    address: str
    word: Word
    types: dict[str, str]
    sent: bool
    attempts: int
    made_at: datetime
    received: datetime
    due: date | None
    now: datetime
    controller: str
    home: Home = field(repr=False)


class Said(StrEnum):
    """What a recipient's answer means, however it came."""

    RECEIVED = "received"  # it has it
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Way(StrEnum):
    """How an answer came, as it is kept."""

    RECEIPT = "receipt"  # what it answered when it was told
    STATUS = "status"  # what it answered when it was asked
    CALLBACK = "callback"  # what it said by itself
    BUTTON = "button"  # somebody followed the link they were sent


@dataclass(frozen=True)
class Answer:
    """`signed`: the bytes that the recipient's signature is over, or the link's token.

    `kept`: the document, for as long as the record: left out where it would hold an identity.
    `domain` and `signature`: what it came with.
    """

    way: Way
    said: Said
    signed: bytes = field(repr=False)
    kept: bytes | None = field(default=None, repr=False)
    signature: str = field(default="", repr=False)


@dataclass(frozen=True)
class Outcome:
    """Where the word stands now. `again`: when next; None: when somebody says so."""

    state: State
    trouble: Trouble | None = None
    again: timedelta | None = None
    answer: Answer | None = None


def came_of(answer: Answer, *, again: timedelta | None) -> Outcome:
    """Where a word stands for an answer. `again`: when to ask one that is not done yet."""
    if answer.said is Said.COMPLETED:
        return Outcome(State.DONE, answer=answer)
    if answer.said is Said.CANCELLED:
        return Outcome(State.SENT, Trouble.CANCELLED, answer=answer)
    return Outcome(State.SENT, again=again, answer=answer)
