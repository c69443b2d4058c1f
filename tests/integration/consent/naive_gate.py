"""The naive oracle: what the gate must answer, worked out member by member over plain dicts.

Written from the promises, not from the product: no sets, no shared fold, no shared parser. It
imports nothing of Tillit's.
"""

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Stockholm")
AGE_OF_CONSENT = 13  # in Sweden, where these programmes are
NOES = {"refused", "withdrawn"}
#: At one time the last named decides.
WEIGHTS = ["given", "requested", "expired", "refused", "withdrawn", "invalidated"]
Line = dict[str, Any]


@dataclass
class Person:
    """One member as the world knows them."""

    id: UUID
    values: dict[str, Any]
    said: list[Line] = field(default_factory=list)
    bought: list[dict[str, Any]] = field(default_factory=list)
    contacted: list[date] = field(default_factory=list)

    def heard(self, *actions: str, by: datetime | None = None, **about: Any) -> list[Line]:
        """The lines of these actions about this, said by that time."""
        return [
            line
            for line in self.said
            if line["action"] in actions
            and (by is None or line["at"] <= by)
            and all(line.get(key) == value for key, value in about.items())
        ]


@dataclass
class Rules:
    """One programme: plain dicts of what its file declares."""

    fields: dict[str, dict[str, Any]]
    traits: dict[str, dict[str, Any]]
    purposes: dict[str, dict[str, Any]]
    children: dict[str, Any] = field(default_factory=dict)
    before: "Rules | None" = None

    def segmentable(self, name: str) -> bool:
        if name in self.traits:
            return True
        declared = self.fields.get(name)
        if declared is None or declared.get("lookup"):
            return False
        textual = declared["type"] in ("text", "texts")
        return not textual or bool(declared.get("values") or declared.get("segment"))

    def versions_of(self, purpose: str) -> list[dict[str, Any]]:
        """The purpose as each version had it, this one first."""
        earlier = self.before.versions_of(purpose) if self.before else []
        return [self.purposes[purpose], *earlier] if purpose in self.purposes else earlier

    def born(self, person: Person) -> date | None:
        """The birth date, if this programme has a field for it and it is known."""
        if not self.knows_births:
            return None
        return person.values.get("birth_date")

    @property
    def knows_births(self) -> bool:
        return self.fields.get("birth_date", {}).get("category") == "pd:BirthDate"


def expected(rules: Rules, purpose: str, tree: Any, people: list[Person], today: date) -> Any:
    """(eligible, ids that match, held back by reason)."""
    held_back: dict[str, int] = {}
    eligible, matched = 0, set()
    for person in people:
        reason = why_not(rules, purpose, person, today)
        if reason is not None:
            held_back[reason] = held_back.get(reason, 0) + 1
            continue
        eligible += 1
        if truth(tree, known(rules, person, today)) is True:
            matched.add(person.id)
    return eligible, matched, held_back


def why_not(
    rules: Rules, purpose: str, person: Person, today: date, by: datetime | None = None
) -> str | None:
    """Why a member may not be used for a purpose today, or None; by what was said by then."""
    [reason, *others] = reasons(rules, purpose, person, today, by)
    assert not others, "two consents of one time say different things"
    return reason


def reasons(
    rules: Rules, purpose: str, person: Person, today: date, by: datetime | None = None
) -> list[str | None]:
    """The same; more than one when two consents of one time were to different things."""
    if newest(person, "restricted", "restriction_lifted", by=by) == "restricted":
        return ["restricted"]
    if _objects(rules, purpose, person, by):
        return ["objected"]
    if has_a_say(rules, purpose) and paused(person, today, by):
        return ["paused"]
    if rules.purposes[purpose]["legal_basis"] != "consent":
        return [None]
    state, lines = consent(person, purpose, by)
    if state != "given":
        words = {"unproven": "unproven", "requested": "unconfirmed", "expired": "expired"}
        return [words.get(state or "", "no_consent")]
    found = {_counts(rules, purpose, person, line, today) for line in lines}
    return sorted(found, key=str)


