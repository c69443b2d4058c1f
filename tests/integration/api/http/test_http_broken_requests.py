"""Something of one request is broken: it is said to be, nothing is done with it, the rest go on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from callers_at_doors import Club

from api import work as worker
from api.bootstrap import Tillit
from api.cli.audit import _verify
from api.cli.speaking import bars
from dsar import mail, outgoing
from kernel.database import libpq, raw

_PROOF = (
    "INSERT INTO identity_proof (id, request, member, sealed) SELECT gen_random_uuid(), id, "
    "member, %s FROM request WHERE id = %s"
)
_KEY = (
    "UPDATE member_key SET wrapped = %s FROM request r WHERE r.id = %s "
    "AND member_key.member = r.member"
)
_SEALED = "UPDATE member SET sealed = %s FROM request r WHERE r.id = %s AND member.id = r.member"
#: What somebody who can write to the database, and has no key, does to one request.
BREAKS: dict[str, LiteralString] = {"a proof": _PROOF, "the key": _KEY, "the member": _SEALED}
GARBAGE = bytes(range(7, 67))


def _as_owner(tillit: Tillit, statement: LiteralString, *values: Any) -> None:
    with psycopg.connect(libpq(tillit.url, role=None), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger fires
        connection.execute(statement, values)


async def _asked(club: Club, number: str, right: str = "access") -> str:
    officer = await club.officer()
    asking = {"right": right, "member": await club.joins(number), "identified": True}
    return str((await officer.ok("POST", "/v1/requests", asking))["request"])


@pytest.fixture(params=list(BREAKS))
def what(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def breaks(what: str) -> Callable[[Club, str], None]:
    return lambda club, one: _as_owner(club.tillit, BREAKS[what], GARBAGE, one)


async def test_it_is_listed_as_broken_with_what_to_do_and_the_others_as_they_are(
    club: Club, breaks: Callable[[Club, str], None]
) -> None:
    ids = [await _asked(club, number) for number in ("1", "2", "3")]
    breaks(club, ids[1])
    officer = await club.officer()
    page = await officer.ok("GET", "/v1/requests")
    found = {one["request"]: one for one in page["requests"]}
    assert set(found) == set(ids)
    broken = found[ids[1]]
    assert broken["broken"]["place"] == "request"
    assert "tillit audit verify" in broken["broken"]["remedy"]
    assert (broken["steps"], broken["days_left"] is not None) == ([], True)
    for one in (ids[0], ids[2]):
        assert found[one]["broken"] is None
        assert "approve" in found[one]["steps"]


async def test_it_is_neither_shown_nor_approved_and_the_others_are(
    club: Club, breaks: Callable[[Club, str], None]
) -> None:
    broken, whole = await _asked(club, "1"), await _asked(club, "2")
    breaks(club, broken)
    officer = await club.officer()
    for method, door in (("GET", ""), ("POST", "/approve")):
        refused = await officer(method, f"/v1/requests/{broken}{door}")
        assert refused.status_code == 503, door
        assert (await officer(method, f"/v1/requests/{whole}{door}")).status_code == 200
    states = await officer.ok("GET", "/v1/requests")
    state = {one["request"]: one["state"] for one in states["requests"]}
    assert state == {broken: "acknowledged", whole: "accepted"}


async def test_a_batch_says_which_is_broken_and_does_the_others(
    club: Club, breaks: Callable[[Club, str], None]
) -> None:
    ids = [await _asked(club, number) for number in ("1", "2", "3")]
    breaks(club, ids[1])
    officer = await club.officer()
    came = await officer.ok("POST", "/v1/requests/bulk", {"step": "approve", "requests": ids})
    assert [one["came"] for one in came["requests"]] == ["done", "not_done", "done"]
    broken = came["requests"][1]
    assert (broken["type"], broken["state"]) == (
        "urn:tillit:problem:broken-request",
        "acknowledged",
    )
    assert "tillit audit verify" in broken["problem"]["remedy"]


@pytest.mark.parametrize("word", ["kind", "state", "channel"])
async def test_a_row_that_says_what_nobody_wrote_is_named_apart(club: Club, word: str) -> None:
    broken, whole = await _asked(club, "1"), await _asked(club, "2")
    change: dict[str, LiteralString] = {
        "kind": "UPDATE request SET kind = 'anna@example.com' WHERE id = %s",
        "state": "UPDATE request SET state = 'anna@example.com' WHERE id = %s",
        "channel": "UPDATE request SET channel = 'anna@example.com' WHERE id = %s",
    }
    _as_owner(club.tillit, change[word], broken)
    officer = await club.officer()
    page = await officer.ok("GET", "/v1/requests?limit=1")
    rest = await officer.ok("GET", f"/v1/requests?after={page['next']}")
    assert page["unreadable"] + rest["unreadable"] == [broken]
    assert [one["request"] for one in page["requests"] + rest["requests"]] == [whole]
    refused = await officer("GET", f"/v1/requests/{broken}")
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:tillit:problem:broken-request"
    both = {"step": "approve", "requests": [broken, whole]}
    came = await officer.ok("POST", "/v1/requests/bulk", both)
    assert [one["came"] for one in came["requests"]] == ["not_done", "done"]
    assert "anna" not in str(page) + str(rest) + refused.text + str(came)


async def test_a_member_sees_that_one_of_theirs_is_broken_and_the_others_as_they_are(
    club: Club,
) -> None:
    member = await club.joins("1")
    own, officer = await club.member(member), await club.officer()
    ids = [
        (await officer.ok("POST", "/v1/requests", {"right": right, "member": member}))["request"]
        for right in ("access", "restriction")
    ]
    _as_owner(club.tillit, _PROOF, GARBAGE, ids[0])
    found = {one["request"]: one for one in await own.ok("GET", "/v1/me/requests")}
    assert found[ids[0]]["broken"]["remedy"] == "tell whoever runs this"
    assert found[ids[1]]["broken"] is None


async def test_holds_that_somebody_has_changed_hold_up_no_other_erasure(club: Club) -> None:
    broken, whole = [await _asked(club, number, "erasure") for number in ("1", "2")]
    officer = await club.officer()
    shown = await officer.ok("GET", f"/v1/requests/{broken}")
    hold = {"ground": "dispute", "note": "a letter"}
    await officer.ok("POST", f"/v1/members/{shown['member']}/holds", hold)
    _as_owner(club.tillit, "DELETE FROM legal_hold")
    both = {"step": "approve", "requests": [broken, whole]}
    came = await officer.ok("POST", "/v1/requests/bulk", both)
    assert [one["came"] for one in came["requests"]] == ["not_done", "done"]
    assert came["requests"][0]["problem"]["place"] == "legal_hold"


async def test_the_worker_reminds_lapses_and_resumes_past_what_is_broken(
    club: Club,
    what: str,
    breaks: Callable[[Club, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    officer, tillit = await club.officer(), club.tillit
    asked = []
    for number in ("1", "2"):
        new = {"right": "access", "member": await club.joins(number)}
        asked.append((await officer.ok("POST", "/v1/requests", new))["request"])
        await officer.ok("POST", f"/v1/requests/{asked[-1]}/identity/query")
    soon = [await _asked(club, number) for number in ("3", "4")]
    accepted = await _asked(club, "5", "restriction")
    _as_owner(
        tillit, "UPDATE request SET kind = 'none', state = 'accepted' WHERE id = %s", accepted
    )
    for one in (asked[0], soon[0]):
        breaks(club, one)
    later = tillit.clock.now() + timedelta(days=45)
    monkeypatch.setattr(type(tillit.clock), "now", lambda _: later)
    await worker.resume(tillit)
    await worker.remind(tillit)
    states = {
        one["request"]: one["state"]
        for one in (await (await club.officer()).ok("GET", "/v1/requests"))["requests"]
    }
    assert states[asked[1]] == "unfulfilled"
    # Whether anything lacks still cannot be told: it stays until somebody has looked.
    assert states[asked[0]] == "requires_action"
    async with tillit.unit() as work:
        cursor = await (await raw(work.session)).execute(
            "SELECT id FROM outgoing WHERE carrier = 'email' AND member IS NULL"
        )
        [(id,)] = await cursor.fetchall()
        message = await outgoing.take(work.unit, id)
    assert message is not None
    assert message.payload is not None
    lines = mail.unpacked(message.payload).text.splitlines()
    for one in soon:
        (line,) = [line for line in lines if line.startswith(one)]
        assert "OVERDUE" in line
        assert ("BROKEN" in line) is (one == soon[0] and what != "a proof")


async def test_the_check_of_the_record_names_each_that_is_broken(
    club: Club, breaks: Callable[[Club, str], None]
) -> None:
    ids = [await _asked(club, number) for number in ("1", "2", "3")]
    breaks(club, ids[0])
    _as_owner(club.tillit, "UPDATE request SET state = 'none' WHERE id = %s", ids[1])
    with bars(quiet=True) as progress:
        _, found = await _verify(club.tillit, progress)
    named = [any(line.startswith(f"request {one} ") for line in found) for one in ids]
    assert named == [True, True, False], found
