"""The words that officers read for the groups of figures: closed lists (`consent.figures`)."""

from collections.abc import Mapping

from consent.eligibility import Reason
from consent.figures.expiring import DUE, LATER, NO_END, NONE
from consent.figures.funnel import HELD_BACK, NOT_NOW, OFF, REACHABLE
from consent.figures.groups import ELIGIBLE, Answer
from consent.figures.showing import By
from dsar.packages.marking import mark

ANSWERS: Mapping[str, str] = {
    Answer.CONSENTED: mark("Yes"),
    Answer.ASK_AGAIN: mark("Yes to something else: to be asked again"),
    Answer.EXPIRED: mark("Yes, run out"),
    Answer.UNPROVEN: mark("Yes without proof"),
    Answer.UNCONFIRMED: mark("Yes, not confirmed yet"),
    Answer.SAID_NO: mark("No"),
    Answer.NEVER_ASKED: mark("Not asked, or no valid answer"),
    Answer.OBJECTED: mark("Objection"),
    Answer.NO_OBJECTION: mark("No objection"),
}
STEPS: Mapping[str, str] = {
    Reason.RESTRICTED: mark("Restricted"),
    Reason.OBJECTED: mark("Objected"),
    Reason.PAUSED: mark("Paused"),
    Reason.NO_CONSENT: mark("Has not said yes"),
    Reason.UNPROVEN: ANSWERS[Answer.UNPROVEN],
    Reason.UNCONFIRMED: ANSWERS[Answer.UNCONFIRMED],
    Reason.EXPIRED: ANSWERS[Answer.EXPIRED],
    Reason.ASK_AGAIN: ANSWERS[Answer.ASK_AGAIN],
    Reason.GUARDIAN_NEEDED: mark("A guardian has to say yes"),
    Reason.COME_OF_AGE: mark("Of age now, and the yes was a guardian's"),
    Reason.AGE_UNKNOWN: mark("Age unknown"),
    ELIGIBLE: mark("May be used"),
}
REACH: Mapping[str, str] = {
    HELD_BACK: mark("May not be used at all"),
    OFF: mark("Channel turned off"),
    NOT_NOW: mark("Not now: contacted lately, or quiet hours"),
    REACHABLE: mark("Can be reached"),
}
#: What is no month.
ENDS: Mapping[str, str] = {
    DUE: mark("Reminder is due"),
    LATER: mark("Later"),
    NO_END: mark("No end"),
    NONE: mark("No consent that stands"),
}
BY: Mapping[str, str] = {
    By.MONTH: mark("By month"),
    By.WEEK: mark("By week"),
    By.DAY: mark("By day"),
}
