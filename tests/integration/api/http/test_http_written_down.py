"""What officers write down for members, always with what proves it."""

from uuid import UUID

import pytest
from callers_at_doors import PURPOSE, Club

from consent.choices import By, Choice
from consent.ledger import opened
from profiles import members

LETTER = {"purpose": PURPOSE, "how": "letter", "evidence": "letter 2026-17"}


async def _last(club: Club, member: str) -> Choice:
    async with club.tillit.unit() as work:
        one = await members.one(work.unit, UUID(member))
        return (await opened(work.unit, {one.id: one.key}))[one.id][-1]


async def test_a_withdrawal_by_letter_is_heeded_and_kept_with_its_evidence(club: Club) -> None:
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    officer = await club.officer()
    told = await officer.ok(
        "POST", f"/v1/members/{member}/choices", LETTER | {"action": "withdrawn"}
    )
    assert (told["state"], told["allowed"], told["reason"]) == ("withdrawn", False, "no_consent")
    assert (await club.segment("tier = 'gold'"))["members"] == []
    kept = await _last(club, member)
    assert (kept.by, kept.how, kept.evidence) == (By.OFFICER, "letter", "letter 2026-17")
    assert kept.before == "given"


async def test_a_consent_that_was_none_is_invalidated(club: Club) -> None:
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    officer = await club.officer()
    body = LETTER | {"action": "invalidated"}
    told = await officer.ok("POST", f"/v1/members/{member}/choices", body)
    assert (told["state"], told["reason"]) == ("invalidated", "no_consent")


async def test_a_yes_on_paper_needs_the_language_of_its_notice(club: Club) -> None:
    member = await club.joins("1", tier="gold")
    officer = await club.officer()
    body = LETTER | {"action": "given"}
    refused = await officer("POST", f"/v1/members/{member}/choices", body)
    assert (refused.status_code, refused.json()["problems"][0]["place"]) == (422, "language")
    told = await officer.ok("POST", f"/v1/members/{member}/choices", body | {"language": "nb"})
    assert told["allowed"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "restricted"},
        {"action": "expired"},
        {"action": "given", "language": "fr"},
        {"action": "withdrawn", "evidence": ""},
        {"action": "withdrawn", "at": "2999-01-01T00:00:00Z"},
        {"action": "withdrawn", "purpose": "nothing"},
        {"action": "invalidated", "purpose": "assortment_insight"},
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    club: Club, wrong: dict[str, str]
) -> None:
    member = await club.joins("1", tier="gold")
    await club.agrees(member)
    officer = await club.officer()
    refused = await officer("POST", f"/v1/members/{member}/choices", LETTER | wrong)
    assert refused.status_code == 422, refused.text
    assert len((await club.segment("tier = 'gold'"))["members"]) == 1


async def test_a_childs_own_yes_is_refused_at_the_till_and_on_paper(club: Club) -> None:
    member = await club.joins("1", birth_date="2022-05-01")
    officer, till = await club.officer(), await club.service("till")
    body = LETTER | {"action": "given", "language": "sv"}
    on_paper = await officer("POST", f"/v1/members/{member}/choices", body)
    told = {"member": member, "purpose": PURPOSE, "action": "given", "language": "sv"}
    at_the_till = await till("POST", "/v1/consents", told)
    for refused in (on_paper, at_the_till):
        assert refused.status_code == 403, refused.text
        assert refused.json()["type"] == "urn:tillit:problem:guardian-needed"
    no = await till("POST", "/v1/consents", told | {"action": "withdrawn"})
    assert no.status_code == 201
