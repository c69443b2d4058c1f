"""Choices that were made before they are written down, as from a till that was off the line.

A yes is to the text that was shown then: under the programme that was in force, and under none
if there was none. Pure; makes lines for the ledger and writes none.
"""

from datetime import datetime
from typing import Any

from consent.choices import Action, Choice
from consent.choosing import choose
from consent.errors import NotAChoice
from consent.footing import Footing
from consent.history import in_force
from consent.programmes import Active
from profiles.unit import Unit


def choose_then(
    unit: Unit, active: Active, footing: Footing, action: Action, *, at: datetime, **said: Any
) -> Choice:
    """As `choose`, by the programme as it was at that time.

    A no needs no programme to have been in force. Raises `NotAChoice` for a yes to a purpose
    that nobody was asked about then.
    """
    name = footing.purpose.name
    then = in_force(active, at)
    purpose = then.programme.purposes.get(name) if then is not None else None
    if then is not None and purpose is not None:
        return choose(unit, purpose, action, at=at, version=then.version, **said)
    if action is Action.GIVEN:
        raise NotAChoice(
            f"nobody was asked about {name} at that time",
            place="at",
            remedy="bring it in as an import, with the text that was shown",
        )
    return choose(unit, footing.purpose, action, at=at, **said)
