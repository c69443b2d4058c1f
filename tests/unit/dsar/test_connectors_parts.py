"""The parts that connectors are made of: addresses, secrets, signatures, waits, letters."""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.programme.handling import Carrier
from dsar.connectors import addresses, mailbox, schedule, taking
from dsar.connectors.addresses import is_public
from dsar.connectors.errands import Errand, Home
from dsar.connectors.shared_secrets import ID, SIGNATURE, TIMESTAMP, secret
from dsar.connectors.trouble import Trouble
from dsar.errors import NotTold
from dsar.outgoing import id_of
from dsar.telling import Word

NOW = datetime(2026, 9, 19, 10, 0, tzinfo=UTC)
DOCS = Path(__file__).parents[3] / "docs" / "howto" / "processor.md"

#: Networks that nobody outside reaches, or that lead back in (IANA's special-purpose registries).
PRIVATE = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32", "::/128", "::1/128", "fc00::/7",
    "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "100::/64",
]  # fmt: skip


@st.composite
def _within(draw: st.DrawFn) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    network = ipaddress.ip_network(draw(st.sampled_from(PRIVATE)))
    return network[draw(st.integers(0, network.num_addresses - 1))]


@given(_within())
def test_no_address_of_a_private_network_is_public(ip: addresses.IP) -> None:
    assert not is_public(ip)


@given(_within().filter(lambda ip: ip.version == 4))
def test_nor_is_one_that_has_such_an_address_within(ip: ipaddress.IPv4Address) -> None:
    number = int(ip)
    for disguised in (
        ipaddress.IPv6Address(0xFFFF << 32 | number),  # mapped
        ipaddress.IPv6Address(0x64FF9B << 96 | number),  # NAT64
        ipaddress.IPv6Address(0x2002 << 112 | number << 80),  # 6to4
    ):
        assert not is_public(disguised)


@pytest.mark.parametrize("ip", ["1.1.1.1", "9.9.9.9", "2606:4700::1111", "64:ff9b::101:101"])
def test_others_are(ip: str) -> None:
    assert is_public(ipaddress.ip_address(ip))


@pytest.mark.parametrize(
    ("address", "trouble"),
    [
        ("https://10.1.2.3/x", Trouble.PRIVATE_ADDRESS),
        ("https://169.254.169.254/latest", Trouble.PRIVATE_ADDRESS),
        ("https://[::1]/x", Trouble.PRIVATE_ADDRESS),
        ("https://[::ffff:127.0.0.1]/x", Trouble.PRIVATE_ADDRESS),
        ("https://2130706433/x", Trouble.PRIVATE_ADDRESS),  # 127.0.0.1 as one number
        ("https://0x7f000001/x", Trouble.PRIVATE_ADDRESS),
        ("https://127.1/x", Trouble.PRIVATE_ADDRESS),
        ("http://brevduvan.example/x", Trouble.BAD_ADDRESS),
        ("http://127.0.0.1:80@brevduvan.example/x", Trouble.BAD_ADDRESS),
        ("http://localhost:x@brevduvan.example/x", Trouble.BAD_ADDRESS),
        ("https://user:word@brevduvan.example/x", Trouble.BAD_ADDRESS),
        ("https://brevduvan.example:99999/x", Trouble.BAD_ADDRESS),
        ("https://brevduvan.example/x#y", Trouble.BAD_ADDRESS),
        ("ftp://brevduvan.example/x", Trouble.BAD_ADDRESS),
        ("https:///x", Trouble.BAD_ADDRESS),
        ("nothing", Trouble.BAD_ADDRESS),
        ("https://no-such-host.invalid/x", Trouble.UNRESOLVED),
    ],
)
async def test_an_address_that_leads_astray_is_not_gone_to(address: str, trouble: Trouble) -> None:
    with pytest.raises(NotTold) as refused:
        await addresses.find(address)
    assert refused.value.trouble is trouble


