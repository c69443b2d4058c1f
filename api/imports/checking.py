"""Whether what was read fits the programme: numbers, fields, purchases, consents.

Everything is looked at before the first line is written, so that a file that does not fit is
refused whole. What is said names the file, the line and the column, and never a value.
"""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Protocol

import msgspec

from api.imports.consents import ConsentFile, ConsentLine
from api.imports.errors import ImportRefused, MappingRefused
from api.imports.events import PurchaseFile
from api.imports.values import FieldValue
from consent.choices import Action, By, Choice
from consent.choosing import channel, check_texts, choose
from consent.errors import ConsentError, NotAChoice
from consent.programme import Programme, Purpose
from kernel.errors import Problem, TillitError
from profiles import lookup
from profiles.catalogue import Catalogue, nearest
from profiles.members import NUMBER
from profiles.unit import Unit

_SHOWN = 10
_FIRST = 'import members first, or set on_unknown_member = "leave_out" in the mapping'
_OF_CHANNELS = (Action.CHANNEL_OFF, Action.CHANNEL_ON)
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: Far above any purchase, and so far below what a member's numbers can hold that sums fit.
LARGEST_AMOUNT = Decimal(10) ** 10


class Numbered(Protocol):
    """A file whose lines are about members."""

    def first_lines(self) -> Iterator[tuple[str, int]]: ...

    def place(self, line: int) -> str: ...


class Described(Protocol):
    """A file that gives members fields."""

    @property
    def fields(self) -> tuple[str, ...]: ...

    def distinct_values(self, field: str) -> Iterator[tuple[FieldValue, int]]: ...

    def place(self, line: int, field: str = "") -> str: ...


def refuse(problems: Sequence[Problem], name: str) -> None:
    """Raises `ImportRefused` with the first of the problems, if there are any."""
    if problems:
        shown = list(problems[:_SHOWN])
        if len(problems) > _SHOWN:
            shown.append(Problem(name, f"{len(problems) - _SHOWN:,} more values are wrong"))
        raise ImportRefused.of(tuple(shown))


def check_numbers(unit: Unit, file: Numbered, name: str) -> dict[str, str]:
    """Each member number of the file, as the store keeps it. Raises `ImportRefused`.

    Two spellings of what the store takes for one number are refused: whose purchases would
    they be?
    """
    kept: dict[str, str] = {}
    seen: dict[str, int] = {}
    problems = []
    field, today = unit.schema.catalogue.fields[NUMBER], unit.today
    for number, line in file.first_lines():
        try:
            kept[number] = str(field.check(number, today=today))
        except TillitError as error:
            problems.append(_at(file.place(line), error))
            continue
        one = lookup.normalise(NUMBER, kept[number], region=unit.schema.region)
        if seen.setdefault(one, line) != line:
            message = f"the member number of {file.place(seen[one])}, spelt another way"
            problems.append(Problem(file.place(line), message, "spell each number one way"))
    refuse(problems, name)
    return kept


def check_fields(unit: Unit, file: Described, *, name: str, section: str) -> None:
    """Every field is declared and every value fits it.

    Raises `MappingRefused` for a field the programme lacks, `ImportRefused` for values.
    """
    catalogue, today = unit.schema.catalogue, unit.today
    refuse_undeclared(catalogue, file.fields, section)
    problems = []
    for field in file.fields:
        declared = catalogue.fields[field]
        for value, line in file.distinct_values(field):
            try:
                checked = declared.check(value, today=today)
                if declared.lookup is not None:
                    lookup.normalise(declared.lookup, str(checked), region=unit.schema.region)
            except TillitError as error:
                problems.append(_at(file.place(line, field), error))
    refuse(problems, name)


def refuse_undeclared(catalogue: Catalogue, fields: Iterable[str], section: str) -> None:
    """Raises `MappingRefused` for fields that the programme does not declare."""
    problems = []
    known = frozenset(catalogue.fields) - {NUMBER}
    for field in fields:
        if field == NUMBER:
            what = "the member number is no field here", "the mapping names its column already"
            problems.append(Problem(f"{section}.{field}", *what))
        elif field not in known:
            message = f"the programme declares no field {field!r}"
            problems.append(Problem(f"{section}.{field}", message, nearest(field, known)))
    if problems:
        raise MappingRefused.of(tuple(problems))


