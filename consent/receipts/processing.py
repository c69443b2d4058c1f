"""What is done for a purpose, as a receipt tells it: ISO's processing fields, from the programme.

Everything comes from the programme version under which the line was said, so that a receipt
fetched years later says what was true then.
"""

from typing import Any

from consent.choices import Choice
from consent.programme.catalogue import IMPLICIT, MEMBER_NUMBER
from consent.programme.declarations import (
    FieldDeclaration,
    LegalBasis,
    Purpose,
    Sensitivity,
    TraitDeclaration,
)
from consent.programme.model import Programme
from consent.programmes import Active
from consent.receipts.parties import (
    AUTHORITY,
    CONTROLLER,
    controllers,
    recipients,
    reference,
    transfers,
)

_BASES = {
    LegalBasis.CONSENT: "eu-gdpr:A6-1-a",
    LegalBasis.CONTRACT: "eu-gdpr:A6-1-b-contract-performance",
    LegalBasis.LEGAL_OBLIGATION: "eu-gdpr:A6-1-c",
    LegalBasis.LEGITIMATE_INTEREST: "eu-gdpr:A6-1-f-controller",
}
_RIGHTS = ("A13", "A15", "A16", "A17", "A18", "A19", "A77")
_UNITS = {"day": "D", "month": "M", "year": "Y"}


def processing(active: Active, purpose: Purpose, choice: Choice) -> dict[str, Any]:
    """One purpose of the receipt; `active` is the version under which the line was said."""
    programme = active.programme
    country = f"loc:{programme.controller.country}"
    receiving = recipients(programme, purpose)
    places = sorted({country, *(f"loc:{one.country}" for one in receiving.values())})
    consent = purpose.legal_basis is LegalBasis.CONSENT
    notice = _notice(active, purpose, choice)
    told: dict[str, Any] = {
        "type": "dpv:Process",
        "privacy_notice": notice,
        "language": notice["language"],
        "purpose": {"type": purpose.dpv, "identifier": purpose.name},
        "purpose_type": purpose.dpv,
        "lawful_basis": _bases(programme, purpose),
        "pii_information": [_pii(programme, name, optional=consent) for name in purpose.fields],
        "pii_controllers": [reference(name) for name in controllers(purpose)],
        "collection_method": _collected(programme, purpose),
        "storage_locations": {"type": "dpv:StorageLocation", "location": places},
        "retention_period": _retention(programme.retention_of(purpose.name)),
        "processing_locations": places,
        "jurisdiction": country,
        "recipient_third_parties": [reference(name) for name in receiving],
        "transfers": transfers(programme, purpose),
        "withdrawal_method": {
            "type": "dpv:WithdrawConsent" if consent else "dpv:OptingOutFromProcess",
            "door": f"PUT /v1/me/choices/{purpose.name}",
            "contact": programme.controller.contact,
        },
        "privacy_rights": _rights(purpose),
        "authority_party": reference(AUTHORITY),
    }
    return told | ({"impact_assessment": purpose.dpia} if purpose.dpia else {})


def publisher() -> str:
    """Who issues receipts: the programme's own controller."""
    return reference(CONTROLLER)


def _notice(active: Active, purpose: Purpose, choice: Choice) -> dict[str, Any]:
    """The text that was shown, whichever version had it; else the one that stood there to read.

    `shown` is true for the text whose digest the line itself carries. A withdrawal needs no
    notice, and a file may bring a digest along whose text no version has.
    """
    language = choice.language or active.programme.languages[0]
    if language not in purpose.notice:
        language = next(iter(purpose.notice))
    text, digest = purpose.notice[language], purpose.notice_digest(language)
    for version in (active, *active.earlier.values()):
        was = version.programme.purposes.get(purpose.name)
        for spoken in was.notice if was else ():
            if was and was.notice_digest(spoken) == choice.notice:
                language, text, digest = spoken, was.notice[spoken], choice.notice
    kind = "Consent" if purpose.legal_basis is LegalBasis.CONSENT else "Privacy"
    return {
        "type": f"dpv:{kind}Notice",
        "identifier": digest.hex(),
        "language": language,
        "text": text,
        "shown": digest == choice.notice,
    }


def _bases(programme: Programme, purpose: Purpose) -> list[str]:
    bases = [_BASES[purpose.legal_basis]]
    declared = (_declared(programme, name) for name in purpose.fields)
    special = any(isinstance(one, FieldDeclaration) and one.special for one in declared)
    return [*bases, "eu-gdpr:A9-2-a"] if special or purpose.explicit else bases


def _declared(programme: Programme, name: str) -> FieldDeclaration | TraitDeclaration:
    if name == MEMBER_NUMBER:
        return IMPLICIT
    return programme.fields[name] if name in programme.fields else programme.traits[name]


def _pii(programme: Programme, name: str, *, optional: bool) -> dict[str, Any]:
    """`pii_optional`: whether members may keep it from this purpose (Art. 13(2)(e))."""
    one = _declared(programme, name)
    told = {
        "pii_type": one.category,
        "pii_attribute_id": name,
        "pii_optional": "dpv:Optional" if optional else "dpv:Required",
    }
    if isinstance(one, FieldDeclaration):
        if one.special:
            told["special_pii_category"] = "dpv:SpecialCategoryPersonalData"
        elif one.sensitivity is Sensitivity.SENSITIVE:
            told["sensitive_pii_category"] = "dpv:SensitivePersonalData"
    return told


def _collected(programme: Programme, purpose: Purpose) -> list[str]:
    derived = any(name in programme.traits for name in purpose.fields)
    return ["dpv:Collect", "dpv:Derive"] if derived else ["dpv:Collect"]


def _retention(period: str | None) -> dict[str, str]:
    """``24 months`` as ISO 8601 has it; a programme of before may not have said."""
    if period is None:
        return {"type": "dpv:StorageDuration", "duration": "dpv:IndeterminateDuration"}
    number, unit = period.split(" ")
    return {"type": "dpv:StorageDuration", "duration": f"P{number}{_UNITS[unit.rstrip('s')]}"}


def _rights(purpose: Purpose) -> list[str]:
    rights = list(_RIGHTS)
    if purpose.legal_basis is LegalBasis.CONSENT:
        rights.append("A7-3")
    if purpose.legal_basis in (LegalBasis.CONSENT, LegalBasis.CONTRACT):
        rights.append("A20")
    if purpose.direct_marketing or purpose.legal_basis is LegalBasis.LEGITIMATE_INTEREST:
        rights.append("A21")
    return [f"eu-gdpr:{one}" for one in sorted(rights, key=lambda one: (len(one), one))]
