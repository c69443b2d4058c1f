"""What a programme file may declare: one frozen type for each kind of table.

Types say which keys there are and of what form; what the keys mean together is looked at in
`checking`. A key that no type knows is a mistake, never ignored.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

from consent.programme.vocabulary import lookup_of
from profiles.catalogue import TraitKind
from profiles.values import FieldType

Texts = Annotated[tuple[str, ...], Strict(False)]  # TOML has lists, not tuples
Period = Annotated[str, Field(pattern=r"^[1-9]\d{0,2} (day|month|year)s?$")]


class LegalBasis(StrEnum):
    """The bases of Art. 6(1) that a loyalty programme can rest on."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"
    LEGAL_OBLIGATION = "legal_obligation"

    @property
    def article(self) -> str:
        return _ARTICLES[self]


_ARTICLES = {
    LegalBasis.CONSENT: "Art. 6(1)(a)",
    LegalBasis.CONTRACT: "Art. 6(1)(b)",
    LegalBasis.LEGAL_OBLIGATION: "Art. 6(1)(c)",
    LegalBasis.LEGITIMATE_INTEREST: "Art. 6(1)(f)",
}


class Action(StrEnum):
    """What a service may do for a purpose."""

    PREVIEW = "preview"  # count who matches an expression
    SEGMENT = "segment"  # be told who matches; implies preview
    READ = "read"  # read the purpose's fields of named members
    ENROL = "enrol"  # create a member, change the purpose's stored fields
    RECORD = "record"  # add events such as purchases
    CONSENT = "consent"  # write down what a member chose about this purpose


class Ability(StrEnum):
    """What an officer may do; officers are people, services are not."""

    REQUESTS = "requests"  # handle data subject requests
    RESTRICT = "restrict"  # restrict a member's data, and lift it (Art. 18)
    PROGRAMME = "programme"  # apply a programme
    RECORD = "record"  # see and export the record of use
    KEYS = "keys"  # see the keys' status and rotate them


class Declaration(BaseModel):
    """One table of the file. Frozen, strict about types, closed against unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Controller(Declaration):
    """Who decides why and how (Art. 4(7)), and what follows from where they are."""

    name: Annotated[str, Field(min_length=1)]
    country: str  # ISO 3166 alpha-2
    contact: str  # an e-mail address or an https page
    languages: Texts = ()  # BCP 47; the first is the default
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None  # ISO 4217
    timezone: str | None = None  # IANA
    origin: str | None = None  # the name of the record's log, as in C2SP checkpoints


class FieldDeclaration(Declaration):
    """One thing stored about each member."""

    name: str
    category: str  # a term of the DPV's personal data extension
    type: Annotated[FieldType, Strict(False)] = FieldType.TEXT
    lookup: bool | Literal["email", "phone", "member_number", "text"] = False
    values: Texts = ()
    segment: bool = False

    @property
    def lookup_kind(self) -> str | None:
        """How members are found by it, or None; ``lookup = true`` goes by the category."""
        if self.lookup is True:
            return lookup_of(self.category)
        return self.lookup or None


class TraitDeclaration(Declaration):
    """Something derived about each member; exactly one of the five kinds is given."""

    name: str
    latest: str | None = None
    count: str | None = None
    sum: str | None = None
    average: str | None = None
    age: str | None = None
    days: Annotated[int, Field(ge=1, le=3660)] | None = None

    @property
    def kinds(self) -> tuple[TraitKind, ...]:
        """The kinds that are given; a programme that was checked has exactly one."""
        return tuple(kind for kind in TraitKind if getattr(self, kind) is not None)

    @property
    def kind(self) -> TraitKind:
        return self.kinds[0]

    @property
    def source(self) -> str:
        return str(getattr(self, self.kind))

    @property
    def category(self) -> str:
        """The DPV term for what is derived: an age, or a spending habit."""
        return "pd:Age" if self.kind is TraitKind.AGE else "pd:PurchasesAndSpendingHabit"


class Purpose(Declaration):
    """What data is used for, and on which legal basis (Arts. 5(1)(b) and 6)."""

    name: str
    legal_basis: Annotated[LegalBasis, Strict(False)]
    dpv: str
    fields: Texts  # names of fields and traits, and no others may be used for it
    notice: dict[str, Annotated[str, Field(min_length=1)]]  # language -> the text members see
    valid_months: Annotated[int, Field(ge=1, le=120)] | None = None  # how long a consent holds
    direct_marketing: bool = False  # Art. 21(2): an objection always wins
    retention: Period | None = None

    @property
    def is_choice(self) -> bool:
        """Whether members consent, or may object: contract and law leave nothing to choose."""
        return self.legal_basis in (LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTEREST)

    def notice_digest(self, language: str) -> bytes:
        """SHA-256 of the notice's UTF-8 bytes: the proof of what was shown (Art. 7(1))."""
        return hashlib.sha256(self.notice[language].encode()).digest()


class Service(Declaration):
    """A system that asks for data or brings it, and what it may do for which purpose."""

    name: str
    may: Mapping[str, Annotated[frozenset[Action], Strict(False)]]


class OfficerRole(Declaration):
    """People who look after the programme, and what they may do."""

    name: str
    can: Annotated[frozenset[Annotated[Ability, Strict(False)]], Strict(False)]


# What holds when the file has no [officers] at all: one role that may do everything.
DEFAULT_OFFICERS = {"privacy_officer": OfficerRole(name="privacy_officer", can=frozenset(Ability))}


class Retention(Declaration):
    """How long data is kept for purposes that do not say it themselves (Art. 5(1)(e))."""

    default: Period | None = None