def newest(
    person: Person, no: str, yes: str, by: datetime | None = None, **about: Any
) -> str | None:
    """The newest of two words; at one time the no."""
    lines = person.heard(no, yes, by=by, **about)
    last = [line["action"] for line in lines if line["at"] == max(x["at"] for x in lines)]
    return None if not last else no if no in last else yes


def _when(lines: list[Line]) -> datetime:
    return max((line["at"] for line in lines), default=datetime.min.replace(tzinfo=UTC))


def _heeds(declared: dict[str, Any]) -> bool:
    interest = declared["legal_basis"] == "legitimate_interest"
    return interest or bool(declared.get("direct_marketing"))


def _stoppers(rules: Rules, purpose: str) -> list[str]:
    """The purposes an objection to which stops this one."""
    others = rules.purposes[purpose].get("profiles_for", [])
    return [one for one in dict.fromkeys([purpose, *others]) if _heeds(rules.purposes[one])]


def has_a_say(rules: Rules, purpose: str) -> bool:
    basis = rules.purposes[purpose]["legal_basis"]
    return basis in ("consent", "legitimate_interest") or bool(_stoppers(rules, purpose))


def _objects(rules: Rules, purpose: str, person: Person, by: datetime | None) -> bool:
    interest = rules.purposes[purpose]["legal_basis"] == "legitimate_interest"
    if interest and said_no(person, purpose, by):
        return True
    return any(
        objects_to(person, one, bool(rules.purposes[one].get("direct_marketing")), by)
        for one in _stoppers(rules, purpose)
    )


def said_no(person: Person, purpose: str, by: datetime | None = None) -> bool:
    """Whether they refused or withdrew, and said nothing proven and kinder since."""
    noes = person.heard("refused", "withdrawn", by=by, purpose=purpose)
    kinder = person.heard("given", "objection_lifted", by=by, purpose=purpose)
    return bool(noes) and _when(noes) >= _when(kinder)


def own_no(person: Person, purpose: str) -> bool:
    """Whether what they said themselves is a no, which no guardian's yes takes back."""
    own = Person(person.id, {}, [one for one in person.said if not one.get("guardian")])
    open_again = consent(own, purpose)[0] == "invalidated"
    return (said_no(own, purpose) and not open_again) or objects_to(own, purpose, False)


def objects_to(person: Person, purpose: str, marketing: bool, by: datetime | None = None) -> bool:
    """Whether an objection stands against just that purpose."""
    if newest(person, "objected", "objection_lifted", by, purpose=purpose) == "objected":
        return True
    if not marketing or newest(person, "objected", "objection_lifted", by, purpose=None) in (
        None,
        "objection_lifted",
    ):
        return False
    lifted = _when(person.heard("objection_lifted", by=by, purpose=purpose))
    return lifted <= _when(person.heard("objected", by=by, purpose=None))


def paused(person: Person, today: date, by: datetime | None = None) -> bool:
    if newest(person, "paused", "resumed", by=by) != "paused":
        return False
    pauses = person.heard("paused", by=by)
    days = [line["until"] for line in pauses if line["at"] == _when(pauses)]
    return None in days or max(days) > today


def consent(
    person: Person, purpose: str, by: datetime | None = None
) -> tuple[str | None, list[Line]]:
    """Where the consent stands, and the line that decided; lines, when it cannot be told which."""
    lines = person.heard(*WEIGHTS, by=by, purpose=purpose)
    last = [line for line in lines if line["at"] == _when(lines)]
    state = max((line["action"] for line in last), key=WEIGHTS.index, default=None)
    claims = person.heard("unproven", by=by, purpose=purpose)
    if (
        claims
        and state not in ("given", "requested")
        and (not lines or _when(claims) > _when(lines))
    ):
        return "unproven", []
    deciding = [line for line in last if line["action"] == state]
    ends = [line.get("until") or date.max for line in deciding]
    return state, [line for line in deciding if (line.get("until") or date.max) == min(ends)]