async def test_a_name_that_leads_inside_as_well_is_refused_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One public answer in front does not help; and what was looked up is what is gone to."""

    answers = [["93.184.215.14", "10.0.0.7"], ["93.184.215.14"]]

    async def looked_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (ip, 443)) for ip in answers.pop(0)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", looked_up)
    with pytest.raises(NotTold) as refused:
        await addresses.find("https://brevduvan.example/x")
    assert refused.value.trouble is Trouble.PRIVATE_ADDRESS
    place = await addresses.find("https://brevduvan.example/x?y=1")
    assert [place.url(ip) for ip in place.ips] == ["https://93.184.215.14:443/x?y=1"]
    assert (place.name, place.host) == ("brevduvan.example", "brevduvan.example")


def _shared(folder: Path, *secrets: bytes) -> None:
    lines = ["whsec_" + base64.b64encode(one).decode() for one in secrets]
    (folder / "letters.secret").write_text("\n".join(lines))


def test_what_is_signed_verifies_as_the_standard_says_and_only_then(tmp_path: Path) -> None:
    old, new = b"o" * 24, b"n" * 64
    _shared(tmp_path, old, new)
    ours, body = secret(tmp_path, "letters"), '{"å": 1}'.encode()
    headers = ours.signed("msg_1", body, at=NOW)
    stamp = headers[TIMESTAMP]
    for one, said in zip((old, new), headers[SIGNATURE].split(" "), strict=True):
        mac = hmac.digest(one, f"msg_1.{stamp}.".encode() + body, hashlib.sha256)
        assert said == "v1," + base64.b64encode(mac).decode()
    assert ours.has_signed(headers, body, now=NOW)
    for seconds, holds in ((300, True), (301, False), (-300, True), (-301, False)):
        assert ours.has_signed(headers, body, now=NOW + timedelta(seconds=seconds)) is holds
    assert not ours.has_signed(headers, body + b" ", now=NOW)
    for name, wrong in ((ID, "msg_2"), (TIMESTAMP, str(int(stamp) + 1)), (SIGNATURE, "v1,AAAA")):
        assert not ours.has_signed({**headers, name: wrong}, body, now=NOW)
        assert not ours.has_signed({k: v for k, v in headers.items() if k != name}, body, now=NOW)
    _shared(tmp_path, new)
    assert secret(tmp_path, "letters").has_signed(headers, body, now=NOW), "the old one is gone"
    assert "n" * 8 not in repr(ours)


@pytest.mark.parametrize("length", [0, 23, 65])
def test_a_secret_of_another_length_than_the_standards_is_none(tmp_path: Path, length: int) -> None:
    _shared(tmp_path, b"s" * length)
    with pytest.raises(NotTold):
        secret(tmp_path, "letters")


@given(st.integers(1, 400), st.integers(0, 10**9))
def test_waits_grow_are_scattered_and_end_at_a_day(attempts: int, wish: int) -> None:
    wait = schedule.after_failure(attempts, wish=timedelta(seconds=wish))
    planned = min(60.0 * 3 ** min(attempts - 1, 20), 86_400.0)
    wished = min(wish, 86_400)
    assert max(planned * 0.8, wished) <= wait.total_seconds() <= max(planned * 1.2, wished)


@given(st.dates(date(2026, 1, 1), date(2027, 1, 1)))
def test_nobody_is_reminded_before_their_day_is_over(due: date) -> None:
    for by in (Carrier.WEBHOOK, Carrier.MAILBOX):
        wait = schedule.until_asked(by, made_at=NOW, due=due, now=NOW)
        assert (NOW + wait).date() > due
        assert wait >= timedelta(days=1)


VALUES = ["åsa.öberg@post.example", "+46701234567", "FK-1001"]


@given(st.sampled_from(VALUES), st.integers(0, 7), st.text(max_size=20))
def test_a_document_that_names_somebody_is_found_out(value: str, way: int, around: str) -> None:
    disguises = [
        value,
        value.upper(),
        hashlib.sha256(value.encode()).hexdigest(),
        hashlib.md5(value.encode(), usedforsecurity=False).hexdigest().upper(),
        hashlib.sha1(value.encode(), usedforsecurity=False).hexdigest(),
        base64.b64encode(value.encode()).decode(),
        value.swapcase(),
        value.lstrip("+"),
    ]
    document = json.dumps({"results_url": around + disguises[way] + around}).encode()
    assert taking.names(document, VALUES)
    assert not taking.names(b'{"request_status": "completed"}', VALUES)


REPEATED = json.dumps({"subject_identities": [{"identity_value": VALUES[0]}]}).encode()


@pytest.mark.parametrize(
    "said",
    [
        base64.b64encode(REPEATED).decode(),
        base64.urlsafe_b64encode(b"?" + REPEATED).decode().rstrip("="),
        base64.b64encode(base64.b64encode(json.dumps(VALUES).encode())).decode(),
        "erased 070-123 45 67",
        "erased 0701234567",
        "erased 0046 (0)70 123 45 67",
        base64.b64encode(b"erased 070-123 45 67").decode(),
    ],
)
def test_nor_does_it_hide_in_base64_or_in_another_way_of_writing_a_number(said: str) -> None:
    assert taking.names(json.dumps({"encoded_request": said}).encode(), VALUES)
    other = base64.b64encode(b"erased 070-999 99 99").decode()
    assert not taking.names(json.dumps({"encoded_request": other}).encode(), VALUES)


@given(st.uuids(), st.text(max_size=10), st.text(max_size=10))
def test_a_words_id_is_its_own_and_looks_like_a_version_4(
    request_id: UUID, recipient: str, what: str
) -> None:
    made = id_of(request_id, recipient, what)
    assert made == id_of(request_id, recipient, what)
    assert made.version == 4
    assert made != id_of(request_id, recipient + "x", what)


ERRAND = Errand(
    id=UUID(int=7),
    recipient="letters",
    name="Brevduvan {Utskick} AB",
    country="SE",
    by=Carrier.MAILBOX,
    address="privacy@brevduvan.example",
    word=Word("r", "erasure", {"email": "{due}@post.example"}, {"name": None, "tier": "{x}"}),
    types={},
    sent=False,
    attempts=1,
    made_at=NOW,
    received=NOW,
    due=date(2026, 10, 3),
    now=NOW,
    controller="Fjällklubben",
    home=Home(Path("keys"), "https://choices.example"),
)


def _word(what: str) -> Word:
    return Word("r", what, ERRAND.word.identities, ERRAND.word.values)


@pytest.mark.parametrize("country", ["SE", "NO", "DK", "FI", "DE"])
@pytest.mark.parametrize("what", ["erasure", "rectification", "restriction", "release"])
def test_a_letter_is_whole_in_every_language_and_fills_in_no_value(country: str, what: str) -> None:
    errand = replace(ERRAND, country=country, word=_word(what))
    letter = mailbox.letter(errand, "https://choices.example/v1/answer/abc")
    assert "{due}@post.example" in letter.text
    assert "2026-10-03" in letter.text
    assert "https://choices.example/v1/answer/abc" in letter.text
    assert "Brevduvan {Utskick} AB" in letter.subject + letter.text
    assert "{controller}" not in letter.text
    assert letter.id == errand.id
    assert ERRAND.word.identities["email"] not in letter.subject + repr(letter)
    reminder = mailbox.letter(replace(errand, sent=True), "https://choices.example/v1/answer/abc")
    assert reminder.id != letter.id
    assert len(reminder.text) > len(letter.text)


def test_every_word_for_what_can_be_wrong_is_written_about() -> None:
    page = DOCS.read_text("utf-8")
    for trouble in Trouble:
        assert f"| `{trouble.value}` | {trouble.meaning} |" in page
