"""Rules about what is stored and derived: fields and traits."""

from collections.abc import Iterator

from consent.programme.declarations import TraitDeclaration
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.suggestion import close_to, did_you_mean, shown
from consent.programme.vocabulary import PERSONAL_DATA, is_term
from kernel.errors import Problem
from profiles.catalogue import TraitKind
from profiles.values import FieldType

_SOURCES = {
    TraitKind.LATEST: "purchase.at",
    TraitKind.COUNT: "purchase",
    TraitKind.SUM: "purchase.amount",
    TraitKind.AVERAGE: "purchase.amount",
}
_WINDOWED = (TraitKind.COUNT, TraitKind.SUM, TraitKind.AVERAGE)

Problems = Iterator[Problem]


def fields(programme: Programme) -> Problems:
    for name, field in programme.fields.items():
        place = key_of("fields", name)
        if not is_term(field.category, prefix="pd"):
            yield Problem(
                f"{place}.category",
                f"{shown(field.category)} is no DPV term for personal data",
                close_to(f"pd:{field.category.removeprefix('pd:')}", PERSONAL_DATA)
                or 'write one in the form "pd:EmailAddress"',
            )
        if field.lookup is True and field.lookup_kind is None:
            yield Problem(
                f"{place}.lookup",
                f"{shown(field.category)} does not say how to look members up",
                'write lookup = "email", "phone", "member_number" or "text"',
            )
        if field.lookup and field.type is not FieldType.TEXT:
            yield Problem(f"{place}.lookup", f"a field of type {field.type} cannot be looked up")
        if field.lookup and (field.segment or field.values):
            key = "segment" if field.segment else "values"
            yield Problem(
                f"{place}.{key}",
                "what identifies a member cannot be used in segments",
                f"remove {key}, or lookup",
            )
        if field.values and field.type not in (FieldType.TEXT, FieldType.TEXTS):
            yield Problem(
                f"{place}.values",
                f"a field of type {field.type} has no list of values",
                'remove values, or write type = "text" or "texts"',
            )
        seen: set[str] = set()
        for position, value in enumerate(field.values):
            where = key_of("fields", name, "values", position)
            if not value.strip():
                yield Problem(where, "a value must not be blank")
            if value in seen:
                yield Problem(where, f"{shown(value)} is listed twice", "list it once")
            seen.add(value)


def traits(programme: Programme) -> Problems:
    for name, trait in programme.traits.items():
        place = key_of("traits", name)
        if len(trait.kinds) != 1:
            many = "several kinds at once" if trait.kinds else "nothing to derive"
            yield Problem(
                place,
                f"the trait has {many}",
                "write exactly one of " + ", ".join(TraitKind),
            )
            continue
        yield from _source(programme, place, trait)
        if trait.kind in _WINDOWED and trait.days is None:
            yield Problem(f"{place}.days", "the window is missing", "write days = 365, or another")
        if trait.kind is TraitKind.AGE and trait.days is not None:
            yield Problem(f"{place}.days", "an age has no window", "remove days")


def _source(programme: Programme, place: str, trait: TraitDeclaration) -> Problems:
    if trait.kind is not TraitKind.AGE:
        right = _SOURCES[trait.kind]
        if trait.source != right:
            yield Problem(
                f"{place}.{trait.kind}",
                f"{trait.kind} cannot be taken of {shown(trait.source)}",
                f'write {trait.kind} = "{right}"',
            )
        return
    field = programme.fields.get(trait.source)
    if field is None:
        dates = [name for name, one in programme.fields.items() if one.type is FieldType.DATE]
        yield Problem(
            f"{place}.age",
            f"there is no field {shown(trait.source)}",
            did_you_mean(trait.source, dates) or "declare a field of type date",
        )
    elif field.type is not FieldType.DATE:
        yield Problem(
            f"{place}.age",
            f"the field {shown(trait.source)} is not a date",
            f'write type = "date" under [fields.{trait.source}]',
        )
