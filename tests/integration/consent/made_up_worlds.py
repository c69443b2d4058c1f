"""Random programmes, people and questions, from a seeded generator and nothing else."""

import json
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from naive_gate import Rules

TIERS = ["bronze", "silver", "gold", "o'clock #1 = x"]
INTERESTS = ["hiking", "skiing", "Ål & öl"]
BASES = ["consent", "consent", "contract", "legitimate_interest", "legal_obligation"]
PURPOSES = ["offers", "letters", "insight", "club", "books"]
MONTHS = [1, 2, 12]


def rules(chance: Random) -> Rules:
    """A programme over a small pool of names: other bases, fields and windows each time."""
    pool: dict[str, dict[str, Any]] = {
        "tier": {"type": "text", "values": chance.sample(TIERS, chance.randint(1, 4))},
        "county": {"type": "text", "segment": chance.random() < 0.6},
        "note": {"type": "text"},
        "interests": {"type": "texts", "values": INTERESTS},
        "tags": {"type": "texts", "segment": chance.random() < 0.6},
        "visits": {"type": "integer"},
        "balance": {"type": "money"},
        "birth_date": {"type": "date", "category": "pd:BirthDate"},
        "vip": {"type": "boolean"},
        "email": {"type": "text", "lookup": "email"},
    }
    fields = {name: pool[name] for name in pool if chance.random() < 0.8}
    traits: dict[str, dict[str, Any]] = {
        "last_purchase": {"latest": "purchase.at"},
        "orders": {"count": "purchase"},
        "spend": {"sum": "purchase.amount"},
        "average": {"average": "purchase.amount"},
        "age": {"age": "birth_date"},
    }
    for name in ("orders", "spend", "average"):
        traits[name]["days"] = chance.choice([1, 2, 7, 30, 365])
    traits = {name: one for name, one in traits.items() if chance.random() < 0.8}
    if "birth_date" not in fields:
        traits.pop("age", None)
    purposes = {
        name: _purpose(chance, [*fields, *traits])
        for name in chance.sample(PURPOSES, chance.randint(2, len(PURPOSES)))
    }
    return Rules(fields, traits, purposes, _children(chance, fields))


def _children(chance: Random, fields: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"age_of_consent": chance.choice([13, 14, 16])}
    if "birth_date" in fields:
        made["admitted"] = chance.random() < 0.3
    return made


def altered(chance: Random, made: Rules) -> Rules:
    """The same programme but for one section: what a controller changes from time to time."""
    other = rules(chance)
    match chance.choice(["fields", "field", "purposes", "traits"]):
        case "purposes":
            fields, traits = made.fields, made.traits
        case "traits":
            fields, traits = made.fields | other.fields, other.traits
        case "field":
            name = chance.choice(["county", "tags"])
            again = {"type": "text" if name == "county" else "texts"}
            segment = not made.fields.get(name, {}).get("segment", False)
            fields, traits = made.fields | {name: {**again, "segment": segment}}, made.traits
        case _:
            fields, traits = other.fields, made.traits
    traits = {n: one for n, one in traits.items() if "age" not in one or one["age"] in fields}
    purposes = {
        name: _purpose(chance, [*fields, *traits])
        for name in chance.sample(PURPOSES, chance.randint(2, len(PURPOSES)))
    }
    return Rules(fields, traits, purposes, _children(chance, fields), made)


def _purpose(chance: Random, names: list[str]) -> dict[str, Any]:
    basis = chance.choice(BASES)
    used = [name for name in names if chance.random() < 0.7]
    made: dict[str, Any] = {
        "legal_basis": basis,
        "dpv": "dpv:ServicePersonalisation",
        "fields": ["member_number", *used],
        "notice": {"sv": chance.choice(["Vi gör så.", "Vi gör så.", "Vi gör så här."])},
    }
    if basis == "consent" and chance.random() < 0.6:
        made["valid_months"] = chance.choice(MONTHS)
    if basis in ("consent", "legitimate_interest"):
        made["direct_marketing"] = chance.random() < 0.5
    # Each version may well rest it on another basis than the one before: members were told.
    made["basis_changed"] = f"told, the {chance.getrandbits(64)}th time"
    return made


