"""The ways into the demonstration: a member's link and an officer's, made as everybody's are.

The officer has an authenticator app; its secret is told, and recovery codes for whoever has none.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from api.bootstrap import SYSTEM, Tillit
from api.demo.mailbox import Mailbox, found_in
from api.people import officers, sessions, totp
from api.people.keys import keys_of
from api.people.people import Kind, Somebody
from api.people.ways import Asking, ByLink
from api.work import drain

OFFICER, ADDRESS, ROLE = "demo-officer", "officer@fjallklubben.example", "privacy_officer"
_HERE = "127.0.0.1"


@dataclass(frozen=True)
class WayIn:
    """A link that signs in once, for fifteen minutes; at `address` there are more of them."""

    address: str
    link: str = field(repr=False)


@dataclass(frozen=True)
class Factor:
    """An officer's second factor. `recovery`: codes that are each good once."""

    secret: str = field(repr=False)
    recovery: Sequence[str] = field(repr=False)


async def way_in(
    tillit: Tillit, mailbox: Mailbox, address: str, kind: Kind, *, language: str = "en"
) -> WayIn:
    """Ask for a link as the page does, and read it in the mail."""
    mailbox.shut = True
    async with tillit.unit() as work:
        asking = Asking(kind, language, _HERE, {"address": address})
        await ByLink(keys_of(tillit), SYSTEM).begin(work.unit, asking)
    await drain(tillit)
    mailbox.shut = False
    assert mailbox.newest is not None
    assert mailbox.newest.to == address
    return WayIn(address, found_in(mailbox.newest)[0])


async def hire(tillit: Tillit) -> Factor:
    """An officer's account, with a second factor that was set up as on the page for it."""
    keys = keys_of(tillit)
    async with tillit.unit() as work:
        account = await officers.add(
            work.unit, work.active, keys, SYSTEM, name=OFFICER, address=ADDRESS, role=ROLE
        )
        somebody = Somebody(kind=Kind.OFFICER, account=account)
        token = await sessions.begin(work.unit, work.active, keys, somebody)
        person = await sessions.found(work.unit, work.active, keys, token)
        assert person is not None
        made = await totp.enrol(
            work.unit, keys, person, issuer=work.active.programme.controller.name
        )
        assert made is not None
        app = TOTP(base64.b32decode(made.secret), totp.DIGITS, SHA1(), totp.STEP)  # noqa: S303
        code = app.generate(int(work.unit.now.timestamp())).decode()
        act = person.act(None, work.active.version)
        enrolled = await totp.confirm(work.unit, keys, act, person, code=code)
        assert enrolled.token is not None
        after = await sessions.found(work.unit, work.active, keys, enrolled.token)
        assert after is not None
        await sessions.end(work.unit, act, after, after.short)
    return Factor(made.secret, enrolled.recovery)