def consents(person: Person, purpose: str, by: datetime | None = None) -> bool:
    """Whether a consent was given and not taken back, run out or not."""
    return consent(person, purpose, by)[0] == "given"


def _counts(rules: Rules, purpose: str, person: Person, line: Line, today: date) -> str | None:
    """Why a consent that was given does not count today."""
    if line["until"] is not None and line["until"] <= today:
        return "expired"
    if not _covers(rules, purpose, line):
        return "ask_again"
    born, guarded = rules.born(person), bool(line.get("guardian"))
    if born is None:
        if rules.children.get("admitted", False):
            return None if guarded else "age_unknown"
        return "come_of_age" if guarded else None
    child = today < of_age(born, rules.children.get("age_of_consent") or AGE_OF_CONSENT)
    if child and not guarded:
        return "guardian_needed"
    return "come_of_age" if guarded and not child else None


def of_age(born: date, age: int) -> date:
    """The birthday; 1 March for those born on 29 February when there is none."""
    if (born.month, born.day) == (2, 29) and not calendar.isleap(born.year + age):
        return date(born.year + age, 3, 1)
    return date(born.year + age, born.month, born.day)


def _covers(rules: Rules, purpose: str, line: Line) -> bool:
    """Whether some version was agreed to that was no less, and whose text still stands."""
    now = rules.purposes[purpose]
    return any(
        _use(version) == _use(line["agreed"])
        and _no_less(version, now)
        and _text_stands(version, now, line["text"])
        for version in rules.versions_of(purpose)
    )


def _use(declared: dict[str, Any]) -> Any:
    return (
        declared["legal_basis"],
        declared["dpv"],
        bool(declared.get("explicit")),
        sorted(declared.get("controllers", [])),
        sorted(declared["fields"]),
    )


def _no_less(was: dict[str, Any], now: dict[str, Any]) -> bool:
    return (
        was["legal_basis"] == now["legal_basis"] == "consent"
        and was["dpv"] == now["dpv"]
        and (was.get("explicit") or not now.get("explicit"))
        and all(one in was.get("controllers", []) for one in now.get("controllers", []))
        and all(one in was["fields"] for one in now["fields"])
    )


def _text_stands(was: dict[str, Any], now: dict[str, Any], text: str) -> bool:
    if sha256(text.encode()).hexdigest() in now.get("corrects", []):
        return True
    for language in [one for one, shown in was["notice"].items() if shown == text]:
        if language in now["notice"]:
            stands = now["notice"][language] == text
        else:
            both = was["notice"].keys() & now["notice"].keys()
            stands = bool(both) and all(was["notice"][x] == now["notice"][x] for x in both)
        if stands:
            return True
    return False


def why_unreached(
    rules: Rules, purpose: str, person: Person, channel: str, local: datetime
) -> str | None:
    """Why a member who may be used is not to be contacted by that channel at that time."""
    if rules.purposes[purpose]["legal_basis"] != "legal_obligation":
        for about in (None, purpose):
            word = newest(person, "channel_off", "channel_on", purpose=about, channel=channel)
            if word == "channel_off":
                return "channel_off"
    if not has_a_say(rules, purpose):
        return None
    wishes = person.heard("hours")
    wishes = [one for one in wishes if one["at"] == _when(wishes)]
    if channel != "post" and wishes:
        quiet = max((one["hours"] for one in wishes), key=lambda h: (len(h), sum(2**x for x in h)))
        if local.hour in quiet:
            return "quiet_hours"
    wishes = person.heard("often")
    days = max((one["days"] for one in wishes if one["at"] == _when(wishes)), default=0)
    since = [(local.date() - day).days for day in person.contacted]
    return "too_often" if any(0 <= ago < days for ago in since) else None


def guardians(person: Person, by: datetime | None = None) -> list[Any]:
    """Who speaks for them."""
    named = {line["who"] for line in person.heard("guardian_named", by=by)}
    return [
        who
        for who in named
        if newest(person, "guardian_removed", "guardian_named", by, who=who) == "guardian_named"
    ]


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
