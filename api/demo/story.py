"""The story, step by step: each does the thing, tells it in a line, and adds to the figures."""

import io
import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from api.bootstrap import SYSTEM, Tillit, Work
from api.demo import year
from api.demo.people import people
from api.demo.proof import ask, newest_receipt
from api.demo.sealed import Copies, copy_sealed, openable
from api.demo.year import Behind, acting
from api.work import drain
from audit.acts import Act
from audit.check import check
from audit.entries import ActorType
from audit.export import export
from audit.proofs import entry_use, inclusions
from audit.verify import VerifierKey, verify_log, verify_proof
from consent import guardians, ledger
from consent.choices import Action as Said
from consent.choices import By
from consent.choosing import choose
from consent.gate import Answer
from consent.grants import Grant, authorise
from consent.programme import Action, load_programme
from consent.rulings import Question
from consent.uses import uses
from dsar import certificates, deciding, packages
from dsar.states import Right
from profiles.enrolment import enrol
from profiles.labels import Label
from profiles.members import one

MEMBERS = 2_000
EXPRESSION = (
    "tier IN ('silver', 'gold') AND age BETWEEN 25 AND 60 AND 'hiking' IN interests "
    "AND last_purchase >= CURRENT_DATE - INTERVAL 180 DAY"
)
PURPOSE = "personalised_offers"
SERVICE = "offers-engine"
QUESTION = Question(PURPOSE, Action.READ.value, ("tier",))
_EXAMPLES = Path(__file__).parents[2] / "examples"

Tell = Callable[[str], None]


