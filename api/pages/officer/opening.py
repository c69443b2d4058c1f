"""`/desk/requests/new`: a request that came by letter, by telephone or at the counter.

The member is found by an identifier first, which stands in no address and is not shown again; that
somebody looked is on record. Then the right, and what is particular to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.inbox import Option
from api.pages.officer.rows import PATH, to
from api.pages.officer.words import RIGHTS
from api.people.people import Kind
from consent.programme import Ability
from dsar import finding, requests
from dsar.errors import NotARequest
from dsar.identity import How, Proof
from dsar.languages import LANGUAGES
from dsar.packages.marking import mark
from dsar.states import AT_ONCE, Right
from dsar.wanted import Wanted
from dsar.words import Channel, right_named
from profiles import members
from profiles.catalogue import Field
from profiles.errors import BadValue
from profiles.values import FieldType

pages = Pages(Kind.OFFICER)
_LONGEST_NUMBER = 20  # characters
NEW = f"{PATH}/new"
#: So many values are set right by one form.
CORRECTIONS = 3


@dataclass(frozen=True)
class Find(View):
    """`kinds`: what a member is found by. `wrong`: what came of looking, or nothing."""

    template: ClassVar[str] = "officer/find.html"
    title: ClassVar[str] = mark("Open a request for a member")

    kinds: Sequence[Option]
    wrong: str


@dataclass(frozen=True)
class NotFound(Find):
    """The same, after nobody was found, or more than one; that somebody looked stays on record."""

    status: ClassVar[int] = 422
    keeps: ClassVar[bool] = True


@dataclass(frozen=True)
class Correction:
    """One value to set right: which it is of, and what is written for it."""

    number: int
    fields: Sequence[Option]
    value: str = field(repr=False)


@dataclass(frozen=True)
class Opening(View):
    """`rights`: to choose from, while none is chosen; then `right`, and what goes with it.

    `purposes`: that a withdrawal or an objection can be about; `all_marketing`: that one is about
    that; `received`, `note`, `identified`: as they were sent.
    """

    template: ClassVar[str] = "officer/opening.html"
    title: ClassVar[str] = mark("A new request")

    member: UUID
    rights: Sequence[Option]
    right: str
    right_text: str
    purposes: Sequence[Option]
    marketing: bool
    all_marketing: bool
    corrections: Sequence[Correction]
    languages: Sequence[Option]
    received: str
    note: str = field(repr=False)
    identified: bool
    today: date
    wrong: str


@dataclass(frozen=True)
class Misfit(Opening):
    """The same, after what was written fits no request."""

    status: ClassVar[int] = 422


class Sought(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    value: str

    def __repr__(self) -> str:
        return "Sought(***)"


class NewRequest(msgspec.Struct, forbid_unknown_fields=True):
    """`fields` and `values` go together, in their order."""

    right: str
    received: str = ""
    language: str | None = None
    identified: bool = False
    purposes: list[str] = []
    marketing: bool = False
    fields: list[str] = []
    values: list[str] = []
    note: str = ""

    def __repr__(self) -> str:
        return "NewRequest(***)"


@pages("GET", NEW, ability=Ability.REQUESTS)
async def ask(asked: Asked) -> Find:
    """Whom the request is about."""
    return Find(_kinds(asked), "")


@pages("POST", NEW, ability=Ability.REQUESTS)
async def find(asked: Asked, sought: Sought) -> Go | NotFound:
    """The one member with this identifier; which of several is meant is not guessed."""
    say = asked.speaking.say
    try:
        found = await finding.find(asked.unit, asked.act, sought.kind, sought.value)
    except BadValue:
        return NotFound(_kinds(asked), say(mark("That is none. See how it is written.")))
    if not found:
        return NotFound(_kinds(asked), say(mark("No member is found by that.")))
    if len(found) > 1:
        said = mark("Several members are found by that. Look for the member number.")
        return NotFound(_kinds(asked), say(said))
    return Go(f"{NEW}/{found[0]}")


@pages("GET", NEW + "/{member:uuid}", ability=Ability.REQUESTS, query=("right",))
async def fill_in(asked: Asked) -> Opening:
    """Which right, and then what goes with it."""
    named = asked.query.get("right")
    return _opening(Opening, asked, None if not named else right_named(named), "")


@pages("POST", NEW + "/{member:uuid}", ability=Ability.REQUESTS)
async def open_(asked: Asked, new: NewRequest) -> Go | Misfit:
    """Put it into the register; its clock runs from the day it came in."""
    right = right_named(new.right)
    if (doubt := _doubt(asked, new)) is not None:
        return _opening(Misfit, asked, right, asked.speaking.say(doubt), new)
    try:
        found = await requests.open_request(
            asked.unit,
            asked.act,
            asked.active,
            right,
            asked.id("member"),
            channel=Channel.OFFICER,
            proof=Proof(How.OFFICER) if new.identified else None,
            wish=Wanted(tuple(new.purposes), new.marketing, _values(asked, new), new.note.strip()),
            language=new.language,
            received=_day(new.received),
        )
    except (NotARequest, BadValue):
        said = mark(
            "Something of this does not fit. Look at the day, at what it is about, and at how "
            "values are written."
        )
        return _opening(Misfit, asked, right, asked.speaking.say(said), new)
    return Go(to(found.id), said="opened-joined" if found.joined else "opened")


Form = TypeVar("Form", bound=Opening)


def _kinds(asked: Asked) -> list[Option]:
    """What members are found by, the member number first."""
    known = asked.unit.schema.catalogue.fields
    names = [name for name, one in known.items() if one.lookup is not None]
    names.sort(key=lambda name: name != members.NUMBER)
    return [Option(name, asked.speaking.field(asked.active, name), False) for name in names]


def _opening(
    view: type[Form], asked: Asked, right: Right | None, wrong: str, sent: NewRequest | None = None
) -> Form:
    """The form, with what was `sent` in it."""
    new = sent or NewRequest(right="", received=asked.unit.today.isoformat())
    speak, programme = asked.speaking, asked.active.programme
    # What comes in is offered in every language that letters are written in, the first before all.
    tongues = dict.fromkeys((*programme.languages, *LANGUAGES))
    return view(
        member=asked.id("member"),
        rights=[Option(one, speak.say(text), False) for one, text in RIGHTS.items()],
        right="" if right is None else right.value,
        right_text="" if right is None else speak.say(RIGHTS[right]),
        purposes=[
            Option(one.name, speak.titled(asked.active, one.name), one.name in new.purposes)
            for one in programme.purposes.values()
            if right in AT_ONCE
        ],
        marketing=right is Right.OBJECTION,
        all_marketing=new.marketing,
        corrections=_corrections(asked, new) if right is Right.RECTIFICATION else [],
        languages=[
            Option(one, speak.language.language(one), one == new.language) for one in tongues
        ],
        received=new.received,
        note=new.note,
        identified=new.identified,
        today=asked.unit.today,
        wrong=wrong,
    )


def _corrections(asked: Asked, new: NewRequest) -> list[Correction]:
    known = asked.unit.schema.catalogue.fields
    pairs = [*_pairs(new), *[("", "")] * CORRECTIONS][:CORRECTIONS]
    return [
        Correction(
            number,
            [
                Option(name, asked.speaking.field(asked.active, name), name == named)
                for name, one in known.items()
            ],
            value,
        )
        for number, (named, value) in enumerate(pairs, 1)
    ]


def _pairs(new: NewRequest) -> list[tuple[str, str]]:
    return list(zip_longest(new.fields, new.values, fillvalue=""))


def _doubt(asked: Asked, new: NewRequest) -> str | None:
    """What leaves open which value is to be what; it is not guessed."""
    known = asked.unit.schema.catalogue.fields
    if any(name not in known and (name or value.strip()) for name, value in _pairs(new)):
        return mark("A value is written and not what it is of. Choose that beside it.")
    named = [name for name in new.fields if name]
    if len(named) != len(set(named)):
        return mark("The same is chosen twice. Set each right once.")
    return None


def _day(sent: str) -> date | None:
    """Raises `NotARequest`."""
    if not sent.strip():
        return None
    try:
        return date.fromisoformat(sent.strip())
    except ValueError:
        raise NotARequest("this is no day", place="received") from None


def _values(asked: Asked, new: NewRequest) -> dict[str, object]:
    """The fields that were named, each with what it is to be; None removes. Raises `BadValue`."""
    known: Mapping[str, Field] = asked.unit.schema.catalogue.fields
    return {name: _read(known[name], text.strip()) for name, text in _pairs(new) if name in known}


def _read(field: Field, text: str) -> object:
    if not text:
        return None
    match field.type:
        case FieldType.TEXTS:
            return sorted({one.strip() for one in text.split(",") if one.strip()})
        case FieldType.BOOLEAN:
            if text not in ("true", "false"):
                raise BadValue("this is neither true nor false", place=field.name)
            return text == "true"
        case FieldType.INTEGER | FieldType.MONEY:
            return _number(field, text)
    return text


def _number(field: Field, text: str) -> int | Decimal:
    if len(text) > _LONGEST_NUMBER or "e" in text.lower():  # a power of ten is long to work out
        raise BadValue("this is no number", place=field.name)
    try:
        number = Decimal("".join(text.split()).replace(",", "."))
        return number if field.type is FieldType.MONEY else int(number)
    except (InvalidOperation, ValueError, OverflowError):
        raise BadValue("this is no number", place=field.name) from None
