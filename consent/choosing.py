"""Choices that make sense: what may be said about a purpose, and about all of them.

Pure: makes lines for the ledger and writes none. Withdrawing and objecting always work, also
against what was never given; a yes is only ever to a text that was shown.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from consent.choices import ALL_HOURS, OFTEN, Action, By, Choice, holds_until
from consent.errors import NotAChoice
from consent.footing import heeds_objection
from consent.programme.declarations import Channel, LegalBasis, Purpose
from consent.programme.suggestion import did_you_mean
from profiles.unit import Unit
from profiles.values import has_controls

LONGEST_EVIDENCE = 500
LONGEST_HOW = 40
_OF_CONSENTS = (Action.GIVEN, Action.UNPROVEN, Action.REFUSED, Action.INVALIDATED)


def choose(
    unit: Unit,
    purpose: Purpose,
    action: Action,
    *,
    at: datetime,
    by: By,
    language: str | None = None,
    notice: bytes | None = None,
    how: str = "",
    evidence: str = "",
    guardian: UUID | None = None,
    version: int | None = None,
) -> Choice:
    """A choice that makes sense for the purpose's legal basis. Raises `NotAChoice`.

    `language`: that of the notice shown, whose digest is kept (Art. 7(1)); `notice`: the digest
    of an earlier text, for a consent given under that one. A consent from a file that tells
    neither is unproven, and so is one to a purpose with double opt-in without evidence of it;
    elsewhere a yes to such a purpose is requested, and `confirmed` when they answer. `version`:
    that of the programme whose purpose this is; the one in force, if left out.
    """
    _check(unit, purpose, action, at, language)
    check_texts(how, evidence)
    digest = notice
    # What a file's notice said is in the file; today's text is not what its members read then.
    if digest is None and language is not None and by != By.IMPORT:
        digest = purpose.notice_digest(language)
    if action is Action.GIVEN:
        action = _yes(purpose, by, proven=digest is not None, evidence=evidence)
    elif action is Action.WITHDRAWN and purpose.legal_basis is LegalBasis.LEGITIMATE_INTEREST:
        action = Action.OBJECTED  # whichever word they use, it is a no
    given = action in (Action.GIVEN, Action.REQUESTED)
    return Choice(
        action=action,
        purpose=purpose.name,
        at=at,
        by=By(by),
        programme=version or unit.schema.version,
        language=language,
        notice=digest,
        until=holds_until(at, purpose.valid_months, unit.schema.zone) if given else None,
        terms=purpose.terms(digest) if given and digest else None,
        how=how,
        evidence=evidence,
        guardian=guardian,
        confirmed=given and by == By.IMPORT and purpose.double_opt_in,
    )


def confirmed(
    unit: Unit, purpose: Purpose, requested: Choice, *, at: datetime, evidence: str
) -> Choice:
    """The consent that was requested, now that the member has confirmed it."""
    return Choice(
        action=Action.GIVEN,
        purpose=purpose.name,
        at=at,
        by=requested.by,
        programme=requested.programme,
        language=requested.language,
        notice=requested.notice,
        until=holds_until(at, purpose.valid_months, unit.schema.zone),
        terms=requested.terms,
        how=requested.how,
        evidence=evidence,
        guardian=requested.guardian,
        confirmed=True,
    )


def restriction(unit: Unit, *, on: bool, by: By) -> Choice:
    """Restriction of everything about a member (Art. 18), or its end."""
    return _overall(unit, Action.RESTRICTED if on else Action.RESTRICTION_LIFTED, by)


def marketing(unit: Unit, *, objects: bool, by: By, how: str = "", evidence: str = "") -> Choice:
    """Objection to all direct marketing and the profiling for it (Art. 21(2)), or its end."""
    check_texts(how, evidence)
    action = Action.OBJECTED if objects else Action.OBJECTION_LIFTED
    return _overall(unit, action, by, how=how, evidence=evidence)


def pause(unit: Unit, *, on: bool, by: By, until: date | None = None) -> Choice:
    """A pause of everything there is a choice about, until a day or until they resume.

    Raises `NotAChoice` for a day that does not lie ahead.
    """
    if until is not None and until <= unit.today:
        raise NotAChoice("the pause would be over already", place="until", remedy="a day to come")
    return _overall(unit, Action.PAUSED if on else Action.RESUMED, by, until=until if on else None)


def channel(unit: Unit, purpose: Purpose | None, name: str, *, on: bool, by: By) -> Choice:
    """Whether a channel may be used, for a purpose or, without one, at all.

    Raises `NotAChoice` for a channel that there is not, or that the purpose does not use.
    """
    channels = [*Channel] if purpose is None else [*purpose.channels]
    if name not in channels:
        raise NotAChoice(
            "members are not reached by that channel",
            place="channel",
            remedy=did_you_mean(name, channels) or "the purpose names no channel",
        )
    action = Action.CHANNEL_ON if on else Action.CHANNEL_OFF
    return _overall(unit, action, by, purpose=purpose and purpose.name, channel=Channel(name).value)


def often(unit: Unit, days: int, *, by: By) -> Choice:
    """How many days there must be between two contacts. Raises `NotAChoice`."""
    if days not in OFTEN:
        words = ", ".join(map(str, OFTEN))
        raise NotAChoice("there is no such frequency", place="often", remedy=f"one of {words} days")
    return _overall(unit, Action.OFTEN, by, setting=days)


def hours(unit: Unit, quiet: int, *, by: By) -> Choice:
    """The hours without contacts, a bit each, by the programme's clock. Raises `NotAChoice`."""
    if not 0 <= quiet <= ALL_HOURS:
        raise NotAChoice("a day has 24 hours", place="quiet", remedy="hours from 0 to 23")
    return _overall(unit, Action.HOURS, by, setting=quiet)


