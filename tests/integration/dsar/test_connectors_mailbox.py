"""Those who have no machine to be told by get a letter with a button."""

import re
from collections.abc import AsyncIterator

import pytest
from a_life import VALUES
from a_mail_server import Told as Mailbox
from a_mail_server import mail_server
from at_the_recipients import MAILBOX, Recipients, connected
from toy_processor import Key

from api import work as worker
from api.mail import mail_of
from api.settings import Settings
from dsar.connectors.mailbox import TEXTS
from dsar.connectors.trouble import Trouble
from dsar.outgoing import State
from dsar.states import State as RequestState


@pytest.fixture(scope="module")
def keys() -> tuple[Key, Key]:
    return Key(), Key()


@pytest.fixture
async def told(settings: Settings, keys: tuple[Key, Key]) -> AsyncIterator[Recipients]:
    async with connected(settings, keys, MAILBOX) as made:
        yield made


@pytest.fixture
async def post(told: Recipients) -> AsyncIterator[Mailbox]:
    """The mail server that the club's settings name."""
    with mail_server() as (box, server):
        told.tillit.mail = mail_of(server)
        yield box


def _letter(box: Mailbox) -> str:
    """The newest letter to the recipient; others go to the member."""
    texts = [
        one.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for one in box.messages
        if "brevduvan" in str(one["To"])
    ]
    return str(texts[-1])


def _path(told: Recipients, letter: str) -> str:
    url = told.tillit.settings.public_url
    [link] = re.findall(re.escape(url) + r"/v1/answer/\S+", letter)
    return str(link).removeprefix(url)


async def test_a_letter_says_what_to_do_about_whom_and_its_button_closes_the_request(
    told: Recipients, post: Mailbox
) -> None:
    request = await told.asked()
    word = await told.word(request)
    assert word.state is State.SENT
    letter = _letter(post)
    assert VALUES["email"] in letter
    assert VALUES["member_number"] not in letter
    assert str(word.due) in letter
    assert "Fjällklubben" in letter
    assert TEXTS["sv"].who in letter, "the recipient is in Sweden"
    path, ours = _path(told, letter), told.toy.ours
    assert ours is not None
    asked = await ours.get(path)
    assert asked.status_code == 200
    assert "<form" in asked.text
    assert VALUES["email"] not in asked.text
    assert (await told.word(request)).state is State.SENT, "opening it changes nothing"
    pressed = await ours.post(path)
    assert pressed.status_code == 200
    assert "<form" not in pressed.text
    await worker.drain(told.tillit)
    assert (await told.request(request)).state is RequestState.FULFILLED
    for again in (await ours.post(path), await ours.get(path)):
        assert again.status_code == 200
        assert "<form" not in again.text
    [(kind, said, _, document)] = await told.answers(word.id)
    assert (kind, said, document) == ("button", "completed", None)
    assert len(await told.entries("recipient.answered")) == 1


async def test_another_link_or_an_altered_one_does_nothing(told: Recipients, post: Mailbox) -> None:
    request = await told.asked()
    path, ours = _path(told, _letter(post)), told.toy.ours
    assert ours is not None
    token = path.rpartition("/")[2]
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")
    for wrong in (altered, token[:-4], "x", token + "="):
        assert (await ours.post(f"/v1/answer/{wrong}")).status_code == 404
    for elsewhere in ("confirm", "unsubscribe"):
        assert (await ours.post(f"/v1/{elsewhere}/{token}")).status_code == 404
    assert (await told.word(request)).state is State.SENT
    await told.later(days=121)
    assert (await ours.post(path)).status_code == 404, "it has run out; a newer letter has not"


async def test_without_a_mail_server_or_with_a_broken_one_it_is_shown_and_tried_again(
    told: Recipients,
) -> None:
    request = await told.asked()
    assert (await told.word(request)).problem == Trouble.NO_MAIL_SERVER.value
    with mail_server() as (box, server):
        told.tillit.mail = mail_of(server)
        box.recipient = ["550 nobody of that name"] * 5
        await told.next(request)
        assert (await told.word(request)).problem == Trouble.MAIL_FAILED.value
        box.recipient = []
        await told.next(request)
        assert (await told.word(request)).state is State.SENT


async def test_who_does_not_answer_is_reminded_by_a_letter_of_its_own(
    told: Recipients, post: Mailbox
) -> None:
    request = await told.asked()
    await told.next(request)
    letters = [one for one in post.messages if "brevduvan" in str(one["To"])]
    assert len(letters) == 2
    assert len({str(one["Message-ID"]) for one in letters}) == 2
    assert TEXTS["sv"].again in _letter(post)
    ours = told.toy.ours
    assert ours is not None
    assert (await ours.post(_path(told, _letter(post)))).status_code == 200
    assert (await told.word(request)).state is State.DONE
