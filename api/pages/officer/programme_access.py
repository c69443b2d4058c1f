"""`/desk/programme/access`: who may do what, by the policy that is obeyed: services for purposes,
and officers by their role.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member.purposes import CHANNELS
from api.pages.officer.programme import PATH
from api.pages.officer.programme_words import ABILITIES, ACTIONS
from api.people.people import Kind
from consent.policy import CHANNEL
from consent.programme import Ability, Action
from dsar.packages.marking import mark

pages = Pages(Kind.OFFICER)


@dataclass(frozen=True)
class Service:
    """What one service may do for one purpose. `may`: by action, in the order of the columns;
    `fields`, `channels`: what it may touch in doing so.
    """

    name: str
    purpose: str
    may: Sequence[bool]
    fields: Sequence[str]
    channels: Sequence[str]


@dataclass(frozen=True)
class Role:
    """What people in a role may do, in the order of the columns. `own`: the role of who looks."""

    name: str
    may: Sequence[bool]
    own: bool


@dataclass(frozen=True)
class AccessPage(View):
    """`idle`: purposes for which no service may do anything."""

    template: ClassVar[str] = "officer/programme_access.html"
    title: ClassVar[str] = mark("Who may do what")

    version: int
    actions: Sequence[str]
    services: Sequence[Service]
    idle: Sequence[str]
    abilities: Sequence[str]
    roles: Sequence[Role]


@pages("GET", f"{PATH}/access", ability=Ability.PROGRAMME)
async def see(asked: Asked) -> AccessPage:
    """As the gate is asked, not as the file is written."""
    programme, say = asked.active.programme, asked.speaking.say
    titles = {one: asked.speaking.titled(asked.active, one) for one in programme.purposes}
    found = [
        (purpose, row)
        for service in programme.services
        for purpose, title in titles.items()
        if (row := _service(asked, service, purpose, title)) is not None
    ]
    served = {purpose for purpose, _ in found}
    return AccessPage(
        version=asked.active.version,
        actions=[say(ACTIONS[one]) for one in Action],
        services=[row for _, row in found],
        idle=[title for name, title in titles.items() if name not in served],
        abilities=[say(ABILITIES[one]) for one in Ability],
        roles=[
            Role(
                name,
                [asked.active.policy.officer_may(name, one) for one in Ability],
                name == asked.who.role,
            )
            for name in programme.officers
        ],
    )


def _service(asked: Asked, service: str, purpose: str, title: str) -> Service | None:
    """None where it may do nothing for it."""
    allowed = [asked.active.policy.allowed(service, purpose, one) for one in Action]
    if all(one is None for one in allowed):
        return None
    say = asked.speaking.say
    touched = sorted({name for one in allowed for name in one or ()})
    return Service(
        service,
        title,
        [one is not None for one in allowed],
        [name for name in touched if not name.startswith(CHANNEL)],
        [say(CHANNELS[name[1:]]) for name in touched if name.startswith(CHANNEL)],
    )
