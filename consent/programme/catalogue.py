"""From what a programme declares to the catalogue that the profile store works with."""

from collections.abc import Mapping

from consent.programme.declarations import FieldDeclaration, TraitDeclaration
from profiles.catalogue import Catalogue, Field, Trait

MEMBER_NUMBER = "member_number"
IMPLICIT = FieldDeclaration(name=MEMBER_NUMBER, category="pd:Identifier", lookup="member_number")


def catalogue_of(
    fields: Mapping[str, FieldDeclaration], traits: Mapping[str, TraitDeclaration]
) -> Catalogue:
    """The fields and traits of a checked programme; the member number comes without asking."""
    return Catalogue(
        fields={
            declared.name: Field(
                name=declared.name,
                type=declared.type,
                category=declared.category,
                lookup=declared.lookup_kind,
                values=declared.values,
                segment=declared.segment,
                special=declared.special,
            )
            for declared in (IMPLICIT, *fields.values())
        },
        traits={
            declared.name: Trait(
                name=declared.name,
                kind=declared.kind,
                source=declared.source,
                days=declared.days,
            )
            for declared in traits.values()
        },
    )
