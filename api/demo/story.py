"""The story, step by step: each does the thing, tells it in a line, and adds to the figures."""

import io
import shutil
import time
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from api.bootstrap import SYSTEM, Tillit, Work
from api.demo.people import Person, people
from api.demo.proof import ask, newest_receipt
from api.demo.sealed import Copies, copy_sealed, openable
from api.work import drain
from audit.acts import Act
from audit.check import check
from audit.entries import ActorType
from audit.export import export
from audit.proofs import entry_use, inclusions
from audit.verify import VerifierKey, verify_log, verify_proof
from consent import ledger
from consent.choices import Action as Said
from consent.choices import By
from consent.choosing import choose
from consent.gate import Answer
from consent.grants import Grant, authorise
from consent.programme import Action, load_programme
from consent.rulings import Question
from consent.uses import uses
from dsar import certificates, deciding, packages, requests
from dsar.identity import How, Proof
from dsar.states import Right
from dsar.words import Channel
from profiles import events
from profiles.enrolment import enrol
from profiles.labels import Label
from profiles.members import Member, one

MEMBERS = 2_000
EXPRESSION = (
    "tier IN ('silver', 'gold') AND age BETWEEN 25 AND 60 AND 'hiking' IN interests "
    "AND last_purchase >= CURRENT_DATE - INTERVAL 180 DAY"
)
PURPOSE = "personalised_offers"
SERVICE = "offers-engine"
QUESTION = Question(PURPOSE, Action.READ.value, ("tier",))
#: What is asked for and left undecided.
WAITING = (Right.ACCESS, Right.ERASURE, Right.RESTRICTION)
_EXAMPLES = Path(__file__).parents[2] / "examples"

Tell = Callable[[str], None]


@dataclass
class Story:
    """Told once on a fresh store; `figures` is what ``--json`` prints."""

    tillit: Tillit
    folder: Path
    tell: Tell
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
        """Enrol, record purchases and choices; each batch is one transaction."""
        enrolled = bought = said = 0
        async with self.tillit.unit() as work:
            crowd = list(people(MEMBERS, work.unit))
        for batch in _batches(crowd, 250):
            async with self.tillit.unit() as work:
                found = await _join(work, batch)
            enrolled += len(found)
            self.addresses |= {
                member.id: person.values["email"]
                for member, person in zip(found, batch, strict=True)
            }
            bought += sum(len(person.purchases) for person in batch)
            said += sum(len(person.said) for person in batch)
        self.figures |= {"members": enrolled, "purchases": bought, "consents": said}
        self.tell(
            f"{enrolled:,} made-up members join, buy {bought:,} times in a year, and make "
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
            await ledger.record(work.unit, _as(member), {member: [no]})
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
            package = await packages.fetch(work.unit, _as(member), request, self.member)
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

    async def inbox(self) -> None:
        """Requests that nobody has decided yet, so that there is something to do at the desk."""
        assert self.another is not None
        others = (one for one in self.addresses if one not in (self.member, self.another))
        asking = (self.another, *others)
        for right, member in zip(WAITING, asking, strict=False):
            await self._open(right, member)
        await drain(self.tillit)
        self.figures["inbox"] = len(WAITING)
        self.tell(
            f"{len(WAITING)} others ask for something, too: their requests wait in the inbox for "
            "whoever signs in as an officer."
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
        request = await self._open(right, member)
        async with self.tillit.unit() as work:
            officer = Act(ActorType.OFFICER, "privacy-officer")
            await deciding.approve(work.unit, officer, work.active, request)
        await drain(self.tillit)
        return request

    async def _open(self, right: Right, member: UUID) -> UUID:
        async with self.tillit.unit() as work:
            asking = _as(await one(work.unit, member))
            request = await requests.open_request(
                work.unit,
                asking,
                work.active,
                right,
                member,
                channel=Channel.MEMBER,
                proof=Proof(How.STEP_UP),
            )
        return request.id


def _grant(work: Work) -> Grant:
    return authorise(work.active, SERVICE, purpose=PURPOSE, action=Action.SEGMENT)


def _as(member: Member) -> Act:
    return Act(ActorType.MEMBER, member.key.subject().hex())


def _batches(crowd: list[Person], size: int) -> Iterable[list[Person]]:
    return (crowd[first : first + size] for first in range(0, len(crowd), size))


async def _join(work: Work, batch: list[Person]) -> list[Member]:
    unit = work.unit
    members = await enrol(unit, SYSTEM, [one.values for one in batch], source="sign-up")
    both = list(zip(members, batch, strict=True))
    await events.record(unit, SYSTEM, {member: one.purchases for member, one in both})
    said = {
        member: [
            choose(
                unit,
                work.active.programme.purpose(purpose),
                action,
                at=unit.now,
                by=By.MEMBER,
                language="sv",
            )
            for purpose, action in one.said
        ]
        for member, one in both
    }
    await ledger.record(unit, SYSTEM, said, new=True)
    return members


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
