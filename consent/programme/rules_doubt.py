"""What a privacy lawyer would ask about: none of it stops a programme from being applied."""

from collections.abc import Iterator

from consent.programme.countries import COUNTRIES
from consent.programme.declarations import Action, Channel, LegalBasis, Purpose, Sensitivity
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.suggestion import close_to, shown
from consent.programme.vocabulary import PERSONAL_DATA, PURPOSES
from kernel.errors import Problem
from profiles.catalogue import TraitKind

_REACHED_AT = {
    Channel.EMAIL: ("pd:EmailAddress", "pd:EmailAddressPersonal", "pd:EmailAddressWork"),
    Channel.SMS: ("pd:TelephoneNumber",),
    Channel.PHONE: ("pd:TelephoneNumber",),
    Channel.POST: ("pd:PhysicalAddress",),
}

Problems = Iterator[Problem]


def unknown_terms(programme: Programme) -> Problems:
    for name, field in programme.fields.items():
        if field.category not in PERSONAL_DATA:
            yield Problem(
                key_of("fields", name, "category"),
                f"{shown(field.category)} is not among the DPV terms known here",
                close_to(field.category, PERSONAL_DATA),
            )
    for name, purpose in programme.purposes.items():
        if purpose.dpv not in PURPOSES:
            yield Problem(
                key_of("purposes", name, "dpv"),
                f"{shown(purpose.dpv)} is not among the DPV terms known here",
                close_to(purpose.dpv, PURPOSES),
            )


def unused(programme: Programme) -> Problems:
    used = {field for purpose in programme.purposes.values() for field in purpose.fields}
    # A birth date that only an age is taken of is used through the age.
    used |= {
        trait.source
        for name, trait in programme.traits.items()
        if trait.kinds == (TraitKind.AGE,) and name in used
    }
    # One that tells whether a guardian must be asked is used for that (Art. 8).
    if programme.children.admitted and programme.birth_field:
        used.add(programme.birth_field)
    for section in ("fields", "traits"):
        for name in getattr(programme, section):
            if name not in used:
                yield Problem(
                    key_of(section, name),
                    "no purpose uses it, so there is no reason to keep it (Art. 5(1)(c))",
                    "name it in a purpose, or remove it",
                )


def unlimited(programme: Programme) -> Problems:
    for name in programme.purposes:
        if programme.retention_of(name) is None:
            yield Problem(
                key_of("purposes", name, "retention"),
                "nobody said how long data is kept for it (Arts. 5(1)(e) and 13(2)(a))",
                'write retention = "24 months", or [retention] default',
            )


def outlived(programme: Programme) -> Problems:
    """Data gone before the consent to its use has run out."""
    for name, purpose in programme.purposes.items():
        kept = programme.retention_of(name)
        if purpose.valid_months and kept and _days(kept) < _days(f"{purpose.valid_months} months"):
            yield Problem(
                key_of("purposes", name, "retention"),
                f"data is kept for {kept}, and a consent holds for {purpose.valid_months} months",
                "keep it as long as the consent holds, or shorten valid_months",
            )


def _days(period: str) -> int:
    """A period of the file in days; a month is the twelfth part of a year of 365."""
    number, _, unit = period.partition(" ")
    year, parts = {"d": (1, 1), "m": (365, 12), "y": (365, 1)}[unit[0]]
    return int(number) * year // parts


def idle(programme: Programme) -> Problems:
    served = {purpose for service in programme.services.values() for purpose in service.may}
    for name in (one for one in programme.purposes if one not in served):
        yield Problem(key_of("purposes", name), "no service does anything for it")


def unweighed(programme: Programme) -> Problems:
    """Assessments that the law asks for and the file does not refer to."""
    for name, purpose in programme.purposes.items():
        place = key_of("purposes", name)
        interest = purpose.legal_basis is LegalBasis.LEGITIMATE_INTEREST
        if interest and not purpose.balancing_test:
            yield Problem(
                f"{place}.balancing_test",
                "nobody said where the interest is weighed against the members' (Art. 6(1)(f))",
                'write balancing_test = "…", its reference',
            )
        if purpose.balancing_test and not interest:
            yield Problem(
                f"{place}.balancing_test",
                f"nothing is weighed where the basis is {purpose.legal_basis}",
                "remove it",
            )
        if not purpose.dpia and (why := _risky(programme, purpose)):
            yield Problem(
                f"{place}.dpia",
                f"{why}, so an impact assessment is likely to be needed (Art. 35)",
                'write dpia = "…", its reference',
            )


def _risky(programme: Programme, purpose: Purpose) -> str:
    """Why a purpose is likely to be of high risk; empty when it is not."""
    fields = [programme.fields[one] for one in purpose.fields if one in programme.fields]
    if any(field.special for field in fields):
        return "it uses a special category"
    if any(field.criminal for field in fields):
        return "it uses data about criminal convictions and offences"
    if any(field.sensitivity is Sensitivity.SENSITIVE for field in fields):
        return "it uses a sensitive field"
    if purpose.profiles_for:
        return "it profiles members for marketing"
    if purpose.direct_marketing and any(one in programme.traits for one in purpose.fields):
        return "it picks members for marketing by what they do"
    return ""


def unreachable(programme: Programme) -> Problems:
    """Channels that nobody uses, or that lead nowhere."""
    writing = {
        purpose
        for service in programme.services.values()
        for purpose, actions in service.may.items()
        if Action.CONTACT in actions
    }
    for name, purpose in programme.purposes.items():
        place = key_of("purposes", name, "channels")
        if purpose.channels and name not in writing:
            yield Problem(
                place,
                "no service may contact members for it",
                f'write {name} = ["contact"] under a service, or remove channels',
            )
        held = {programme.fields[one].category for one in purpose.fields if one in programme.fields}
        for channel in dict.fromkeys(purpose.channels):
            if (needed := _REACHED_AT.get(channel)) and not held.intersection(needed):
                yield Problem(
                    place,
                    f"no field it uses tells where to reach members by {channel}",
                    f"name a field of category {needed[0]}, or remove the channel",
                )


def young(programme: Programme) -> Problems:
    """An age of consent below 16 in a country whose law is not known here."""
    country, own = programme.controller.country, programme.children.age_of_consent
    if country not in COUNTRIES and own is not None and own < 16:
        yield Problem(
            "children.age_of_consent",
            f"below 16 only where the law of {country} says so (Art. 8(1)); it is not known here",
            "leave it out if you are not sure",
        )
