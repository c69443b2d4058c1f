"""What members say about purposes, and what they see of it; officers see it too, on record."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from api.http.bodies import moment, name
from api.http.doors import Asked, Doors
from api.http.errors import Misshapen
from audit.entries import ActorType
from consent import history
from consent.choices import State
from consent.history import Notice, Stand
from consent.panel import terms_shown
from consent.programme import Ability, Programme, Purpose
from consent.programmes import Active
from dsar import own_choices
from dsar.languages import shown_in
from profiles import members

doors = Doors(ActorType.MEMBER)
officers = Doors(ActorType.OFFICER)


class Agreed(msgspec.Struct):
    """The text that a yes was said to (Art. 7(1)).

    `version`: the first version of the programme that had it; null, as `language` and `text`
    are, for one that was brought from elsewhere and is known by its SHA-256 alone.
    """

    sha256: str
    version: int | None
    language: str | None
    text: str | None


class MyChoice(msgspec.Struct):
    """A purpose: what it is, who uses it, and where the member stands with it.

    `allowed`: their data is used for it as it stands; `reason`: why not. `can_choose`: PUT to
    this purpose says yes or no; `terms` sent back with a yes holds it to what is shown here.
    `term`: the DPV's word for `state`. `awaits_confirmation`: they
    said yes, and it counts once they confirm it. `until`: the first day on which a consent no
    longer holds. `notice_version`: the first version of the programme with the notice shown;
    `agreed`: the text that their yes was to. `channels`: whether each may be used.
    """

    purpose: str
    legal_basis: str
    article: str
    notice: str
    language: str
    notice_version: int | None
    terms: str
    fields: list[str]
    services: dict[str, list[str]]
    retention: str | None
    can_choose: bool
    allowed: bool
    reason: str | None
    state: State
    term: str
    since: datetime | None
    consented: bool
    awaits_confirmation: bool
    objected: bool
    until: str | None
    agreed: Agreed | None
    channels: dict[str, bool]


class MyChoices(msgspec.Struct):
    """Where a member stood at a time. `programme`: the version in force then, null before any.

    `guardians`: who was on record to answer for them.
    """

    member: UUID
    at: datetime
    programme: int | None
    choices: list[MyChoice]
    guardians: list[UUID]


class Choice(msgspec.Struct, forbid_unknown_fields=True):
    """Yes or no. `language`: that of the notice shown; a consent cannot do without.

    `terms`: those that were shown with it; where they are given, a yes to other terms than
    today's is refused (409).
    """

    allow: bool
    language: str | None = None
    terms: str | None = None


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    """On or off."""

    on: bool


@doors("GET", "/v1/me/choices", query=("language", "at", "known"))
async def choices(asked: Asked) -> list[MyChoice]:
    """Every purpose, its notice, who uses it, and where you stand with it.

    `language`: that of the notices; the programme's first, if left out. `at`: where you stood at
    that time, under the programme of that time; `known`: by what was on record by then alone.
    """
    if not {"at", "known"} & set(asked.query):
        found = await own_choices.choices(asked.unit, asked.active, asked.member)
        return shown(asked.active, found, language(asked))
    at, known = _times(asked)
    past = await own_choices.choices_at(asked.unit, asked.active, asked.member, at=at, known=known)
    then = asked.active.at(past.version)
    return shown(then, past.stands, language(asked, programme=then.programme))


@doors("PUT", "/v1/me/choices/{purpose}", problems=(409,))
async def choose(asked: Asked, choice: Choice) -> MyChoice:
    """Say yes or no to a purpose; every answer from now on heeds it.

    Gives or withdraws a consent; where the basis is legitimate interest, lifts or makes an
    objection. No takes no more than yes (Art. 7(3)). A child's yes is their guardian's to say;
    a purpose with double opt-in waits until the yes is confirmed.
    """
    stands = await own_choices.choose(
        asked.unit,
        asked.act,
        asked.active,
        await asked.locked(),
        asked.active.footing(name(asked.path["purpose"], place="purpose")),
        allow=choice.allow,
        language=choice.language,
        terms=choice.terms,
    )
    return one_shown(asked.active, stands, choice.language)


@doors("PUT", "/v1/me/choices/{purpose}/channels/{channel}")
async def reach(asked: Asked, switch: Switch) -> MyChoice:
    """Have a channel used for a purpose, or not; one that is off for everything stays off."""
    stands = await own_choices.reach(
        asked.unit,
        asked.act,
        asked.active,
        await asked.locked(),
        asked.active.footing(name(asked.path["purpose"], place="purpose")),
        channel=name(asked.path["channel"], place="channel"),
        on=switch.on,
    )
    return one_shown(asked.active, stands, None)


@officers(
    "GET",
    "/v1/members/{member:uuid}/choices",
    ability=Ability.REQUESTS,
    query=("language", "at", "known"),
)
async def looked_up(asked: Asked) -> MyChoices:
    """Where a member stands, or stood; on record, and the member sees who looked.

    `at`, `known` and `language` as for members themselves.
    """
    at, known = _times(asked)
    member = await members.one(asked.unit, asked.id("member"))
    past = await own_choices.looked_up(
        asked.unit, asked.act, asked.active, member, at=at, known=known
    )
    then = asked.active.at(past.version)
    return MyChoices(
        member=member.id,
        at=past.at,
        programme=past.version,
        choices=shown(then, past.stands, language(asked, programme=then.programme)),
        guardians=list(past.guardians),
    )


def language(asked: Asked, *, programme: Programme | None = None) -> str:
    """The language asked for in the query. Raises `Misshapen` for one nobody is served in."""
    languages = (programme or asked.active.programme).languages
    wanted = asked.query.get("language", languages[0])
    if wanted not in languages:
        raise Misshapen(
            "members are not served in that language",
            place="language",
            remedy="one of " + ", ".join(languages),
        )
    return wanted


def shown(active: Active, stands: Sequence[Stand], language: str) -> list[MyChoice]:
    """Each purpose as a member is shown it, under the version `active`."""
    return [one_shown(active, one, language) for one in stands]


def one_shown(active: Active, stand: Stand, language: str | None) -> MyChoice:
    """One purpose as a member is shown it; its notice in that language, if it has it."""
    purpose, standing = stand.purpose, stand.standing
    first = active.programme.languages[0]
    spoken = shown_in(purpose.notice.keys(), reader=language or first, first=first)
    digest = purpose.notice_digest(spoken)
    return MyChoice(
        purpose=purpose.name,
        legal_basis=purpose.legal_basis.value,
        article=purpose.legal_basis.article,
        notice=purpose.notice[spoken],
        language=spoken,
        notice_version=history.notice(active, purpose.name, digest).version,
        terms=terms_shown(purpose, spoken),
        fields=list(purpose.fields),
        services=_services(active, purpose),
        retention=active.programme.retention_of(purpose.name),
        can_choose=own_choices.can_choose(purpose),
        allowed=stand.reason is None,
        reason=stand.reason.value if stand.reason else None,
        state=stand.state,
        term=stand.state.term,
        since=standing.since,
        consented=standing.consented,
        awaits_confirmation=stand.state is State.REQUESTED,
        objected=stand.objected,
        until=standing.until.isoformat() if standing.until else None,
        agreed=agreed(stand.agreed),
        channels=dict(stand.channels),
    )


def agreed(notice: Notice | None) -> Agreed | None:
    """A text that was shown, if there was one."""
    if notice is None:
        return None
    return Agreed(notice.digest.hex(), notice.version, notice.language, notice.text)


def _services(active: Active, purpose: Purpose) -> dict[str, list[str]]:
    return {
        service.name: sorted(service.may[purpose.name])
        for service in active.programme.services.values()
        if purpose.name in service.may
    }


def _times(asked: Asked) -> tuple[datetime, datetime | None]:
    """`at`, now if left out, and `known`. Raises `Misshapen`."""
    sent, now = asked.query, asked.unit.now
    at = moment(sent["at"], now=now, place="at") if "at" in sent else now
    return at, moment(sent["known"], now=now, place="known") if "known" in sent else None
