"""One-click unsubscribe (RFC 8058): a no that needs no sign-in, and one click.

Opening the link changes nothing: mail scanners and prefetching browsers open what they find.
Posting to it does, with whatever body: the link itself says all there is to say.
"""

from typing import Annotated
from uuid import UUID

import msgspec

from api.http.bodies import Name
from api.http.doors import Asked, Doors, Media
from api.http.one_button import HTML, language_of, page
from api.links import Kind, Link, links_of
from audit.acts import Act
from audit.entries import ActorType
from consent import ledger
from consent.choices import Action as Said
from consent.choices import By, Choice
from consent.choosing import channel as by_channel
from consent.choosing import choose
from consent.errors import NotAChoice, NotPermitted
from consent.footing import heeds_objection
from consent.grants import Grant, authorise
from consent.programme import Action, LegalBasis, Purpose
from consent.programme.suggestion import did_you_mean
from consent.programmes import Active
from profiles import members
from profiles.members import Member
from profiles.unit import Unit

doors = Doors(ActorType.SERVICE)
public = Doors(None)

MOST = 1_000
HOW = "one click"
POST = "List-Unsubscribe=One-Click"


class WantedLinks(msgspec.Struct, forbid_unknown_fields=True):
    """For whom links are wanted. `channel`: to turn that one off, and leave the purpose be."""

    purpose: Name
    members: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MOST)]
    channel: Name | None = None


class OneLink(msgspec.Struct):
    """A member's own link, and the two headers of the letter that carries it."""

    member: UUID
    link: str
    list_unsubscribe: str
    list_unsubscribe_post: str


class SealedLinks(msgspec.Struct):
    """Links in the order of the members asked for; also for those who are none."""

    purpose: str
    links: list[OneLink]


@doors("POST", "/v1/unsubscribe-links")
async def make(asked: Asked, wanted: WantedLinks) -> SealedLinks:
    """Links by which members say no with one click, for the headers of letters (RFC 8058).

    Needs `contact` or `read`. Each is good for one letter: used, it does nothing more, also
    when the member has said yes again.
    """
    purpose = _grant(asked, wanted.purpose).purpose
    _check(purpose, wanted.channel)
    links = links_of(asked.tillit)
    made = []
    for member in wanted.members:
        link = links.unsubscribing(member, purpose.name, wanted.channel)
        made.append(OneLink(member, link, f"<{link}>", POST))
    return SealedLinks(purpose.name, made)


@public("GET", "/v1/unsubscribe/{token}", media=HTML, problems=(404,))
async def ask(asked: Asked) -> Media:
    """The page that asks whether to stop; changes nothing.

    In the first language of `Accept-Language` that members are served in.
    """
    link = links_of(asked.tillit).open(Kind.UNSUBSCRIBE, str(asked.path["token"]))
    purpose, language = _purpose(asked.active, link.purpose), language_of(asked)
    notice = purpose.notice.get(language, "") if purpose else ""
    which = "unsubscribe_channel" if link.channel else "unsubscribe"
    return page(asked, which, language=language, notice=notice, channel=link.channel)


@public("POST", "/v1/unsubscribe/{token}", media=HTML, problems=(404,))
async def stop(asked: Asked) -> Media:
    """Say no by the link: withdraw, object, or turn its channel off; once.

    Needs no body, no cookie and no sign-in. Answers the same when it was done before, and when
    the member is no more.
    """
    link = links_of(asked.tillit).open(Kind.UNSUBSCRIBE, str(asked.path["token"]))
    unit = asked.unit
    member = (await members.load(unit, [link.member], lock=True)).get(link.member)
    said = None if member is None else _no(unit, asked.active, link)
    if member is not None and said is not None and not await _used(unit, member, link):
        act = Act(ActorType.MEMBER, member.key.subject().hex(), programme=asked.active.version)
        await ledger.record(unit, act, {member: [said]})
    return page(asked, "unsubscribed", language=language_of(asked))


async def _used(unit: Unit, member: Member, link: Link) -> bool:
    said = (await ledger.opened(unit, {member.id: member.key}))[member.id]
    return any(one.by is By.UNSUBSCRIBE and one.evidence == str(link.id) for one in said)


def _no(unit: Unit, active: Active, link: Link) -> Choice | None:
    """What the link says; None when the programme never had its purpose."""
    purpose = _purpose(active, link.purpose)
    if purpose is None:
        return None
    if link.channel is not None:
        off = by_channel(unit, None, link.channel, on=False, by=By.UNSUBSCRIBE)
        # Also where the purpose has dropped the channel since: it may take it up again.
        return msgspec.structs.replace(off, purpose=purpose.name, how=HOW, evidence=str(link.id))
    objects = purpose.legal_basis is not LegalBasis.CONSENT and heeds_objection(purpose)
    return choose(
        unit,
        purpose,
        Said.OBJECTED if objects else Said.WITHDRAWN,
        at=unit.now,
        by=By.UNSUBSCRIBE,
        how=HOW,
        evidence=str(link.id),
    )


def _purpose(active: Active, name: str) -> Purpose | None:
    """The purpose as it is, or as it was last: a no to what is gone holds should it come back."""
    versions = (active, *(active.earlier[one] for one in sorted(active.earlier, reverse=True)))
    return next(
        (one.programme.purposes.get(name) for one in versions if name in one.programme.purposes),
        None,
    )


def _grant(asked: Asked, purpose: str) -> Grant:
    """For either action. Raises `NotPermitted`, about `contact`."""
    name = asked.who.name
    try:
        return authorise(asked.active, name, purpose=purpose, action=Action.CONTACT)
    except NotPermitted:
        if asked.active.policy.allowed(name, purpose, Action.READ) is None:
            raise
        return authorise(asked.active, name, purpose=purpose, action=Action.READ)


def _check(purpose: Purpose, channel: str | None) -> None:
    """Raises `NotAChoice` for a link that could do nothing."""
    if purpose.legal_basis is LegalBasis.LEGAL_OBLIGATION or (
        channel is None and not purpose.is_choice
    ):
        raise NotAChoice(
            f"{purpose.name} rests on {purpose.legal_basis.article}: there is nothing to stop",
            place=f"purposes.{purpose.name}",
            remedy="" if purpose.legal_basis is LegalBasis.LEGAL_OBLIGATION else "name a channel",
        )
    if channel is not None and channel not in purpose.channels:
        raise NotAChoice(
            f"{purpose.name} does not use that channel",
            place="channel",
            remedy=did_you_mean(channel, purpose.channels) or "the purpose names no channel",
        )
