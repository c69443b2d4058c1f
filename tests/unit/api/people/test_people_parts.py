"""The small parts of signing in: devices, tokens, networks, keys."""

import copy
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.people import tokens
from api.people.devices import BROWSERS, SYSTEMS, Device, device
from api.people.keys import PeopleKeys
from api.people.limits import LIMITS, What, network

KEYS = PeopleKeys(b"0123456789abcdef0123456789ABCDEF")
MIGRATION = Path(__file__).parents[4] / "migrations" / "versions" / "0006_people.py"
PARTS = st.lists(st.one_of(st.none(), st.text(max_size=4), st.binary(max_size=4), st.integers()))


@pytest.mark.parametrize(
    ("agent", "seen"),
    [
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Firefox/140.0", "Firefox on Android"),
        (
            "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU like Mac OS X) Version/18.0 Safari/604.1", "Safari on iOS"),
        ("Mozilla/5.0 (iPhone) CriOS/140.0 Safari/604.1", "Chrome on iOS"),
        ("Mozilla/5.0 (Macintosh) Chrome/140.0 Safari/537.36", "Chrome on macOS"),
        ("Mozilla/5.0 (Linux; Android 15) SamsungBrowser/28 Chrome/130", "Samsung Internet on"),
        ("Mozilla/5.0 (X11; CrOS x86_64) Chrome/140.0 Safari/537.36", "Chrome on ChromeOS"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140 Safari/537 OPR/120", "Opera on Linux"),
        ("curl/8", "other on other"),
        ("", "other on other"),
    ],
)
def test_a_browser_is_known_by_two_words(agent: str, seen: str) -> None:
    assert str(device(agent)).startswith(seen)


@given(st.text())
def test_of_any_user_agent_only_words_of_the_lists_are_kept(agent: str) -> None:
    found = device(agent)
    assert found.browser in BROWSERS
    assert found.system in SYSTEMS


def test_the_database_has_the_same_lists() -> None:
    text = MIGRATION.read_text("utf-8")
    for name, words in (("_BROWSERS", BROWSERS), ("_SYSTEMS", SYSTEMS)):
        [line] = re.findall(rf'^{name} = "(.*)"$', text, re.M)
        assert sorted(re.findall("'([^']+)'", line)) == sorted(words)
    assert str(Device()) == "other on other"


@given(st.text(max_size=60))
def test_only_a_token_as_it_is_spelt_has_a_digest(text: str) -> None:
    token = tokens.new()
    assert len(tokens.digest(token) or b"") == 32
    assert (tokens.digest(text) is not None) == (
        re.fullmatch(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", text) is not None
    )


@given(PARTS, PARTS)
def test_no_two_rows_of_parts_have_one_mark(one: list[object], other: list[object]) -> None:
    def told(parts: list[object]) -> list[object]:
        return [str(part).encode() if isinstance(part, int | str) else part for part in parts]

    same = KEYS.mark("x", *one) == KEYS.mark("x", *other)  # type: ignore[arg-type]
    assert same == (told(one) == told(other))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.250", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("192.0.2.1", "::ffff:192.0.2.77", True),
        ("2001:db8:1:100::1", "2001:db8:1:1ff::9", True),
        ("2001:db8:1:100::1", "2001:db8:1:200::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("testclient", "", True),
        ("192.0.2.1", "", False),
    ],
)
def test_a_network_is_as_much_of_an_address_as_one_customer_has(
    one: str, other: str, same: bool
) -> None:
    assert (network(KEYS, one) == network(KEYS, other)) is same


def test_keys_show_nothing_and_are_not_copied() -> None:
    assert repr(KEYS) == "PeopleKeys(***)"
    for spread in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            spread(KEYS)


def test_everything_that_is_limited_has_a_limit() -> None:
    assert set(LIMITS) == set(What)
