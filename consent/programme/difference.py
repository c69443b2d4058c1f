"""What applying one programme after another would change, and what follows from it.

Compares what the programmes mean, not how they are written: defaults are filled in, the order of
fields and the layout do not count.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from consent.programme.consequences import consequence
from consent.programme.declarations import (
    Declaration,
    FieldDeclaration,
    OfficerRole,
    Purpose,
    Service,
    TraitDeclaration,
)
from consent.programme.handling import Agent
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.parties import JointController, Recipient

SECTIONS = (
    "controllers",
    "recipients",
    "agents",
    "fields",
    "traits",
    "purposes",
    "services",
    "officers",
)
_UNORDERED = ("fields", "profiles_for", "channels", "controllers", "corrects", "purposes", "rights")
_LONGEST = 70


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


_SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~"}


@dataclass(frozen=True)
class Change:
    """One thing that differs; `before` is empty when it is added, `after` when it is removed."""

    place: str
    kind: Kind
    before: str
    after: str
    consequence: str

    def __str__(self) -> str:
        """One line: a sign, the place, what it was and will be, and what follows."""
        if self.kind is Kind.CHANGED:
            what = f"{_short(self.before)} -> {_short(self.after)}"
        else:
            what = _short(self.before or self.after)
        follows = f"  ({self.consequence})" if self.consequence else ""
        return f"{_SIGNS[self.kind]} {self.place}: {what}{follows}"


def difference(old: Programme | None, new: Programme) -> list[Change]:
    """Every change from `old` to `new`, in the order of the file; empty when they mean the same.

    Without an `old` one everything is added: that is what the first programme does.
    """
    changes = list(_keys(_settings(old), _settings(new), ""))
    for section in SECTIONS:
        before: Mapping[str, Declaration] = getattr(old, section) if old is not None else {}
        after: Mapping[str, Declaration] = getattr(new, section)
        for name in dict.fromkeys([*before, *after]):
            changes += _declared(before.get(name), after.get(name), key_of(section, name))
    return changes


def _declared(
    before: Declaration | None, after: Declaration | None, place: str
) -> Iterator[Change]:
    if before is not None and after is not None:
        yield from _keys(_plain(before), _plain(after), place, now=after)
        return
    kind = Kind.ADDED if before is None else Kind.REMOVED
    yield Change(
        place,
        kind,
        _summary(before) if before is not None else "",
        _summary(after) if after is not None else "",
        consequence(place, kind, before=before, after=after, now=after),
    )


def _keys(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    table: str,
    now: Declaration | None = None,
) -> Iterator[Change]:
    for key in dict.fromkeys([*before, *after]):
        was, will = before.get(key), after.get(key)
        if was == will:
            continue
        place = key_of(table, key)
        if isinstance(was, frozenset) or isinstance(will, frozenset):
            yield from _items(was or frozenset(), will or frozenset(), place, now)
            continue
        kind = Kind.ADDED if was is None else Kind.REMOVED if will is None else Kind.CHANGED
        follows = consequence(place, kind, before=was, after=will, now=now)
        yield Change(place, kind, _text(was), _text(will), follows)


def _items(
    was: frozenset[str], will: frozenset[str], place: str, now: Declaration | None
) -> Iterator[Change]:
    for item in sorted(was - will):
        follows = consequence(place, Kind.REMOVED, before=item, after=None, now=now)
        yield Change(place, Kind.REMOVED, str(item), "", follows)
    for item in sorted(will - was):
        follows = consequence(place, Kind.ADDED, before=None, after=item, now=now)
        yield Change(place, Kind.ADDED, "", str(item), follows)


def _settings(programme: Programme | None) -> dict[str, Any]:
    """The keys outside the named tables, with what they amount to when left out."""
    if programme is None:
        return {}
    controller, dpo = programme.controller, programme.dpo
    return {
        "controller.name": controller.name,
        "controller.country": controller.country,
        "controller.contact": controller.contact,
        "controller.address": controller.address,
        "controller.representative": controller.representative,
        "controller.languages": programme.languages,
        "controller.currency": programme.currency,
        "controller.timezone": programme.zone.key,
        "controller.origin": programme.origin,
        "dpo.name": dpo.name if dpo else None,
        "dpo.contact": dpo.contact if dpo else None,
        "children.admitted": programme.children.admitted,
        "children.age_of_consent": programme.age_of_consent,
        "retention.default": programme.retention.default,
        **{
            f"requests.{key}": frozenset(value) if isinstance(value, tuple) else value
            for key, value in programme.requests.model_dump(exclude_defaults=True).items()
        },
    }


def _plain(declared: Declaration) -> dict[str, Any]:
    """The keys of a table with what they amount to; collections without order become sets."""
    match declared:
        case Service():
            return dict(declared.may)
        case OfficerRole():
            return {"can": declared.can}
        case TraitDeclaration():
            return {"kind": declared.kind, "source": declared.source, "days": declared.days}
        case FieldDeclaration():
            plain = declared.model_dump(exclude={"name", "lookup", "values", "words", "title"})
            plain |= {"lookup": declared.lookup_kind, "values": frozenset(declared.values)}
            plain |= _by_language("title", declared.title)
            return plain | {
                f"words.{language}.{value}": text
                for language, words in declared.words.items()
                for value, text in words.items()
            }
    texts = {"notice", "without", "title"}
    plain = declared.model_dump(exclude={"name", *texts} if declared.own_name else texts)
    plain |= {key: frozenset(plain[key]) for key in _UNORDERED if key in plain}
    if isinstance(declared, Purpose):
        plain |= _by_language("title", declared.title)
        plain |= _by_language("notice", declared.notice)
        plain |= _by_language("without", declared.without)
    return plain


def _by_language(key: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {f"{key}.{language}": text for language, text in texts.items()}


def _summary(declared: Declaration) -> str:
    text = ""
    match declared:
        case Service():
            text = "; ".join(f"{name}: {_text(may)}" for name, may in declared.may.items())
        case Purpose():
            text = f"{declared.legal_basis} for {', '.join(declared.fields)}"
        case FieldDeclaration():
            text = f"{declared.type}, {declared.category}"
        case TraitDeclaration():
            window = f" over {declared.days} days" if declared.days else ""
            text = f"{declared.kind} of {declared.source}{window}"
        case OfficerRole():
            text = _text(declared.can)
        case Recipient():
            text = f"{declared.name}, {declared.role} in {declared.country}"
        case Agent():
            text = f"{declared.name}, {declared.domain}"
        case JointController():
            text = f"{declared.name}, {declared.country}"
    return text


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case frozenset():
            return ", ".join(sorted(str(one) for one in value))
        case tuple():
            return ", ".join(str(one) for one in value)
    return str(value).strip()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
