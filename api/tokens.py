"""Bearer tokens: who calls, signed by us, for as long as they hold.

JWT access tokens in the shape of RFC 9068, signed with Ed25519 (RFC 9864) under the seed in the
token key's file. A member's token names the member's id and never their pseudonym in the record:
with both in one place, whoever kept a token could follow the record after an erasure.
"""

import base64
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from api.bootstrap import SYSTEM, Tillit
from api.http.errors import Unauthenticated
from audit.acts import Act
from audit.entries import ActorType, Fact, Kind, rfc3339
from consent.programme.suggestion import did_you_mean, shown
from kernel.clock import Clock
from kernel.errors import Invalid
from profiles import members
from profiles.secret_files import secret_file

AUDIENCE = "tillit"
LIFETIME = timedelta(hours=12)
LONGEST = timedelta(days=366)
KEPT = 4_096  # verified tokens, the oldest dropped first

_ALGORITHM = "Ed25519"
_TYPE = "at+jwt"
_KIND = "tillit_caller"
#: What a member's sign-in with a second proof is called (RFC 9068, 2.2.1: `acr`, `auth_time`).
STEP_UP = "urn:tillit:acr:step-up"
#: For how long such a sign-in counts as a proof of identity.
RECENT = timedelta(minutes=10)
_MOST = 4_096  # characters of a token
_AHEAD = 60  # seconds by which another machine's clock may be before ours
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")


@dataclass(frozen=True)
class Caller:
    """Who calls: a service by name, an officer by id and role, or a member by id.

    An officer's id stands in the record for ever: give one that names nobody to outsiders.
    `stepped_up`: when a member signed in with a second proof, in seconds of Unix.
    """

    type: ActorType
    name: str
    role: str | None = None
    stepped_up: int | None = None

    def __post_init__(self) -> None:
        if _ID.fullmatch(self.name) is None:
            raise Invalid(
                "a caller's id is letters, digits and ._:/- only",
                place=self.type.value,
                remedy="give an id such as officer-7, never an address",
            )

    @classmethod
    def service(cls, name: str) -> "Caller":
        return cls(ActorType.SERVICE, name)

    @classmethod
    def officer(cls, name: str, *, role: str) -> "Caller":
        return cls(ActorType.OFFICER, name, role)

    @classmethod
    def member(cls, member: UUID, *, stepped_up: datetime | None = None) -> "Caller":
        at = None if stepped_up is None else int(stepped_up.timestamp())
        return cls(ActorType.MEMBER, str(member), stepped_up=at)

    def proved_lately(self, now: datetime) -> bool:
        """Whether a second proof was given so lately that it counts as one of identity."""
        if self.stepped_up is None:
            return False
        return -_AHEAD <= now.timestamp() - self.stepped_up <= RECENT.total_seconds()

    @property
    def member_id(self) -> UUID:
        """The id of the member who calls."""
        return UUID(self.name)


@dataclass(frozen=True)
class Minted:
    """A token, to be handed to its bearer and kept nowhere."""

    token: str
    expires: datetime

    def __repr__(self) -> str:
        return f"Minted(***, expires={self.expires})"


class Tokens:
    """Signs and verifies the tokens of one programme; holds the one key that does.

    Verified tokens are kept, by their digest and never beyond their end: a signature costs
    more to check than most questions cost to answer.
    """

    def __init__(self, seed: bytes, *, issuer: str, clock: Clock) -> None:
        self._key = _key(seed)
        self._issuer = issuer
        self._clock = clock
        self._verified: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    def __repr__(self) -> str:
        return f"Tokens(issuer={self._issuer!r})"

    def sign(self, caller: Caller, *, expires: datetime, id: str) -> str:
        """The token of `caller`, good until `expires` (whole seconds count)."""
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": caller.name,
            "client_id": caller.name if caller.type is ActorType.SERVICE else AUDIENCE,
            "iat": int(self._clock.now().timestamp()),
            "exp": int(expires.timestamp()),
            "jti": id,
            _KIND: caller.type.value,
        }
        if caller.role is not None:
            claims["roles"] = [caller.role]
        if caller.stepped_up is not None:
            claims |= {"acr": STEP_UP, "auth_time": caller.stepped_up}
        header = {"alg": _ALGORITHM, "typ": _TYPE}
        return jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM])

    def verify(self, token: str) -> Caller:
        """Who holds this token. Raises `Unauthenticated`, which never repeats any of it."""
        if len(token) > _MOST:
            raise _bad("longer than a token is")
        now = self._clock.now().timestamp()
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(digest)
        if known is None:
            known = self._verified[digest] = self._checked(token, now)
            if len(self._verified) > KEPT:
                self._verified.popitem(last=False)
        caller, expires = known
        if expires <= now:
            self._verified.pop(digest, None)
            raise _bad("it has run out", remedy="have a new one made")
        return caller

    def _checked(self, token: str, now: float) -> tuple[Caller, float]:
        try:
            decoded = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
        except (JoseError, ValueError, RecursionError) as error:
            raise _bad("it was not signed here, or was changed since") from error
        claims = decoded.claims
        if decoded.header.get("typ") != _TYPE:
            raise _bad("it is no access token")
        if claims.get("iss") != self._issuer or claims.get("aud") != AUDIENCE:
            raise _bad("it is for another programme")
        expires, issued = claims.get("exp"), claims.get("iat")
        if not isinstance(expires, int) or not isinstance(issued, int) or issued > now + _AHEAD:
            raise _bad("its times make no sense")
        return _caller(claims), float(expires)


