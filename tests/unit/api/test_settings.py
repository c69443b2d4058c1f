"""What the environment may say, and what is said of a mistake in it."""

import pytest

from api.settings import MailServer, read_settings
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


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com",
        "http://me:secret@mail.example.com",
        "smtp://me:secret@mail.example.com:port",
        "smtp://me:secret@mail.example.com/inbox",
        "smtps://",
    ],
)
def test_what_is_no_mail_server_is_refused_and_its_password_not_shown(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"TILLIT_SMTP_URL": url, "TILLIT_MAIL_FROM": "club@example.com"})
    assert refused.value.problems[0].place == "TILLIT_SMTP_URL"
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("sender", ["", "the club", "a@b, c@d", "Club <club>", "a@b\nBcc: c@d"])
def test_mail_comes_from_one_address(sender: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"TILLIT_SMTP_URL": "smtp://mail.example.com", "TILLIT_MAIL_FROM": sender})
    assert refused.value.problems[0].place == "TILLIT_MAIL_FROM"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (
            "smtp://me%40x:se%2Fcret@mail.example.com",
            MailServer("mail.example.com", 587, "Club <c@d.e>", "me@x", "se/cret"),
        ),
        (
            "smtps://mail.example.com",
            MailServer("mail.example.com", 465, "Club <c@d.e>", implicit=True, starttls=False),
        ),
        ("smtp://127.0.0.1:2525", MailServer("127.0.0.1", 2525, "Club <c@d.e>", starttls=False)),
    ],
)
def test_mail_goes_in_tls_but_to_this_machine(url: str, server: MailServer) -> None:
    made = read_settings({"TILLIT_SMTP_URL": url, "TILLIT_MAIL_FROM": "Club <c@d.e>"})
    assert made.mail == server
    assert "cret" not in repr(made)


@pytest.mark.parametrize(
    ("said", "proxies"),
    [
        ("", ()),
        (" , ", ()),
        ("192.0.2.10", ("192.0.2.10/32",)),
        (
            "192.0.2.10, 10.4.0.0/16,2001:DB8::/64",
            ("192.0.2.10/32", "10.4.0.0/16", "2001:db8::/64"),
        ),
    ],
)
def test_no_proxy_is_trusted_that_is_not_named(said: str, proxies: tuple[str, ...]) -> None:
    assert read_settings({"TILLIT_TRUSTED_PROXIES": said}).proxies == proxies


@pytest.mark.parametrize(
    "said", ["*", "0.0.0.0/0", "::/0", "proxy.example", "10.4.0.1/16", "10.0.0.1;10.0.0.2", "unix:"]
)
def test_nobody_in_particular_is_no_proxy(said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"TILLIT_TRUSTED_PROXIES": said})
    assert refused.value.problems[0].place == "TILLIT_TRUSTED_PROXIES"


def test_nobody_elses_page_frames_the_panel_unless_it_is_named() -> None:
    assert read_settings({}).panel_origins == ()
    named = "https://www.shop.example  http://127.0.0.1:9000 https://www.shop.example"
    assert read_settings({"TILLIT_PANEL_ORIGINS": named}).panel_origins == (
        "https://www.shop.example",
        "http://127.0.0.1:9000",
    )


@pytest.mark.parametrize(
    "named",
    [
        "*",
        "https://*",
        "https://*.shop.example",
        "https:",
        "shop.example",
        "http://shop.example",
        "https://shop.example/",
        "https://shop.example/join",
        "https://shop.example;",
        "https://shop.example, https://other.example",
        "https://someone@shop.example",
        "https://shop.example 'unsafe-inline'",
    ],
)
def test_who_frames_the_panel_is_a_whole_origin_and_no_pattern(named: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"TILLIT_PANEL_ORIGINS": named})
    assert refused.value.problems[0].place == "TILLIT_PANEL_ORIGINS"


def test_the_example_sign_up_page_is_for_this_machine_alone() -> None:
    assert read_settings({}).panel_example is None
    assert read_settings({"TILLIT_PANEL_EXAMPLE": "till"}).panel_example == "till"
    public = {"TILLIT_PUBLIC_URL": "https://choices.example.com"}
    with pytest.raises(Invalid) as refused:
        read_settings({"TILLIT_PANEL_EXAMPLE": "till", **public})
    assert refused.value.problems[0].place == "TILLIT_PANEL_EXAMPLE"