def as_file(made: Rules) -> str:
    """The programme file that says just this. JSON's texts, numbers and lists are TOML's too."""
    lines = ["[controller]", 'name = "A"', 'country = "SE"', 'contact = "a@b.example"']
    for name, one in made.fields.items():
        lines += [f"[fields.{name}]", *_keys({"category": "pd:Interest", **one})]
    for name, one in made.traits.items():
        lines += [f"[traits.{name}]", *_keys(one)]
    for name, one in made.purposes.items():
        texts = {f"notice.{language}": text for language, text in one["notice"].items()}
        lines += [f"[purposes.{name}]", *_keys(one | texts)]
    lines += ["[children]", *_keys(made.children)]
    lines += ["[services.asker]", *(f'{name} = ["segment", "read"]' for name in made.purposes)]
    lines += ["[services.counter]", *(f'{name} = ["preview"]' for name in made.purposes)]
    return "\n".join(lines)


def _keys(one: dict[str, Any]) -> list[str]:
    written = {key: value for key, value in one.items() if not isinstance(value, dict)}
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in written.items()]


def values(chance: Random, made: Rules, *, rate: float = 0.75) -> dict[str, Any]:
    """Values for some of the programme's fields."""
    return {
        name: value(chance, name, declared)
        for name, declared in made.fields.items()
        if chance.random() < rate
    }


def value(chance: Random, name: str, declared: dict[str, Any]) -> Any:  # noqa: PLR0911 - one a case
    match name:
        case "tier":
            return chance.choice(declared["values"])
        case "county" | "note":
            return chance.choice(["Dalarna", "Oslo", "tier=gold", "Ö#7"])
        case "interests":
            return tuple(sorted(chance.sample(INTERESTS, chance.randint(0, 3))))
        case "tags":
            return tuple(sorted(chance.sample(["a", "b", "c=d"], chance.randint(0, 2))))
        case "visits":
            return chance.choice([-3, -1, 0, 1, 2, 3, 7, 8, 1000])
        case "balance":
            return Decimal(chance.choice(["-2.50", "0.00", "0.01", "2.49", "2.50", "1000.00"]))
        case "birth_date":
            return chance.choice(
                [
                    date(2000, 2, 29),
                    date(1965, 1, 1),
                    date(1990, 7, 1),
                    date(2012, 2, 29),
                    date(2013, 2, 15),
                ]
            ) + timedelta(days=chance.randint(-1, 1))
        case "vip":
            return chance.random() < 0.5
        case _:
            return f"p{chance.randrange(10**9)}@post.example"


def question(chance: Random, made: Rules, purpose: str, today: date) -> tuple[Any, str]:
    """A tree for the oracle and the same as an expression, over what the purpose may use."""
    usable = [n for n in made.purposes[purpose]["fields"] if made.segmentable(n)]
    return _Asking(chance, made, usable, today).tree(chance.choice([0, 1, 1, 2, 3]))


