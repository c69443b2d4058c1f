"""Ways to sign in. There is one, a link by e-mail; whoever comes back by another is begun alike.

A way is two steps: where the browser is sent, and who it is that comes back. OpenID Connect fits
it: its first step keeps a state and gives the provider's address, its second takes `code` and
`state` and looks up whom the provider vouches for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from api.people import limits, links
from api.people.keys import PeopleKeys
from api.people.people import Kind, Somebody
from audit.acts import Act
from profiles.unit import Unit

#: Where somebody waits for their message.
SENT = "/sign-in/sent"


@dataclass(frozen=True)
class Asking:
    """Who would sign in: as what, in which language, from which IP address; and what they typed."""

    kind: Kind
    language: str
    client: str = field(repr=False)
    said: Mapping[str, str] = field(default_factory=dict, repr=False)


class SignIn(Protocol):
    """A way to sign in."""

    async def begin(self, unit: Unit, asking: Asking) -> str:
        """Where to send the browser, which learns from it nothing about anybody."""

    async def finish(self, unit: Unit, came: Mapping[str, str], *, client: str) -> Somebody | None:
        """Who it is, by what came back; None where that does not hold. It holds once."""


@dataclass(frozen=True)
class ByLink:
    """By a link to an address on file. `act`: the programme's own; nobody is signed in yet."""

    keys: PeopleKeys
    act: Act

    async def begin(self, unit: Unit, asking: Asking) -> str:
        """`asking.said`: the ``address``, and the path to go on to as ``next``."""
        await links.ask(
            unit,
            self.keys,
            self.act,
            address=asking.said.get("address", ""),
            language=asking.language,
            kind=asking.kind,
            network=limits.network(self.keys, asking.client),
            next=asking.said.get("next", ""),
        )
        return SENT

    async def finish(self, unit: Unit, came: Mapping[str, str], *, client: str) -> Somebody | None:
        """`came`: the ``token`` of the link."""
        network = limits.network(self.keys, client)
        return await links.take(unit, self.keys, self.act, came.get("token", ""), network=network)
