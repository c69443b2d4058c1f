"""Whether the address that somebody signs in by is still theirs, by when it was last set.

Opens a member's e-mail addresses, to tell since when they are kept, and shows none of them.
"""

from datetime import datetime

from dsar import own
from profiles.members import Member
from profiles.sealing import open_value
from profiles.unit import Unit


def replaced(unit: Unit, member: Member, since: datetime, *, by_anybody: bool) -> bool:
    """Whether an e-mail address of theirs was set anew after that time, or they have none.

    Whoever reads the one before is not to come in by it, or to stay in. `by_anybody`: also where
    the member did it, who is not signed out by their own correction.
    """
    names = [name for name, one in unit.schema.catalogue.fields.items() if one.lookup == "email"]
    kept = [
        open_value(member.key, unit.schema.catalogue.fields[name], member.sealed[name])[1]
        for name in names
        if name in member.sealed
    ]
    if not kept:
        return by_anybody
    return any(one.at > since and (by_anybody or one.source != own.HOW) for one in kept)
