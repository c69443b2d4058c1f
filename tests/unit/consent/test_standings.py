"""What a member's choices come to: the latest decides, of several at one time the no.

The oracle asks each question by itself and looks for the newest words about it; it knows of no
order in which the whole ledger would have to be read.
"""

from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_ledgers import GUARDIANS, PURPOSES, START, TODAY, choice, ledgers

from consent.choices import Action, By, Choice, State
from consent.standings import Standing, after, fold, order

PROVEN = {Action.GIVEN, Action.RENEWED}


def _newest(ledger: list[Choice], *actions: Action, **about: object) -> list[Choice]:
    """The newest lines of these actions about this; several when they fall together."""
    lines = [
        one
        for one in ledger
        if one.action in actions and all(getattr(one, name) == is_ for name, is_ in about.items())
    ]
    return [one for one in lines if one.at == max(each.at for each in lines)]


def _on(ledger: list[Choice], on: Action, off: Action, **about: object) -> bool:
    """Whether of two words the one decides; at one time it is `on`."""
    return on in {one.action for one in _newest(ledger, on, off, **about)}


def _state(ledger: list[Choice], purpose: str) -> State:
    """The newest word, the strongest no of several; claims are heard where nothing better is."""
    about = [
        one
        for one in ledger
        if one.purpose == purpose and one.action in {*_STRENGTH, Action.UNPROVEN}
    ]
    firm = [one for one in about if one.action is not Action.UNPROVEN]
    last = max(firm, key=lambda one: (one.at, _STRENGTH.index(one.action)), default=None)
    if last is not None and last.action in {*PROVEN, Action.REQUESTED}:
        return State(last.action)
    if any(last is None or one.at > last.at for one in about if one not in firm):
        return State.UNPROVEN
    return State.UNKNOWN if last is None else State(last.action)


_STRENGTH = [
    Action.GIVEN,
    Action.RENEWED,
    Action.REQUESTED,
    Action.EXPIRED,
    Action.REFUSED,
    Action.WITHDRAWN,
    Action.INVALIDATED,
]


def _same(state: State) -> State:
    """Whether a consent was renewed is another matter than whether there is one."""
    return State.GIVEN if state is State.RENEWED else state


@given(ledgers)
def test_a_consent_stands_as_its_newest_word_says(ledger: list[Choice]) -> None:
    for purpose in PURPOSES:
        standing = fold(ledger).of(purpose)
        assert _same(standing.state) is _same(_state(ledger, purpose))
        assert standing.consented == (standing.state in (State.GIVEN, State.RENEWED))
        if standing.consented:
            newest = _newest(ledger, *PROVEN, purpose=purpose)
            ends = [one.until for one in newest if one.until is not None]
            assert standing.until == (min(ends) if ends else None)
            deciding = [one for one in newest if one.until == standing.until]
            assert (standing.terms, standing.guardian) in {
                (one.terms, one.guardian) for one in deciding
            }


@given(ledgers)
def test_a_no_stays_a_no_until_a_proven_yes_or_a_lifted_objection(ledger: list[Choice]) -> None:
    noes = (Action.REFUSED, Action.WITHDRAWN)
    for purpose in PURPOSES:
        newest = _newest(ledger, *noes, *PROVEN, Action.OBJECTION_LIFTED, purpose=purpose)
        assert fold(ledger).of(purpose).said_no == bool({one.action for one in newest} & {*noes})


def _last(ledger: list[Choice], action: Action, purpose: str | None) -> datetime:
    """When that was last said; before anything was, if never."""
    times = [one.at for one in ledger if (one.action, one.purpose) == (action, purpose)]
    return max(times, default=START - timedelta(days=1))


@given(ledgers)
def test_an_objection_stands_until_it_is_lifted(ledger: list[Choice]) -> None:
    standings = fold(ledger)
    on, off = Action.OBJECTED, Action.OBJECTION_LIFTED
    everything = _on(ledger, on, off, purpose=None)
    for purpose in PURPOSES:
        by_name = _on(ledger, on, off, purpose=purpose)
        assert standings.objects_to(purpose, marketing=False) == by_name
        spared = everything and _last(ledger, off, purpose) > _last(ledger, on, None)
        assert standings.objects_to(purpose, marketing=True) == (
            by_name or (everything and not spared)
        )


@given(ledgers)
def test_what_is_about_everything_stands_as_its_newest_word_says(ledger: list[Choice]) -> None:
    standings = fold(ledger)
    assert standings.restricted == _on(ledger, Action.RESTRICTED, Action.RESTRICTION_LIFTED)
    assert standings.paused == _on(ledger, Action.PAUSED, Action.RESUMED)
    pauses = _newest(ledger, Action.PAUSED) if standings.paused else []
    ends = [one.until for one in pauses]
    assert standings.paused_until == (None if not ends or None in ends else max(filter(None, ends)))
    often = _newest(ledger, Action.OFTEN)
    assert standings.often == max((one.setting or 0 for one in often), default=0)
    quiet = [one.setting or 0 for one in _newest(ledger, Action.HOURS)]
    assert standings.quiet.bit_count() == max((one.bit_count() for one in quiet), default=0)
    assert standings.quiet in (quiet or [0])