async def mint(
    tillit: Tillit, caller: Caller, *, act: Act = SYSTEM, lifetime: timedelta = LIFETIME
) -> Minted:
    """A token for `caller`, put on record as `token.minted` before it is handed out.

    Raises `UnknownService`, `UnknownMember` or `Invalid` for a caller the programme does not
    know, and `Invalid` for a lifetime that is none, or longer than a year.
    """
    if not timedelta(seconds=1) <= lifetime <= LONGEST:
        raise Invalid(
            "a token holds from a second to a year", place="lifetime", remedy="such as 12 hours"
        )
    tokens = await tokens_of(tillit)
    expires = (tillit.clock.now() + lifetime).replace(microsecond=0)
    id = str(uuid4())
    facts: dict[str, Fact] = {"caller": caller.type.value, "jti": id, "expires": rfc3339(expires)}
    subject = None
    async with tillit.unit() as work:
        if caller.type is ActorType.MEMBER:
            subject = (await members.one(work.unit, caller.member_id)).key.subject()
        elif caller.type is ActorType.OFFICER:
            facts |= {"officer": caller.name, "role": caller.role}
            roles = work.active.programme.officers
            if caller.role not in roles:
                raise Invalid(
                    f"there is no officers' role {shown(caller.role or '')}",
                    place="role",
                    remedy=did_you_mean(caller.role or "", roles),
                )
        else:
            facts["service"] = work.active.programme.service(caller.name).name
        await work.unit.record.write(
            work.session, act.entry(Kind.TOKEN_MINTED, subject=subject, facts=facts)
        )
    return Minted(tokens.sign(caller, expires=expires, id=id), expires)


async def tokens_of(tillit: Tillit) -> Tokens:
    """The tokens of this process's programme. Raises `NoProgramme` before there is one.

    Their issuer is the record's name, which the first programme version fixed for good.
    """
    async with tillit.database.transaction() as session:
        first = await tillit.programmes.version(session, 1)
    seed = secret_file(tillit.settings.token_key)
    return Tokens(seed, issuer=first.programme.origin, clock=tillit.clock)


def _caller(claims: dict[str, Any]) -> Caller:
    name, roles = claims.get("sub"), claims.get("roles")
    role = roles[0] if isinstance(roles, list) and len(roles) == 1 else None
    try:
        kind = ActorType(claims.get(_KIND, ""))
        if kind is ActorType.MEMBER:
            UUID(name)
        if kind in (ActorType.SYSTEM, ActorType.AGENT) or not isinstance(name, str):
            raise _bad("it names nobody")
        at = claims.get("auth_time") if claims.get("acr") == STEP_UP else None
        stepped_up = at if isinstance(at, int) and kind is ActorType.MEMBER else None
        return Caller(kind, name, role if isinstance(role, str) else None, stepped_up)
    except (ValueError, AttributeError, TypeError, Invalid) as error:
        raise _bad("it names nobody") from error


def _key(seed: bytes) -> OKPKey:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return OKPKey.import_key(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "d": _base64url(seed),
            "x": _base64url(public.public_bytes(Encoding.Raw, PublicFormat.Raw)),
        }
    )


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bad(why: str, *, remedy: str = "") -> Unauthenticated:
    return Unauthenticated(f"this token does not hold: {why}", place="Authorization", remedy=remedy)
