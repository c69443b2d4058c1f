"""What is shown of the record verifies with code that knows nothing of the database."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from audit import verify
from audit.errors import EntryPending, EntryUnknown, ExportRefused, TileUnknown
from audit.export import export
from audit.proofs import (
    consistency,
    entries_bundle,
    entry_use,
    inclusion,
    inclusions,
    latest_checkpoint,
    resource,
    tile,
    uses_of,
)
from audit.sealed import (
    details_after,
    erase_details,
    keep_set,
    reseal_details,
    reseal_set,
    set_at,
    sets_after,
    sets_at,
)
from kernel.ids import uuid7


async def test_every_entry_on_record_is_proved_by_a_file_that_verifies(log: Any) -> None:
    for count in (1, 2, 253, 1, 300):
        await log.write(count)
        await log.integrate()
        async with log.database.transaction() as session:
            bodies = [(await entry_use(session, id)).body for id in log.ids]
            proofs = await inclusions(session, log.ids)
        for body, proof in zip(bodies, proofs, strict=True):
            checkpoint = verify.verify_proof(proof, entry=body, key=log.signer.key)
            assert checkpoint.size == len(log.ids)
        with pytest.raises(verify.VerificationError):
            verify.verify_proof(proofs[-1], entry=bodies[-1] + b" ", key=log.signer.key)


MANY = 70_000  # more than a statement's 65,535 parameters


async def test_proofs_are_given_of_more_entries_than_a_statement_has_parameters(log: Any) -> None:
    (id,) = await log.write(1)
    await log.integrate()
    async with log.database.transaction() as session:
        proofs = await inclusions(session, [id] * MANY)
    assert len(proofs) == MANY
    assert set(proofs) == {proofs[0]}


async def test_sets_are_found_under_more_addresses_than_a_statement_has_parameters(
    log: Any,
) -> None:
    async with log.database.transaction() as session:
        await keep_set(session, address=bytes(32), sealed=b"sealed")
        addresses = [number.to_bytes(32, "big") for number in range(MANY)]
        assert await sets_at(session, addresses) == {bytes(32): b"sealed"}
        assert await sets_at(session, []) == {}


async def test_a_pending_entry_and_an_unknown_one_are_told_apart(full: Any) -> None:
    async with full.database.transaction() as session:
        with pytest.raises(EntryUnknown):
            await inclusion(session, uuid7())
        with pytest.raises(EntryUnknown):
            await entry_use(session, uuid7())
        found = [
            use for member in range(17) for use in await uses_of(session, full.subject(member))
        ]
        waiting = [use.id for use in found if use.number is None]
        assert waiting
        with pytest.raises(EntryPending):
            await inclusion(session, waiting[0])


async def test_an_empty_record_has_nothing_to_show(log: Any, tmp_path: Path) -> None:
    (id,) = await log.write(1)
    async with log.database.transaction() as session:
        for asked in (
            latest_checkpoint(session),
            tile(session, 0, 0),
            entries_bundle(session, 0),
            consistency(session, old=0, size=0),
            export(session, tmp_path),
        ):
            with pytest.raises(TileUnknown):
                await asked
        with pytest.raises(EntryPending):
            await inclusion(session, id)


async def test_each_earlier_checkpoint_is_shown_to_be_the_beginning_of_the_last(full: Any) -> None:
    async with full.database.transaction() as session:
        last = verify.open_checkpoint(await latest_checkpoint(session), full.signer.key)
        leaves = []
        for number in range(4):
            width = verify.tile_width(0, number, last.size)
            bundle = await entries_bundle(session, number, width)
            leaves += [verify.leaf_hash(e) for e in verify.split_bundle(bundle, width)]
        for old in (0, 1, 2, 255, 256, 257, 512, 700, 999, 1000):
            verify.verify_consistency(
                old_size=old,
                old_root=verify.tree_root(leaves[:old]),
                size=last.size,
                root=last.root,
                proof=await consistency(session, old=old, size=last.size),
            )
        with pytest.raises(TileUnknown):
            await consistency(session, old=1, size=1001)


async def test_tiles_are_served_at_any_width_they_ever_had_and_no_other(full: Any) -> None:
    async with full.database.transaction() as session:
        whole = await tile(session, 0, 1)
        assert len(whole) == 8192
        assert await tile(session, 0, 1, 7) == whole[: 7 * 32]
        assert await resource(session, "tile/0/001") == whole
        assert await resource(session, "tile/0/001.p/7") == whole[: 7 * 32]
        assert len(await resource(session, "tile/0/003.p/232")) == 232 * 32
        assert len(await resource(session, "tile/1/000.p/3")) == 3 * 32
        assert verify.split_bundle(await resource(session, "tile/entries/003.p/2"), 2)
        assert (await resource(session, "checkpoint")).decode() == await latest_checkpoint(session)
        for path in (
            "tile/0/003",
            "tile/0/003.p/233",
            "tile/0/004.p/1",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/07",
            "tile/00/001",
            "tile/0/x000/001",
            "tile/0/1",
            "tile/2/000.p/1",
            "tile/63/000.p/1",
            "tile/0/../checkpoint",
            "tile/0/" + "x999/" * 40 + "999",
            "",
        ):
            with pytest.raises(TileUnknown):
                await resource(session, path)


async def test_a_member_sees_all_uses_newest_first_page_by_page(full: Any) -> None:
    subject = full.subject(5)
    async with full.database.transaction() as session:
        everything = await uses_of(session, subject, limit=10_000)
        paged, before = [], None
        while page := await uses_of(session, subject, limit=7, before=before):
            paged += page
            before = page[-1].id
        assert await uses_of(session, b"\xff" * 32) == []
    assert paged == everything
    assert [use.id for use in everything] == sorted((use.id for use in everything), reverse=True)
    expected = {n for n in range(1_020) if n % 4 and n % 17 == 5}
    said = [json.loads(use.body) for use in everything]
    assert {entry["facts"]["number"] for entry in said} == expected
    assert {entry["subject"] for entry in said} == {subject.hex()}
    for use, entry in zip(everything, said, strict=True):
        assert (use.sealed_detail is None) == (entry["commitment"] is None)
        assert (use.number is None) == (entry["facts"]["number"] >= 1_000)


async def exported(log: Any, folder: Path) -> Path:
    async with log.database.transaction() as session:
        await export(session, folder)
    return folder


async def test_an_export_verifies_at_every_kind_of_size(log: Any, tmp_path: Path) -> None:
    for count in (1, 254, 1, 1, 255, 300):
        await log.write(count)
        await log.integrate()
        folder = await exported(log, tmp_path / str(len(log.ids)))
        report = verify.verify_log(folder, log.signer.key)
        assert report.problems == ()
        assert report.checkpoint.size == len(log.ids)


async def test_an_export_does_not_write_over_another(full: Any, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    async with full.database.transaction() as session:
        await export(session, tmp_path / "log", progress=lambda *done: seen.append(done))
        with pytest.raises(ExportRefused):
            await export(session, tmp_path / "log")
        (tmp_path / "file").touch()
        with pytest.raises(ExportRefused):
            await export(session, tmp_path / "file" / "log")
    assert seen[-1] == (1_000, 1_000)


async def test_the_verifier_alone_in_a_folder_checks_an_export_and_a_proof(
    full: Any, tmp_path: Path
) -> None:
    log = await exported(full, tmp_path / "log")
    script = shutil.copy(verify.__file__, tmp_path / "verify.py")
    async with full.database.transaction() as session:
        use = next(u for u in await uses_of(session, full.subject(1)) if u.number is not None)
        (tmp_path / "one.tlog-proof").write_text(await inclusion(session, use.id))
    (tmp_path / "entry.json").write_bytes(use.body)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", script, *arguments, "--key", full.signer.verifier_key],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )

    proof = ("proof", "one.tlog-proof", "--entry", "entry.json")
    for arguments in (("log", "log"), proof):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("verified: fjallklubben.example/record, 1000 entries")
    (tmp_path / "entry.json").write_bytes(use.body.replace(b"offers", b"orders"))
    bundle = log / "tile" / "entries" / "002"
    bundle.write_bytes(bundle.read_bytes().replace(b'"number":600', b'"number":601'))
    done = run("log", "log")
    assert done.returncode == 1
    assert "tile/0/002: hash" in done.stderr
    done = run(*proof)
    assert (done.returncode, done.stdout) == (1, "")
    assert "NOT VERIFIED" in done.stderr


async def test_details_are_erased_with_the_member_and_the_record_still_verifies(log: Any) -> None:
    await log.write(200)
    await log.integrate()
    async with log.database.transaction() as session:
        theirs = [u for u in await uses_of(session, log.subject(3)) if u.sealed_detail is not None]
        before = await details_after(session, limit=1_000)
        gone = await erase_details(session, [log.subject(3)])
        assert gone == {log.subject(3): len(theirs)} != {log.subject(3): 0}
        after = await details_after(session, limit=1_000)
        assert len(after) == len(before) - len(theirs)
        assert not {use.id for use in theirs} & {entry for entry, _ in after}
    assert (await log.check()).problems == ()


async def test_a_rotation_goes_through_every_detail_and_every_set_and_seals_them_anew(
    log: Any,
) -> None:
    await log.write(100)
    async with log.database.transaction() as session:
        for number in range(5):
            await keep_set(session, address=bytes([number]) * 32, sealed=b"old %d" % number)
        await keep_set(session, address=bytes(32), sealed=b"the same content, sealed again")
        assert await set_at(session, bytes(32)) == b"old 0"
        assert await set_at(session, b"nowhere") is None
        entry, details = None, 0
        while page := await details_after(session, entry, limit=10):
            entry, details = page[-1][0], details + len(page)
            await reseal_details(session, [(id, b"new " + sealed) for id, sealed in page])
        address, sets = b"", 0
        while found := await sets_after(session, address, limit=2):
            address, sets = found[-1][0], sets + len(found)
            for at, sealed in found:
                await reseal_set(session, address=at, sealed=b"new " + sealed)
        assert (details, sets) == (34, 5)
        assert all(sealed.startswith(b"new sealed ") for _, sealed in await details_after(session))
        assert await set_at(session, bytes(32)) == b"new old 0"
