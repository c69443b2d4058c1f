"""Who is involved in a purpose, as a receipt names them: ISO's parties, from the programme."""

from typing import Any

from consent.programme.countries import COUNTRIES, EEA
from consent.programme.declarations import Purpose
from consent.programme.model import Programme
from consent.programme.parties import Controller, JointController, Recipient, Role, Safeguard
from consent.programme.rules_transfers import importers

CONTROLLER = "controller"
AUTHORITY = "authority"
_TYPES = {
    Role.PROCESSOR: "dpv:DataProcessor",
    Role.RECIPIENT: "dpv:ThirdParty",
    Role.JOINT_CONTROLLER: "dpv:DataController",
}
#: What a transfer rests on, in the DPV's terms for the GDPR.
_TRANSFERS = {
    Safeguard.ADEQUACY: "A45-3",
    Safeguard.PUBLIC_INSTRUMENT: "A46-2-a",
    Safeguard.BCR: "A46-2-b",
    Safeguard.SCC: "A46-2-c",
    Safeguard.CODE_OF_CONDUCT: "A46-2-e",
    Safeguard.CERTIFICATION: "A46-2-f",
    Safeguard.AUTHORISED_CLAUSES: "A46-3-a",
    Safeguard.EXPLICIT_CONSENT: "A49-1-a",
    Safeguard.CONTRACT: "A49-1-b",
    Safeguard.PUBLIC_INTEREST: "A49-1-d",
    Safeguard.LEGAL_CLAIMS: "A49-1-e",
    Safeguard.VITAL_INTERESTS: "A49-1-f",
    Safeguard.PUBLIC_REGISTER: "A49-1-g",
    Safeguard.COMPELLING_INTEREST: "A49-2",
}


def reference(name: str) -> str:
    """How the receipt's other parts point at a party of it."""
    return f"_:{name}"


def controllers(purpose: Purpose) -> list[str]:
    """The parties that decide about the purpose (Arts. 4(7) and 26)."""
    return [CONTROLLER, *(f"controllers.{name}" for name in sorted(purpose.controllers))]


def recipients(programme: Programme, purpose: Purpose) -> dict[str, Recipient]:
    """The parties that receive data for the purpose, by name (Art. 13(1)(e))."""
    return {
        f"recipients.{name}": one
        for name, one in sorted(programme.recipients.items())
        if purpose.name in one.purposes
    }


def transfers(programme: Programme, purpose: Purpose) -> list[dict[str, Any]]:
    """Who gets data outside the EEA, and what the transfer rests on (Art. 13(1)(f))."""
    found = []
    for name, one in importers(programme, purpose).items():
        if one.country not in EEA:
            safeguard = one.safeguard or Safeguard.ADEQUACY
            transfer = {
                "data_importer": reference(name),
                "location": f"loc:{one.country}",
                "safeguard": f"eu-gdpr:{_TRANSFERS[safeguard]}",
            }
            if one.safeguard_reference:
                transfer["safeguard_reference"] = one.safeguard_reference
            found.append(transfer)
    return found


def parties(programme: Programme, purposes: list[Purpose]) -> list[dict[str, Any]]:
    """Every party that the purposes' parts of the receipt point at, and the authority."""
    own = programme.controller
    found = [_party(CONTROLLER, "dpv:DataController", own, address=own.address)]
    used = {name for purpose in purposes for name in purpose.controllers}
    found += [
        _party(f"controllers.{name}", "dpv:DataController", one, address=one.address)
        for name, one in sorted(programme.controllers.items())
        if name in used
    ]
    receiving = {k: v for purpose in purposes for k, v in recipients(programme, purpose).items()}
    found += [_party(name, _TYPES[one.role], one) for name, one in sorted(receiving.items())]
    if programme.dpo is not None:
        office = programme.dpo
        found.append(
            _named("dpo", "dpv:DataProtectionOfficer", office.name, office.contact, own.country)
        )
    if own.representative:
        name = own.representative
        found.append(_named("representative", "dpv:Representative", name, own.contact, own.country))
    return [*found, _authority(own.country)]


def _party(
    id: str, type: str, who: Controller | JointController | Recipient, *, address: str | None = None
) -> dict[str, Any]:
    return _named(id, type, who.name, who.contact, who.country, address=address)


def _authority(country: str) -> dict[str, Any]:
    """Where to complain (Art. 77); a country that we do not know has one too."""
    name, site = "the supervisory authority", "https://www.edpb.europa.eu"
    if (known := COUNTRIES.get(country)) is not None:
        name, site = known.authority.name, known.authority.site
    return _named(AUTHORITY, "dpv:DataProtectionAuthority", name, site, country)


def _named(
    id: str, type: str, name: str, contact: str, country: str, *, address: str | None = None
) -> dict[str, Any]:
    return {
        "id": reference(id),
        "identifier": id,
        "party_id": id,
        "party_name": name,
        # ISO asks for an address of everybody; the country is the least of one.
        "party_address": address or country,
        "party_contact": contact,
        "party_type": type,
        "location": f"loc:{country}",
    }
