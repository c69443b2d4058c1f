"""The naive oracle: what the gate must answer, worked out member by member over plain dicts.

Written from the promises, not from the product: no sets, no shared fold, no shared parser. It
imports nothing of Tillit's.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Stockholm")
NOES = {"refused", "withdrawn", "objected", "restricted"}


@dataclass
class Person:
    """One member as the world knows them."""

    id: UUID
    values: dict[str, Any]
    said: list[dict[str, Any]] = field(default_factory=list)
    bought: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Rules:
    """One programme: plain dicts of what its file declares."""

    fields: dict[str, dict[str, Any]]
    traits: dict[str, dict[str, Any]]
    purposes: dict[str, dict[str, Any]]

    def segmentable(self, name: str) -> bool:
        if name in self.traits:
            return True
        declared = self.fields.get(name)
        if declared is None or declared.get("lookup"):
            return False
        textual = declared["type"] in ("text", "texts")
        return not textual or bool(declared.get("values") or declared.get("segment"))


def expected(rules: Rules, purpose: str, tree: Any, people: list[Person], today: date) -> Any:
    """(eligible, ids that match, held back by reason)."""
    held_back: dict[str, int] = {}
    eligible, matched = 0, set()
    for person in people:
        reason = why_not(rules.purposes[purpose], purpose, person, today)
        if reason is not None:
            held_back[reason] = held_back.get(reason, 0) + 1
            continue
        eligible += 1
        if truth(tree, known(rules, person, today)) is True:
            matched.add(person.id)
    return eligible, matched, held_back


def why_not(declared: dict[str, Any], purpose: str, person: Person, today: date) -> str | None:
    """Why a member may not be used for a purpose today, or None."""
    if _last(person, None, {"restricted", "restriction_lifted"})[0] == "restricted":
        return "restricted"
    marketing = declared.get("direct_marketing", False)
    heeds = declared["legal_basis"] == "legitimate_interest" or marketing
    if heeds and _last(person, purpose, {"objected", "objection_lifted"})[0] == "objected":
        return "objected"
    if declared["legal_basis"] == "consent":
        word, lines = _last(person, purpose, {"given", "refused", "withdrawn"})
        if word != "given":
            return "no_consent"
        ends = [line["until"] for line in lines if line["until"] is not None]
        if ends and min(ends) <= today:
            return "expired"
    return None


def _last(person: Person, purpose: str | None, words: set[str]) -> tuple[str | None, list[Any]]:
    """The word that decides: one of the latest time, a no before a yes."""
    lines = [x for x in person.said if x["purpose"] == purpose and x["action"] in words]
    if not lines:
        return None, []
    newest = max(line["at"] for line in lines)
    latest = [line for line in lines if line["at"] == newest]
    noes = [line for line in latest if line["action"] in NOES]
    return (noes or latest)[0]["action"], latest


def ends_on(given: datetime, months: int | None) -> date | None:
    """The first day on which a consent no longer holds."""
    if months is None:
        return None
    day = given.astimezone(ZONE).date()
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    for last in range(day.day, 0, -1):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError


def known(rules: Rules, person: Person, today: date) -> dict[str, Any]:
    """Every field and trait of the programme that is known about a member today."""
    found = {name: value for name, value in person.values.items() if name in rules.fields}
    for name, trait in rules.traits.items():
        value = _trait(trait, person, today)
        if value is not None:
            found[name] = value
    return found


def _trait(trait: dict[str, Any], person: Person, today: date) -> Any:  # noqa: PLR0911 - one a kind
    if "age" in trait:
        born = person.values.get(trait["age"])
        if born is None:
            return None
        years = today.year - born.year
        return years - 1 if (today.month, today.day) < (born.month, born.day) else years
    days = trait.get("days")
    inside = [
        one
        for one in person.bought
        if days is None or one["at"].astimezone(ZONE).date() > today - timedelta(days=days)
    ]
    orders = [one for one in inside if not one["cancelled"]]
    if "count" in trait:
        return len(orders)
    if "latest" in trait:
        return max((one["at"].astimezone(ZONE).date() for one in orders), default=None)
    total = sum((one["amount"] for one in inside), Decimal("0.00"))
    if "sum" in trait:
        return total
    if not orders:
        return None
    return (total / len(orders)).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)


def truth(tree: Any, row: dict[str, Any]) -> bool | None:  # noqa: PLR0911 - one a case
    """Three values, as SQL has them: true, false, and None for unknown."""
    match tree:
        case ("all", *parts):
            values = [truth(part, row) for part in parts]
            return False if False in values else None if None in values else True
        case ("any", *parts):
            values = [truth(part, row) for part in parts]
            return True if True in values else None if None in values else False
        case ("not", part):
            value = truth(part, row)
            return None if value is None else not value
        case ("constant", value):
            return bool(value)
        case ("known", name):
            return name in row
        case (word, name, *rest):
            if name not in row:
                return None
            return _holds(word, row[name], rest)
    raise AssertionError(tree)


def _holds(word: str, value: Any, rest: list[Any]) -> bool:
    if word == "has":
        return rest[0] in value if isinstance(value, tuple | list) else value == rest[0]
    op, constant = rest
    return bool(
        {
            "=": value == constant,
            "<": value < constant,
            "<=": value <= constant,
            ">": value > constant,
            ">=": value >= constant,
        }[op]
    )
