"""The part of the story in which a no is explained, and then proved."""

import json
from uuid import UUID

from api.bootstrap import Tillit
from audit.acts import Act
from audit.entries import ActorType
from audit.verify import VerifierKey
from consent import ledger
from consent.decisions import Asking, Decision
from consent.receipts.making import receipt
from consent.receipts.verifying import Verified, verify_file
from consent.rulings import Question
from profiles.members import one


async def ask(tillit: Tillit, service: str, question: Question, member: UUID) -> Decision:
    """One decision, on record, as a service gets it."""
    async with tillit.unit() as work:
        asking = Asking(service, question, member)
        (answer,) = await tillit.gate.decide(work.unit, work.active, [asking])
    return answer


async def newest_receipt(tillit: Tillit, id: UUID) -> tuple[str, Verified]:
    """The receipt of the last thing a member said, as a file holds it, and what it proves."""
    await tillit.integrate()
    signer = await tillit.signer()
    async with tillit.unit() as work:
        member = await one(work.unit, id)
        rows = (await ledger.rows_of(work.unit, {member.id: member.key}))[member.id]
        newest = max(rows, key=lambda row: row.choice.at)
        act = Act(ActorType.MEMBER, member.key.subject().hex())
        made = await receipt(work.unit, act, work.active, member, signer, entry=newest.id)
    text = json.dumps(made, ensure_ascii=False, indent=2)
    return text, verify_file(text, VerifierKey.parse(signer.verifier_key))
