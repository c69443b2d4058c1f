"""What the environment may say, and what is said of a mistake in it."""

import pytest

from api.settings import read_settings
from kernel.errors import Invalid


@pytest.mark.parametrize("url", ["mysql://me:secret@host/x", "localhost/x", "postgresql:x"])
def test_a_database_that_is_no_postgresql_is_refused_and_its_password_not_shown(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"TILLIT_DATABASE_URL": url})
    [problem] = refused.value.problems
    assert problem.place == "TILLIT_DATABASE_URL"
    assert problem.remedy == "it must begin with postgresql://"
    assert url not in str(refused.value)


@pytest.mark.parametrize("url", ["", "postgresql://me@host/x"])
def test_a_postgresql_or_none_is_taken(url: str) -> None:
    assert read_settings({"TILLIT_DATABASE_URL": url}).database_url == (url or None)


@pytest.mark.parametrize(
    "url",
    [
        "http://choices.example.com",
        "ftp://choices.example.com",
        "choices.example.com",
        "https://me:secret@choices.example.com",
        "https://choices.example.com/?a=b",
        "https://choices.example.com> <https://other.example",
        "https://",
    ],
)
def test_an_address_that_members_cannot_be_sent_to_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"TILLIT_PUBLIC_URL": url})
    assert refused.value.problems[0].place == "TILLIT_PUBLIC_URL"
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("", "http://127.0.0.1:8000"),
        ("https://choices.example.com/", "https://choices.example.com"),
        ("https://example.com/choices", "https://example.com/choices"),
        ("http://localhost:9000", "http://localhost:9000"),
    ],
)
def test_links_begin_with_the_public_url(url: str, base: str) -> None:
    assert read_settings({"TILLIT_PUBLIC_URL": url}).public_url == base
