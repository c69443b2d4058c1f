"""Programmes about choices, from a seeded generator: the same few purposes, declared anew and
anew, so that what was agreed to under one version is asked about under another."""

import json
from hashlib import sha256
from random import Random
from typing import Any

from naive_gate import Rules

TEXTS = ["Så här.", "Just så.", "This way."]
CHANNELS = ["email", "sms", "post"]
_MARKETING = {"consent", "legitimate_interest"}


def programme(chance: Random, before: Rules | None) -> Rules:
    """Another version: mostly one thing about one purpose is declared otherwise."""
    births = {"type": "date", "category": "pd:BirthDate"}
    fields: dict[str, dict[str, Any]] = {"tier": {"type": "text", "values": ["gold", "silver"]}}
    if chance.random() < 0.85:
        fields["birth_date"] = births
    children: dict[str, Any] = {"age_of_consent": chance.choice([13, 15])}
    if "birth_date" in fields:
        children["admitted"] = chance.random() < 0.4
    purposes = {
        "letter": _purpose(chance, ["consent"]),
        "profile": _purpose(chance, ["consent"]),
        "insight": _purpose(chance, ["consent", "legitimate_interest", "contract"]),
        "books": _purpose(chance, ["legal_obligation"]),
    }
    if before is not None:
        for name, was in before.purposes.items():
            if chance.random() < 0.7:
                key = chance.choice(list(was))
                purposes[name] = {**was, key: purposes[name].get(key, was[key])}
    for name, one in purposes.items():
        purposes[name] = _made_sensible(chance, one)
    letter = purposes["letter"]
    if letter["direct_marketing"]:
        purposes["profile"]["profiles_for"] = ["letter"]
    else:
        purposes["profile"].pop("profiles_for", None)
    return Rules(fields, {}, purposes, children, before)


def _purpose(chance: Random, bases: list[str]) -> dict[str, Any]:
    return {
        "legal_basis": chance.choice(bases),
        "dpv": chance.choice(["dpv:Personalisation", "dpv:Personalisation", "dpv:CustomerCare"]),
        "fields": ["member_number", *(["tier"] if chance.random() < 0.5 else [])],
        "explicit": chance.random() < 0.2,
        "direct_marketing": chance.random() < 0.5,
        "valid_months": chance.choice([None, 1, 2, 12]),
        "double_opt_in": chance.random() < 0.3,
        "channels": sorted(chance.sample(CHANNELS, chance.randint(1, 2))),
        "controllers": ["brand"] if chance.random() < 0.3 else [],
        "notice": {
            language: chance.choice(TEXTS)
            for language in ("sv", "en")
            if language == "sv" or chance.random() < 0.6
        },
        "corrects": [
            sha256(text.encode()).hexdigest()
            for text in chance.sample(TEXTS, chance.choice([0, 0, 0, 1]))
        ],
    }


def _made_sensible(chance: Random, one: dict[str, Any]) -> dict[str, Any]:
    """Without what the basis does not allow; each version tells its change of basis anew."""
    made = {**one, "basis_changed": f"told, the {chance.getrandbits(64)}th time"}
    if made["legal_basis"] != "consent":
        made |= {"explicit": False, "double_opt_in": False, "valid_months": None}
    if made["legal_basis"] not in _MARKETING:
        made["direct_marketing"] = False
    return made


def as_file(made: Rules) -> str:
    """The programme file that says just this."""
    lines = ["[controller]", 'name = "A"', 'country = "SE"', 'contact = "a@b.example"']
    lines += ["[controllers.brand]", 'name = "B"', 'country = "SE"', 'contact = "b@b.example"']
    lines += ['arrangement = "https://b.example/together"']
    for name, one in made.fields.items():
        lines += [f"[fields.{name}]", *_keys({"category": "pd:Interest", **one})]
    for name, one in made.purposes.items():
        lines += [f"[purposes.{name}]", *_keys(one)]
        lines += _keys({f"notice.{language}": text for language, text in one["notice"].items()})
    lines += ["[children]", *_keys(made.children)]
    lines += ["[services.asker]"]
    lines += [f'{name} = ["segment", "read", "contact"]' for name in made.purposes]
    return "\n".join(lines)


def _keys(one: dict[str, Any]) -> list[str]:
    written = {k: v for k, v in one.items() if v is not None and not isinstance(v, dict)}
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in written.items()]
