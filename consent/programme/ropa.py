"""The record of processing activities (Art. 30(1)), taken from a programme.

Pure and deterministic: the same programme gives the same record, whatever the order of its
tables. What it says is plain values that JSON can carry; `ropa_text` writes them out.
"""

from collections.abc import Mapping
from typing import Any

from consent.programme.catalogue import IMPLICIT
from consent.programme.countries import ADEQUACY
from consent.programme.declarations import Purpose, Sensitivity
from consent.programme.handling import Agent
from consent.programme.model import Programme
from consent.programme.parties import Controller, JointController, Recipient, Safeguard
from consent.programme.rules_transfers import Party, importers, is_transfer

#: What Tillit does for the security of processing (Arts. 30(1)(g) and 32), whatever the programme.
SECURITY = (
    "Each value about a member is encrypted (AES-256-GCM) under a key of that member's own, which "
    "is wrapped by a key epoch's key, and that by a root key held outside the database.",
    "Identifiers are looked up by keyed digests; nothing about a member rests readable on disk, "
    "indexes included.",
    "Data leaves by one gate, which allows a service the fields, purposes and members that this "
    "programme, the members' choices and restrictions allow, and nothing by default.",
    "Each use is recorded in the transaction that makes it, in an append-only log (RFC 6962) with "
    "signed checkpoints, which others can verify.",
    "Erasure deletes a member's rows and destroys their key; erasures are journalled outside the "
    "database and done again before anything is served from a restored backup.",
    "The application's database role can neither change nor delete what is on record.",
)


def record_of_processing(programme: Programme) -> dict[str, Any]:
    """Everything that Art. 30(1) lists, in one object; lists are sorted by name."""
    return {
        "law": "Regulation (EU) 2016/679, Art. 30(1)",
        "programme_sha256": programme.digest.hex(),
        "controller": _controller(programme.controller),
        "joint_controllers": [
            _joint(name, one) for name, one in sorted(programme.controllers.items())
        ],
        "data_protection_officer": (
            {"name": programme.dpo.name, "contact": programme.dpo.contact}
            if programme.dpo
            else None
        ),
        "activities": [_activity(programme, one) for _, one in sorted(programme.purposes.items())],
        "recipients": [
            _recipient(programme, name, one) for name, one in sorted(programme.recipients.items())
        ],
        "agents": [_agent(name, one) for name, one in sorted(programme.agents.items())],
        "security": list(SECURITY),
    }


def _controller(one: Controller) -> dict[str, Any]:
    return {
        "name": one.name,
        "country": one.country,
        "address": one.address,
        "contact": one.contact,
        "representative": one.representative,
    }


def _joint(name: str, one: JointController) -> dict[str, Any]:
    return {
        "key": name,
        "name": one.name,
        "country": one.country,
        "address": one.address,
        "contact": one.contact,
        "arrangement": one.arrangement,
    }


def _activity(programme: Programme, purpose: Purpose) -> dict[str, Any]:
    receiving = {
        name: one
        for name, one in sorted(programme.recipients.items())
        if purpose.name in one.purposes
    }
    return {
        "purpose": purpose.name,
        "dpv": purpose.dpv,
        "description": dict(sorted(purpose.notice.items())),
        "notices_sha256": {tag: purpose.notice_digest(tag).hex() for tag in sorted(purpose.notice)},
        "legal_basis": purpose.legal_basis.value,
        "article": _article(programme, purpose),
        "controllers": [
            programme.controller.name,
            *sorted(programme.controllers[one].name for one in purpose.controllers),
        ],
        "data_subjects": _subjects(programme),
        "data": [_data(programme, name) for name in sorted(purpose.fields)],
        "recipients": [one.name for one in receiving.values()],
        "transfers": [
            _transfer(one)
            for one in importers(programme, purpose).values()
            if is_transfer(programme, one)
        ],
        "retention": programme.retention_of(purpose.name),
        "systems": sorted(
            one.name for one in programme.services.values() if purpose.name in one.may
        ),
        "impact_assessment": purpose.dpia,
        "balancing_test": purpose.balancing_test,
    }


def _article(programme: Programme, purpose: Purpose) -> str:
    declared = programme.fields
    special = any(one in declared and declared[one].special for one in purpose.fields)
    return f"{purpose.legal_basis.article}{' and Art. 9(2)(a)' if special else ''}"


def _subjects(programme: Programme) -> list[str]:
    if not programme.children.admitted:
        return ["members"]
    return ["members", f"members under {programme.age_of_consent}", "their guardians"]


def _data(programme: Programme, name: str) -> dict[str, Any]:
    if name in programme.traits:
        trait = programme.traits[name]
        return {
            "name": name,
            "category": trait.category,
            "derived_from": trait.source,
            "special": False,
            "sensitive": False,
        }
    field = programme.fields.get(name, IMPLICIT)
    return {
        "name": name,
        "category": field.category,
        "derived_from": None,
        "special": field.special,
        "sensitive": field.sensitivity is Sensitivity.SENSITIVE,
    }


def _agent(key: str, one: Agent) -> dict[str, Any]:
    """Who is told how a request went that it handed in: of a member, no more than that."""
    return {
        "key": key,
        "name": one.name,
        "contact": one.contact,
        "domain": one.domain,
        "rights": sorted(one.rights),
    }


def _recipient(programme: Programme, key: str, one: Recipient) -> dict[str, Any]:
    return {
        "key": key,
        "name": one.name,
        "role": one.role.value,
        "country": one.country,
        "contact": one.contact,
        "purposes": sorted(one.purposes),
        "transfer": _transfer(one) if is_transfer(programme, one) else None,
    }


def _transfer(one: Party) -> Mapping[str, Any]:
    # A country found adequate as a whole needs no word of the programme's (Art. 45).
    safeguard = one.safeguard or Safeguard.ADEQUACY
    decision = ADEQUACY.get(one.country) if safeguard is Safeguard.ADEQUACY else None
    return {
        "recipient": one.name,
        "country": one.country,
        "safeguard": safeguard.value,
        "article": safeguard.article,
        "decision": decision.source if decision else None,
        "reference": one.safeguard_reference,
    }
