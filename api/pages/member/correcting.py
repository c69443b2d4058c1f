"""`/my/data/{field}`: one value, set right or removed by the member whose it is (Art. 16).

What does not fit comes back on the same page, as it was written, with what would be right beside
it; it stands in no address, no log and no message of an error. What the programme sets itself is
asked for by a request instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import ClassVar, TypeVar

import msgspec

from api.http.bodies import name as checked_name
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.errors import SecondProofNeeded
from api.people import sessions
from api.people.people import Kind
from consent.programme.countries import country_codes
from dsar import own, own_sight
from dsar.errors import NotYours, TooYoung
from dsar.own_sight import Sight
from dsar.packages import kept
from dsar.packages.marking import mark
from profiles.catalogue import BIRTH_DATE, Field
from profiles.errors import BadValue, UnknownField
from profiles.members import Member
from profiles.opened import Opened
from profiles.values import FieldType, encode_value

pages = Pages(Kind.MEMBER)
PATH = "/my/data"
_LONGEST_NUMBER = 20  # characters
_COUNTRIES = frozenset({"pd:Country", "pd:Nationality", "pd:Residency"})


@dataclass(frozen=True)
class Option:
    value: str
    text: str
    chosen: bool


@dataclass(frozen=True)
class Correction(View):
    """One field. `control`: ``text``, ``date``, ``number``, ``lines``, ``one`` or ``many`` of the
    `options`, ``list`` of many to pick from. `typed`: what stands in it. `input`: the type of
    a text's input, `fills`: what browsers may fill in (WCAG 1.3.5). `wrong`: what would be right.
    """

    template: ClassVar[str] = "member/correction.html"
    title: ClassVar[str] = mark("Set it right")

    name: str
    label: str
    control: str
    input: str
    fills: str
    hint: str
    typed: str
    options: Sequence[Option]
    wrong: str
    has: bool
    signs_in: bool


@dataclass(frozen=True)
class Miswritten(Correction):
    """The same, with what did not fit."""

    status: ClassVar[int] = 422


class Written(msgspec.Struct, forbid_unknown_fields=True):
    """What was written: one value, or several."""

    value: str = ""
    values: list[str] = []

    def __repr__(self) -> str:
        return "Written(***)"


@pages("GET", PATH + "/{field}")
async def see(asked: Asked) -> Correction:
    """A form with the value as it is."""
    declared, seen = _theirs(asked)
    found = await own_sight.values(asked.unit, asked.act, asked.member, seen)
    given = _given(found.get(declared.name))
    return form_of(Correction, asked, seen, declared, given, of=asked.member)


@pages("POST", PATH + "/{field}")
async def correct(asked: Asked, written: Written) -> Go | Miswritten:
    """Set it right; it counts from now on."""
    declared, seen = _theirs(asked)
    try:
        value = read(declared, written)
        await own.rectify(
            asked.unit, asked.act, asked.active, await asked.locked(), {declared.name: value}
        )
    except (BadValue, Unreadable, TooYoung) as error:
        given = written.values if declared.type is FieldType.TEXTS else [written.value]
        form = form_of(Miswritten, asked, seen, declared, given, of=asked.member)
        if isinstance(error, TooYoung):
            age = asked.active.programme.age_of_consent
            return replace(form, wrong=asked.speaking.say(_TOO_YOUNG, age=age))
        return form
    await sessions.stay(asked.unit, asked.keys, asked.who)
    return Go(f"{PATH}#{declared.name}", said="corrected")


@pages("POST", PATH + "/{field}/remove")
async def remove(asked: Asked) -> Go:
    """Keep nothing there any more."""
    declared, _ = _theirs(asked)
    await own.rectify(
        asked.unit, asked.act, asked.active, await asked.locked(), {declared.name: None}
    )
    await sessions.stay(asked.unit, asked.keys, asked.who)
    return Go(PATH, said="removed")


class Unreadable(Exception):
    """What was written is nothing that a value could be."""


def _theirs(asked: Asked) -> tuple[Field, Sight]:
    """The field in the address, which the member may set right.

    Raises `UnknownField`, `NotYours`, and `SecondProofNeeded` for what one is found by and for
    what the address signed in by does not open.
    """
    name = checked_name(asked.path["field"], place="field")
    declared = asked.unit.schema.catalogue.fields.get(name)
    if declared is None:
        raise UnknownField("there is no such field", place="field")
    if name not in own.correctable(asked.unit, asked.active, asked.member):
        raise NotYours(f"{name} is given by the programme", place=name)
    seen = own_sight.sight(asked.unit, asked.active, asked.member, proved=asked.proved_lately)
    if not asked.proved_lately and (declared.lookup is not None or name in seen.closed.fields):
        raise SecondProofNeeded("a second proof is needed", place=name)
    return declared, seen


def _given(one: Opened | None) -> list[str]:
    if one is None:
        return []
    plain = encode_value(one.value)
    if isinstance(plain, list):
        return plain
    return [str(plain).lower() if isinstance(plain, bool) else str(plain)]


def read(declared: Field, written: Written) -> object:
    """What was written as the field may keep it; None for nothing of many. Raises `Unreadable`."""
    text = written.value.strip()
    match declared.type:
        case FieldType.TEXTS:
            lines = written.values if declared.values else written.value.splitlines()
            return sorted({line.strip() for line in lines if line.strip()}) or None
        case FieldType.BOOLEAN:
            if text not in ("true", "false"):
                raise Unreadable
            return text == "true"
        case FieldType.INTEGER | FieldType.MONEY:
            return _number("".join(text.split()).replace(",", "."), declared.type)
    return text


def _number(text: str, type_: FieldType) -> int | Decimal:
    if len(text) > _LONGEST_NUMBER or "e" in text.lower():
        raise Unreadable  # a power of ten is short to write, and long to work out
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unreadable from None
    if type_ is FieldType.MONEY:
        return number
    if not number.is_finite() or number != number.to_integral_value():
        raise Unreadable
    return int(number)


#: What a text's input is, by category, and what browsers may fill it with.
_INPUTS: Mapping[str, tuple[str, str]] = {
    BIRTH_DATE: ("date", "bday"),
    "pd:City": ("text", "address-level2"),
    "pd:EmailAddress": ("email", "email"),
    "pd:EmailAddressPersonal": ("email", "email"),
    "pd:Name": ("text", "name"),
    "pd:PhysicalAddress": ("text", "street-address"),
    "pd:PostalCode": ("text", "postal-code"),
    "pd:TelephoneNumber": ("tel", "tel"),
    "pd:Username": ("text", "username"),
}
_HINTS: Mapping[str, str] = {
    "date": mark("Year, month and day, such as 1990-05-23."),
    "email": mark("Such as name@example.com."),
    "tel": mark("With the country's number, such as +46 70 123 45 67."),
    "lines": mark("One on each line."),
    "number": mark("Digits, such as 250."),
    "many": mark("Tick what is right, none if none is."),
}
_TOO_YOUNG = mark(
    "By that day you are not yet %(age)s, and a guardian would answer for you. If it is right, ask "
    "us under My requests to set it right."
)
_REMEDIES: Mapping[str, str] = {
    "born": mark(
        "That is no day on which you can have been born. Write year, month and day, such as "
        "1990-05-23."
    ),
    "date": mark("That is no day. Write year, month and day, such as 1990-05-23."),
    "email": mark("That is no e-mail address. Write it such as name@example.com."),
    "tel": mark("That is no telephone number. Write it with the country's number first."),
    "number": mark("That is no number that fits here. Write digits, such as 250."),
    "picked": mark("Pick one of those there are."),
    "text": mark("Write something, with 1,000 characters at the most."),
}


def _control(declared: Field) -> str:
    if declared.type is FieldType.TEXTS:
        return "many" if declared.values else "lines"
    if declared.values or declared.type is FieldType.BOOLEAN:
        return "one"
    if declared.category in _COUNTRIES:
        return "list"
    if declared.type in (FieldType.INTEGER, FieldType.MONEY):
        return "number"
    return "date" if declared.type is FieldType.DATE else "text"


def _remedy(declared: Field) -> str:
    control = "born" if declared.category == BIRTH_DATE else _control(declared)
    if control in ("one", "many", "list"):
        return _REMEDIES["picked"]
    if control == "text":
        control = declared.lookup or "text"
    return _REMEDIES.get({"phone": "tel"}.get(control, control), _REMEDIES["text"])


Form = TypeVar("Form", bound=Correction)


def form_of(
    form: type[Form],
    asked: Asked,
    seen: Sight,
    declared: Field,
    given: Sequence[str],
    *,
    of: Member,
) -> Form:
    """The page, with what was written in it; where that did not fit, with what would.

    `of`: whose value it is, which is not the reader's own where a guardian reads.
    """
    say, control = asked.speaking.say, _control(declared)
    type_, fills = _INPUTS.get(declared.category, ("text", "off"))
    hint = _HINTS.get(type_ if control == "text" else control, "")
    return form(
        name=declared.name,
        label=kept.label(seen, asked.speaking.wording, declared.name),
        control=control,
        input=type_ if control == "text" else control,
        fills=fills,
        hint=say(hint) if hint else "",
        typed="\n".join(given),
        options=_options(asked, seen, declared, given),
        wrong=say(_remedy(declared)) if form is Miswritten else "",
        has=declared.name in of.sealed and own.removable(asked.active, declared.name),
        signs_in=declared.lookup == "email",
    )


def _options(asked: Asked, seen: Sight, declared: Field, given: Sequence[str]) -> list[Option]:
    speak = asked.speaking
    if declared.type is FieldType.BOOLEAN:
        said = speak.wording.value
        known = {one: said(one == "true", kind="boolean", category="") for one in ("true", "false")}
    elif declared.values:
        words = kept.read_as(seen, speak.wording, declared.name)
        names = speak.language.country if declared.category in _COUNTRIES else str
        known = {one: words.get(one) or names(one) for one in declared.values}
    elif _control(declared) == "list":
        countries = {one: speak.language.country(one) for one in country_codes()}
        known = dict(sorted(countries.items(), key=lambda one: one[1]))
        known = {**{one: one for one in given if one not in known}, **known}
    else:
        return []
    return [Option(value, text, value in given) for value, text in known.items()]
