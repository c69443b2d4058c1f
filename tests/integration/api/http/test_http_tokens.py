"""Tokens: made by us, on record, good for what they say and for no longer."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from callers_at_doors import Client, Club
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from api import tokens
from api.bootstrap import SYSTEM, Tillit
from api.http.errors import Unauthenticated
from api.tokens import Caller, Tokens, mint
from audit.proofs import entries_bundle
from audit.verify import split_bundle
from consent.errors import UnknownService
from consent.programme import read_programme
from kernel.clock import StoppedClock
from kernel.errors import Invalid
from profiles.errors import UnknownMember

SEED = b"s" * 32
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TILL = Caller.service("till")


def _tokens(clock: StoppedClock, **other: Any) -> Tokens:
    return Tokens(**{"seed": SEED, "issuer": "club.example/record", "clock": clock} | other)


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return claims


@pytest.mark.parametrize(
    "caller",
    [TILL, Caller.officer("officer-7", role="desk"), Caller.member(uuid4())],
    ids=lambda one: one.type.value,
)
def test_a_token_says_who_holds_it(caller: Caller) -> None:
    made = _tokens(StoppedClock(NOW))
    token = made.sign(caller, expires=NOW + timedelta(hours=1), id="1")
    assert made.verify(token) == caller
    assert made.verify(token) == caller  # remembered
    claims = _claims(token)
    assert {"iss", "aud", "sub", "client_id", "iat", "exp", "jti"} <= set(claims)
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["typ"] == "at+jwt"


def test_a_token_ends_to_the_second_also_when_it_is_remembered() -> None:
    clock = StoppedClock(NOW)
    made = _tokens(clock)
    token = made.sign(TILL, expires=NOW + timedelta(seconds=10), id="1")
    clock.at = NOW + timedelta(seconds=9)
    assert made.verify(token) == TILL
    clock.at = NOW + timedelta(seconds=10)
    with pytest.raises(Unauthenticated):
        made.verify(token)
    with pytest.raises(Unauthenticated):
        _tokens(clock).verify(token)


def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _tokens(StoppedClock(NOW))
    signed = [made.sign(TILL, expires=NOW + timedelta(hours=1), id=str(n)) for n in range(5)]
    monkeypatch.setattr(tokens, "KEPT", 3)
    for token in signed:
        assert made.verify(token) == TILL
    assert len(made._verified) == 3


def _forged(**claims: Any) -> str:
    """A token signed with the right key, and wrong in what it claims."""
    made = _tokens(StoppedClock(NOW))
    good = _claims(made.sign(TILL, expires=NOW + timedelta(hours=1), id="1"))
    kept = {name: value for name, value in (good | claims).items() if value is not None}
    return jwt.encode({"alg": "Ed25519", "typ": "at+jwt"}, kept, tokens._key(SEED), ["Ed25519"])


BAD = {
    "empty": "",
    "three letters": "a.b.c",
    "not ascii": "å.ä.ö",
    "lone surrogate": "\ud800.b.c",
    "very long": "a" * 100_000,
    "deeply nested header": base64.urlsafe_b64encode(b"[" * 2_900).decode() + ".e30.e30",
    "another key": Tokens(b"t" * 32, issuer="club.example/record", clock=StoppedClock(NOW)).sign(
        TILL, expires=NOW + timedelta(hours=1), id="1"
    ),
    "another issuer": _forged(iss="other.example/record"),
    "another audience": _forged(aud="other"),
    "several audiences": _forged(aud=["tillit", "other"]),
    "no end": _forged(exp=None),
    "an end that is no number": _forged(exp="2099"),
    "no beginning": _forged(iat=None),
    "made tomorrow": _forged(iat=int((NOW + timedelta(days=1)).timestamp())),
    "nobody": _forged(sub=None),
    "a number for a name": _forged(sub=7),
    "a member without an id": _forged(tillit_caller="member"),
    "the system itself": _forged(tillit_caller="system", sub="tillit"),
    "a kind there is not": _forged(tillit_caller="owner"),
    "no kind": _forged(tillit_caller=None),
    "another type of token": jwt.encode(
        {"alg": "Ed25519", "typ": "JWT"}, _claims(_forged()), tokens._key(SEED), ["Ed25519"]
    ),
    "an unsigned one": base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode()
    + "."
    + _forged().split(".")[1]
    + ".",
    "the public key as a secret": jwt.encode(
        {"alg": "HS256", "typ": "at+jwt"},
        _claims(_forged()),
        OctKey.import_key(
            base64.urlsafe_b64decode(tokens._key(SEED).as_dict(private=False)["x"] + "==")
        ),
        ["HS256"],
    ),
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
def test_a_token_that_does_not_hold_lets_nobody_in(token: str) -> None:
    made = _tokens(StoppedClock(NOW))
    assert made.verify(_forged()) == TILL
    with pytest.raises(Unauthenticated) as refused:
        made.verify(token)
    assert len(token) < 4 or token[:20] not in str(refused.value)


def test_a_changed_token_lets_nobody_in() -> None:
    made = _tokens(StoppedClock(NOW))
    token = made.sign(TILL, expires=NOW + timedelta(hours=1), id="1")
    header, payload, signature = token.split(".")
    for at in range(0, len(payload), 7):
        other = "A" if payload[at] != "A" else "B"
        changed = f"{header}.{payload[:at]}{other}{payload[at + 1 :]}.{signature}"
        with pytest.raises(Unauthenticated):
            made.verify(changed)


async def test_minting_is_on_record_and_the_record_names_no_member(
    tillit: Tillit, club: Club
) -> None:
    member = await club.joins("1")
    await club.member(member)
    await tillit.integrate()
    async with tillit.database.transaction() as session:
        bundle = await entries_bundle(session, 0, 4)
    minted = [
        body["facts"]
        for body in map(json.loads, split_bundle(bundle, 4))
        if body["kind"] == "token.minted"
    ]
    assert [one["caller"] for one in minted] == ["service", "member"]
    assert minted[0]["service"] == "till"
    assert member.encode() not in bundle


async def test_nobody_unknown_gets_a_token(tillit: Tillit) -> None:
    with pytest.raises(UnknownService, match="did you mean 'till'"):
        await mint(tillit, Caller.service("tills"))
    with pytest.raises(Invalid, match="privacy_officer"):
        await mint(tillit, Caller.officer("officer-7", role="privacy-officer"))
    with pytest.raises(UnknownMember):
        await mint(tillit, Caller.member(uuid4()))
    for lifetime in (timedelta(0), timedelta(days=400)):
        with pytest.raises(Invalid):
            await mint(tillit, TILL, lifetime=lifetime)
    with pytest.raises(Invalid):
        Caller.officer("anna@example.com", role="privacy_officer")


async def test_a_service_that_left_the_programme_is_refused(tillit: Tillit, club: Club) -> None:
    export = await club.service("ledger-export")
    body = {"purpose": "bookkeeping", "members": [str(uuid4())]}
    await export.ok("POST", "/v1/profiles/read", body)
    async with tillit.unit() as work:
        source = work.active.programme.source
    without = source.replace('[services.ledger-export]\nbookkeeping = ["read"]', "")
    assert without != source
    await tillit.apply(SYSTEM, read_programme(without))
    refused = await export("POST", "/v1/profiles/read", body)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:tillit:problem:wrong-caller"


async def test_no_token_and_a_bad_one_are_told_apart(http: httpx.AsyncClient) -> None:
    bare = await Client(http, None)("GET", "/v1/me")
    assert bare.headers["www-authenticate"] == 'Bearer realm="tillit"'
    bad = await Client(http, "a.b.c")("GET", "/v1/me")
    assert bad.headers["www-authenticate"] == 'Bearer realm="tillit", error="invalid_token"'
    basic = await http.get("/v1/me", headers={"Authorization": "Basic YTpi"})
    assert basic.status_code == 401


def test_a_key_is_not_shown() -> None:
    made = _tokens(StoppedClock(NOW))
    assert "s" * 32 not in repr(made)
    assert "club.example/record" in repr(made)
    assert isinstance(tokens._key(SEED), OKPKey)