@given(ledgers)
def test_channels_and_guardians_stand_as_their_newest_words_say(ledger: list[Choice]) -> None:
    standings = fold(ledger)
    for about in (None, *PURPOSES):
        for channel in ("email", "post"):
            off = _on(ledger, Action.CHANNEL_OFF, Action.CHANNEL_ON, purpose=about, channel=channel)
            assert ((about, channel) in standings.channels_off) == off
    for who in GUARDIANS:
        removed = _on(ledger, Action.GUARDIAN_REMOVED, Action.GUARDIAN_NAMED, guardian=who)
        named = any(one.action is Action.GUARDIAN_NAMED and one.guardian == who for one in ledger)
        assert (who in standings.guardians) == (named and not removed)


@given(ledgers, st.randoms(use_true_random=False))
def test_the_order_in_which_choices_are_handed_over_makes_no_difference(
    ledger: list[Choice], chance: Random
) -> None:
    assert fold(chance.sample(ledger, len(ledger))) == fold(ledger)


@given(ledgers)
def test_one_choice_more_is_the_fold_with_it_when_it_comes_last(ledger: list[Choice]) -> None:
    in_order = sorted(ledger, key=order)
    for at, last in enumerate(in_order):
        assert after(fold(in_order[:at]), last) == fold(in_order[: at + 1])


NOES = [
    (Action.GIVEN, Action.WITHDRAWN),
    (Action.RENEWED, Action.REFUSED),
    (Action.GIVEN, Action.EXPIRED),
    (Action.GIVEN, Action.INVALIDATED),
    (Action.GIVEN, Action.REQUESTED),
]


@pytest.mark.parametrize(("yes", "no"), NOES)
def test_of_a_yes_and_a_no_at_one_time_the_no_decides(yes: Action, no: Action) -> None:
    for ledger in ([choice(yes), choice(no)], [choice(no), choice(yes)]):
        assert fold(ledger).of("p").state is State(no)


def test_who_said_nothing_has_consented_to_nothing_and_objected_to_nothing() -> None:
    assert fold([]).of("anything") == Standing()
    assert not fold([]).restricted


def test_a_withdrawal_does_not_lift_an_objection_nor_a_consent_either() -> None:
    said = [choice(Action.OBJECTED, 0), choice(Action.WITHDRAWN, 1), choice(Action.GIVEN, 2)]
    standing = fold(said).of("p")
    assert (standing.consented, standing.objected) == (True, True)
    assert standing.since == START + timedelta(hours=2)


def test_one_purpose_says_nothing_about_another() -> None:
    standings = fold([choice(Action.GIVEN, 0), choice(Action.WITHDRAWN, 1, "q")])
    assert standings.of("p").consented
    assert not standings.of("q").consented


def test_lifting_one_objection_spares_that_purpose_from_the_one_to_all_marketing() -> None:
    said = [choice(Action.OBJECTED, 0, None), choice(Action.OBJECTION_LIFTED, 1, "p")]
    standings = fold(said)
    assert not standings.objects_to("p", marketing=True)
    assert standings.objects_to("q", marketing=True)
    again = fold([*said, choice(Action.OBJECTED, 2, None)])
    assert again.objects_to("p", marketing=True)


def test_a_withdrawn_consent_brings_back_no_objection_that_was_lifted() -> None:
    said = [
        choice(Action.OBJECTED, 0, None),
        choice(Action.OBJECTION_LIFTED, 1, "p"),
        choice(Action.WITHDRAWN, 2, "p"),
        choice(Action.GIVEN, 3, "p"),
    ]
    assert not fold(said).objects_to("p", marketing=True)


@pytest.mark.parametrize("claim", [Action.UNPROVEN, Action.REQUESTED, Action.INVALIDATED])
def test_a_no_is_not_undone_by_what_is_no_proven_yes(claim: Action) -> None:
    assert fold([choice(Action.WITHDRAWN, 0), choice(claim, 1)]).of("p").said_no


def test_an_unproven_word_takes_nothing_from_a_proven_one_nor_from_a_request() -> None:
    for proven in (Action.GIVEN, Action.RENEWED, Action.REQUESTED):
        standing = fold([choice(proven, 0, terms=b"t"), choice(Action.UNPROVEN, 1)]).of("p")
        assert (standing.state, standing.terms) == (State(proven), b"t")


def test_a_guardian_s_consent_is_told_from_the_member_s_own() -> None:
    by_guardian = choice(Action.GIVEN, by=By.GUARDIAN, guardian=GUARDIANS[0])
    assert fold([by_guardian]).of("p").guardian == GUARDIANS[0]
    assert fold([by_guardian, choice(Action.GIVEN, 1)]).of("p").guardian is None


def test_of_two_pauses_at_one_time_the_longer_decides() -> None:
    until = [TODAY + timedelta(days=3), TODAY + timedelta(days=9), None]
    pauses = [choice(Action.PAUSED, purpose=None, until=day) for day in until]
    assert fold(pauses[:2]).paused_until == date(2026, 3, 10)
    assert fold(pauses).paused_until is None
    assert fold(pauses).paused
