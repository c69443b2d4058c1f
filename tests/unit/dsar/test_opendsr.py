"""OpenDSR 2.0 by itself: our key, our words, and where a sender may be called back."""

import base64
import copy
import pickle
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from consent.programme.handling import Agent
from dsar.errors import NotARequest, UnknownAgent
from dsar.opendsr.signing import Seal, bodiless, our_seal, verify
from dsar.opendsr.statuses import OF, Status
from dsar.opendsr.wire import Submitted, callbacks_of, check_time, count, reference_of
from dsar.states import TABLES, Right, State, Step
from profiles.errors import CannotOpen

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
AGENT = Agent(name="A", contact="a@agent.example", domain="agent.example")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("keys")
    our_seal(made, "club.example", now=NOW)
    return made


@pytest.fixture
def seal(folder: Path) -> Seal:
    return our_seal(folder, "club.example", now=NOW)


def test_what_we_sign_is_checked_with_the_certificate_alone(seal: Seal) -> None:
    headers = seal.headers(b"body")
    found = x509.load_pem_x509_certificate(seal.certificate)
    key = found.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signed = base64.b64decode(headers["X-OpenDSR-Signature"])
    key.verify(signed, b"body", padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(signed, b"bodY", padding.PKCS1v15(), hashes.SHA256())
    assert headers["X-OpenDSR-Processor-Domain"] == "club.example"
    assert found.not_valid_before_utc < NOW < found.not_valid_after_utc


def test_the_key_is_made_once_also_by_two_at_the_same_time(tmp_path: Path) -> None:
    made: list[bytes] = []

    def begin() -> None:
        made.append(our_seal(tmp_path, "club.example", now=NOW).certificate)

    threads = [threading.Thread(target=begin) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(made)) == 1
    assert our_seal(tmp_path, "club.example", now=NOW).certificate == made[0]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["opendsr.key", "opendsr.pem"]
    assert (tmp_path / "opendsr.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("which", ["another", "garbage", "no rsa", "garbage key"])
def test_files_that_do_not_belong_together_are_refused_and_left(
    folder: Path, tmp_path: Path, which: str
) -> None:
    for name in ("opendsr.key", "opendsr.pem"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    if which == "another":
        other = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        (tmp_path / "opendsr.key").write_bytes(_pem(other))
    elif which == "no rsa":
        (tmp_path / "opendsr.key").write_bytes(_pem(ec.generate_private_key(ec.SECP256R1())))
    else:
        name = "opendsr.pem" if which == "garbage" else "opendsr.key"
        (tmp_path / name).write_bytes(b"nothing")
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    with pytest.raises(CannotOpen):
        our_seal(tmp_path, "club.example", now=NOW)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_our_key_is_neither_copied_nor_shown(seal: Seal) -> None:
    for spread in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            spread(seal)
    assert repr(seal) == "Seal(***, domain='club.example')"


def test_a_signature_is_of_these_bytes_by_that_key_and_while_the_certificate_holds(
    seal: Seal, tmp_path: Path
) -> None:
    (tmp_path / "us.pem").write_bytes(seal.certificate)
    signature = seal.headers(b"body")["X-OpenDSR-Signature"]
    verify(tmp_path, "us", b"body", signature, now=NOW)
    for said, by, at in (
        (b"other", "us", NOW),
        (b"body", "nobody", NOW),
        (b"body", "us", NOW + timedelta(days=4_000)),
        (b"body", "us", NOW - timedelta(days=2)),
    ):
        with pytest.raises(UnknownAgent):
            verify(tmp_path, by, said, signature, now=at)


def test_what_is_signed_without_a_body_differs_for_each_method_address_and_time() -> None:
    parts = [("GET", "DELETE"), ("/a", "/b", "/a\n"), ("1", "2")]
    said = {bodiless(x, y, z) for x in parts[0] for y in parts[1] for z in parts[2]}
    assert len(said) == 12


def test_every_state_has_a_status_and_an_end_is_an_end() -> None:
    assert set(OF) == set(State)
    assert {one for one in State if OF[one].is_last} == {one for one in State if not one.is_open}


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY, Right.ERASURE])
def test_no_step_leads_back_but_the_question_who_they_are(right: Right) -> None:
    order = list(Status)
    for (state, step), to in TABLES[right].items():
        if step is not Step.ASK_IDENTITY:
            assert order.index(OF[state]) <= order.index(OF[to]), (state, step)


def test_results_are_counted_where_there_can_be_any() -> None:
    assert count(Right.ACCESS, Status.COMPLETED) == 1
    assert count(Right.PORTABILITY, Status.CANCELLED) == 0
    for right, status in ((Right.ACCESS, Status.PENDING), (Right.ERASURE, Status.COMPLETED)):
        assert not isinstance(count(right, status), int)


@given(st.text(alphabet="abc.:/@#?%[]\\ \n-1", max_size=40), st.sampled_from(["https", "http"]))
def test_a_callback_never_leaves_the_senders_domain(rest: str, scheme: str) -> None:
    url = f"{scheme}://{rest}agent.example{rest}"
    said = Submitted("gdpr", "x", "access", NOW, status_callback_urls=[url])
    try:
        callbacks_of(said, AGENT)
    except NotARequest:
        return
    parts = urlsplit(url)
    assert parts.scheme == "https"
    assert parts.hostname is not None
    assert parts.hostname == "agent.example" or parts.hostname.endswith(".agent.example")
    assert parts.username is None
    assert url.isprintable()


def test_a_callback_stays_on_this_machine_where_the_agent_is_on_it() -> None:
    here = AGENT.model_copy(update={"domain": "127.0.0.1"})
    for url in ("http://127.0.0.1:8000/x", "https://127.0.0.1/"):
        said = Submitted("gdpr", "x", "access", NOW, status_callback_urls=[url])
        assert callbacks_of(said, here) == (url,)
        with pytest.raises(NotARequest):
            callbacks_of(said, AGENT)


@given(st.timedeltas(min_value=timedelta(days=-60), max_value=timedelta(days=2)))
def test_a_member_spoke_within_thirty_days(since: timedelta) -> None:
    said = Submitted("gdpr", "x", "access", NOW + since)
    fits = timedelta(days=-30) <= since <= timedelta(minutes=5)
    if fits:
        check_time(said, NOW)
    else:
        with pytest.raises(NotARequest):
            check_time(said, NOW)


@given(st.uuids(version=4))
def test_an_id_is_a_uuid_of_version_four_in_small_letters(id: object) -> None:
    assert reference_of(str(id)) == str(id)
    for other in (str(id).upper() + "A", str(id)[:-1], f"{id}\n", f"{{{id}}}"):
        with pytest.raises(NotARequest):
            reference_of(other)
