"""How data subject requests are handled: who hands them in, and who is told what came of them."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, Strict

from consent.programme.declarations import Declaration, Texts
from consent.programme.words import Explained

Right = Literal[
    "access",
    "portability",
    "rectification",
    "erasure",
    "restriction",
    "release",
    "objection",
    "review",
    "withdrawal",
]
#: What another company can hand in: what OpenDSR 2.0 knows.
Handed = Literal["access", "portability", "erasure"]
#: What recipients are told of (Art. 19).
Told = Literal["erasure", "rectification", "restriction"]
#: Withdrawing and objecting work at once (Arts. 7(3) and 21(3)): no second officer, no wait.
AT_ONCE: frozenset[str] = frozenset({"objection", "withdrawal"})


def years_of(period: str | None) -> int | None:
    """How many years a period is, such as ``7 years``; None for one that is not in years."""
    number, _, unit = (period or "").partition(" ")
    return int(number) if unit in ("year", "years") else None


class Carrier(Explained):
    """How a recipient is told. Closed."""

    OPENDSR = "opendsr", "by OpenDSR 2.0: `address` is the URL its `/requests` hang on"
    WEBHOOK = "webhook", "by a webhook signed as Standard Webhooks says: `address` is its URL"
    MAILBOX = "mailbox", "by e-mail to somebody who answers by hand: `address` is theirs"


class Connector(Declaration):
    """How a recipient is told of erasures, corrections and restrictions (Arts. 17(2) and 19).

    What signs and verifies lies in `keys/connectors/NAME.secret` of the data folder for a
    webhook, and the processor's certificate in `keys/connectors/NAME.pem` for OpenDSR: never here.
    """

    by: Annotated[Carrier, Strict(False)]
    """How it is told"""
    address: Annotated[str, Field(min_length=1)]
    """Where: `https://…`, or an e-mail address for a mailbox"""
    carries: tuple[Told, ...] = Field(
        default=("erasure", "rectification", "restriction"), strict=False
    )
    """What it is told of, where that is not all"""
    identifiers: Texts = ("email",)
    """The lookup fields by which it knows members, and no others are sent;
    `member_number` counts"""
    answer_days: Annotated[int, Field(ge=1, le=60)] = 14
    """Within how many days it must say that it is done; then it is shown as late"""


class Agent(Declaration):
    """Another company that may hand in members' requests, by OpenDSR 2.0.

    Its certificate (X.509, RSA) lies in `keys/agents/NAME.pem` of the data folder: never here.
    """

    name: Annotated[str, Field(min_length=1)]
    """The company, as members know it"""
    contact: str
    """An e-mail address, or a page beginning with `https://`"""
    domain: Annotated[str, Field(min_length=1, max_length=253)]
    """The domain it signs as, and is called back at: `agent.example`, without `https://`"""
    rights: tuple[Handed, ...] = Field(default=("access", "portability", "erasure"), strict=False)
    """What it may ask for, where that is not all"""
    mandate: bool = False
    """Whether its members give it a mandate that an officer may look at, and then answer for
    instead of asking the member who they are (Art. 12(6))"""
    per_hour: Annotated[int, Field(ge=1, le=10_000)] = 100
    """How many requests it may hand in within an hour"""


class Handling(Declaration):
    """How data subject requests are handled (Arts. 12 and 15 to 22)."""

    four_eyes: tuple[Right, ...] = Field(default=(), strict=False)
    """Rights that two officers have to approve. Not for `objection` and `withdrawal`"""
    cooling_off_days: Annotated[int, Field(ge=0, le=30)] = 0
    """How long an approved erasure waits, so that the member can think better of it. The time
    counts into the month there is to answer"""
    identity_days: Annotated[int, Field(ge=1, le=90)] = 30
    """How long a question about somebody's identity waits for its answer; then the request is
    closed, and they can ask again"""
    prompt_days: Annotated[int, Field(ge=0, le=14)] = 7
    """A question about identity stops the clock when it is sent within so many days of the
    request; one that is sent later does not"""
    package_days: Annotated[int, Field(ge=1, le=90)] = 30
    """How long an answer can be fetched before it is deleted"""
    bookkeeping: str | None = None
    """The purpose, on `legal_obligation`, for which an erased member's purchases are kept as
    vouchers, apart and with the fields it names, until bookkeeping law lets them go
    (Art. 17(3)(b)). Nothing is kept when left out, as is right where the books are elsewhere"""
    mailbox: Annotated[str, Field(min_length=3)] | None = None
    """The e-mail address that is reminded of what is due. The controller's contact, if that is
    one, when left out"""

    @property
    def asks_two(self) -> Mapping[str, bool]:
        """Whether a right needs two officers, by its name."""
        return {one: True for one in self.four_eyes if one not in AT_ONCE}
