"""Whether a member has been told that their restriction ends, before it does (Art. 18(3)).

They have once the letter has left: by mail, or by being fetched or printed; the record says so, and
no row of a table does in its place. Where no mail can ever go to them, their own page is where
letters come, and it is told by being there: that they have no address is looked at, that we send
no mail is on record. A letter that mail should have brought and did not, or
that a guardian is to be handed, has told nobody.
"""

from uuid import UUID

from audit.browsing import naming
from audit.entries import Kind as EntryKind
from consent.programmes import Active
from dsar import outgoing
from dsar.letters import kept
from dsar.letters.cases import address_of
from dsar.letters.kinds import Kind, WhyNot, matter
from dsar.letters.posting import NO_SERVER
from dsar.outgoing import State
from profiles.members import Member
from profiles.unit import Unit

#: Why a letter is at the member's page alone: they have no address, or we send no mail at all.
BY_PAGE = (WhyNot.NO_ADDRESS.value, NO_SERVER)

#: How a letter leaves; one that was only looked at before it was written has not.
_LEFT = ("email", "download", "page")
_PAGES = ", ".join(f"'{one}'" for one in BY_PAGE)
#: Of a row `o` of `outgoing`: a release's letter that has told nobody. Constants and nothing else.
UNTOLD = (
    f"(o.recipient IS NULL AND o.what = '{matter(Kind.RELEASE)}' AND (o.state IN "
    f"('waiting', 'sent') OR (o.state = 'download' AND coalesce(o.problem, '') NOT IN ({_PAGES}))))"
)


async def is_announced(unit: Unit, active: Active, release: UUID, member: Member) -> bool:
    """Whether the member whose restriction this release ends has been told so.

    Raises `RecordTampered` where the record about it is not ours.
    """
    letter = outgoing.id_of(release, None, matter(Kind.RELEASE))
    one = next((one for one in await outgoing.of_request(unit, release) if one.id == letter), None)
    if one is None:
        return False
    if one.state is State.DOWNLOAD:
        if one.problem not in BY_PAGE or not await kept.is_kept(unit, release, Kind.RELEASE):
            return False
        if one.problem != WhyNot.NO_ADDRESS:
            return await _has_left(unit, release, member)
        return await address_of(unit, active, release, member) is None
    return not one.state.is_open and await _has_left(unit, release, member)


async def _has_left(unit: Unit, release: UUID, member: Member) -> bool:
    subject = member.key.subject()
    said = await naming(unit.session, str(release), subject=subject, trust=unit.record.trust)
    return any(
        one.kind == EntryKind.LETTER_SENT
        and one.facts.get("request") == str(release)
        and one.facts.get("letter") == Kind.RELEASE
        and one.facts.get("how") in _LEFT
        for one in said
    )
