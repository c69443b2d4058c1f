"""What a programme file may declare about data and its use: one frozen type for each table.

Who is involved is in `parties`. Types say which keys there are and of what form; what the keys
mean together is looked at in `checking`. A key that no type knows is a mistake, never ignored.
The text under each key is the key's line in docs/programme.md, written by `reference`.
"""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

from consent.programme.vocabulary import CRIMINAL, SPECIAL, lookup_of
from consent.programme.words import Explained
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


class Action(Explained):
    """What a service may do for a purpose."""

    PREVIEW = "preview", "ask how many match an expression over the purpose's fields, not who"
    SEGMENT = "segment", "ask which members match, and get their numbers; includes `preview`"
    READ = "read", "read the purpose's fields of named members"
    ENROL = "enrol", "create members and change the purpose's stored fields, never its traits"
    RECORD = "record", "add events such as purchases"
    CONSENT = (
        "consent",
        "write down what a member chose about the purpose, at a till for instance. Only where "
        "there is a choice: consent and legitimate interest",
    )
    CONTACT = (
        "contact",
        "write to members by the purpose's `channels`, and say that it has. Only where there are",
    )


class Ability(Explained):
    """What an officer may do; officers are people, services are not."""

    REQUESTS = "requests", "handle access, erasure and the other requests"
    RESTRICT = "restrict", "restrict a member's data, and lift it (Art. 18)"
    PROGRAMME = "programme", "apply a programme"
    RECORD = "record", "see and export the record of use"
    KEYS = "keys", "see the keys' status, and rotate them"


class Channel(StrEnum):
    """The ways in which members are reached."""

    EMAIL = "email"
    SMS = "sms"
    POST = "post"
    APP = "app"
    PHONE = "phone"


class Sensitivity(StrEnum):
    """How much harm a field could do that no law lists as a special category."""

    NORMAL = "normal"
    SENSITIVE = "sensitive"


