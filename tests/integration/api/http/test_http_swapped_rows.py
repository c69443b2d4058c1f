"""Who owns the database and no key gives no member another's place, number or child."""

from pathlib import Path

import psycopg
import pytest
from callers_at_doors import Club

from api.bootstrap import SYSTEM
from api.imports.loading import load_mapping
from api.imports.writing_consents import import_consents
from api.imports.writing_events import import_events
from api.imports.writing_members import import_members
from api.work import count, drain
from consent import checks
from consent.figures.disclosure import SMALLEST
from kernel.database import libpq
from profiles.enrolment import enrol
from profiles.errors import CannotOpen

CONSENTS = """source = "crm"
format = "csv"
timezone = "Europe/Stockholm"

[consents]
purpose = "newsletter"
action = "withdrawn"
date_format = "%Y-%m-%d"

[consents.columns]
member = "nr"
at = "when"
"""
MEMBERS = """source = "crm"
format = "csv"
timezone = "Europe/Stockholm"

[members]
number = "nr"

[members.fields]
name = "name"
"""
EVENTS = """source = "crm"
format = "csv"
timezone = "Europe/Stockholm"

[events]
date_format = "%Y-%m-%d"

[events.columns]
member = "nr"
reference = "receipt"
at = "when"
price = "amount"
"""
SWAP_ORDINALS = (
    "UPDATE member SET ordinal = ordinal + 1000000",
    "UPDATE member SET ordinal = 1000001 - ordinal",
)
SWAP_NUMBERS = (
    "CREATE TEMPORARY TABLE swapped AS SELECT a.digest, b.member, a.field, a.epoch "
    "FROM lookup a JOIN lookup b ON a.member <> b.member "
    "WHERE a.field = 'member_number' AND b.field = 'member_number'",
    "DELETE FROM lookup WHERE field = 'member_number'",
    "INSERT INTO lookup (digest, member, field, epoch) SELECT * FROM swapped",
)