class _Asking:
    def __init__(self, chance: Random, made: Rules, usable: list[str], today: date) -> None:
        self._chance = chance
        self._made = made
        self._usable = usable
        self._today = today

    def tree(self, depth: int) -> tuple[Any, str]:
        chance = self._chance
        if depth == 0:
            return self._leaf()
        kind = chance.choice(["all", "all", "any", "not"])
        if kind == "not":
            tree, text = self.tree(depth - 1)
            return ("not", tree), f"NOT ({text})"
        parts = [self.tree(depth - 1) for _ in range(chance.randint(2, 3))]
        # AND binds more tightly than OR, so an AND of leaves needs no parentheses within an OR.
        texts = [
            text if kind == "any" and tree[0] == "all" and chance.random() < 0.5 else f"({text})"
            for tree, text in parts
        ]
        joined = (" AND " if kind == "all" else " OR ").join(texts)
        return (kind, *(tree for tree, _ in parts)), joined

    def _leaf(self) -> tuple[Any, str]:
        chance = self._chance
        if not self._usable or chance.random() < 0.03:
            yes = chance.random() < 0.7
            return ("constant", yes), "TRUE" if yes else "FALSE"
        name = chance.choice(self._usable)
        if chance.random() < 0.1:
            if chance.random() < 0.5:
                return ("known", name), f"{name} IS NOT NULL"
            return ("not", ("known", name)), f"{name} IS NULL"
        type_ = self._type(name)
        if type_ == "boolean":
            return self._boolean(name)
        if type_ in ("text", "texts"):
            return self._text(name, type_)
        return self._number(name, type_)

    def _type(self, name: str) -> str:
        if name in self._made.fields:
            return str(self._made.fields[name]["type"])
        trait = self._made.traits[name]
        if "latest" in trait:
            return "date"
        return "integer" if "count" in trait or "age" in trait else "money"

    def _boolean(self, name: str) -> tuple[Any, str]:
        yes = self._chance.random() < 0.5
        word = "TRUE" if yes else "FALSE"
        if yes and self._chance.random() < 0.5:
            return ("has", name, True), name
        if self._chance.random() < 0.3:
            return ("not", ("has", name, yes)), f"{name} <> {word}"
        return ("has", name, yes), f"{name} = {word}"

    def _text(self, name: str, type_: str) -> tuple[Any, str]:
        chance = self._chance
        declared = self._made.fields[name]
        asked = [self._asked(name, declared) for _ in range(chance.randint(1, 3))]
        written = ["'" + one.replace("'", "''") + "'" for one in asked]
        if type_ == "texts":
            tree: Any = ("has", name, asked[0])
            text = f"{written[0]} IN {name}"
            if chance.random() < 0.3:
                text = f"{written[0]} = ANY({name})"
            return tree, text
        if chance.random() < 0.4:
            tree, text = ("any", *(("has", name, one) for one in asked)), ", ".join(written)
            if chance.random() < 0.4:
                return ("not", tree), f"{name} NOT IN ({text})"
            return tree, f"{name} IN ({text})"
        if chance.random() < 0.3:
            return ("not", ("has", name, asked[0])), f"{name} <> {written[0]}"
        return ("has", name, asked[0]), f"{name} = {written[0]}"

    def _asked(self, name: str, declared: dict[str, Any]) -> str:
        if declared.get("values"):
            return str(self._chance.choice(declared["values"]))
        if name == "tags":
            return self._chance.choice(["a", "b", "c=d", "nobody has this"])
        return self._chance.choice(["Dalarna", "Oslo", "tier=gold", "Ö#7", "nowhere"])

    def _number(self, name: str, type_: str) -> tuple[Any, str]:
        chance = self._chance
        (low, written_low), (high, written_high) = (self._constant(name, type_) for _ in range(2))
        if chance.random() < 0.2:
            tree = ("all", ("is", name, ">=", low), ("is", name, "<=", high))
            text = f"BETWEEN {written_low} AND {written_high}"
            if chance.random() < 0.4:
                return ("not", tree), f"{name} NOT {text}"
            return tree, f"{name} {text}"
        if chance.random() < 0.1:
            return ("not", ("is", name, "=", low)), f"{name} <> {written_low}"
        op = chance.choice(["=", "<", "<=", ">", ">="])
        if chance.random() < 0.2:
            mirrored = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
            return ("is", name, op, low), f"{written_low} {mirrored} {name}"
        return ("is", name, op, low), f"{name} {op} {written_low}"

    def _constant(self, name: str, type_: str) -> tuple[Any, str]:
        chance = self._chance
        if type_ == "date":
            return self._day(name)
        if type_ == "money":
            text = chance.choice(["0", "-2.50", "0.01", "2.5", "2.495", "100", "249.99", "1000"])
            return Decimal(text), text
        if name == "age":
            text = chance.choice(["0", "17", "18", "25", "26", "35", "61", "25.5"])
            return Decimal(text), text
        text = chance.choice(["-3", "-1", "0", "1", "2", "2.5", "3", "7", "8", "99999999999999"])
        return Decimal(text), text

    def _day(self, name: str) -> tuple[date, str]:
        chance = self._chance
        if name == "birth_date":
            day = chance.choice([date(2000, 2, 29), date(1990, 7, 1), date(2008, 12, 31)])
            return day, f"'{day}'" if chance.random() < 0.5 else f"DATE '{day}'"
        back = chance.choice([0, 1, 2, 7, 30, 365])
        day = self._today - timedelta(days=back)
        if chance.random() < 0.5:
            return day, f"CURRENT_DATE - INTERVAL {back} DAY"
        return day, f"'{day}'"