class Declaration(BaseModel):
    """One table of the file. Frozen, strict about types, closed against unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )
    # Whether `name` is the table's own name, as in [purposes.NAME], and no key inside it.
    own_name: ClassVar[bool] = False


class FieldDeclaration(Declaration):
    """One thing stored about each member."""

    own_name: ClassVar[bool] = True

    name: str
    category: str
    """A term of the W3C DPV's personal data extension: `pd:Name`, `pd:EmailAddress`,
    `pd:TelephoneNumber`, `pd:BirthDate`, `pd:Country`, … Whether it is a special category
    (Art. 9) or about crime (Art. 10) follows from it: `pd:Health` and `pd:Criminal` are"""
    type: Annotated[FieldType, Strict(False)] = FieldType.TEXT
    """Several `texts` have no order"""
    lookup: bool | Literal["email", "phone", "member_number", "text"] = False
    """Members can be found by it. `true` goes by the category (e-mail, telephone). Text only,
    and never in segments"""
    values: Texts = ()
    """The values there are, for `text` and `texts`; any if left out. Such a field can be used in
    segments"""
    title: dict[str, Annotated[str, Field(min_length=1)]] = Field(default={})
    """`title.LANGUAGE = "…"`, what members call it, such as “Your tier”. Its category in words if
    left out"""
    words: dict[str, dict[str, Annotated[str, Field(min_length=1)]]] = Field(default={})
    """What members read where one of `values` stands: a table for each language of the programme,
    `[fields.NAME.words.LANGUAGE]`, with a line `VALUE = "…"` for each. They read the value itself
    if left out"""
    segment: bool = False
    """A text without `values` that can be used in segments all the same. Other types always can"""
    sensitivity: Annotated[Sensitivity, Strict(False)] = Sensitivity.NORMAL
    """`sensitive` is what people would mind more than its category tells: a purpose that uses it
    is asked for its impact assessment"""

    @property
    def lookup_kind(self) -> str | None:
        """How members are found by it, or None; ``lookup = true`` goes by the category."""
        if self.lookup is True:
            return lookup_of(self.category)
        return self.lookup or None

    @property
    def special(self) -> bool:
        """Whether it is a special category of personal data (Art. 9(1))."""
        return self.category in SPECIAL

    @property
    def criminal(self) -> bool:
        """Whether it is about criminal convictions and offences (Art. 10)."""
        return self.category in CRIMINAL


class TraitDeclaration(Declaration):
    """Something derived about each member; exactly one of the five kinds is given."""

    own_name: ClassVar[bool] = True

    name: str
    latest: str | None = None
    """`"purchase.at"`: the day of the last purchase"""
    count: str | None = None
    """`"purchase"`: how many purchases"""
    sum: str | None = None
    """`"purchase.amount"`: what they came to"""
    average: str | None = None
    """`"purchase.amount"`: what one came to on average"""
    age: str | None = None
    """A field of type `date`: years lived, counted when the question is asked"""
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    """How many days back, today included. Required for `count`, `sum` and `average`; not for
    ages"""

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

    own_name: ClassVar[bool] = True

    name: str
    legal_basis: Annotated[LegalBasis, Strict(False)]
    """Art. 6(1)(a), (b), (f) or (c), in that order. Special categories need `consent`, data about
    crime `legal_obligation`"""
    dpv: str
    """A DPV purpose: `dpv:DirectMarketing`, `dpv:PersonalisedBenefits`, `dpv:LegalCompliance`, …"""
    fields: Texts
    """The fields and traits it uses, at least one, and no others may be used for it;
    `member_number` counts"""
    title: dict[str, Annotated[str, Field(min_length=1)]] = Field(default={})
    """`title.LANGUAGE = "…"`, what members call it, such as “Our newsletter”: a heading, and no
    part of the notice. Its `dpv` in words if left out"""
    notice: dict[str, Annotated[str, Field(min_length=1)]]
    """`notice.LANGUAGE = "…"`, what members see, in every language of the programme. Its SHA-256
    goes with every choice made under it"""
    without: dict[str, Annotated[str, Field(min_length=1)]] = Field(default={})
    """`without.LANGUAGE = "…"`, what a no changes and what it does not, in members' words: they
    read it beside the buttons, before either is pressed. With a choice only. It is no part of the
    notice, nor of what a consent is to. A sentence made from this file if left out"""
    valid_months: Annotated[int, Field(ge=1, le=120)] | None = None
    """How long a consent holds; for ever if left out. Consent only"""
    remind_days: Annotated[int, Field(ge=1, le=365)] | None = None
    """How long before a consent runs out a reminder is due. With `valid_months`, and shorter"""
    double_opt_in: bool = False
    """A yes counts once the member has confirmed it by what was sent to them. Consent only, and
    with a channel to send it by"""
    explicit: bool = False
    """The notice asks for explicit consent: a purpose that uses a special category needs it
    (Art. 9(2)(a)), and so does one whose transfers rest on it (Art. 49(1)(a)). Consent only"""
    direct_marketing: bool = False
    """An objection to direct marketing stops it, whatever was consented to (Art. 21(2), (3)).
    Required where `dpv` is marketing or advertising. Not with `contract` or `legal_obligation`"""
    profiles_for: Texts = ()
    """Marketing purposes that it profiles for: an objection to one of them stops it too
    (Art. 21(2))"""
    channels: tuple[Annotated[Channel, Strict(False)], ...] = Field(default=(), strict=False)
    """How members are reached for it; they can turn each off. A service needs `contact`"""
    controllers: Texts = ()
    """Who decides about it together with the programme's own controller (Art. 26): names of
    `[controllers.NAME]`"""
    corrects: Texts = ()
    """SHA-256 (64 hexadecimal digits) of earlier notices that said the same as today's, slips of
    the pen aside: consents given under them still count"""
    basis_changed: str | None = None
    """Why the legal basis is another than in the version before, and when members were told
    (Art. 13). Without it such a programme is not applied"""
    dpia: str | None = None
    """Reference of the impact assessment (Art. 35)"""
    balancing_test: str | None = None
    """Reference of the weighing behind a legitimate interest (Art. 6(1)(f)), and with that only"""
    retention: Period | None = None
    """How long data is kept for it: a number and `days`, `months` or `years`. From `[retention]`
    if left out"""

    @property
    def is_choice(self) -> bool:
        """Whether members consent, or may object: contract and law leave nothing to choose."""
        return self.legal_basis in (LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTEREST)

    def notice_digest(self, language: str) -> bytes:
        """SHA-256 of the notice's UTF-8 bytes: the proof of what was shown (Art. 7(1))."""
        return hashlib.sha256(self.notice[language].encode()).digest()

    def terms(self, notice: bytes) -> bytes:
        """What a consent under that notice is a consent to, in eight bytes (Art. 4(11)).

        Another use, field, controller or text is another thing to agree to; how long a consent
        holds and who asks is not. Eight bytes tell a programme's few terms apart.
        """
        said = [self.legal_basis, self.dpv, self.explicit, sorted(self.controllers)]
        text = json.dumps([*said, sorted(self.fields), notice.hex()], separators=(",", ":"))
        return hashlib.sha256(b"tillit/terms/v1\n" + text.encode()).digest()[:8]


class Service(Declaration):
    """A system that asks for data or brings it, and what it may do for which purpose."""

    own_name: ClassVar[bool] = True

    name: str
    may: Mapping[str, Annotated[frozenset[Action], Strict(False)]]


class OfficerRole(Declaration):
    """People who look after the programme, and what they may do."""

    own_name: ClassVar[bool] = True

    name: str
    can: Annotated[frozenset[Annotated[Ability, Strict(False)]], Strict(False)]
    """What the role may do; at least one role must have `programme`"""


# What holds when the file has no [officers] at all: one role that may do everything.
DEFAULT_OFFICERS = {"privacy_officer": OfficerRole(name="privacy_officer", can=frozenset(Ability))}


class Children(Declaration):
    """Whether children may join (Art. 8).

    A member known to be under the country's age of consent always needs a guardian's word.
    """

    admitted: bool = False
    """Children do join, so that a member whose birth date is not known may be one. Needs a field
    of category `pd:BirthDate` and type `date`"""
    age_of_consent: Annotated[int, Field(ge=13, le=16)] | None = None
    """From which age members consent themselves. The country's if left out (16 where it is not
    known here), and never below it"""


class Retention(Declaration):
    """How long data is kept for purposes that do not say it themselves (Art. 5(1)(e))."""

    default: Period | None = None
    """The retention of purposes that do not state theirs, such as `"36 months"`"""
