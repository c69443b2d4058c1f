"""Who is involved: controllers, the data protection officer, and whoever receives data."""

from typing import Annotated

from pydantic import Field, Strict

from consent.programme.declarations import Declaration, Texts
from consent.programme.handling import Connector
from consent.programme.words import Explained

Filled = Annotated[str, Field(min_length=1)]


class Controller(Declaration):
    """Who decides why and how (Art. 4(7)), and what follows from where they are."""

    name: Filled
    """Who decides why and how data is used, as members know them (Art. 4(7))"""
    country: str
    """ISO 3166, two letters. SE, NO, DK, FI and GB set the time zone, currency and language; any
    other country must write them"""
    contact: str
    """An e-mail address, or a page beginning with `https://`, where members reach you"""
    address: Filled | None = None
    """The postal address"""
    representative: Filled | None = None
    """Name and address of the representative in the Union, for controllers outside it (Art. 27)"""
    languages: Texts = ()
    """Language tags (BCP 47) members are served in; the first is the default. The country's if
    left out. Who reads another is shown texts in English, else in the first, and told so"""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    """ISO 4217. The country's if left out"""
    timezone: str | None = None
    """IANA name; days begin and end by it. The country's if left out"""
    origin: str | None = None
    """The name of the record's log, such as `club.example/record`; from the contact's domain if
    left out. A record keeps the name it was begun under"""


class Safeguard(Explained):
    """What a transfer to a country outside the EEA rests on (Arts. 45 to 49). Closed."""

    ADEQUACY = "adequacy", "Art. 45: the Commission has found the protection there adequate"
    PUBLIC_INSTRUMENT = "public_instrument", "Art. 46(2)(a): an instrument between authorities"
    BCR = "bcr", "Art. 46(2)(b): binding corporate rules"
    SCC = "scc", "Art. 46(2)(c), (d): standard contractual clauses"
    CODE_OF_CONDUCT = "code_of_conduct", "Art. 46(2)(e): an approved code of conduct"
    CERTIFICATION = "certification", "Art. 46(2)(f): an approved certification"
    AUTHORISED_CLAUSES = "authorised_clauses", "Art. 46(3)(a): clauses the authority authorised"
    EXPLICIT_CONSENT = "explicit_consent", "Art. 49(1)(a): the member's explicit consent"
    CONTRACT = "contract", "Art. 49(1)(b), (c): needed for a contract with or for the member"
    PUBLIC_INTEREST = "public_interest", "Art. 49(1)(d): important reasons of public interest"
    LEGAL_CLAIMS = "legal_claims", "Art. 49(1)(e): needed for legal claims"
    VITAL_INTERESTS = "vital_interests", "Art. 49(1)(f): vital interests"
    PUBLIC_REGISTER = "public_register", "Art. 49(1)(g): from a public register"
    COMPELLING_INTEREST = (
        "compelling_interest",
        "Art. 49(1), second subparagraph: once, few members, and the authority is told",
    )

    @property
    def article(self) -> str:
        return self.meaning.partition(":")[0]

    @property
    def is_derogation(self) -> bool:
        """Whether it is one of Art. 49's, which are for what happens now and then."""
        return self.article.startswith("Art. 49")


class JointController(Declaration):
    """Another company that decides about some purposes together with the controller (Art. 26)."""

    name: Filled
    """The company, as members know it"""
    country: str
    """ISO 3166, two letters"""
    contact: str
    """An e-mail address, or a page beginning with `https://`"""
    arrangement: Annotated[str, Field(pattern=r"^https://[^/\s]+\.[^\s]+$")]
    """The page, beginning with `https://`, where members find the essence of what the controllers
    have agreed (Art. 26(2))"""
    address: Filled | None = None
    """The postal address"""
    safeguard: Annotated[Safeguard, Strict(False)] | None = None
    """As for recipients: what the transfer rests on, for a country outside the EEA. Not here if it
    is a recipient too, and says so there"""
    safeguard_reference: Filled | None = None
    """Where the safeguard can be read"""


class ProtectionOfficer(Declaration):
    """The data protection officer (Arts. 37 to 39)."""

    name: Filled
    """A person, or the office: it is published"""
    contact: str
    """An e-mail address, or a page beginning with `https://`"""


class Role(Explained):
    """What somebody who receives data is to the controller."""

    PROCESSOR = "processor", "works for the controller, on its instructions (Art. 28)"
    RECIPIENT = "recipient", "decides itself what it does with the data (Art. 4(9))"
    JOINT_CONTROLLER = (
        "joint_controller",
        "decides together with the controller; bears the name of a `[controllers.NAME]`",
    )


class Recipient(Declaration):
    """Somebody to whom members' data is disclosed (Arts. 4(9), 13(1)(e) and 30(1)(d))."""

    name: Filled
    """The company: members are told who, not only of what kind (C-154/21)"""
    country: str
    """Where data goes: ISO 3166, two letters"""
    role: Annotated[Role, Strict(False)]
    """What it is to the controller"""
    contact: str
    """An e-mail address, or a page beginning with `https://`"""
    purposes: Texts
    """The purposes it receives data for, at least one"""
    safeguard: Annotated[Safeguard, Strict(False)] | None = None
    """What the transfer rests on, for a country outside the EEA. May be left out where the
    Commission has found the whole country adequate"""
    safeguard_reference: Filled | None = None
    """Where the safeguard can be read: the contract's clause, the certificate's number"""
    connector: Connector | None = None
    """How it is told of erasures, corrections and restrictions: `[recipients.NAME.connector]`"""
