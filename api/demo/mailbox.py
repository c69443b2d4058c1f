"""The demonstration's mailbox: nobody gets its mail, so what matters in it is shown on the console.

Never used where members are real: a link in a log signs its reader in.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from api.mail import Mail, Outcome

_MATTERS = re.compile(r"https?://\S+|\b\d{8}\b")


@dataclass
class Mailbox:
    """Takes every message; `tell` is told whom it is to, what it is about, and each link or code.

    `shut` keeps it quiet, for messages whose links are shown elsewhere.
    """

    tell: Callable[[str], None]
    shut: bool = False
    newest: Mail | None = field(default=None, repr=False)

    async def send(self, mail: Mail) -> Outcome:
        self.newest = mail
        if not self.shut:
            lines = [f"Mail to {mail.to}: {mail.subject}", *found_in(mail)]
            self.tell("\n  ".join(lines))
        return Outcome.ACCEPTED


def found_in(mail: Mail) -> list[str]:
    """The links and codes in a message."""
    return _MATTERS.findall(mail.text)
