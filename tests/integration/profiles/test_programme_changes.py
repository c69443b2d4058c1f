"""What is derived from values stays right when the programme changes under it."""

import asyncio
from decimal import Decimal

import pytest

from api.bootstrap import SYSTEM, Tillit, opened
from api.settings import Settings
from consent.errors import ProgrammeInvalid
from consent.grants import authorise
from consent.programme import Action
from consent.programme.loading import read_programme
from profiles import events
from profiles.enrolment import enrol, rectify
from profiles.members import one
from profiles.purchases import Purchase

FILE = """
[controller]
name = "A"
country = "SE"
contact = "a@b.example"
[fields.county]
category = "pd:Region"
{county}
[purposes.club]
legal_basis = "contract"
dpv = "dpv:ServiceProvision"
fields = ["county"]
notice.sv = "Vi gör så."
[services.asker]
club = ["segment"]
"""


async def _apply(tillit: Tillit, county: str) -> int:
    return await tillit.apply(SYSTEM, read_programme(FILE.format(county=county)))


async def _matched(tillit: Tillit, expression: str) -> int:
    async with tillit.unit() as work:
        await tillit.gate.freshen(work.unit)
    async with tillit.unit() as work:
        grant = authorise(work.active, "asker", purpose="club", action=Action.SEGMENT)
        return (await tillit.gate.evaluate(work.unit, grant, expression)).matched


async def test_a_value_set_right_while_its_field_had_no_sets_is_found_where_it_stands_now(
    settings: Settings,
) -> None:
    async with opened(settings) as tillit:
        await _apply(tillit, "segment = true")
        async with tillit.unit() as work:
            person = {"member_number": "1", "county": "Oslo"}
            [member] = await enrol(work.unit, SYSTEM, [person], source="test")
        await _apply(tillit, "")
        async with tillit.unit() as work:
            member = await one(work.unit, member.id, lock=True)
            await rectify(work.unit, SYSTEM, member, {"county": "Dalarna"}, source="test")
        await _apply(tillit, "segment = true")
        assert await _matched(tillit, "county = 'Dalarna'") == 1
        assert await _matched(tillit, "county = 'Oslo'") == 0


async def test_who_is_enrolled_while_a_programme_is_applied_is_found_under_it(
    settings: Settings,
) -> None:
    async with opened(settings) as tillit:
        await _apply(tillit, "")
        async with tillit.unit() as work:
            person = {"member_number": "1", "county": "Oslo"}
            await enrol(work.unit, SYSTEM, [person], source="test")
            applying = asyncio.create_task(_apply(tillit, "segment = true"))
            await asyncio.sleep(0.3)
        assert await applying == 2
        assert await _matched(tillit, "county = 'Oslo'") == 1


async def test_two_programmes_applied_at_once_become_two_versions(settings: Settings) -> None:
    async with opened(settings) as tillit:
        await _apply(tillit, "")
        both = await asyncio.gather(
            _apply(tillit, "segment = true"), _apply(tillit, 'values = ["Oslo", "Dalarna"]')
        )
        assert sorted(both) == [2, 3]


async def test_a_field_does_not_change_its_type_also_not_by_way_of_a_version_without_it(
    settings: Settings,
) -> None:
    async with opened(settings) as tillit:
        await _apply(tillit, "segment = true")
        with pytest.raises(ProgrammeInvalid, match=r"fields\.county\.type.*another name"):
            await _apply(tillit, 'type = "texts"\nsegment = true')
        without = FILE.replace("[fields.county]", "[fields.region]").format(county="")
        await tillit.apply(SYSTEM, read_programme(without.replace('["county"]', '["region"]')))
        with pytest.raises(ProgrammeInvalid, match=r"fields\.county\.type"):
            await _apply(tillit, 'type = "integer"')


async def test_a_purchase_does_not_hide_that_a_member_s_sets_are_of_the_programme_before(
    settings: Settings,
) -> None:
    async with opened(settings) as tillit:
        await _apply(tillit, "")
        async with tillit.unit() as work:
            person = {"member_number": "1", "county": "Oslo"}
            [member] = await enrol(work.unit, SYSTEM, [person], source="test")
        await _apply(tillit, "segment = true")
        async with tillit.unit() as work:
            member = await one(work.unit, member.id, lock=True)
            bought = Purchase("test", "1", work.unit.now, Decimal("1.00"), False)
            await events.record(work.unit, SYSTEM, {member: [bought]})
        assert await _matched(tillit, "county = 'Oslo'") == 1
