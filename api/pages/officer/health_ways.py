"""The ways to recipients as officers see them: how each is told, and whether its key is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.outward import home_of
from api.pages.asked import Asked
from api.pages.officer.words import TROUBLES
from consent.programme.handling import Carrier
from dsar.connectors.desk import Standing
from dsar.connectors.pinned import pinned
from dsar.connectors.shared_secrets import secret
from dsar.errors import NotTold
from dsar.packages.marking import mark

SOON = timedelta(days=30)  # to get a new certificate from a processor, and to pin it
_BY: Mapping[str, str] = {
    Carrier.OPENDSR: mark("OpenDSR"),
    Carrier.WEBHOOK: mark("Webhook"),
    Carrier.MAILBOX: mark("Mailbox, answered by hand"),
}
_NO_WAY = mark("The programme names no way to it any more")


@dataclass(frozen=True)
class Way:
    """One recipient, and the way to it. `trouble`, `key`: what is wrong, or how long it holds, in
    words; `late` and `key_wrong` are wrong by themselves.
    """

    name: str
    by: str
    host: str
    open: int
    late: int
    trouble: str
    answered_at: datetime | None
    key: str
    key_wrong: bool


def way(asked: Asked, one: Standing) -> Way:
    """A recipient's standing, in words."""
    words, say = TROUBLES.get(one.problem or "", one.problem or ""), asked.speaking.say
    key, wrong = _key(asked, one)
    by = _BY.get(one.by or "", _NO_WAY)
    return Way(
        name=one.recipient,
        by=say(by),
        host=one.host or "",
        open=one.open,
        late=one.late,
        trouble=say(words) if words else "",
        answered_at=one.answered_at,
        key=key,
        key_wrong=wrong,
    )


def _key(asked: Asked, one: Standing) -> tuple[str, bool]:
    """How the key stands that its answers are verified by, and whether that is wrong."""
    folder, say = home_of(asked.tillit).keys, asked.speaking.say
    try:
        if one.by == Carrier.OPENDSR:
            until = pinned(folder, one.recipient, now=asked.unit.now).until
            soon = until - asked.unit.now < SOON
            text = mark("Certificate pinned, valid until %(day)s")
            if soon:
                text = mark("Certificate ends soon: %(day)s. Get the new one and pin it")
            return say(text, day=asked.speaking.day(until.date())), soon
        if one.by == Carrier.WEBHOOK:
            secret(folder, one.recipient)
            return say(mark("Shared secret in place")), False
    except NotTold as error:
        words = TROUBLES[error.trouble]
        return say(words), True
    return say(mark("Needs none")), False


def wrong_of(asked: Asked, one: Way) -> list[str]:
    """What is wrong with it, each in a sentence."""
    say, found = asked.speaking.say, []
    if one.key_wrong:
        found.append(say(mark("%(name)s, key: %(what)s."), name=one.name, what=one.key))
    if one.late:
        text = mark("%(name)s has not answered in time, to so many: %(number)s.")
        found.append(say(text, name=one.name, number=asked.speaking.number(one.late)))
    if one.trouble:
        found.append(say(mark("%(name)s: %(what)s."), name=one.name, what=one.trouble))
    return found
