"""Standard Webhooks: the secret shared with a recipient, and what is signed with it.

A file holds one secret a line, so that one can follow another: what is sent is signed with each,
what comes may be signed with any.
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
#: How far a message's time may lie from ours.
TOLERANCE = timedelta(minutes=5)
_PREFIX = "whsec_"
_BYTES = range(24, 65)
_MOST = 10  # signatures looked at in one header
_LONGEST = 256  # characters of a message's id


@dataclass(frozen=True)
class Secret:
    """What signs and verifies between us and one recipient; never shown."""

    _hooks: tuple[Webhook, ...] = field(repr=False)

    def signed(self, id: str, body: bytes, *, at: datetime) -> dict[str, str]:
        """The three headers of a message."""
        text = body.decode()
        made = [
            hook.sign(msg_id=id, timestamp=at.astimezone(UTC), data=text) for hook in self._hooks
        ]
        return {ID: id, TIMESTAMP: str(int(at.timestamp())), SIGNATURE: " ".join(made)}

    def has_signed(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
        """Whether a message that came is signed, and has been a moment ago."""
        id, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
        if not id or len(id) > _LONGEST or not (stamp.isascii() and stamp.isdecimal()):
            return False
        # As text: a number too large for a time is no time that lies near ours.
        if len(stamp) > 12 or abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
            return False
        try:
            made = self.signed(id, body, at=datetime.fromtimestamp(int(stamp), UTC))[SIGNATURE]
        except UnicodeDecodeError:
            return False
        given = headers.get(SIGNATURE, "").split(" ")[:_MOST]
        return any(_same(one, ours) for one in given for ours in made.split(" "))


def secret(folder: Path, recipient: str) -> Secret:
    """What NAME.secret holds. Raises `NotTold`: `no_secret`."""
    try:
        lines = (folder / f"{recipient}.secret").read_text("ascii").split()
        found = [base64.b64decode(_bare(line), validate=True) for line in lines]
    except (OSError, ValueError) as error:
        raise NotTold(Trouble.NO_SECRET) from error
    if not found or not all(len(one) in _BYTES for one in found):
        raise NotTold(Trouble.NO_SECRET)
    return Secret(tuple(Webhook(one) for one in found))


def _bare(line: str) -> str:
    if not line.startswith(_PREFIX):
        raise ValueError("a secret begins with whsec_")
    bare = line.removeprefix(_PREFIX)
    return bare + "=" * (-len(bare) % 4)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