def check_purchases(unit: Unit, file: PurchaseFile, name: str) -> Iterator[int]:
    """Every purchase has happened, by the programme's calendar, and is of a size to be summed.

    Yields how many members have been looked at. Raises `ImportRefused` at the end.
    """
    problems = []
    for done, member in enumerate(file.members, 1):
        for purchase in member.purchases:
            place = f"{file.place(member.line)} and on, a purchase of this member"
            if purchase.at.astimezone(unit.schema.zone).date() > unit.today:
                problems.append(Problem(place, f"it lies after today, {unit.today}"))
            if abs(purchase.amount) > LARGEST_AMOUNT:
                message = f"its amount is beyond {LARGEST_AMOUNT:,}"
                problems.append(Problem(place, message, "look at decimal in the mapping"))
        yield done
    refuse(problems, name)


def check_consents(unit: Unit, programme: Programme, file: ConsentFile, name: str) -> None:
    """Every line is a choice that makes sense, at a time that has come. Raises `ImportRefused`."""
    problems = []
    sensible: dict[tuple[object, ...], Problem | None] = {}
    for line in file:
        place = file.place(line.line)
        if line.at > unit.now:
            problems.append(Problem(place, "this lies in the future", "give a time that has come"))
            continue
        texts = (len(line.how), len(line.evidence))
        about = (line.purpose, line.action, line.language, line.channel, texts)
        if about not in sensible:
            try:
                choice_of(unit, programme, line)
                sensible[about] = None
            except ConsentError as error:
                sensible[about] = error.problems[0]
        if (wrong := sensible[about]) is not None:
            problems.append(Problem(place, wrong.message, wrong.remedy))
    refuse(problems, name)


def choice_of(unit: Unit, programme: Programme, line: ConsentLine) -> Choice:
    """The choice on a line. Raises `UnknownPurpose`, `NotAChoice`.

    Only a notice that the file holds (its text, or its SHA-256 in hex) is kept as the one shown:
    what the programme's notice says today is not what this member read then. A consent without
    one is unproven: kept, shown, and heeded only once the member has said it again. So is one
    without evidence, where the purpose asks for double opt-in.
    """
    purpose, action = programme.purpose(line.purpose), Action(line.action)
    if (action in _OF_CHANNELS) != bool(line.channel):
        raise NotAChoice(
            "a channel goes with channel_off and channel_on, and they with a channel",
            place="channel",
            remedy="leave the channel out, or name one",
        )
    if line.channel:
        return _by_channel(unit, purpose, line)
    return choose(
        unit,
        purpose,
        action,
        at=line.at,
        by=By.IMPORT,
        language=line.language or None,
        notice=_digest(line.notice) if line.notice else None,
        how=line.how,
        evidence=line.evidence,
    )


def _by_channel(unit: Unit, purpose: Purpose, line: ConsentLine) -> Choice:
    check_texts(line.how, line.evidence)
    on = Action(line.action) is Action.CHANNEL_ON
    choice = channel(unit, purpose, line.channel, on=on, by=By.IMPORT)
    return msgspec.structs.replace(choice, at=line.at, how=line.how, evidence=line.evidence)


def _digest(notice: str) -> bytes:
    return bytes.fromhex(notice) if _SHA256.fullmatch(notice) else sha256(notice.encode()).digest()


def refuse_unknown(file: Numbered, known: Container[str], name: str) -> None:
    """Raises `ImportRefused` naming the first line of each number that no member has."""
    problems = [
        Problem(file.place(line), "there is no member with this number", _FIRST)
        for number, line in file.first_lines()
        if number not in known
    ]
    refuse(problems, name)


def _at(place: str, error: TillitError) -> Problem:
    problem = error.problems[0]
    return Problem(place, problem.message, problem.remedy)
