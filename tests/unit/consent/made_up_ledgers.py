"""Random ledgers for property tests: every action, few moments, so that many fall together."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from consent.choices import ALL_HOURS, OFTEN, STATES, Action, By, Choice
from profiles.changes import Changes, unpack
from profiles.shard import MemberSets

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = START.date()
PURPOSES = ("p", "q")
TERMS = (b"terms-01", b"terms-02", b"terms-03")
GUARDIANS = (UUID(int=1), UUID(int=2))
YESES = (Action.GIVEN, Action.RENEWED, Action.REQUESTED)


def choice(action: Action, hours: int = 0, purpose: str | None = "p", **said: object) -> Choice:
    """One line, so many hours after the start."""
    about = {"purpose": purpose, "at": START + timedelta(hours=hours), "by": By.MEMBER}
    return Choice(action, **{"programme": 1, **about, **said})  # type: ignore[arg-type]


def days(draw: st.DrawFn) -> date | None:
    ahead = draw(st.none() | st.integers(-2, 2))
    return None if ahead is None else TODAY + timedelta(days=ahead)


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    """A line as `choosing` could have made it."""
    action = draw(st.sampled_from([*Action, *[Action.GIVEN] * 12]))
    said: dict[str, object] = {"purpose": None}
    if action in STATES:
        said["purpose"] = draw(st.sampled_from(PURPOSES))
        said["by"] = draw(st.sampled_from([By.MEMBER, By.GUARDIAN]))
        said["guardian"] = draw(st.sampled_from(GUARDIANS)) if said["by"] is By.GUARDIAN else None
    if action in YESES:
        said["until"], said["terms"] = days(draw), draw(st.sampled_from(TERMS))
        said["language"] = draw(st.sampled_from([None, "sv"]))
    if action in (Action.OBJECTED, Action.OBJECTION_LIFTED):
        said["purpose"] = draw(st.sampled_from([None, *PURPOSES]))
    if action in (Action.CHANNEL_OFF, Action.CHANNEL_ON):
        said["purpose"] = draw(st.sampled_from([None, *PURPOSES]))
        said["channel"] = draw(st.sampled_from(["email", "post"]))
    if action is Action.PAUSED:
        said["until"] = days(draw)
    if action is Action.OFTEN:
        said["setting"] = draw(st.sampled_from(OFTEN))
    if action is Action.HOURS:
        said["setting"] = draw(st.sampled_from([0, 1, 0b110, 1 << 23, ALL_HOURS]))
    if action in (Action.GUARDIAN_NAMED, Action.GUARDIAN_REMOVED):
        said["guardian"] = draw(st.sampled_from(GUARDIANS))
    return choice(action, draw(st.integers(0, 4)), **said)  # type: ignore[arg-type]


ledgers = st.lists(choices(), max_size=12)


def applied(members: MemberSets, changes: Changes) -> MemberSets:
    """The sets after these changes, by way of their bytes, as a replica gets them."""
    for shard, change in changes.finished():
        members.apply(shard, unpack(change))
    return members
