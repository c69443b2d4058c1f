"""What a consent panel hands over (`/panel/choices`): answers, each with the terms it is to.

The value comes by way of a browser and of a shop, and neither is believed about terms: what was
shown has to be what the programme showed in that version, and a yes has to be one that counts
today. Writes through the ledger, all of a value or none of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec

from audit.entries import rfc3339
from consent import ledger
from consent.ages import refuse_own_yes
from consent.choices import Action as Said
from consent.choices import By, Choice, State
from consent.choosing import choose
from consent.errors import AnsweredSince, NotAChoice, TermsChanged
from consent.grants import Grant, authorise
from consent.programme import Action, LegalBasis, Purpose
from consent.programmes import Active
from consent.standings import Standings, fold
from kernel.errors import Problem
from profiles import members
from profiles.members import Member
from profiles.unit import Unit

#: How a choice says that it came by a panel.
HOW = "panel"
LONGEST = 16_384  # signs of a value, as a door takes it
_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,62}$(?!\n)")]


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Yes or no to one purpose; no answer at all is none of these, and is not sent.

    `language`: that of the notice that was shown; `terms`: `terms_shown` of it.
    """

    allow: bool
    language: Annotated[str, msgspec.Meta(max_length=8)]
    terms: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$(?!\n)")]


class Panel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A panel's value: what was answered, and what was seen when. `answers`: by purpose."""

    programme: Annotated[int, msgspec.Meta(ge=1)]
    shown: Annotated[datetime, msgspec.Meta(tz=True)]
    answers: Annotated[dict[_Name, Answer], msgspec.Meta(min_length=1)]


@dataclass(frozen=True)
class Told:
    """Where the member stands after it. `grants`: of the purposes that were answered."""

    member: Member
    grants: tuple[Grant, ...]
    standings: Standings


_DECODER = msgspec.json.Decoder(Panel)


def is_asked(purpose: Purpose) -> bool:
    """Whether a panel asks about it: only consent can be given there (Art. 6(1)(a))."""
    return purpose.legal_basis is LegalBasis.CONSENT


def terms_shown(purpose: Purpose, language: str) -> str:
    """What a yes to the notice in that language is a yes to (`Purpose.terms`), in hex."""
    return purpose.terms(purpose.notice_digest(language)).hex()


def read(value: str) -> Panel | None:
    """What a panel said; None for the empty value of one where nothing was answered.

    Raises `NotAChoice`, which repeats nothing of it, for what no panel says.
    """
    if not value:
        return None
    try:
        return _DECODER.decode(value)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors, too
        raise NotAChoice(
            "no consent panel says this",
            place="panel",
            remedy="send what the panel put into the form, as it is",
        ) from None


async def tell(unit: Unit, active: Active, service: str, member: UUID, value: str) -> Told | None:
    """Write down what a member answered in a panel of that service; None for no answer.

    The service needs `consent` for each purpose. Kept with each choice: the text and the terms
    (Art. 7(1)), when it was shown, and the SHA-256 of the value as it came. A no is a withdrawal
    where there was a yes, and always taken. A yes that this very value brought before is not
    written down again. Raises `NotAChoice`, `NotPermitted`, `UnknownPurpose`, `UnknownMember`,
    `GuardianNeeded` for a child's own yes (Art. 8), `TermsChanged` for a yes to terms that are
    not today's any more, and `AnsweredSince` for a yes older than what they have said about the
    purpose since (Art. 7(3)); then nothing of it is written down.
    """
    panel = read(value)
    if panel is None:
        return None
    grants = tuple(
        authorise(active, service, purpose=name, action=Action.CONSENT) for name in panel.answers
    )
    shown = _shown(unit, active, panel)
    _refuse_other_terms(panel, grants, shown)
    found = await members.one(unit, member, lock=True)
    lines = (await ledger.opened(unit, {found.id: found.key}))[found.id]
    evidence, before = _evidence(panel, value), fold(lines)
    again = _brought(lines, evidence)
    _refuse_older(panel, lines, again)
    said: list[Choice] = []
    for grant in grants:
        name = grant.purpose.name
        answer = panel.answers[name]
        if answer.allow:
            if name in again:
                continue
            refuse_own_yes(unit, grant.footing, found, unit.now)
        said.append(
            choose(
                unit,
                shown[name],
                _action(before, name, allow=answer.allow),
                at=unit.now,
                by=By.TILL,
                language=answer.language,
                how=HOW,
                evidence=evidence,
                version=panel.programme,
            )
        )
    standings = (await ledger.record(unit, grants[0].act, {found: said}))[found.id]
    return Told(found, grants, standings)


