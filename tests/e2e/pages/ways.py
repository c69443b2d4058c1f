"""The ways in which journeys are gone: language, script, width, and what the hand is on.

Every two of them meet in one of five ways (a covering array), so that five runs see what
thirty-two would of any two that do not go together.
"""

import re
from dataclasses import dataclass
from uuid import UUID

import pytest

from tests.e2e.pages.hands import Hand, Keys, Pointer
from tests.e2e.pages.screens import NARROW, WIDE, Screens
from tests.e2e.pages.the_site import Site

LINK = re.compile(r"/sign-in/link/[A-Za-z0-9_-]{43}\S*")
CODE = re.compile(r"\b\d{8}\b")


@dataclass(frozen=True)
class Way:
    language: str
    script: bool
    width: int
    hand: type[Hand]

    @property
    def id(self) -> str:
        script = "script" if self.script else "plain"
        return f"{self.language}-{script}-{self.width}-{self.hand.__name__.lower()}"

    def of(self, screens: Screens, token: str | None = None) -> Hand:
        """A hand at a window of its own."""
        return self.hand(
            screens(token, language=self.language, script=self.script, width=self.width)
        )

    def of_member(self, screens: Screens, site: Site, member: UUID, **how: bool) -> Hand:
        return self.of(screens, site.member_token(member, **how))

    def of_officer(self, screens: Screens, site: Site, name: str, **how: str) -> Hand:
        """Somebody hired for this way."""
        account = site.hires(f"{name}-{self.id}", **how)
        return self.of(screens, site.officer_token(account))

    def address(self, name: str) -> str:
        """An e-mail address that nobody has in another way."""
        return f"{name}-{self.id}@post.example"


def ways(one: str, other: str) -> list[Way]:
    """The five, in two languages."""
    return [
        Way(one, True, NARROW, Pointer),
        Way(one, False, WIDE, Keys),
        Way(other, True, WIDE, Keys),
        Way(other, False, NARROW, Keys),
        Way(other, False, WIDE, Pointer),
    ]


def met(one: str, other: str) -> list[Way]:
    """Two of the five that meet whatever there is once, for journeys that take long."""
    return [Way(one, True, NARROW, Pointer), Way(other, False, WIDE, Keys)]


def each_way(one: str, other: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("way", ways(one, other), ids=lambda way: way.id)


def both_ways(one: str, other: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("way", met(one, other), ids=lambda way: way.id)


def told(site: Site, address: str, what: re.Pattern[str]) -> str:
    """What the newest message to that address says."""
    site.works()
    found = [what.search(one.text) for one in site.mailbox.mails if one.to == address]
    said = [one.group() for one in found if one is not None]
    assert said, "no such message"
    return said[-1]


def prove(hand: Hand, site: Site, address: str) -> None:
    """Give the second proof that the page asks a member for."""
    assert hand.screen.at == "/second"
    hand.press('form[action="/second/send"] button')
    hand.write("#code", told(site, address, CODE))
    hand.press('form[action="/second/code"] button')
