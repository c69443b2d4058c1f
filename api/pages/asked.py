"""What a page's function is handed: its transaction, who sits at the browser, what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.asking import Asking
from api.bootstrap import Tillit, Work
from api.pages.errors import NotSettled
from api.pages.speaking import Speaking
from api.people.keys import PeopleKeys
from api.people.people import Person
from audit.acts import Act
from consent.programme import Ability
from profiles.members import Member


@dataclass(frozen=True)
class Asked(Asking):
    """One request for a page. `token`: the session's, which only its cookie knows.

    `client`: the address it came from, for limits and for nothing else.
    """

    tillit: Tillit
    work: Work
    speaking: Speaking
    person: Person | None
    path: Mapping[str, Any]
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
    keys: PeopleKeys = field(repr=False)
    token: str | None = field(default=None, repr=False)
    client: str = field(default="", repr=False)
    _member: Member | None = field(default=None, repr=False)

    @property
    def who(self) -> Person:
        assert self.person is not None
        return self.person

    @property
    def act(self) -> Act:
        """The member or officer, acting under the programme in force."""
        return self.who.act(self._member, self.active.version)

    @property
    def proved_lately(self) -> bool:
        """Whether a second proof was given within the last minutes."""
        return self.person is not None and self.person.proved_lately(self.unit.now)

    def must_be_settled(self) -> None:
        """What gives more waits, where only what takes back may be done (`Page.unsettled`).

        Raises `NotSettled` for who signed in by an address that was changed lately.
        """
        if not self.who.settled:
            raise NotSettled("the address signed in by was changed lately", place="form")

    def may(self, ability: Ability) -> bool:
        """Whether the officer's role gives an ability; what it does not give is not shown."""
        person = self.person
        if person is None or person.role is None:
            return False
        return self.active.policy.officer_may(person.role, ability)
