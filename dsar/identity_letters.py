"""What a one-time code says on its way to a member: a letter by e-mail, or a text message.

Names the controller and nothing about the member or the request: it may be read on a locked
screen, or by whoever has the address now.
"""

from datetime import datetime

import msgspec

from dsar.languages import translations

DOMAIN = "identity"
_LETTER = (
    "Your code is {code}",
    "Type it on the page, or in the app, where you asked for it. It holds for {minutes} minutes, "
    "and works once.",
    "We send it because somebody has made a request about your personal data at {controller}, "
    "and we want to know that it was you.",
    "It was not you? Then there is nothing you need to do: without the code nothing happens. "
    "Give it to nobody who calls or writes to you. We never ask for it.",
)
#: It is read at a glance, so the code comes first.
_SHORT = "{code} is your code at {controller}. It holds for {minutes} minutes. Give it to nobody."
_SUBJECT = "Your code from {controller}"


class CodeMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A code on its way; sealed until it has left. `until`: from then on it is not worth sending.

    `to`: the address on file. `minutes`: how long the code holds from when it was made.
    """

    to: str
    code: str
    language: str
    minutes: int
    until: datetime

    def __repr__(self) -> str:
        return "CodeMessage(***)"


def code_letter(message: CodeMessage, controller: str) -> tuple[str, str]:
    """The subject and the plain text of the e-mail, in the request's language."""
    paragraphs = (_said(one, message, controller) for one in _LETTER)
    return _said(_SUBJECT, message, controller), "\n\n".join(paragraphs) + "\n"


def code_text(message: CodeMessage, controller: str) -> str:
    """The text message, in the request's language."""
    return _said(_SHORT, message, controller)


def _said(text: str, message: CodeMessage, controller: str) -> str:
    found = translations(message.language, DOMAIN).gettext(text)
    return found.format(controller=controller, code=message.code, minutes=message.minutes)