def _shown(unit: Unit, active: Active, panel: Panel) -> Mapping[str, Purpose]:
    """The purposes as the panel showed them, by the version that it names."""
    if panel.programme != active.version and panel.programme not in active.earlier:
        raise NotAChoice("there is no such version of the programme", place="panel.programme")
    version = active.at(panel.programme)
    if not version.applied_at - ledger.SKEW <= panel.shown <= unit.now + ledger.SKEW:
        raise NotAChoice(
            "that version was not shown then", place="panel.shown", remedy="send the value as it is"
        )
    then = version.programme.purposes
    for name, answer in panel.answers.items():
        purpose = then.get(name)
        if purpose is None or not is_asked(purpose) or answer.language not in purpose.notice:
            raise NotAChoice("no panel of that version showed this", place=f"panel.answers.{name}")
        if terms_shown(purpose, answer.language) != answer.terms:
            raise NotAChoice(
                "those were not its terms in that version",
                place=f"panel.answers.{name}.terms",
                remedy="send the value as it is",
            )
    return then


def _refuse_other_terms(
    panel: Panel, grants: tuple[Grant, ...], shown: Mapping[str, Purpose]
) -> None:
    """A yes is to today's terms, or to earlier ones that still cover what is done; a no to any."""
    problems = tuple(
        Problem(
            f"panel.answers.{name}",
            "what they said yes to is not what is done now",
            "show the panel again and let them answer anew",
        )
        for grant in grants
        if panel.answers[name := grant.purpose.name].allow
        and not _counts(grant, shown[name], panel.answers[name].language)
    )
    if problems:
        raise TermsChanged.of(problems)


def _brought(lines: Sequence[Choice], evidence: str) -> set[str | None]:
    """The purposes about which this very value is in the ledger: a form sent again."""
    return {one.purpose for one in lines if one.how == HOW and one.evidence == evidence}


def _refuse_older(panel: Panel, lines: Sequence[Choice], again: set[str | None]) -> None:
    """A yes that was on its way while they said something else undoes nothing of it.

    Of two at one time the other decides. A no needs no such order: withdrawing always works.
    """
    since = {one.purpose for one in lines if one.at >= panel.shown}
    problems = tuple(
        Problem(
            f"panel.answers.{name}",
            "they have said something about it since that panel was shown",
            "what they said last stands; do not send this again",
        )
        for name, answer in panel.answers.items()
        if answer.allow and name in since and name not in again
    )
    if problems:
        raise AnsweredSince.of(problems)


def _counts(grant: Grant, shown: Purpose, language: str) -> bool:
    return shown.terms(shown.notice_digest(language)) in grant.footing.accepted


def _action(before: Standings, purpose: str, *, allow: bool) -> Said:
    if allow:
        return Said.GIVEN
    never = before.of(purpose).state in (State.UNKNOWN, State.REFUSED)
    return Said.REFUSED if never else Said.WITHDRAWN


def _evidence(panel: Panel, value: str) -> str:
    digest = sha256(value.encode()).hexdigest()
    return f"panel of programme {panel.programme} shown {rfc3339(panel.shown)}, SHA-256 {digest}"
