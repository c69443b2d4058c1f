"""Codes on their way: through a real mail server and a real gateway for text messages."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from proving import Desk, mine, tries, wants
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from stopped_club import stopped_club

from api.settings import Settings, SmsGateway, read_settings
from api.work import drain
from kernel.database import raw
from kernel.errors import Invalid
from tests.a_mail_server import mail_server

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@dataclass
class Gateway:
    """Sends text messages, or answers with another status; keeps what it was handed."""

    statuses: list[int] = field(default_factory=list)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@contextmanager
def gateway() -> Iterator[Gateway]:
    made = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.came.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(made.statuses.pop(0) if made.statuses else 204)
            self.end_headers()

        def log_message(self, format: str, *_: Any) -> None:
            """It says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/messages"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _with_sms(settings: Settings, url: str, *, secret: str = SECRET) -> Settings:
    folder = settings.data / "keys"
    folder.mkdir(exist_ok=True)
    (folder / "sms.secret").write_text(secret)
    return replace(settings, sms=SmsGateway(url, folder))


@asynccontextmanager
async def _asked_by_phone(settings: Settings) -> Any:
    async with stopped_club(settings) as (club, clock):
        desk = Desk(club)
        member = await club.joins("1", email="anna@post.example", phone="+46701234567")
        own, request = await desk.asks(member)
        assert await wants(own, mine(request), "phone") == "sent"
        yield desk, clock, own, request


async def _row(desk: Desk) -> tuple[str, str | None, bool]:
    """Where the code stands, what went wrong, and whether it is still kept."""
    async with desk.club.tillit.unit() as work:
        connection = await raw(work.session)
        cursor = await connection.execute(
            "SELECT state, problem, sealed IS NOT NULL FROM outgoing WHERE what LIKE 'code:%'"
        )
        rows = await cursor.fetchall()
    (row,) = rows
    return str(row[0]), row[1], bool(row[2])


async def test_a_text_message_is_handed_over_signed_and_its_code_is_forgotten_here(
    settings: Settings,
) -> None:
    with gateway() as phones:
        async with _asked_by_phone(_with_sms(settings, phones.url)) as (desk, _, own, request):
            await drain(desk.club.tillit)
            ((headers, body),) = phones.came
            told = json.loads(body)
            assert told["type"] == "identity.code"
            assert told["data"]["to"] == "+46701234567"
            code = told["data"]["text"][:8]
            assert await _row(desk) == ("done", None, False)
            assert await tries(own, mine(request), "phone", code) == "proved"
            assert len(phones.came) == 1
            signed = Webhook(SECRET)
            at = int(headers["webhook-timestamp"])
            assert at == int(desk.club.tillit.clock.now().timestamp())
            made = signed.sign(headers["webhook-id"], desk.club.tillit.clock.now(), body.decode())
            assert headers["webhook-signature"] == made
            with pytest.raises(WebhookVerificationError):
                signed.verify(body, headers)  # the club's clock stands in March


async def test_a_gateway_that_fails_is_asked_again_and_a_code_that_ran_out_is_not_sent(
    settings: Settings,
) -> None:
    with gateway() as phones:
        phones.statuses = [503, 503]
        async with _asked_by_phone(_with_sms(settings, phones.url)) as (desk, clock, _, _request):
            await drain(desk.club.tillit)
            assert await _row(desk) == ("waiting", "unavailable", True)
            clock.at += timedelta(minutes=1)
            await drain(desk.club.tillit)
            assert len(phones.came) == 2
            assert len({headers["webhook-id"] for headers, _ in phones.came}) == 1
            clock.at += timedelta(minutes=10)
            await drain(desk.club.tillit)
            assert len(phones.came) == 2
            assert await _row(desk) == ("given_up", "ran_out", False)


async def test_a_gateway_that_refuses_or_leads_elsewhere_is_given_up(settings: Settings) -> None:
    with gateway() as phones:
        phones.statuses = [307]
        async with _asked_by_phone(_with_sms(settings, phones.url)) as (desk, _, _own, _request):
            await drain(desk.club.tillit)
            assert await _row(desk) == ("given_up", "redirected", False)
            assert len(phones.came) == 1


@pytest.mark.parametrize("secret", ["", "whsec_c2hvcnQ=", "no secret at all"])
async def test_nothing_is_sent_without_a_secret_that_signs_it(
    settings: Settings, secret: str
) -> None:
    with gateway() as phones:
        made = _with_sms(settings, phones.url, secret=secret)
        async with _asked_by_phone(made) as (desk, _, _own, _request):
            await drain(desk.club.tillit)
            assert (await _row(desk))[:2] == ("waiting", "no_secret")
            assert phones.came == []


async def test_a_letter_with_the_code_reaches_the_address_on_file(settings: Settings) -> None:
    with mail_server() as (mailbox, server):
        async with stopped_club(replace(settings, mail=server)) as (club, _):
            desk = Desk(club)
            own, request = await desk.asks(await club.joins("1", email="anna@post.example"))
            await drain(club.tillit)  # the acknowledgement goes first
            before = len(mailbox.messages)
            assert await wants(own, mine(request)) == "sent"
            await drain(club.tillit)
            (letter,) = mailbox.messages[before:]
            assert letter["To"] == "anna@post.example"
            assert letter["Subject"] == "Din kod från Fjällklubben AB"
            plain = letter.get_body(("plain",))
            assert plain is not None
            (code,) = re.findall(r"\b\d{8}\b", plain.get_content())
            assert await _row(desk) == ("done", None, False)
            assert await tries(own, mine(request), "email", code) == "proved"


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.example/sms",
        "ftp://127.0.0.1/sms",
        "https://user:secret@gateway.example/sms",
        "https:///sms",
        "sms",
    ],
)
def test_a_gateway_that_codes_could_leak_by_is_no_setting(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_settings({"TILLIT_SMS_URL": url})
    assert refused.value.problems[0].place == "TILLIT_SMS_URL"
    assert "secret" not in str(refused.value)
