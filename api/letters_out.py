"""Letters and other messages on their way to a mail server, and what becomes of them.

Used by the worker alone, between the two transactions in which an `outgoing` row is begun and
ended. Sheets and pages are drawn in another thread.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog

from api import codes_out
from api.bootstrap import SYSTEM, Tillit, Work
from api.links import links_of
from api.mail import Attachment, Mail, Outcome
from consent.errors import NoProgramme
from dsar import mail, outgoing, register
from dsar.letters import making, pages, posting, sheets
from dsar.letters.cases import Links
from dsar.letters.kinds import WITH_PDF, Kind
from dsar.letters.making import Posted
from dsar.outgoing import Outgoing, State

PDF = "application/pdf"
#: How long a message that is no letter is tried: a reminder of last week is none.
_LONG_ENOUGH = timedelta(days=1)
_CODE = "code:"
_log = structlog.get_logger("tillit.mail")


async def write(tillit: Tillit, request: UUID, kind: Kind) -> UUID | None:
    """Write a letter and put it on its way; its id there, None when there is none to write.

    Only here is the link made by which somebody shows who they are: it holds as long as they
    are asked.
    """
    async with tillit.unit() as work:
        links = None
        if kind is Kind.IDENTITY_QUERY:
            links = await _links(tillit, work, request)
        return await making.make(work.unit, SYSTEM, work.active, request, kind=kind, links=links)


async def drop_farewells(tillit: Tillit) -> int:
    """Delete last letters that nobody has fetched in time; returns how many."""
    try:
        async with tillit.unit() as work:
            return await posting.drop_farewells(work.unit, work.active)
    except NoProgramme:
        return 0  # nobody has asked for anything yet


async def carry_letter(tillit: Tillit, one: Outgoing) -> bool:
    """Hand a letter to the mail server. It is on record when that has taken it over: then True."""
    async with tillit.unit() as work:
        posted, why = await making.addressed(work.unit, work.active, one)
        if why is not None:
            await posting.ended(work.unit, SYSTEM, one, problem=why.value)
            return False
    outcome = Outcome.NO_SERVER
    if tillit.mail is not None:
        outcome = await tillit.mail.send(await asyncio.to_thread(_mail, one, posted))
    _log.info("letter", outcome=outcome.value, letter=posting.kind_of(one).value)
    problem = None if outcome is Outcome.ACCEPTED else outcome.value
    async with tillit.unit() as work:
        await posting.ended(work.unit, SYSTEM, one, problem=problem, passing=outcome.again)
    return outcome is Outcome.ACCEPTED


async def carry_message(tillit: Tillit, work: Work, one: Outgoing) -> None:
    """Hand over what was composed for the carrier ``email``: a code, or a message as it is."""
    if one.what.startswith(_CODE):
        await codes_out.carry(tillit, work.active, one)
        return
    assert one.payload is not None
    message = mail.unpacked(one.payload)
    outcome = Outcome.NO_SERVER
    if tillit.mail is not None:
        outcome = await tillit.mail.send(_message(one, message))
    async with tillit.unit() as after:
        if outcome is Outcome.ACCEPTED:
            await outgoing.move(after.unit, one.id, State.DONE)
            return
        late = after.unit.now - one.made_at >= _LONG_ENOUGH
        state = State.WAITING if outcome.again and not late else State.GIVEN_UP
        again = posting.wait(one.attempts)
        await outgoing.move(after.unit, one.id, state, problem=outcome.value, again=again)


async def _links(tillit: Tillit, work: Work, request: UUID) -> Links:
    found = await register.get(work.unit, request)
    if found.member is None:
        return Links()
    until = work.unit.now + timedelta(days=work.active.programme.requests.identity_days)
    return Links(identity=links_of(tillit).identifying(found.member, request, until=until))


def _mail(one: Outgoing, posted: Posted) -> Mail:
    letter = posted.letter
    files: tuple[Attachment, ...] = ()
    if Kind(letter.kind) in WITH_PDF:
        files = (Attachment(f"{letter.kind}.pdf", PDF, sheets.pdf(letter)),)
    return Mail(
        id=one.id,
        to=posted.to,
        subject=letter.subject,
        text=pages.text(letter),
        html=pages.html(letter),
        language=letter.language,
        attachments=files,
    )


def _message(one: Outgoing, message: mail.Message) -> Mail:
    return Mail(
        id=one.id,
        to=message.to,
        subject=message.subject,
        text=message.text,
        html=message.html,
        language=message.language,
        attachments=tuple(Attachment(file.name, file.type, file.content) for file in message.files),
    )
