"""What is kept about a member, in plain values with words: fields, traits, purchases. Pure."""

from collections.abc import Mapping
from typing import Any, Protocol

from audit.entries import rfc3339
from consent.programme.declarations import TraitDeclaration
from consent.programmes import Active
from dsar.languages import own_text, written
from dsar.packages.bought import Bought, bought
from dsar.packages.closing import FROM_PURCHASES
from dsar.packages.gathering import Gathered
from dsar.packages.marking import mark
from dsar.packages.once import Once
from dsar.packages.wording import Wording
from profiles.catalogue import Field, TraitKind
from profiles.members import NUMBER
from profiles.opened import Opened
from profiles.values import encode_value

#: Where a value came from, as far as Tillit itself gives sources their names.
_SOURCES: Mapping[str, str] = {
    "member": mark("you"),
    "request": mark("a request of yours to have it set right"),
    "computed": mark("worked out by us"),
}
_TITLES: Mapping[TraitKind, str] = {
    TraitKind.LATEST: mark("Day of your last purchase"),
    TraitKind.COUNT: mark("Number of purchases"),
    TraitKind.SUM: mark("What you have spent"),
    TraitKind.AVERAGE: mark("What a purchase of yours comes to on average"),
    TraitKind.AGE: mark("Your age"),
}
#: How each is worked out (Art. 15(1)(h)); the rules are those of `profiles.traits`.
_RULES: Mapping[TraitKind, str] = {
    TraitKind.LATEST: mark(
        "The latest day on which you bought something. Cancelled purchases do not count."
    ),
    TraitKind.COUNT: mark("How many purchases you made. Cancelled purchases do not count."),
    TraitKind.SUM: mark("The sum of your purchases, less what was cancelled."),
    TraitKind.AVERAGE: mark(
        "The sum of your purchases, less what was cancelled, divided by how many they were."
    ),
    TraitKind.AGE: mark("Whole years since your date of birth, counted anew each time."),
}


class Named(Protocol):
    """What names a field or trait: the programme in force, and fields that earlier ones had."""

    @property
    def active(self) -> Active: ...

    @property
    def former(self) -> Mapping[str, Field]: ...


def values(found: Gathered, wording: Wording) -> list[dict[str, Any]]:
    """Every value kept, with what it is, where it came from, since when and what it is for."""
    fields = {**found.active.programme.catalogue().fields, **found.former}
    return [
        _value(found, wording, field=fields[name], one=one) for name, one in found.values.items()
    ]


def traits(found: Gathered, wording: Wording) -> list[dict[str, Any]]:
    """Everything worked out about the member, and how."""
    declared = found.active.programme.traits
    return [
        _trait(found, wording, trait=declared[name], one=one) for name, one in found.traits.items()
    ]


def purchases(found: Gathered, wording: Wording) -> list[Bought]:
    """Every purchase, oldest first, with all that was bought."""
    sources = Once[str, dict[str, str]](lambda code: source(found, wording, code))
    return [
        bought(one, source=sources[one.source], currency=wording.currency)
        for one in found.purchases
    ]


def label(found: Named, wording: Wording, name: str) -> str:
    """What a field or trait is called in words."""
    programme = found.active.programme
    if name == NUMBER:
        return wording.say("Member number")
    if name in programme.traits:
        return _title(programme.traits[name], wording)
    fields = {**programme.catalogue().fields, **found.former}
    if name not in fields:
        return name
    declared = programme.fields.get(name)
    own = own_text(declared.title, reader=wording.language.code) if declared else ""
    if own:
        return own
    if fields[name].category in FROM_PURCHASES:
        return wording.say("What follows from your purchases")
    return wording.category(fields[name].category)["words"]


def source(found: Named, wording: Wording, code: str) -> dict[str, str]:
    """Where something came from (Art. 15(1)(g))."""
    if code in _SOURCES:
        return wording.coded(code, _SOURCES)
    if code in found.active.programme.services:
        return {"code": code, "words": wording.say("our service “{name}”", name=code)}
    return {"code": code, "words": wording.say("what we call “{name}”", name=code)}


def _value(found: Gathered, wording: Wording, *, field: Field, one: Opened) -> dict[str, Any]:
    plain = encode_value(one.value)
    return {
        "name": field.name,
        "label": label(found, wording, field.name),
        "value": plain,
        "words": wording.value(
            plain,
            kind=field.type,
            category=field.category,
            words=read_as(found, wording, field.name),
        ),
        "category": wording.category(field.category),
        "special_category": field.special,
        "source": source(found, wording, one.source),
        "since": rfc3339(one.at),
        "purposes": purposes_of(found, field.name),
    }


def read_as(found: Named, wording: Wording, name: str) -> Mapping[str, str]:
    """What the programme that last declared a field has members read for its values."""
    active = found.active
    newest_first = sorted(active.earlier.items(), reverse=True)
    for one in (active, *(earlier for _, earlier in newest_first)):
        if name in one.programme.fields:
            said = one.programme.fields[name].words
            return next((said[tag] for tag in said if written(tag) == wording.language.code), {})
    return {}


def _trait(
    found: Gathered, wording: Wording, *, trait: TraitDeclaration, one: Opened
) -> dict[str, Any]:
    plain = encode_value(one.value)
    kind = found.active.programme.catalogue().traits[trait.name].type
    return {
        "name": trait.name,
        "label": _title(trait, wording),
        "value": plain,
        "words": wording.value(plain, kind=kind, category=trait.category),
        "category": wording.category(trait.category),
        "source": source(found, wording, "computed"),
        "how": how(trait, wording),
        "from": trait.source,
        "days": trait.days,
        "as_of": rfc3339(found.at),
        "purposes": purposes_of(found, trait.name),
    }


def _title(trait: TraitDeclaration, wording: Wording) -> str:
    title = wording.say(_TITLES[trait.kind])
    if trait.days is None:
        return title
    days = wording.many("the last day", "the last {number} days", trait.days)
    return wording.say("{what}, {days}", what=title, days=days)


def how(trait: TraitDeclaration, wording: Wording) -> str:
    """How a trait is worked out (Art. 15(1)(h))."""
    rule = wording.say(_RULES[trait.kind])
    if trait.days is None:
        return rule
    window = wording.many(
        "Only today counts.", "The last {number} days count, today included.", trait.days
    )
    return f"{rule} {window}"


def purposes_of(found: Named, name: str) -> list[str]:
    """The purposes that a field or trait is used for."""
    declared = found.active.programme.purposes.values()
    return [one.name for one in declared if name in one.fields]
