"""One row that somebody broke or slipped in keeps the check from naming no other."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from a_life import Life
from test_forged_entries import LIKE, _as_owner, _slip_in

from api.bootstrap import SYSTEM
from api.cli import audit as door
from audit.browsing import told
from audit.entries import commit
from audit.verify import VerifierKey
from consent import checks as checks_derived
from consent.footprints import detail_place, open_footprint
from dsar import checks, checks_facts, holds
from dsar.holds import Ground
from dsar.states import Right
from profiles.labels import Label

#: What no fact of ours is; of a number, text and a day alike.
ODD: tuple[Any, ...] = (None, "x", 5, -1, ["x"], {"x": "x"}, True, 10**19, 0.5, "9999-12-31")

WHOLE = {
    "ground": "dispute",
    "until": None,
    "vouchers": 1,
    "recipient": "letters",
    "recipients": ["letters"],
    "what": "erasure",
    "state": "done",
    "answer": "ab",
    "letter": "answer",
    "outcome": "proved",
    "part": "erasure",
    "document": "ab",
    "journalled": None,
    "reason": None,
    "step": None,
}


async def _problems(life: Life) -> list[str]:
    key = VerifierKey.parse((await life.tillit.signer()).verifier_key)
    async with life.tillit.unit() as work:
        return await checks.check(work.unit, key)


async def _changed(life: Life) -> str:
    """A request whose state somebody has changed, as it is to be named whatever else is broken."""
    request = await life.answered(Right.ACCESS)
    _as_owner(life, "UPDATE request SET state = 'rejected' WHERE id = %s", request)
    named = f"request {request} is rejected, and the record says otherwise"
    assert await _problems(life) == [named]
    return named


async def test_a_key_that_does_not_open_hides_no_other_s_request(life: Life) -> None:
    async with life.tillit.unit() as work:
        held = await holds.place(work.unit, SYSTEM, life.neighbour, Ground.DISPUTE)
    named = await _changed(life)
    _as_owner(
        life,
        "UPDATE member_key SET wrapped = overlay(wrapped PLACING '\\x00ff00'::bytea FROM 20) "
        "WHERE member = %s",
        life.neighbour,
    )
    found = await _problems(life)
    assert named in found
    assert f"hold {held.id} is of nobody, or has no entry in the record" in found


@pytest.mark.parametrize(
    "body",
    [
        b'{"kind":"hold.placed"',
        b'"kind":"hold.placed"\xff',
        b'{"kind":"hold.placed","facts":' + b"[" * 9_000,
    ],
    ids=["half", "no text", "deep"],
)
async def test_what_is_no_entry_is_named_and_hides_nothing(life: Life, body: bytes) -> None:
    named = await _changed(life)
    [(id,)] = _as_owner(
        life, "INSERT INTO audit_entry VALUES (gen_random_uuid(), %s) RETURNING id", body
    )
    assert sorted(await _problems(life)) == sorted(
        [named, f"entry {id} was not written by us: requests are compared without it"]
    )


async def test_an_entry_that_somebody_slipped_in_speaks_for_no_change(life: Life) -> None:
    named = await _changed(life)
    request = named.split()[1]
    facts = {"request": request, "right": "access", "step": "refuse", "state": "rejected"}
    slipped = _slip_in(life, f'"request":"{request}"', kind="request.refused", facts=facts)
    assert sorted(await _problems(life)) == sorted(
        [named, f"entry {slipped} was not written by us: requests are compared without it"]
    )


async def test_a_known_entry_s_id_in_another_s_body_takes_nothing_from_it(life: Life) -> None:
    request = await life.answered(Right.ERASURE)
    [(body,)] = _as_owner(life, "SELECT body FROM audit_entry e JOIN request r ON e.id = r.erased")
    _as_owner(
        life,
        "INSERT INTO audit_entry VALUES ('ffffffff-ffff-7fff-bfff-ffffffffffff', %s)",
        bytes(body).replace(str(request).encode(), str(UUID(int=1)).encode()),
    )
    [problem] = await _problems(life)
    assert problem.startswith("entry ffffffff-ffff-7fff-bfff-ffffffffffff was not written by us")


async def test_no_facts_stop_the_check(life: Life) -> None:
    """Under leaves' numbers, as who owns the database can give them: so the facts are looked at."""
    named = await _changed(life)
    asked = await life.answered(Right.ERASURE, life.neighbour)
    await life.tillit.integrate()
    [(_, body), *_] = _as_owner(life, LIKE, f'"request":"{asked}","right"'.encode())
    said = json.loads(bytes(body))
    whole = said["facts"] | WHOLE | {"hold": str(asked)}
    slipped = []
    for kind in sorted(checks._KINDS):
        for fact in sorted(whole):
            for odd in ODD:
                id = str(UUID(int=len(slipped) + 1))
                entry = said | {"kind": kind, "facts": whole | {fact: odd}, "id": id}
                text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
                slipped.append((id, text.encode(), len(slipped) + 1_000))
    ids, bodies, numbers = (list(column) for column in zip(*slipped, strict=True))
    _as_owner(
        life, "INSERT INTO audit_entry SELECT * FROM unnest(%s::uuid[], %s::bytea[])", ids, bodies
    )
    _as_owner(
        life, "INSERT INTO audit_leaf SELECT * FROM unnest(%s::bigint[], %s::uuid[])", numbers, ids
    )
    found = await _problems(life)
    assert named in found
    assert any("has facts that nobody of ours wrote" in one for one in found)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_no_time_of_an_entry_stops_the_check(life: Life, at: str) -> None:
    named = await _changed(life)
    await life.tillit.integrate()
    slipped = _slip_in(life, f'"request":"{named.split()[1]}","right"', at=at)
    _as_owner(life, "INSERT INTO audit_leaf VALUES (1000, %s)", slipped)
    assert sorted(await _problems(life)) == sorted(
        [
            named,
            f"entry {slipped} has a time that nobody of ours wrote: requests are compared "
            "without it",
        ]
    )


