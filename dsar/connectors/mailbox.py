"""A letter to a recipient who has no machine to be told by: what to do, by when, and a button.

The words are in `mailbox.toml`, in the language of the recipient's country, else in English.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec

from consent.programme.handling import Carrier
from dsar.connectors.errands import Errand, Outcome
from dsar.connectors.schedule import until_asked
from dsar.outgoing import State

_LANGUAGES = {"SE": "sv", "NO": "nb", "DK": "da", "FI": "fi"}
_ELSE = "en"


class _Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A letter in one language; ``{controller}``, ``{recipient}`` and ``{due}`` are filled in."""

    subject: str
    greeting: str
    erasure: str
    rectification: str
    restriction: str
    release: str
    who: str
    values: str
    removed: str
    until: str
    button: str
    again: str
    end: str


TEXTS: dict[str, _Texts] = msgspec.convert(
    tomllib.loads((Path(__file__).parent / "mailbox.toml").read_text("utf-8")), dict[str, _Texts]
)


@dataclass(frozen=True)
class Letter:
    """`id`: the same for the same letter, however often it is handed over."""

    id: UUID
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    language: str


def letter(errand: Errand, link: str) -> Letter:
    """What is sent: the identifiers, what to do, until when, and `link` to say that it is done."""
    language = _LANGUAGES.get(errand.country, _ELSE)
    texts, word = TEXTS[language], errand.word
    filled = {"controller": errand.controller, "recipient": errand.name, "due": errand.due or ""}

    def said(text: str, *below: str) -> str:
        # Only our own words are filled in: a value may have braces of its own.
        return "\n".join([text.format(**filled), *(f"    {line}" for line in below)])

    parts = [said(texts.greeting)]
    parts += [said(texts.again)] if errand.sent else []
    parts += [said(getattr(texts, word.what)), said(texts.who, *_listed(word.identities, texts))]
    parts += [said(texts.values, *_listed(word.values, texts))] if word.values else []
    parts += [said(texts.until), said(texts.button, link), said(texts.end)]
    return Letter(
        id=uuid5(errand.id, str(errand.now.date())) if errand.sent else errand.id,
        to=errand.address,
        subject=texts.subject.format(**filled),
        text="\n\n".join(parts) + "\n",
        language=language,
    )


def told(errand: Errand) -> Outcome:
    """Where the word stands once a mail server has taken the letter."""
    by = Carrier.MAILBOX
    again = until_asked(by, made_at=errand.made_at, due=errand.due, now=errand.now)
    return Outcome(State.SENT, again=again)


def _listed(values: Mapping[str, Any], texts: _Texts) -> list[str]:
    return [
        f"{name}: {texts.removed if value is None else value}" for name, value in values.items()
    ]
