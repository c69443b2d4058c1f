"""What a read leaves on record: sealed for the member, and silent to everybody else."""

from api.bootstrap import SYSTEM, Tillit
from consent import ledger
from consent.grants import authorise
from consent.programme import Action
from consent.uses import uses
from kernel.database import raw
from profiles.enrolment import enrol


async def test_the_member_sees_why_a_read_gave_nothing_and_the_record_does_not_tell(
    tillit: Tillit,
) -> None:
    async with tillit.unit() as work:
        values = {"member_number": "1", "tier": "gold"}
        member = (await enrol(work.unit, SYSTEM, [values], source="test"))[0]
    for purpose, service in (("personalised_offers", "offers-engine"), ("membership", "till")):
        async with tillit.unit() as work:
            grant = authorise(
                work.active, service, purpose=purpose, action=Action.READ, fields=["tier"]
            )
            await tillit.gate.read(work.unit, grant, [member.id])
    async with tillit.unit() as work:
        said = (await ledger.opened_rows(work.unit, {member.id: member.key}))[member.id]
        seen = await uses(work.unit, member, said, work.active.programme)
        reads = [(use.outcome, use.fields) for use in seen if use.kind == "profile.read"]
        assert reads == [("given", ("tier",)), ("no_consent", ())]
        connection = await raw(work.session)
        cursor = await connection.execute("SELECT body FROM audit_entry")
        bodies = b"".join(row[0] for row in await cursor.fetchall())
        assert b"no_consent" not in bodies
        sizes = await connection.execute("SELECT DISTINCT length(sealed) FROM audit_detail")
        assert len(await sizes.fetchall()) == 1