async def test_what_we_write_ourselves_fits(life: Life) -> None:
    for right in Right:
        if right in (Right.ACCESS, Right.RESTRICTION):
            await life.answered(right)
    async with life.tillit.unit() as work:
        held = await holds.place(work.unit, SYSTEM, life.member, Ground.DISPUTE)
        await holds.lift(work.unit, SYSTEM, held.id)
    await life.answered(Right.ERASURE)
    bodies = _as_owner(life, "SELECT body FROM audit_entry")
    said = [told(bytes(body)) for (body,) in bodies]
    about = [one for one in said if one.kind in checks._KINDS]
    assert len({one.kind for one in about}) > 6
    assert [one for one in about if checks_facts.misfit(one)] == []


async def test_what_the_record_finds_is_told_though_what_rests_on_it_cannot_be_checked(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    slipped = _slip_in(life, '"kind":"member.enrolled"')

    async def broken(*_: Any) -> list[str]:
        raise ValueError("of whatever kind")

    monkeypatch.setattr(door, "check_requests", broken)
    found: list[str] = []
    with pytest.raises(ValueError, match="of whatever kind"):
        await door._verify(life.tillit, _Silent(), lambda record: found.extend(record.problems))
    assert f"entry {slipped}: neither in the log nor waiting for it" in found


class _Silent:
    """No bars."""

    def leaves(self, done: int, of: int) -> None: ...

    def __call__(self, *_: Any) -> None: ...


async def _verified(life: Life) -> list[str]:
    """What rests on the record, as `tillit audit verify` tells it."""
    return (await door._verify(life.tillit, _Silent()))[1]


def _broken(life: Life) -> list[str]:
    """A row of the ledger and a detail that are to be named whatever else is broken."""
    [(row,)] = _as_owner(
        life,
        "UPDATE ledger SET sealed = overlay(sealed PLACING '\\x00ff00'::bytea FROM 20) "
        "WHERE id = (SELECT id FROM ledger ORDER BY id LIMIT 1) RETURNING id",
    )
    [(entry, _)] = _as_owner(life, LIKE, b'"kind":"segment.evaluated"')
    _as_owner(life, "DELETE FROM audit_detail WHERE entry = %s", entry)
    return [
        f"ledger row {row} is not what was put on record",
        f"the detail of entry {entry} is lost or another",
    ]


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize(
    ("kind", "compared"),
    [
        ("choice.recorded", "choices are compared"),
        ("member.erased", "choices are compared"),
        ("segment.evaluated", "footprints are compared"),
        ("contacts.recorded", "footprints are compared"),
        ("programme.applied", "programmes are compared"),
    ],
)
async def test_half_an_entry_hides_no_ledger_row_and_no_footprint(
    life: Life, kind: str, compared: str, numbered: bool
) -> None:
    named = _broken(life)
    await life.tillit.integrate()
    [(id,)] = _as_owner(
        life,
        "INSERT INTO audit_entry VALUES (gen_random_uuid(), %s) RETURNING id",
        f'{{"kind":"{kind}"'.encode(),
    )
    if numbered:
        _as_owner(life, "INSERT INTO audit_leaf VALUES (1000, %s)", id)
    found = await _verified(life)
    assert set(named) <= set(found)
    assert f"entry {id} was not written by us: {compared} without it" in found


async def test_no_facts_stop_the_comparison_with_ledger_footprints_and_programmes(
    life: Life,
) -> None:
    """Under leaves' numbers, as who owns the database can give them: so the facts are looked at."""
    named = _broken(life)
    await life.tillit.integrate()
    [(_, body), *_] = _as_owner(life, LIKE, b'"kind":"segment.evaluated"')
    said = json.loads(bytes(body))
    slipped = []
    for kind in (*checks_derived._ABOUT_MANY, "choice.recorded", "programme.applied"):
        for fact in ("version", "digest", "ledger", "counted"):
            for odd in ODD:
                for commitment in (None, "\u00e5" * 64):
                    id = str(UUID(int=len(slipped) + 1))
                    change = {"kind": kind, "id": id, "commitment": commitment}
                    entry = said | change | {"facts": {fact: odd}}
                    text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
                    slipped.append((id, text.encode(), len(slipped) + 1_000))
    ids, bodies, numbers = (list(column) for column in zip(*slipped, strict=True))
    _as_owner(
        life, "INSERT INTO audit_entry SELECT * FROM unnest(%s::uuid[], %s::bytea[])", ids, bodies
    )
    _as_owner(
        life, "INSERT INTO audit_leaf SELECT * FROM unnest(%s::bigint[], %s::uuid[])", numbers, ids
    )
    # Details of another kind's, too, that these entries' commitments fit.
    _as_owner(
        life,
        "INSERT INTO audit_detail SELECT e, sealed FROM unnest(%s::uuid[]) AS e, "
        "LATERAL (SELECT sealed FROM audit_detail LIMIT 1) AS d",
        ids,
    )
    found = await _verified(life)
    assert set(named) <= set(found)


async def test_another_kind_s_detail_is_no_footprint(life: Life) -> None:
    """It opens, for it was sealed there; and it says nothing of who matched."""
    promise, entry = commit(detail := b"\x01"), uuid4()
    async with life.tillit.unit() as work:
        sealed = work.unit.epoch.sealing(Label.AUDIT_DETAIL).seal(
            promise.salt + detail, at=detail_place(entry)
        )
        commitment = promise.digest.hex()
        assert open_footprint(work.unit.epoch, entry, sealed, commitment=commitment) is None
