"""What people who sign in are sent: a link, or a code, in their language.

Names the controller and nothing about whoever reads it but the last digits of their member
number, where several share an address. It may be read on a locked screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dsar.identity_letters import CodeMessage
from dsar.languages import translations
from dsar.packages.marking import mark

DOMAIN, PACKAGE = "people", "api.people"
_SUBJECT = mark("Your link to sign in at {controller}")
_ONE = mark("Follow this link to sign in. It holds for {minutes} minutes, and works once.")
_SEVERAL = mark(
    "This is the address of several members. Follow the link of whoever is to be signed in. "
    "Each holds for {minutes} minutes, and works once."
)
_NUMBER = mark("Member number ending in {digits}:")
_WHY = mark("We send it because somebody asked for it at {controller}, with this address.")
_NOT_YOU = mark(
    "It was not you? Then there is nothing you need to do: without the link nobody is signed in. "
    "Give it to nobody who calls or writes to you. We never ask for it."
)
_CODE_SUBJECT = mark("Your code from {controller}")
_CODE = (
    mark("Your code is {code}"),
    mark("Type it on the page where you asked for it. It holds for {minutes} minutes, once."),
    mark(
        "We send it because somebody who is signed in as you at {controller} is about to do "
        "something for which we want to be sure that it is you."
    ),
    mark(
        "It was not you? Then give the code to nobody, sign in, and end the sign-ins that you do "
        "not know. We never ask for a code by telephone or in a message."
    ),
)


@dataclass(frozen=True)
class Way:
    """One link. `ending`: the last digits of the number of the member whom it signs in."""

    address: str = field(repr=False)
    ending: str = field(default="", repr=False)


def link_letter(
    ways: Sequence[Way], controller: str, language: str, *, minutes: int
) -> tuple[str, str]:
    """The subject and the plain text of the message with the links."""
    say = translations(language, DOMAIN, package=PACKAGE).gettext
    if len(ways) == 1:
        links = [ways[0].address]
    else:
        links = [f"{say(_NUMBER).format(digits=one.ending)}\n{one.address}" for one in ways]
    first = say(_ONE if len(ways) == 1 else _SEVERAL).format(minutes=minutes)
    paragraphs = [first, *links, say(_WHY).format(controller=controller), say(_NOT_YOU)]
    return say(_SUBJECT).format(controller=controller), "\n\n".join(paragraphs) + "\n"


def code_letter(message: CodeMessage, controller: str) -> tuple[str, str]:
    """The subject and the plain text of the message with a code."""
    say = translations(message.language, DOMAIN, package=PACKAGE).gettext
    told = {"controller": controller, "code": message.code, "minutes": message.minutes}
    text = "\n\n".join(say(one).format(**told) for one in _CODE) + "\n"
    return say(_CODE_SUBJECT).format(controller=controller), text
