"""Mail against a real mail server that accepts, refuses, puts off and drops the line."""

import ssl
from pathlib import Path
from uuid import UUID

import pytest

from api.mail import Attachment, Mail, Outcome, Smtp, mail_of
from api.settings import MailServer
from tests.a_mail_server import SENDER, certificate_in, free_port, mail_server

MAIL = Mail(
    id=UUID("0190f0c0-0000-7000-8000-000000000001"),
    to="lukasz@medlem.example",
    subject="Vi har tagit emot din begäran",
    text="Hej Łukasz,\n\nvi svarar senast den 2 mars 2026.\n",
    html="<p>Hej Łukasz</p>",
    language="sv",
    attachments=(Attachment("brev.pdf", "application/pdf", b"%PDF-1.7"),),
)


async def test_a_message_arrives_whole_and_says_that_a_machine_wrote_it() -> None:
    with mail_server() as (told, server):
        assert await Smtp(server).send(MAIL) is Outcome.ACCEPTED
    [message] = told.messages
    assert told.envelopes == [("privacy@fjallklubben.example", ["lukasz@medlem.example"])]
    assert message["From"] == SENDER
    assert message["Subject"] == MAIL.subject
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "sv"
    assert message["Message-ID"] == f"<{MAIL.id}@fjallklubben.example>"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == MAIL.text
    assert html.get_content().strip() == MAIL.html
    [file] = message.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("brev.pdf", "application/pdf")
    assert file.get_content() == b"%PDF-1.7"


@pytest.mark.parametrize(
    ("step", "answer", "outcome"),
    [
        ("recipient", "450 Mailbox busy", Outcome.LATER),
        ("recipient", "550 No such user", Outcome.NO_SUCH_ADDRESS),
        ("sender", "451 Try again", Outcome.LATER),
        ("sender", "550 Not from you", Outcome.NOT_LET_IN),
        ("data", "452 Full", Outcome.LATER),
        ("data", "421 Going down", Outcome.LATER),
        ("data", "554 Looks like spam", Outcome.REFUSED),
    ],
)
async def test_a_refusal_is_told_apart_from_a_not_yet(
    step: str, answer: str, outcome: Outcome
) -> None:
    with mail_server() as (told, server):
        getattr(told, step).append(answer)
        assert await Smtp(server).send(MAIL) is outcome
        assert told.kept == []
        assert outcome.again == (outcome in (Outcome.LATER, Outcome.NOT_LET_IN))
        assert await Smtp(server).send(MAIL) is Outcome.ACCEPTED


async def test_what_is_sent_again_after_a_line_that_broke_bears_the_same_message_id() -> None:
    with mail_server() as (told, server):
        told.data.append("drop")
        first = await Smtp(server).send(MAIL)
        assert first is Outcome.UNREACHABLE
        assert first.again
        assert await Smtp(server).send(MAIL) is Outcome.ACCEPTED
    one, two = told.messages
    assert one["Message-ID"] == two["Message-ID"]


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    outcome = await Smtp(MailServer("127.0.0.1", free_port(), SENDER, starttls=False)).send(MAIL)
    assert outcome is Outcome.UNREACHABLE
    assert outcome.again


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it is all in TLS
@pytest.mark.parametrize("implicit", [False, True])
async def test_mail_goes_in_tls_with_a_name_and_password(tmp_path: Path, implicit: bool) -> None:
    file = certificate_in(tmp_path)
    trust = ssl.create_default_context(cafile=str(file))
    with mail_server(certificate=file, implicit=implicit, user="club") as (told, server):
        assert await Smtp(server, trust).send(MAIL) is Outcome.ACCEPTED
        assert told.encrypted == [True]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it is all in TLS
@pytest.mark.parametrize("implicit", [False, True])
async def test_nothing_is_said_to_a_server_whose_certificate_does_not_hold(
    tmp_path: Path, implicit: bool
) -> None:
    file = certificate_in(tmp_path)
    with mail_server(certificate=file, implicit=implicit, user="club") as (told, server):
        assert await Smtp(server).send(MAIL) is Outcome.NOT_ENCRYPTED
        assert told.kept == []


async def test_a_server_without_tls_is_told_neither_password_nor_letter() -> None:
    with mail_server() as (told, server):
        demanding = MailServer(server.host, server.port, SENDER, user="club", password="secret")
        assert await Smtp(demanding).send(MAIL) is Outcome.NOT_ENCRYPTED
        assert told.kept == []


async def test_a_wrong_password_is_the_settings_fault_and_not_the_letter_s(tmp_path: Path) -> None:
    file = certificate_in(tmp_path)
    trust = ssl.create_default_context(cafile=str(file))
    with mail_server(certificate=file, user="club") as (told, server):
        wrong = MailServer(server.host, server.port, SENDER, user="club", password="wrong")
        outcome = await Smtp(wrong, trust).send(MAIL)
        assert outcome is Outcome.NOT_LET_IN
        assert outcome.again
        assert told.kept == []


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@", "@b", "a@b\r\nBcc: other@example.com", "a@b..example"],
)
async def test_what_is_no_address_is_sent_to_nobody(address: str) -> None:
    with mail_server() as (told, server):
        mail = Mail(MAIL.id, address, MAIL.subject, MAIL.text)
        assert await Smtp(server).send(mail) is Outcome.NO_SUCH_ADDRESS
        assert told.kept == []


async def test_two_addresses_are_not_taken_for_two_people() -> None:
    with mail_server() as (told, server):
        mail = Mail(MAIL.id, "a@medlem.example, b@other.example", MAIL.subject, MAIL.text)
        await Smtp(server).send(mail)
        assert all(len(to) == 1 and to[0] != "a@medlem.example" for _, to in told.envelopes)


async def test_addresses_may_have_letters_of_every_alphabet() -> None:
    with mail_server() as (told, server):
        mail = Mail(MAIL.id, "räv@fjällklubben.example", "Hej", "Hej")
        assert await Smtp(server).send(mail) is Outcome.ACCEPTED
    assert told.envelopes[0][1] == ["räv@xn--fjllklubben-m8a.example"]


def test_nothing_about_the_person_shows() -> None:
    shown = repr(MAIL)
    for secret in ("lukasz", "Łukasz", "begäran", "%PDF"):
        assert secret not in shown


def test_without_a_server_there_is_nobody_to_hand_it_to() -> None:
    assert mail_of(None) is None
