"""Where a member stood at a time, and under which text: the ledger read as of then.

Pure. Two questions differ: what they had said by then (`at`), and what was on record by then
(`known`): a letter that lay for a week counts from the day it was written, and nobody knew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from consent.choices import Choice, State
from consent.eligibility import Reason, reason_of
from consent.footing import Footing
from consent.programme import Programme, Purpose
from consent.programme.declarations import Channel
from consent.programme.notices import notice_version
from consent.programmes import Active
from consent.standings import Standing, Standings
from kernel.ids import made_at

#: Behind these stands a yes to a text, whether or not it counts.
_YES = frozenset({State.GIVEN, State.RENEWED, State.REQUESTED, State.UNPROVEN, State.EXPIRED})


@dataclass(frozen=True)
class Notice:
    """A text that was shown: `version` is the first that had it.

    `version`, `language` and `text` are None for a digest that no version of the programme has,
    as an import may bring one along.
    """

    digest: bytes
    version: int | None
    language: str | None
    text: str | None


@dataclass(frozen=True)
class Stand:
    """Where a member stands with one purpose on a day.

    `reason`: why their data is not used, if it is not. `objected`: an objection stands against
    it, by its name or as direct marketing. `channels`: those of the purpose, each with whether
    it may be used. `agreed`: the text under which the consent was given or asked for.
    """

    footing: Footing
    standing: Standing
    state: State
    reason: Reason | None
    objected: bool
    channels: Mapping[str, bool]
    agreed: Notice | None

    @property
    def purpose(self) -> Purpose:
        return self.footing.purpose


def in_force(active: Active, at: datetime) -> Active | None:
    """The version that was in force at that time; None before the first was applied."""
    versions = [active, *active.earlier.values()]
    applied = [one for one in versions if one.applied_at <= at]
    return max(applied, key=lambda one: one.version, default=None)


def said(
    lines: Mapping[UUID, Choice], *, at: datetime, known: datetime | None = None
) -> list[Choice]:
    """Those of a ledger's lines that were said by `at` and, with `known`, on record by then.

    When a line went on record is told by its id, to the millisecond.
    """
    return [
        one for id, one in lines.items() if one.at <= at and (known is None or made_at(id) <= known)
    ]


def stands(active: Active, standings: Standings, day: date, *, born: date | None) -> list[Stand]:
    """Where a member with these standings stands on that day, in the file's order."""
    return [
        stand(active, footing, standings, day, born=born) for footing in active.footings.values()
    ]


def stand(
    active: Active, footing: Footing, standings: Standings, day: date, *, born: date | None
) -> Stand:
    """Where a member with these standings stands with one purpose."""
    purpose = footing.purpose
    standing = standings.of(purpose.name)
    yes = standing.notice if standing.state in _YES else None
    return Stand(
        footing=footing,
        standing=standing,
        state=_state(standing, day),
        reason=reason_of(footing, standings, day, born=born),
        objected=standings.objects_to(purpose.name, marketing=purpose.direct_marketing),
        channels={one.value: _may(footing, standings, one) for one in purpose.channels},
        agreed=notice(active, purpose.name, yes) if yes else None,
    )


def notice(active: Active, purpose: str, digest: bytes) -> Notice:
    """The text of that SHA-256 that any version up to this one showed for the purpose."""
    versions = {number: one.programme for number, one in active.earlier.items()}
    versions[active.version] = active.programme
    version = notice_version(versions.items(), purpose=purpose, digest=digest)
    if version is None:
        return Notice(digest, None, None, None)
    language, text = _text(versions[version], purpose, digest)
    return Notice(digest, version, language, text)


def _text(programme: Programme, purpose: str, digest: bytes) -> tuple[str, str]:
    declared = programme.purposes[purpose]
    return next(
        (language, text)
        for language, text in declared.notice.items()
        if declared.notice_digest(language) == digest
    )


def _state(standing: Standing, day: date) -> State:
    """A consent whose time is up has expired, whether or not the worker has said so yet."""
    over = standing.until is not None and standing.until <= day
    return State.EXPIRED if standing.consented and over else standing.state


def _may(footing: Footing, standings: Standings, channel: Channel) -> bool:
    off = standings.channels_off
    name = footing.purpose.name
    return not (footing.heeds_channels and {(None, channel.value), (name, channel.value)} & off)
