"""Whether a member has been told that their restriction ends, before it does (Art. 18(3)).

They have once the letter has left: by mail, or by being fetched or printed. Where no mail can ever
go to them, their own page is where letters come, and it is told by being there. A letter that mail
should have brought and did not, or that a guardian is to be handed, has told nobody.
"""

from uuid import UUID

from dsar import outgoing
from dsar.letters import kept
from dsar.letters.kinds import Kind, matter
from dsar.letters.making import WhyNot
from dsar.outgoing import State
from profiles.unit import Unit

#: Why a letter is at the member's page alone: they have no address, or we send no mail at all.
BY_PAGE = (WhyNot.NO_ADDRESS.value, "no_mail_server")

_PAGES = ", ".join(f"'{one}'" for one in BY_PAGE)
#: Of a row `o` of `outgoing`: a release's letter that has told nobody. Constants and nothing else.
UNTOLD = (
    f"(o.recipient IS NULL AND o.what = '{matter(Kind.RELEASE)}' AND (o.state IN "
    f"('waiting', 'sent') OR (o.state = 'download' AND o.problem NOT IN ({_PAGES}))))"
)


async def is_announced(unit: Unit, release: UUID) -> bool:
    """Whether whose restriction this release ends has been told so."""
    letter = outgoing.id_of(release, None, matter(Kind.RELEASE))
    one = next((one for one in await outgoing.of_request(unit, release) if one.id == letter), None)
    if one is None:
        return False
    if one.state is State.DOWNLOAD:
        return one.problem in BY_PAGE and await kept.is_kept(unit, release, Kind.RELEASE)
    return not one.state.is_open
