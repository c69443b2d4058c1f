"""Two certificates of an erasure, and what their holder can ask with nothing else in hand."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from at_the_books import BEGAN, Books

from api import work as worker
from api.bootstrap import SYSTEM
from audit.browsing import all_entries
from audit.entries import Kind as EntryKind
from audit.verify import VerificationError, VerifierKey, verify_certificate
from consent.programme import read_programme
from dsar import certificates, certified, checks, outgoing, register
from dsar.certificates import HORIZON_PART
from dsar.certified import Answer
from dsar.connectors import answers
from dsar.errors import NotReady
from dsar.states import State
from kernel.database import libpq
from kernel.errors import Unavailable

CONNECTOR = """
[recipients.letters.connector]
by = "mailbox"
address = "privacy@brevduvan.example"
identifiers = ["email"]
"""
DAYS = [BEGAN.replace(year=BEGAN.year - back) for back in (0, 1, 8)]


async def _document(books: Books, request: UUID, part: str = "erasure") -> dict[str, Any]:
    async with books.tillit.unit() as work:
        text = await certificates.of_request(
            work.unit, await books.tillit.signer(work.session), request, part
        )
        verify_certificate(text, (await books.tillit.signer(work.session)).key)
    found: dict[str, Any] = json.loads(text)
    return found


async def _ask(books: Books, document: dict[str, Any]) -> Answer:
    async with books.tillit.unit() as work:
        signer = await books.tillit.signer(work.session)
        return await certified.ask(work.unit, signer, document)


async def _wrong(books: Books) -> list[str]:
    await books.tillit.integrate()
    key = (await books.tillit.signer()).key
    async with books.tillit.unit() as work:
        return await checks.check(work.unit, key)


async def test_the_certificate_names_what_is_kept_by_which_law_and_until_when(
    books: Books,
) -> None:
    request = await books.erased(await books.joins(DAYS))
    said = (await _document(books, request))["certificate"]
    law = "Bokföringslagen (1999:1078), 7 kap. 2 §"
    assert said["kept"] == [
        {"what": "voucher", "count": 1, "purpose": "bookkeeping", "law": law, "until": until}
        for until in (f"{BEGAN.year + 6}-12-31", f"{BEGAN.year + 7}-12-31")
    ]
    assert (said["destroyed"]["event"], said["destroyed"]["value"], said["epoch"]) == (3, 3, 1)
    # No connector tells them, and they are there for more than a consent.
    assert said["recipients"] == [
        {
            "recipient": name,
            "by": "hand",
            "state": "to_be_told",
            "answer": None,
            "reason": None,
            "answered_at": None,
        }
        for name in ("hosting", "auditor")
    ]
    assert await _wrong(books) == []


async def test_the_horizon_is_certified_once_the_epoch_is_destroyed(books: Books) -> None:
    request = await books.erased(await books.joins(DAYS))
    with pytest.raises(NotReady):
        await _document(books, request, HORIZON_PART)
    async with books.tillit.unit() as work:
        signer = await books.tillit.signer(work.session)
        assert not await certificates.horizon(
            work.unit, SYSTEM, work.active, signer, request=request
        )
    await books.tillit.rotate(SYSTEM)
    await worker.drain(books.tillit)
    second = await _document(books, request, HORIZON_PART)
    first = await _document(books, request)
    both = ("request", "entry", "destroyed", "kept", "key_fingerprint", "erased_at", "epoch")
    assert {one: second["certificate"][one] for one in both} == {
        one: first["certificate"][one] for one in both
    }
    rotation = json.loads(second["rotation"])
    assert (rotation["kind"], rotation["facts"]["epoch"]) == ("keys.rotated", 2)
    assert second["certificate"]["passed_at"] == rotation["at"]
    assert not list(books.tillit.settings.root_key.parent.glob("epoch-000001-*"))
    assert await _wrong(books) == []


async def test_every_erasure_gets_one_of_each_however_often_keys_are_rotated(books: Books) -> None:
    requests = [await books.erased(await books.joins()) for _ in range(3)]
    for _ in range(3):
        await books.tillit.rotate(SYSTEM)
        await worker.drain(books.tillit)
        await worker.drain(books.tillit)
    rows = await books.query("SELECT request, part, epoch FROM certificate")
    assert sorted(rows) == sorted((one, part, 1) for one in requests for part in _PARTS)
    async with books.tillit.unit() as work:
        kinds = [EntryKind.CERTIFICATE_ISSUED]
        said = [one.facts async for one in all_entries(work.session, kinds=kinds)]
    assert sorted((one["request"], one["part"]) for one in said) == sorted(
        (str(one), part) for one in requests for part in _PARTS
    )


_PARTS = ("erasure", "horizon")


async def test_a_lost_job_of_the_horizon_is_made_again(books: Books) -> None:
    request = await books.erased(await books.joins())
    await books.tillit.rotate(SYSTEM)
    await books.query("DELETE FROM procrastinate_jobs WHERE task_name = 'request.horizon'")
    assert await worker.resume(books.tillit) == 1
    assert await worker.resume(books.tillit) == 0
    await worker.drain(books.tillit)
    assert await _document(books, request, HORIZON_PART)


async def test_a_lost_job_of_the_certificate_is_made_again_for_the_entry_of_its_erasure(
    books: Books,
) -> None:
    """Of two erasures, each is certified by its own."""
    requests = [await books.approved(await books.joins()) for _ in range(2)]
    for one in requests:
        async with books.tillit.unit() as work:
            assert await books.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [one])
    await books.query("DELETE FROM procrastinate_jobs WHERE args ? 'request'")
    assert await worker.resume(books.tillit) == 2
    assert await worker.resume(books.tillit) == 0
    made = await books.query(
        "SELECT args->>'request', args->>'entry' FROM procrastinate_jobs "
        "WHERE task_name = 'request.certificate'"
    )
    async with books.tillit.unit() as work:
        kinds = [EntryKind.MEMBER_ERASED]
        said = [one async for one in all_entries(work.session, kinds=kinds)]
    assert sorted(made) == sorted((one.facts["request"], str(one.id)) for one in said)
    await worker.drain(books.tillit)
    for one in requests:
        assert (await _document(books, one))["certificate"]["request"] == str(one)


async def _with_recipient(books: Books) -> None:
    async with books.tillit.unit() as work:
        source = work.active.programme.source
    place = "[recipients.app-messages]"
    source = source.replace(place, CONNECTOR.lstrip() + "\n" + place)
    # It has everybody's data, and not theirs alone who said yes.
    purposes = 'purposes = ["newsletter", "partner_offers"]'
    await books.tillit.apply(
        SYSTEM, read_programme(source.replace(purposes, 'purposes = ["membership"]'))
    )


async def test_a_recipient_stands_in_it_with_the_digest_of_its_answer(books: Books) -> None:
    """And a horizon that passed while it took its time is certified right after."""
    await _with_recipient(books)
    request = await books.approved(await books.joins())
    async with books.tillit.unit() as work:
        assert await books.tillit.erasure.fulfil(work.unit, SYSTEM, work.active, [request])
    with pytest.raises(NotReady):
        await _document(books, request)
    await books.tillit.rotate(SYSTEM)
    async with books.tillit.unit() as work:
        sent = await outgoing.of_request(work.unit, request)
        [one] = [out for out in sent if out.recipient]
        await answers.pressed(
            work.unit, SYSTEM, recipient="letters", id=one.id, link="https://club.example/done"
        )
        [digest] = [
            out.answer for out in await outgoing.of_request(work.unit, request) if out.recipient
        ]
    await worker.drain(books.tillit)
    async with books.tillit.unit() as work:
        assert (await register.get(work.unit, request)).state is State.FULFILLED
    said = (await _document(books, request))["certificate"]
    told, *by_hand = said["recipients"]
    assert {one["state"] for one in by_hand} == {"to_be_told"}
    assert (told["recipient"], told["by"], told["state"], told["answer"]) == (
        "letters",
        "mailbox",
        "done",
        digest,
    )
    assert len(digest or "") == 64
    assert "post.example" not in json.dumps(said)
    second = await _document(books, request, HORIZON_PART)
    assert (await _ask(books, second)).recipients == [told, *by_hand]
    assert await _wrong(books) == []


async def test_its_holder_learns_what_has_become_of_everything(books: Books) -> None:
    request = await books.erased(await books.joins(DAYS))
    document = await _document(books, request)
    found = await _ask(books, document)
    assert (found.verified, found.part, found.horizon) == (True, "erasure", None)
    assert found.destroyed == document["certificate"]["destroyed"]
    assert [one["deleted"] for one in found.kept] == [False, False]
    books.clock.at = datetime(BEGAN.year + 7, 2, 1, tzinfo=UTC)
    # Due, and not deleted yet: nothing else is said than what is so.
    assert [one["deleted"] for one in (await _ask(books, document)).kept] == [False, False]
    assert await worker.drop_vouchers(books.tillit) == 1
    assert [one["deleted"] for one in (await _ask(books, document)).kept] == [True, False]
    await books.tillit.rotate(SYSTEM)
    await worker.drain(books.tillit)
    beyond = (await _ask(books, document)).horizon
    assert beyond == await _document(books, request, HORIZON_PART)
    assert beyond is not None
    again = await _ask(books, dict(beyond))
    assert (again.verified, again.part, again.horizon) == (True, "horizon", beyond)


async def test_nothing_is_told_about_a_document_that_we_did_not_sign(books: Books) -> None:
    request = await books.erased(await books.joins(DAYS))
    document = await _document(books, request)
    nothing = Answer(verified=False)
    forged: list[dict[str, Any]] = [{}, {"certificate": document["certificate"]}]
    for name, part in document.items():
        forged.append({**document, name: None})
        forged.append({other: one for other, one in document.items() if other != name})
        if isinstance(part, str):
            forged.append({**document, name: part[:-2] + ("A" if part[-2] != "A" else "B") + "\n"})
    said = document["certificate"]
    forged += [{**document, "certificate": {**said, name: "x"}} for name in said]
    for one in forged:
        found = await _ask(books, one)
        assert found.why
        assert found == Answer(verified=False, why=found.why)
        assert (found.destroyed, found.kept) == (nothing.destroyed, nothing.kept)


async def test_a_second_certificate_that_was_put_together_of_others_is_none(books: Books) -> None:
    """A rotation from before the erasure proves nothing about it."""
    await books.tillit.rotate(SYSTEM)
    first = await books.erased(await books.joins())
    await books.tillit.rotate(SYSTEM)
    second = await books.erased(await books.joins())
    await books.tillit.rotate(SYSTEM)
    await worker.drain(books.tillit)
    one, other = (
        await _document(books, first, HORIZON_PART),
        await _document(books, second, HORIZON_PART),
    )
    key = VerifierKey.parse(one["verifier_key"])
    for names in (("rotation",), ("rotation", "rotation_proof"), ("entry", "proof"), ("note",)):
        mixed = {**other, **{name: one[name] for name in names}}
        with pytest.raises(VerificationError):
            verify_certificate(json.dumps(mixed), key)


@pytest.mark.parametrize("part", _PARTS)
async def test_a_certificate_changed_in_the_table_is_found(books: Books, part: str) -> None:
    await books.erased(await books.joins())
    await books.tillit.rotate(SYSTEM)
    await worker.drain(books.tillit)
    assert await _wrong(books) == []
    with psycopg.connect(libpq(books.tillit.url, role=None)) as connection:
        connection.execute("ALTER TABLE certificate DISABLE TRIGGER USER")
        connection.execute(
            "UPDATE certificate SET document = replace(document, 'Fj', 'Gj') WHERE part = %s",
            (part,),
        )
    assert any("certificate" in one for one in await _wrong(books))


async def test_an_entry_that_is_no_erasure_is_never_certified_as_one(books: Books) -> None:
    request = await books.erased(await books.joins())
    async with books.tillit.unit() as work:
        signer = await books.tillit.signer(work.session)
        entries = [one async for one in all_entries(work.session)]
        others = [one.id for one in entries if one.kind != EntryKind.MEMBER_ERASED]
        [erasure] = [one.id for one in entries if one.kind == EntryKind.MEMBER_ERASED]
    assert len(others) > 5
    for entry, of in [*((one, request) for one in others[:5]), (erasure, UUID(int=1))]:
        with psycopg.connect(libpq(books.tillit.url, role=None)) as connection:
            connection.execute("ALTER TABLE certificate DISABLE TRIGGER USER")
            connection.execute("DELETE FROM certificate")
        with pytest.raises(Unavailable):
            async with books.tillit.unit() as work:
                await certificates.issue(
                    work.unit, SYSTEM, work.active, signer, request=of, entry=entry
                )
