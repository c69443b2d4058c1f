"""Decision receipts: an answer that a service can show to others, signed with the record's key.

It proves what was answered to whom, when, and under which programme; the entry it names proves
that it was put on record. Pure. `tillit receipt verify` checks one offline.
"""

from typing import Any

from audit.entries import rfc3339
from audit.notes import Signer
from consent.decisions import Asking, Decision, Part
from consent.documents import sign_document

TYPE = "DecisionReceipt"


def decision_receipt(asking: Asking, decision: Decision, signer: Signer) -> dict[str, Any]:
    """The signed document. It names the member by id, and holds no value of theirs."""
    question, said = asking.question, decision.verdict
    document = {
        "type": TYPE,
        "id": f"urn:uuid:{decision.entry}",
        "decided": rfc3339(decision.at),
        "service": asking.service,
        "member": str(decision.member),
        "question": {
            "purpose": question.purpose,
            "action": question.action,
            "fields": None if question.fields is None else list(question.fields),
            "channel": question.channel,
        },
        "answer": _part(said.whole),
        "fields": {name: _part(part) for name, part in said.fields.items()},
        "channel": None if said.channel is None else _part(said.channel),
        "programme": decision.programme,
        "shard": decision.shard,
        "change": decision.change,
        "entry": str(decision.entry),
    }
    return sign_document(document, signer, decision.at)


def _part(part: Part) -> dict[str, Any]:
    return {"allowed": part.allowed, "reason": part.reason, "remedy": part.remedy}
