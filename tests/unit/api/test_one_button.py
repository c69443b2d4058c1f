"""The pages that links lead to: in the reader's language, with all their words, and no more."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.one_button import HEADERS, TEXTS, policy, preferred
from consent.programme.declarations import Channel

SERVED = ("sv", "nb", "en")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "sv"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("de, fr", "en"),
        ("nn-NO", "nb"),
        ("no", "nb"),
        ("en;q=0.2, nb;q=0.9", "nb"),
        ("en;q=0, nb;q=0.1", "nb"),
        ("en;q=0", "sv"),
        ("en;q=nan, nb;q=inf", "sv"),
        ("en;q=2, nb", "nb"),
        ("*", "sv"),
        ("nb, en", "nb"),
    ],
)
def test_the_language_is_the_one_wanted_most_of_those_there_are(header: str, language: str) -> None:
    assert preferred(header, SERVED) == language


@given(st.text(max_size=200))
def test_whatever_a_browser_sends_there_is_a_language(header: str) -> None:
    assert preferred(header, SERVED) in SERVED


def test_every_language_has_every_word_and_fills_in_what_it_should() -> None:
    assert set(TEXTS) == {"sv", "nb", "da", "fi", "en"}
    for texts in TEXTS.values():
        assert set(texts.channels) == set(Channel)
        for words in (texts.unsubscribe, texts.unsubscribe_channel, texts.confirm):
            assert words.button
            assert "{controller}" in words.text
        assert "{channel}" in texts.unsubscribe_channel.title
        assert texts.unsubscribed.button is None
        assert texts.confirmed.button is None
        for words in (texts.unsubscribe, texts.unsubscribed, texts.confirm, texts.confirmed):
            assert "{channel}" not in words.title + words.text


def test_the_policy_lets_nothing_in_and_the_form_only_home() -> None:
    directives = dict(one.strip().split(" ", 1) for one in policy().split(";"))
    assert directives.pop("style-src").startswith("'sha256-")
    assert directives.pop("form-action") == "'self'"
    assert set(directives.values()) == {"'none'"}
    assert {"default-src", "base-uri", "frame-ancestors"} == set(directives)
    assert HEADERS["X-Frame-Options"] == "DENY"
    assert not re.search(r"unsafe|\*|http", policy())
