"""Sealed links: nothing readable, nothing that can be made or changed by anybody else."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import UnknownLink
from api.links import ANSWERED_WITHIN, Kind, Link, Links
from kernel.clock import StoppedClock
from profiles.keys import SealingKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEMBER, ROW = UUID(int=7), UUID(int=11)

purposes = st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True)
links = st.builds(
    Link,
    st.uuids(),
    purposes,
    st.uuids(),
    st.sampled_from([None, "email", "phone"]),
    st.none() | st.integers(int(NOW.timestamp()) + 1, 2**40),
)


def _links(clock: StoppedClock | None = None, secret: bytes = b"k" * 32) -> Links:
    return Links(SealingKey(secret), clock or StoppedClock(NOW), "https://choices.example.com")


def _token(address: str) -> str:
    return address.rpartition("/")[2]


@given(links, st.sampled_from(Kind))
def test_a_link_opens_as_it_was_sealed(link: Link, kind: Kind) -> None:
    assert _links().open(kind, _links().seal(kind, link)) == link


@given(links, st.sampled_from(Kind), st.data())
def test_a_link_with_any_bit_flipped_is_refused(
    link: Link, kind: Kind, data: st.DataObject
) -> None:
    token = _links().seal(kind, link)
    sealed = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    altered = base64.urlsafe_b64encode(bytes(sealed)).rstrip(b"=").decode()
    with pytest.raises(UnknownLink):
        _links().open(kind, altered)


@given(links, st.sampled_from(Kind), st.data())
def test_a_link_with_any_letter_changed_added_or_cut_off_is_refused(
    link: Link, kind: Kind, data: st.DataObject
) -> None:
    token = _links().seal(kind, link)
    at = data.draw(st.integers(0, len(token)))
    other = data.draw(st.characters())
    for spelt in (
        token[:at] + other + token[at + 1 :],
        token[:at] + other + token[at:],
        token[:at],
    ):
        if spelt != token:
            with pytest.raises(UnknownLink):
                _links().open(kind, spelt)


@given(st.text(max_size=400))
def test_what_was_never_sealed_is_refused(token: str) -> None:
    with pytest.raises(UnknownLink):
        _links().open(Kind.UNSUBSCRIBE, token)


@given(links, st.permutations(list(Kind)))
def test_a_link_of_one_kind_is_none_of_another(link: Link, kinds: list[Kind]) -> None:
    with pytest.raises(UnknownLink):
        _links().open(kinds[1], _links().seal(kinds[0], link))


@given(links, st.sampled_from(Kind))
def test_a_link_sealed_under_another_key_is_refused(link: Link, kind: Kind) -> None:
    with pytest.raises(UnknownLink):
        _links(secret=b"o" * 32).open(kind, _links().seal(kind, link))


@given(st.lists(links, min_size=2, max_size=5))
def test_all_links_are_of_one_length_and_none_says_a_word_of_what_it_holds(
    several: list[Link],
) -> None:
    tokens = [_links().seal(Kind.CONFIRM, link) for link in several]
    assert len({len(token) for token in tokens}) == 1
    for link, token in zip(several, tokens, strict=True):
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        for held in (link.member.bytes, link.id.bytes, str(link.member).encode()):
            assert held not in sealed
        assert len(link.purpose) < 4 or link.purpose.encode() not in sealed


def test_a_link_to_confirm_holds_for_seven_days_and_not_a_second_longer() -> None:
    clock = StoppedClock(NOW)
    token = _token(_links(clock).confirming(MEMBER, "newsletter", ROW))
    clock.at = NOW + ANSWERED_WITHIN - timedelta(seconds=1)
    assert _links(clock).open(Kind.CONFIRM, token).id == ROW
    clock.at = NOW + ANSWERED_WITHIN
    with pytest.raises(UnknownLink):
        _links(clock).open(Kind.CONFIRM, token)


def test_a_link_to_unsubscribe_holds_for_ever() -> None:
    clock = StoppedClock(NOW)
    token = _token(_links(clock).unsubscribing(MEMBER, "newsletter", None))
    clock.at = NOW + timedelta(days=36_500)
    assert _links(clock).open(Kind.UNSUBSCRIBE, token).member == MEMBER


def test_whatever_is_wrong_with_a_link_the_answer_is_the_same() -> None:
    clock = StoppedClock(NOW)
    good = _token(_links(clock).confirming(MEMBER, "newsletter", ROW))
    other = _token(_links(clock).unsubscribing(MEMBER, "newsletter", None))
    clock.at = NOW + ANSWERED_WITHIN
    said = set()
    for token in (good, other, good[:-1], "", str(uuid4()), "…"):
        with pytest.raises(UnknownLink) as refused:
            _links(clock).open(Kind.CONFIRM, token)
        said.add(str(refused.value))
    assert len(said) == 1


def test_a_link_shows_nobody_in_a_message() -> None:
    assert str(MEMBER) not in repr(Link(MEMBER, "newsletter", ROW))
    assert "k" * 8 not in repr(_links())