def as_owner(club: Club, *statements: str) -> None:
    with psycopg.connect(libpq(club.tillit.url, role=None), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger fires
        for statement in statements:
            assert connection.execute(statement).rowcount != 0


async def problems(club: Club) -> list[str]:
    async with club.tillit.unit() as work:
        return await checks.check(work.unit)


async def two(club: Club) -> tuple[str, str]:
    """Two members; the second alone lets the newsletter come."""
    one, other = await club.joins("1", name="Anna"), await club.joins("2", name="Bo")
    await club.agrees(other, purpose="newsletter")
    assert await problems(club) == []
    return one, other


async def test_members_whose_ordinals_were_swapped_are_given_to_nobody(club: Club) -> None:
    one, other = await two(club)
    letters = await club.service("newsletter")
    themselves = [await club.member(member) for member in (one, other)]
    as_owner(club, *SWAP_ORDINALS)
    about = {"purpose": "newsletter"}
    asked = {
        "/v1/decisions": {**about, "member": one, "action": "read", "fields": ["name"]},
        "/v1/profiles/read": {**about, "members": [one, other], "fields": ["name"]},
        "/v1/contacts": {**about, "channel": "email", "members": [other]},
    }
    for path, body in asked.items():
        answer = await letters("POST", path, body)
        assert answer.status_code == 503, path
        assert "a member's key does not open" in answer.text
    for own in themselves:  # nor is anything written where another stands
        body = {"allow": False, "language": "sv"}
        assert (await own("PUT", "/v1/me/choices/newsletter", body)).status_code == 503
        assert (await own("GET", "/v1/me/uses")).status_code == 503
    named = await letters.ok("POST", "/v1/decisions/batch", {**about, "everyone": True})
    assert named["members"] == [other]  # the ids beside the sets are sealed with them


async def test_swapped_ordinals_show_in_the_check(club: Club) -> None:
    one, other = await two(club)
    as_owner(club, *SWAP_ORDINALS)
    found = await problems(club)
    for member in (one, other):
        assert any(problem.startswith(f"member {member} cannot be opened") for problem in found)


async def test_a_newcomer_given_the_ordinal_of_one_who_was_deleted_inherits_nothing(
    club: Club,
) -> None:
    _, other = await two(club)
    as_owner(
        club,
        f"DELETE FROM member WHERE id = '{other}'",
        f"DELETE FROM member_key WHERE member = '{other}'",
        f"DELETE FROM lookup WHERE member = '{other}'",
        "SELECT setval('member_ordinal', 1, false)",
    )
    third = await club.joins("3", name="Cleo")
    letters = await club.service("newsletter")
    about = {"purpose": "newsletter", "member": third, "action": "read", "fields": ["name"]}
    assert (await letters.ok("POST", "/v1/decisions", about))["allowed"] is False
    body = {"purpose": "newsletter", "everyone": True}
    assert (await letters.ok("POST", "/v1/decisions/batch", body))["members"] == []


@pytest.mark.parametrize(
    ("bring", "mapping", "lines"),
    [
        (import_consents, CONSENTS, "nr,when\n2,2026-11-01\n"),
        (import_members, MEMBERS, "nr,name\n2,Bosse\n"),
        (import_events, EVENTS, "nr,receipt,when,amount\n2,r1,2026-11-01,10.00\n"),
    ],
)
async def test_no_import_lands_on_another_member_than_its_number_says(
    club: Club, tmp_path: Path, bring: object, mapping: str, lines: str
) -> None:
    assert callable(bring)
    await two(club)
    (tmp_path / "m.toml").write_text(mapping)
    (tmp_path / "f.csv").write_text(lines)
    args = (club.tillit, tmp_path / "f.csv", load_mapping(tmp_path / "m.toml"), lambda *_: None)
    as_owner(club, *SWAP_NUMBERS)
    with pytest.raises(CannotOpen, match="leads to another member"):
        await bring(*args)


async def test_swapped_numbers_show_in_the_check_and_find_nobody(club: Club) -> None:
    one, other = await two(club)
    as_owner(club, *SWAP_NUMBERS)
    found = await problems(club)
    for member in (one, other):
        assert f"the index leads to member {member} by a member_number that is not theirs" in found
    officer = await club.officer()
    assert (await officer.ok("POST", "/v1/members/find", {"member_number": "1"}))["members"] == []


async def test_a_number_taken_out_of_the_index_shows_in_the_check(club: Club) -> None:
    one, _ = await two(club)
    as_owner(club, f"DELETE FROM lookup WHERE member = '{one}' AND field = 'member_number'")
    assert await problems(club) == [f"member {one} is not in the index of member numbers"]


async def family(club: Club) -> str:
    """A guardian, who has a child on record."""
    guardian = await club.joins("1", birth_date="1980-01-01")
    child = await club.joins("2", birth_date="2020-01-01")
    officer = await club.officer()
    path = f"/v1/members/{child}/guardians/{guardian}"
    await officer.ok("PUT", path, {"evidence": "form 7"})
    assert await problems(club) == []
    return guardian


async def test_a_guardian_who_no_longer_finds_their_child_shows_in_the_check(club: Club) -> None:
    guardian = await family(club)
    as_owner(club, "DELETE FROM guardianship")
    assert await problems(club) == [
        f"guardian {guardian} is on record and does not find their child"
    ]


async def test_a_guardianship_that_nobody_put_on_record_shows_in_the_check(club: Club) -> None:
    guardian = await family(club)
    as_owner(club, "UPDATE guardianship SET sealed = sealed || 'x'")
    assert await problems(club) == [f"guardian {guardian} is led to another than their child"]
    as_owner(club, "UPDATE guardianship SET guardian = child")
    assert "1 rows of guardianship are of nobody's guardian" in await problems(club)


async def test_families_stay_right_through_erasures(club: Club) -> None:
    guardian = await family(club)
    own, officer = await club.member(guardian), await club.officer()
    asked = await own.ok("POST", "/v1/me/requests", {"right": "erasure"})
    await officer.ok("POST", f"/v1/requests/{asked['request']}/approve")
    await drain(club.tillit)
    assert await problems(club) == []


@pytest.mark.parametrize(
    "change", ["sealed = sealed || 'x'", "programme = programme + 1", "day = day - 1"]
)
async def test_figures_that_were_changed_show_in_the_check(club: Club, change: str) -> None:
    async with club.tillit.unit() as work:
        people = [{"member_number": f"N{n}"} for n in range(SMALLEST)]
        await enrol(work.unit, SYSTEM, people, source="test")
    assert await count(club.tillit)
    assert await problems(club) == []
    as_owner(club, f"UPDATE consent_figure SET {change} WHERE purpose = 'newsletter'")
    [problem] = await problems(club)
    assert problem.startswith("the figures of ")
    assert problem.endswith(" do not open")