@dataclass
class Story:
    """Told once on a fresh store; `figures` is what ``--json`` prints."""

    tillit: Tillit
    folder: Path
    tell: Tell
    clock: Behind = field(default_factory=Behind)
    """By which `tillit` runs: a year behind when the story begins, and right from then on."""
    figures: dict[str, Any] = field(default_factory=dict)
    member: UUID | None = None
    another: UUID | None = None
    """Somebody who was found and is still there when the story is over."""
    addresses: dict[UUID, str] = field(default_factory=dict, repr=False)
    """Of the made-up members, for whoever would sign in as one of them."""

    async def run(self) -> dict[str, Any]:
        began = time.monotonic()
        await self.programme()
        await self.members()
        await self.segment()
        await self.withdrawal()
        await self.decision()
        await self.receipt()
        await self.member_view()
        await self.access()
        await self.erasure()
        await self.family()
        await self.inbox()
        await self.record()
        self.figures["seconds"] = round(time.monotonic() - began, 1)
        return self.figures

    async def programme(self) -> None:
        programme = load_programme(_EXAMPLES / "fjallklubben.toml")
        await self.tillit.apply(SYSTEM, programme)
        self.tell(
            f"{programme.controller.name} says in one file what it does with data: "
            f"{len(programme.purposes)} purposes, {len(programme.services)} services."
        )

    async def members(self) -> None:
        """They join over the year, buy, make their choices; some ask for something."""
        self.clock.by = timedelta()
        async with self.tillit.unit() as work:
            crowd = list(people(MEMBERS, work.unit))
        came = await year.joined(self.tillit, self.clock, crowd)
        waiting = await year.asked(self.tillit, self.clock, came)
        await year.bought(self.tillit, came)
        self.addresses = {id: one.values["email"] for id, one in came.items()}
        bought = sum(len(one.purchases) for one in crowd)
        said = sum(len(one.said) for one in crowd)
        self.figures |= {"members": len(came), "purchases": bought, "consents": said}
        self.figures["inbox"] = sum(one.right is not Right.OBJECTION for one in waiting)
        self.tell(
            f"{len(came):,} made-up members join over a year, buy {bought:,} times, and make "
            f"{said:,} choices. Every value is sealed under its member's own key."
        )

    async def segment(self) -> None:
        answer = await self._evaluate()
        held = answer.held_back
        self.figures["segment"] = {
            "expression": EXPRESSION,
            "purpose": PURPOSE,
            "eligible": answer.eligible,
            "matched": answer.matched,
            "held_back": held,
        }
        why = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in held.items())
        self.tell(
            f"The offers engine asks for keen hikers and gets {answer.matched:,} members, all of "
            f"the {answer.eligible:,} who allow it. Held back: {why}."
        )

    async def withdrawal(self) -> None:
        before = await self._evaluate()
        first = self.tillit.gate.ids(before)[0]
        async with self.tillit.unit() as work:
            member = await one(work.unit, first, lock=True)
            purpose = work.active.programme.purpose(PURPOSE)
            no = choose(work.unit, purpose, Said.WITHDRAWN, at=work.unit.now, by=By.MEMBER)
            await ledger.record(work.unit, acting(member), {member: [no]})
        after = await self._evaluate()
        assert first not in self.tillit.gate.ids(after)
        self.member, self.another = first, self.tillit.gate.ids(after)[0]
        self.figures["withdrawal"] = {
            "matched_before": before.matched,
            "matched_after": after.matched,
        }
        self.tell(
            f"One of them withdraws. The very next answer has {after.matched:,}, "
            "and they are not in it."
        )

    async def decision(self) -> None:
        assert self.member is not None
        answer = await ask(self.tillit, SERVICE, QUESTION, self.member)
        whole = answer.verdict.whole
        self.figures["decision"] = {"allowed": whole.allowed, "reason": whole.reason}
        self.tell(
            f"{SERVICE} asks about that member by itself: may it read their tier? "
            f"{'Yes' if whole.allowed else 'No'}: {(whole.reason or '').replace('_', ' ')}. What "
            f"would change it: {whole.remedy}."
        )

    async def receipt(self) -> None:
        assert self.member is not None
        text, verified = await newest_receipt(self.tillit, self.member)
        target = self.folder / "receipt.json"
        target.write_text(text, encoding="utf-8")
        self.figures["receipt"] = {"file": str(target), "proves": list(verified.proves)}
        self.tell(
            "They take a receipt of their withdrawal, signed, with its place in the record: "
            f"{target}. To check it, `tillit receipt verify` needs nothing else."
        )

    async def member_view(self) -> None:
        assert self.member is not None
        await self.tillit.integrate()
        key = VerifierKey.parse((await self.tillit.signer()).verifier_key)
        async with self.tillit.unit() as work:
            member = await one(work.unit, self.member)
            said = (await ledger.opened_rows(work.unit, {member.id: member.key}))[member.id]
            used = await uses(work.unit, member, said, work.active)
            proofs = await inclusions(work.session, [use.entry for use in used])
            verified = 0
            for use, proof in zip(used, proofs, strict=True):
                body = (await entry_use(work.session, use.entry)).body
                verify_proof(proof, entry=body, key=key)
                verified += 1
        self.figures["member_view"] = {"uses": len(used), "proofs_verified": verified}
        found = sum(use.outcome == "matched" for use in used)
        self.tell(
            f"That member looks: {len(used)} uses of their data, {found} times found by "
            f"{SERVICE} for {PURPOSE.replace('_', ' ')}. All {verified} proofs verify."
        )

    async def access(self) -> None:
        assert self.member is not None
        request = await self._request(Right.ACCESS, self.member)
        async with self.tillit.unit() as work:
            member = await one(work.unit, self.member)
            package = await packages.fetch(work.unit, acting(member), request, self.member)
        target = self.folder / "access"
        with zipfile.ZipFile(io.BytesIO(package.zipped)) as archive:
            archive.extractall(target)
        self.figures["access"] = {"package": str(target)}
        self.tell(f"They ask for everything we know. The package: {target / 'index.html'}")

    async def erasure(self) -> None:
        assert self.member is not None
        async with self.tillit.unit() as work:
            copies = await copy_sealed(work.unit, self.member)
        request = await self._request(Right.ERASURE, self.member)
        async with self.tillit.unit() as work:
            signer = await self.tillit.signer(work.session)
            document = await certificates.of_request(work.unit, signer, request)
        target = self.folder / "certificate.json"
        target.write_text(document)
        rotated = await self.tillit.rotate(SYSTEM)
        async with self.tillit.unit() as work:
            left = await openable(work.unit, copies)
        self.figures["erasure"] = {"certificate": str(target), "openable_afterwards": left}
        self._tell_erasure(target, copies, left, rotated.members)

    def _tell_erasure(self, target: Path, copies: Copies, left: int, living: int) -> None:
        self.tell(
            f"They ask to be erased: rows deleted, sets left, key destroyed. Certificate: {target}"
        )
        self.tell(
            f"We had kept a backup's copy of their {len(copies.sealed)} sealed values and wrapped "
            f"key. Keys are rotated; of the copy {left} can be opened, with any of the "
            f"{living:,} keys there are."
        )

    async def family(self) -> None:
        """The member who can be signed in as has a child, for whom they answer."""
        assert self.another is not None
        born = self.tillit.clock.now().year - 11
        values = {"member_number": "103001", "name": "Nils Exempel", "birth_date": f"{born}-06-01"}
        officer = Act(ActorType.OFFICER, "privacy-officer")
        async with self.tillit.unit() as work:
            [child] = await enrol(work.unit, SYSTEM, [values], source="till")
            await guardians.name(
                work.unit,
                officer,
                work.active,
                child=child.id,
                guardian=self.another,
                by=By.OFFICER,
                how="form",
                evidence="form 17",
            )

    async def inbox(self) -> None:
        """They ask for something, too; others' requests of the last weeks wait already."""
        assert self.another is not None
        async with self.tillit.unit() as work:
            await year.ask(work, Right.ACCESS, self.another)
        await drain(self.tillit)
        self.figures["inbox"] += 1
        self.tell(
            "Others have asked for something in the last weeks. An objection was heeded at once; "
            f"{self.figures['inbox']} requests wait in the inbox for whoever signs in as an "
            "officer."
        )

    async def record(self) -> None:
        await self.tillit.integrate()
        signer = await self.tillit.signer()
        async with self.tillit.database.transaction() as session:
            live = self.tillit.keyring.live
            findings = await check(
                session, vkey=signer.verifier_key, mac_keys=[live.derive(Label.AUDIT_MAC)]
            )
        target = self.folder / "record"
        async with self.tillit.database.transaction() as session:
            await export(session, target)
        key = VerifierKey.parse(signer.verifier_key)
        verified = findings.ok and verify_log(target, key).ok
        detected = _altered_is_found(target, key)
        self.figures["record"] = {
            "entries": findings.entries,
            "verified": verified,
            "tampering_detected": detected,
        }
        self.tell(
            f"The record of {findings.entries:,} entries {'verifies' if verified else 'FAILS'}. "
            f"One byte of it altered is {'found' if detected else 'NOT FOUND'}."
        )

    async def _evaluate(self) -> Answer:
        async with self.tillit.unit() as work:
            await self.tillit.gate.freshen(work.unit)
        async with self.tillit.unit() as work:
            return await self.tillit.gate.evaluate(work.unit, _grant(work), EXPRESSION)

    async def _request(self, right: Right, member: UUID) -> UUID:
        """Asked for by the member, approved by an officer, carried out by the worker."""
        async with self.tillit.unit() as work:
            request = (await year.ask(work, right, member)).id
        async with self.tillit.unit() as work:
            officer = Act(ActorType.OFFICER, "privacy-officer")
            await deciding.approve(work.unit, officer, work.active, request)
        await drain(self.tillit)
        return request


def _grant(work: Work) -> Grant:
    return authorise(work.active, SERVICE, purpose=PURPOSE, action=Action.SEGMENT)


def _altered_is_found(record: Path, key: VerifierKey) -> bool:
    """Flip one bit in the middle of a copy of the record's first entries, and check that copy."""
    copy = record.with_name("record-altered")
    shutil.copytree(record, copy)
    bundles = sorted((copy / "tile" / "entries").rglob("*"))
    victim = next(path for path in bundles if path.is_file())
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    report = verify_log(copy, key)
    return not report.ok
