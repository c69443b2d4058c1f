"""What a one-time code says on its way to a member: a letter by e-mail, or a text message.

Names the controller and nothing about the member or the request: it may be read on a locked
screen, or by whoever has the address now.
"""

import tomllib
from datetime import datetime
from pathlib import Path

import msgspec

_ELSE = "en"


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


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subject: str
    text: str
    short: str


#: By language, as identity_letters.toml has them.
TEXTS: dict[str, _Words] = msgspec.convert(
    tomllib.loads((Path(__file__).parent / "identity_letters.toml").read_text("utf-8")),
    dict[str, _Words],
)


def code_letter(message: CodeMessage, controller: str) -> tuple[str, str]:
    """The subject and the plain text of the e-mail; in English where we have no words."""
    words = TEXTS.get(message.language, TEXTS[_ELSE])
    return _filled(words.subject, message, controller), _filled(words.text, message, controller)


def code_text(message: CodeMessage, controller: str) -> str:
    """The text message."""
    return _filled(TEXTS.get(message.language, TEXTS[_ELSE]).short, message, controller)


def _filled(text: str, message: CodeMessage, controller: str) -> str:
    return text.format(controller=controller, code=message.code, minutes=message.minutes)
