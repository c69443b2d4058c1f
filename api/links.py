"""Sealed links: what needs no sign-in, because holding the link is the right to it.

Sealed with AES-256-GCM under a key derived from the token key's file. Whoever reads one sees
noise of one length; whoever alters one has nothing.
"""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.bootstrap import Tillit
from api.http.errors import UnknownLink
from kernel.clock import Clock
from profiles.errors import CannotOpen
from profiles.keys import SealingKey, fill, place, strip
from profiles.labels import LINKS
from profiles.secret_files import secret_file

#: How long a request to confirm a consent can be answered.
ANSWERED_WITHIN = timedelta(days=7)
#: How long a recipient's clerk can answer the letter they were sent; longer than they have to.
CLERKS_HAVE = timedelta(days=120)
#: More than any link holds, so that all are of one length: it tells nothing either.
_FILLED = 128
_LONGEST = 1_024  # characters of a token
_encode = msgspec.msgpack.Encoder(uuid_format="bytes").encode


class Kind(StrEnum):
    """What a link does. One of one kind never opens as another."""

    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    IDENTITY = "identity"
    ANSWER = "answer"
    CERTIFICATE = "certificate"


class Link(msgspec.Struct, frozen=True, array_like=True):
    """Whom a link is about, and what. `id`: its own or, to confirm, the ledger row asked about.
    To show who one is: the request, and no purpose. To answer: the request in the member's place,
    the recipient in the purpose's, and the word that was sent to it. To fetch a certificate: the
    request, in the member's place too.

    `channel`: the one to be turned off; without it, the purpose. `expires`: seconds of Unix.
    """

    member: UUID
    purpose: str
    id: UUID
    channel: str | None = None
    expires: int | None = None

    def __repr__(self) -> str:
        return "Link(***)"


@dataclass(frozen=True)
class Links:
    """Seals and opens the links of one programme; `public_url`: where members reach the doors."""

    _key: SealingKey
    _clock: Clock
    public_url: str

    def confirming(self, member: UUID, purpose: str, row: UUID) -> str:
        """The address at which a member confirms a consent that was requested; for 7 days."""
        expires = int((self._clock.now() + ANSWERED_WITHIN).timestamp())
        return self._address(Kind.CONFIRM, Link(member, purpose, row, expires=expires))

    def unsubscribing(self, member: UUID, purpose: str, channel: str | None) -> str:
        """The address at which a member says no, to a purpose or a channel of it; for good."""
        return self._address(Kind.UNSUBSCRIBE, Link(member, purpose, uuid4(), channel))

    def identifying(self, member: UUID, request: UUID, *, until: datetime) -> str:
        """The address at which somebody shows that a request is theirs, for as long as is asked."""
        link = Link(member, "", request, expires=int(until.timestamp()))
        return self._address(Kind.IDENTITY, link)

    def answering(self, request: UUID, recipient: str, outgoing: UUID) -> str:
        """The address at which a recipient's clerk says that what a letter asks for is done."""
        expires = int((self._clock.now() + CLERKS_HAVE).timestamp())
        return self._address(Kind.ANSWER, Link(request, recipient, outgoing, expires=expires))

    def certifying(self, request: UUID) -> str:
        """The address at which the certificates of an erasure are fetched; for good.

        It names the request and nobody: whoever was erased must not lie in it, sealed or not.
        """
        token = self.seal(Kind.CERTIFICATE, Link(request, "", request))
        return f"{self.public_url}/certificate/{token}"

    def seal(self, kind: Kind, link: Link) -> str:
        """The link's token, safe in an address."""
        filled = fill(_encode(link), _FILLED)
        sealed = self._key.seal(filled, at=_place(kind))
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, kind: Kind, token: str) -> Link:
        """What a token says. Raises `UnknownLink`, the same for whatever is wrong with it."""
        link = self._opened(kind, token)
        if link is None or self._past(link.expires):
            raise unknown_link()
        return link

    def _opened(self, kind: Kind, token: str) -> Link | None:
        if len(token) > _LONGEST or not token.isascii():
            return None
        try:
            sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            # One spelling only: base64 has bits to spare, and Python skips what is none of it.
            if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode() != token:
                return None
            plain = strip(self._key.open(sealed, at=_place(kind)))
        except (ValueError, CannotOpen):
            return None
        return msgspec.msgpack.decode(plain, type=Link)

    def _past(self, expires: int | None) -> bool:
        now: datetime = self._clock.now()
        return expires is not None and now.timestamp() >= expires

    def _address(self, kind: Kind, link: Link) -> str:
        return f"{self.public_url}/v1/{kind}/{self.seal(kind, link)}"


def links_of(tillit: Tillit) -> Links:
    """The links of this process's programme. Another token key opens none of them."""
    seed = secret_file(tillit.settings.token_key)
    secret = HKDF(SHA256(), 32, salt=None, info=LINKS).derive(seed)
    return Links(SealingKey(secret), tillit.clock, tillit.settings.public_url)


def unknown_link() -> UnknownLink:
    """The one answer to a link that does nothing: why, it does not tell."""
    return UnknownLink(
        "this link does not hold, or not any more",
        place="token",
        remedy="take it whole from the newest letter, or ask for a new one",
    )


def _place(kind: Kind) -> bytes:
    return place("link", kind.value, "token")
