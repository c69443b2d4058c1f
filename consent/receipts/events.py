"""One line of the ledger in the words of a receipt, and the ids that follow from it. Pure.

Both who makes a receipt and who checks one come here, so that each field of the line stands in
the receipt once and is compared.
"""

from hashlib import sha256
from typing import Any
from uuid import UUID

from audit.entries import rfc3339
from consent.choices import STATES, Action, Choice, State

#: The actions that are about a consent or an objection; the others say how members are reached.
RECEIPTED = frozenset({*STATES, Action.OBJECTED, Action.OBJECTION_LIFTED})


def event(choice: Choice, *, entity: str) -> dict[str, Any]:
    """The receipt's event: every field of the line that says something, under ISO's names.

    `validity_duration` counts whole days from the event's day in UTC; what holds is
    `valid_until`, the first day on which the consent no longer does.
    """
    consent = choice.action in STATES
    state = STATES[choice.action] if consent else (choice.before or State.UNKNOWN)
    told: dict[str, Any] = {
        "event_time": rfc3339(choice.at),
        "validity_duration": _validity(choice),
        "entity_id": entity,
        "event_type": "dpv:ExpressedConsent" if consent else "eu-gdpr:A21",
        "event_state": state.term,
        "action": choice.action.value,
        "brought_by": choice.by.value,
        "programme_version": choice.programme,
    }
    said = {
        "about": choice.purpose,
        "valid_until": choice.until and choice.until.isoformat(),
        "language": choice.language,
        "notice_digest": choice.notice and choice.notice.hex(),
        "terms": choice.terms and choice.terms.hex(),
        "indication_method": choice.how,
        "evidence": choice.evidence,
        "channel": choice.channel,
        "setting": choice.setting,
        "guardian": choice.guardian and f"urn:uuid:{choice.guardian}",
        "state_before": choice.before and choice.before.value,
    }
    return told | {name: value for name, value in said.items() if value not in (None, "")}


def _validity(choice: Choice) -> str:
    """An ISO 8601 duration where a day ends it; else the DPV's word for until something does."""
    if choice.until is None:
        return "dpv:UntilEventDuration"
    return f"P{max(0, (choice.until - choice.at.date()).days)}D"


def entity(actor_type: str, actor: str) -> str:
    """Who did it, as the record's entry names them."""
    return f"urn:tillit:{actor_type}:{actor}"


def record_id(entry: UUID) -> str:
    """The id of the consent record that a line of the ledger is: a UUIDv4, always the same."""
    return _shaped(b"tillit/receipt/record/v1\n", entry)


def receipt_id(entry: UUID) -> str:
    """The id of that line's receipt."""
    return _shaped(b"tillit/receipt/receipt/v1\n", entry)


def _shaped(domain: bytes, entry: UUID) -> str:
    digest = sha256(domain + entry.bytes).digest()
    return str(UUID(bytes=digest[:16], version=4))
