"""The member sets that follow from what members said: their names, who stands in them, and how
one member's standings read back from them.

The ledger is the truth; these are derived from its fold and hold nothing else. A set of one
value of many bears it after ``=``, as those of fields do.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from uuid import UUID

from consent.choices import Action, Choice, State
from consent.footing import Footing
from consent.standings import Standing, Standings
from profiles import stacks
from profiles.catalogue import member_set
from profiles.changes import Changes
from profiles.shard import MemberSets
from profiles.values import EPOCH, to_number

RESTRICTED = "~restricted"
MARKETING = "~marketing_objection"
PAUSED = "~paused"
PAUSED_UNTIL = "~paused_until"
OFTEN = "~often"
QUIET = "~quiet"

#: Stands for a guardian whose id the sets do not hold.
SOMEBODY = UUID(int=0)
#: States in which a yes was said and does not count, so that the reason can be told.
KEPT_STATES = (State.UNPROVEN, State.REQUESTED, State.EXPIRED)


def consent_set(purpose: str) -> str:
    """Consent was given, under whichever terms, and not taken back."""
    return f"consent:{purpose}"


def terms_set(purpose: str, terms: bytes) -> str:
    return member_set(f"consent_terms:{purpose}", terms.hex())


def state_set(purpose: str, state: State) -> str:
    return member_set(f"consent_state:{purpose}", state.value)


def guardian_set(purpose: str) -> str:
    """The consent was given by a guardian."""
    return f"consent_guardian:{purpose}"


def until_stack(purpose: str) -> str:
    return f"consent_until:{purpose}"


def objection_set(purpose: str) -> str:
    return f"objection:{purpose}"


def lifted_set(purpose: str) -> str:
    """Their objection to this one was lifted after they objected to all direct marketing."""
    return f"objection_lifted:{purpose}"


def no_set(purpose: str) -> str:
    """They said no when asked for consent, which counts on when the basis is another."""
    return f"said_no:{purpose}"


def channel_set(purpose: str | None, channel: str) -> str:
    """Who wants nothing by this channel: for the purpose, or at all."""
    field = "~channel_off" if purpose is None else f"channel_off:{purpose}"
    return member_set(field, channel)


def often_set(days: int) -> str:
    return member_set(OFTEN, str(days))


def quiet_set(hour: int) -> str:
    return member_set(QUIET, str(hour))


def place(changes: Changes, ordinal: int, standings: Standings, ledger: Collection[Choice]) -> None:
    """Bring a member's sets in line with their standings.

    `ledger`: all they ever said; from it follows which sets they may stand in already.
    """
    _place_purposes(changes, ordinal, standings, ledger)
    said = {choice.action for choice in ledger}
    for words, name, inside in (
        ({Action.RESTRICTED, Action.RESTRICTION_LIFTED}, RESTRICTED, standings.restricted),
        ({Action.OBJECTED, Action.OBJECTION_LIFTED}, MARKETING, standings.marketing_objected),
        ({Action.PAUSED, Action.RESUMED}, PAUSED, standings.paused),
    ):
        if words & said:
            _set(changes, name, ordinal, inside)
    if Action.PAUSED in said:
        until = standings.paused_until
        changes.assign(PAUSED_UNTIL, ordinal, None if until is None else to_number(until))
    _place_contact(changes, ordinal, standings, ledger)


def _place_contact(
    changes: Changes, ordinal: int, standings: Standings, ledger: Collection[Choice]
) -> None:
    """By which channels, how often and at what hours they may be reached."""
    for days in {one.setting for one in ledger if one.action is Action.OFTEN and one.setting}:
        _set(changes, often_set(days), ordinal, standings.often == days)
    spoken = 0
    for one in ledger:
        spoken |= (one.setting or 0) if one.action is Action.HOURS else 0
    for hour in range(24):
        if spoken >> hour & 1:
            _set(changes, quiet_set(hour), ordinal, bool(standings.quiet >> hour & 1))
    for about, channel in {(one.purpose, one.channel) for one in ledger if one.channel}:
        assert channel is not None
        _set(
            changes,
            channel_set(about, channel),
            ordinal,
            (about, channel) in standings.channels_off,
        )


def _place_purposes(
    changes: Changes, ordinal: int, standings: Standings, ledger: Collection[Choice]
) -> None:
    for purpose in {choice.purpose for choice in ledger} - {None}:
        assert purpose is not None
        terms = {one.terms for one in ledger if one.purpose == purpose and one.terms}
        _place_purpose(changes, ordinal, purpose, standings.of(purpose), terms)


def _place_purpose(
    changes: Changes, ordinal: int, purpose: str, standing: Standing, terms: Collection[bytes]
) -> None:
    _set(changes, consent_set(purpose), ordinal, standing.consented)
    _set(changes, objection_set(purpose), ordinal, standing.objected)
    _set(changes, lifted_set(purpose), ordinal, standing.lifted)
    _set(changes, no_set(purpose), ordinal, standing.said_no)
    by_guardian = standing.consented and standing.guardian is not None
    _set(changes, guardian_set(purpose), ordinal, by_guardian)
    for one in terms:
        here = standing.consented and standing.terms == one
        _set(changes, terms_set(purpose, one), ordinal, here)
    for state in KEPT_STATES:
        _set(changes, state_set(purpose, state), ordinal, standing.state is state)
    until = standing.until if standing.consented else None
    changes.assign(until_stack(purpose), ordinal, None if until is None else to_number(until))


def _set(changes: Changes, name: str, ordinal: int, inside: bool) -> None:
    (changes.add if inside else changes.remove)(name, ordinal)


def standings_in(members: MemberSets, footing: Footing, ordinal: int) -> Standings:
    """One member's standings as the sets have them: all that this purpose's answer hangs on.

    Of a consent's terms, only those that are accepted are told.
    """
    silencers: dict[str, Standing] = {
        one.purpose: Standing(
            objected=ordinal in members.get(objection_set(one.purpose)),
            lifted=ordinal in members.get(lifted_set(one.purpose)),
        )
        for one in footing.silencers
    }
    name = footing.purpose.name
    purposes: Mapping[str, Standing] = {**silencers, name: _standing_in(members, footing, ordinal)}
    return Standings(
        purposes,
        restricted=ordinal in members.get(RESTRICTED),
        marketing_objected=ordinal in members.get(MARKETING),
        paused=ordinal in members.get(PAUSED),
        paused_until=day_of(members, PAUSED_UNTIL, ordinal),
    )


def _standing_in(members: MemberSets, footing: Footing, ordinal: int) -> Standing:
    name = footing.purpose.name
    state = State.GIVEN if ordinal in members.get(consent_set(name)) else State.UNKNOWN
    for kept in KEPT_STATES:
        if ordinal in members.get(state_set(name, kept)):
            state = kept
    under = (one for one in footing.accepted if ordinal in members.get(terms_set(name, one)))
    by_guardian = ordinal in members.get(guardian_set(name))
    return Standing(
        state=state,
        until=day_of(members, until_stack(name), ordinal),
        terms=next(under, None),
        guardian=SOMEBODY if by_guardian else None,
        objected=ordinal in members.get(objection_set(name)),
        lifted=ordinal in members.get(lifted_set(name)),
        said_no=ordinal in members.get(no_set(name)),
    )


def day_of(members: MemberSets, stack: str, ordinal: int) -> date | None:
    """The day on a stack, None when it is not known."""
    number = stacks.value_of(members, stack, ordinal)
    return None if number is None else EPOCH + timedelta(days=number)