def guardian(
    unit: Unit, who: UUID, *, named: bool, by: By, how: str = "", evidence: str = ""
) -> Choice:
    """That a member is this one's guardian, with what proves it (Art. 8(2)), or no longer is."""
    check_texts(how, evidence)
    if named and not evidence:
        raise NotAChoice(
            "a guardian is named with what proves it",
            place="evidence",
            remedy="such as the number of the form they signed (Art. 8(2))",
        )
    action = Action.GUARDIAN_NAMED if named else Action.GUARDIAN_REMOVED
    return _overall(unit, action, by, guardian=who, how=how, evidence=evidence)


def hours_of(quiet: int) -> list[int]:
    """The hours whose bits are set."""
    return [hour for hour in range(24) if quiet >> hour & 1]


def _overall(unit: Unit, action: Action, by: By, **said: Any) -> Choice:
    about = {"purpose": None, "at": unit.now, "by": By(by), "programme": unit.schema.version}
    return Choice(action=action, **(about | said))


def _yes(purpose: Purpose, by: By, *, proven: bool, evidence: str) -> Action:
    if by == By.IMPORT:
        enough = proven and (evidence or not purpose.double_opt_in)
        return Action.GIVEN if enough else Action.UNPROVEN
    if not proven:
        raise NotAChoice(
            "a consent is to a text that was shown",
            place="language",
            remedy="one of " + ", ".join(sorted(purpose.notice)),
        )
    return Action.REQUESTED if purpose.double_opt_in else Action.GIVEN


def _check(
    unit: Unit, purpose: Purpose, action: Action, at: datetime, language: str | None
) -> None:
    if at > unit.now:
        raise NotAChoice("this lies in the future", place="at", remedy="give a time that has come")
    consent = purpose.legal_basis is LegalBasis.CONSENT
    if action in _OF_CONSENTS and not consent:
        raise NotAChoice(
            f"{purpose.name} does not rest on consent ({purpose.legal_basis.article})",
            place=f"purposes.{purpose.name}",
            remedy="object to it instead" if heeds_objection(purpose) else "",
        )
    if action is Action.OBJECTED and not heeds_objection(purpose):
        raise NotAChoice(
            f"{purpose.name} rests on {purpose.legal_basis.article}: there is no objection to it",
            place=f"purposes.{purpose.name}",
            remedy="withdraw the consent instead" if consent else "ask for restriction (Art. 18)",
        )
    if language is not None and language not in purpose.notice:
        raise NotAChoice(
            f"{purpose.name} has no notice in that language",
            place="language",
            remedy="one of " + ", ".join(sorted(purpose.notice)),
        )


def check_texts(how: str, evidence: str) -> None:
    """That there is room for them, and no control characters in them. Raises `NotAChoice`."""
    for text, place, most in ((how, "how", LONGEST_HOW), (evidence, "evidence", LONGEST_EVIDENCE)):
        if len(text) > most:
            raise NotAChoice(f"longer than {most} characters", place=place, remedy="refer to it")
        if has_controls(text):
            raise NotAChoice("it has a control character", place=place, remedy="leave it out")
