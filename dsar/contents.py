"""What an access package says, in plain values: all that Art. 15(1) and (3) list.

Pure: it is handed what was opened and arranges it. Other people's data never gets here.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from audit.entries import rfc3339
from consent.choices import Choice
from consent.eligibility import reason_of
from consent.programme import Purpose
from consent.programme.countries import complaints
from consent.programmes import Active
from consent.standings import fold
from consent.uses import Use
from profiles.purchases import Purchase
from profiles.reading import Opened
from profiles.values import encode_value

RIGHTS = (
    "get a copy of your data (Art. 15)",
    "have it corrected (Art. 16)",
    "have it erased (Art. 17)",
    "have its use restricted (Art. 18)",
    "take it elsewhere (Art. 20)",
    "object to its use (Art. 21)",
    "withdraw a consent at any time (Art. 7(3))",
)


def contents(
    active: Active,
    *,
    at: datetime,
    values: Mapping[str, Opened],
    purchases: Sequence[Purchase],
    choices: Sequence[Choice],
    notices: Mapping[bytes, str],
    uses: Sequence[Use],
) -> dict[str, Any]:
    """Everything in one object that JSON can carry; the page shows the same object.

    `notices`: each text that was ever shown, by its digest.
    """
    controller = active.programme.controller
    return {
        "made_at": rfc3339(at),
        "controller": {
            "name": controller.name,
            "country": controller.country,
            "contact": controller.contact,
        },
        "programme_version": active.version,
        "values": {name: _value(active, name, one) for name, one in sorted(values.items())},
        "purchases": [_purchase(one) for one in purchases],
        "currency": active.programme.currency,
        "consents": [_choice(one, notices) for one in choices],
        "purposes": [
            _purpose(active, one, choices, at=at, born=_born(active, values))
            for one in active.programme.purposes.values()
        ],
        "uses": [_use(one) for one in uses],
        "rights": list(RIGHTS),
        "complaints": complaints(controller.country),
        "automated_decisions": (
            "Traits are sums, counts and dates of your purchases, computed by fixed rules; no "
            "decision with legal effect is taken by a machine alone (Art. 22)."
        ),
    }


def _value(active: Active, name: str, one: Opened) -> dict[str, Any]:
    # In the catalogue, because that has the member number too, which no programme declares.
    fields, traits = active.programme.catalogue().fields, active.programme.traits
    category = fields[name].category if name in fields else traits[name].category
    return {
        "value": encode_value(one.value),
        "category": category,
        "source": one.source,
        "since": rfc3339(one.at),
    }


def _purchase(one: Purchase) -> dict[str, Any]:
    return {
        "at": rfc3339(one.at),
        "reference": one.reference,
        "source": one.source,
        "amount": str(one.amount),
        "cancelled": one.cancelled,
        "items": [
            {
                "sku": item.sku,
                "description": item.description,
                "quantity": str(item.quantity),
                "price": str(item.price),
            }
            for item in one.items
        ],
    }


def _choice(one: Choice, notices: Mapping[bytes, str]) -> dict[str, Any]:
    return {
        "at": rfc3339(one.at),
        "action": one.action.value,
        "before": one.before.value if one.before else None,
        "purpose": one.purpose,
        "by": one.by.value,
        "how": one.how,
        "evidence": one.evidence,
        "channel": one.channel,
        "setting": one.setting,
        "guardian": str(one.guardian) if one.guardian else None,
        "language": one.language,
        "notice_sha256": one.notice.hex() if one.notice else None,
        "notice": notices.get(one.notice) if one.notice else None,
        "programme_version": one.programme,
        "holds_until": one.until.isoformat() if one.until else None,
    }


def _born(active: Active, values: Mapping[str, Opened]) -> date | None:
    known = values.get(active.programme.birth_field or "")
    return known.value if known and isinstance(known.value, date) else None


def _purpose(
    active: Active,
    purpose: Purpose,
    choices: Sequence[Choice],
    *,
    at: datetime,
    born: date | None,
) -> dict[str, Any]:
    programme = active.programme
    day = at.astimezone(programme.zone).date()
    footing = active.footing(purpose.name)
    reason = reason_of(footing, fold(choices), day, born=born)
    return {
        "name": purpose.name,
        "legal_basis": f"{purpose.legal_basis.value} ({purpose.legal_basis.article})",
        "dpv": purpose.dpv,
        "fields": list(purpose.fields),
        # The page is in English so far; the notice is, where the programme has it so.
        "notice": purpose.notice.get("en") or purpose.notice.get(programme.languages[0], ""),
        "retention": programme.retention_of(purpose.name),
        "recipients": sorted(
            service.name for service in programme.services.values() if purpose.name in service.may
        ),
        "your_data_may_be_used": reason is None,
        "because": reason.value if reason else "allowed",
    }


def _use(one: Use) -> dict[str, Any]:
    return {
        "entry": str(one.entry),
        "at": rfc3339(one.at),
        "what": one.kind,
        "by": f"{one.actor_type} {one.actor}" if one.actor_type != "member" else "you",
        "purpose": one.purpose,
        "outcome": one.outcome,
        "fields": list(one.fields),
        "question": one.question,
        "leaf": one.leaf,
        "proof": f"proofs/{one.entry}.txt" if one.leaf is not None else None,
    }
