"""The words that officers read for the codes of breaches: closed lists, in the officer's voice."""

from collections.abc import Mapping

from consent.affected.question import How
from dsar.breaches.account import Nature, Risk, Spared
from dsar.breaches.register import Step
from dsar.packages.marking import mark

NATURES: Mapping[str, str] = {
    Nature.CONFIDENTIALITY: mark("Somebody saw data who should not have (confidentiality)"),
    Nature.INTEGRITY: mark("Data were changed (integrity)"),
    Nature.AVAILABILITY: mark("Data were lost or out of reach (availability)"),
}
RISKS: Mapping[str, str] = {
    Risk.OPEN: mark("Not assessed yet"),
    Risk.NONE: mark("No risk is likely: nobody has to be told"),
    Risk.RISK: mark("A risk: the authority is told"),
    Risk.HIGH: mark("A high risk: the authority and those affected are told"),
}
SPARED: Mapping[str, str] = {
    Spared.ENCRYPTED: mark("The data were encrypted, and the keys did not leave with them"),
    Spared.AVERTED: mark("What was done since has made the high risk unlikely"),
    Spared.PUBLIC: mark("Telling each would be out of proportion: it is made public instead"),
}
LACKING: Mapping[str, str] = {
    "account": mark("The row is broken: somebody has changed the database"),
    "assessment": mark("The risk has to be assessed"),
    "authority": mark("The authority has to be told"),
    "delay": mark("The reasons for telling the authority late are missing"),
    "members": mark("Those affected have to be told"),
}
STEPS: Mapping[str, str] = {
    Step.OPEN: mark("Put into the register"),
    Step.DESCRIBE: mark("What happened was set right"),
    Step.ASSESS: mark("Assessed"),
    Step.TELL_AUTHORITY: mark("The authority was told"),
    Step.TELL_MEMBERS: mark("Those affected were told"),
    Step.CLOSE: mark("Closed"),
    Step.LIST: mark("A list of those affected was fetched"),
}
HOWS: Mapping[str, str] = {
    How.VALUES: mark("Values were opened"),
    How.COPY: mark("A whole copy of a member's data was handed out"),
    How.SAID: mark("What a member had chosen was shown"),
    How.LETTER: mark("A letter to a member was read"),
    How.USES: mark("What a member's data was used for was shown"),
    How.TOLD: mark("A recipient was told of a member, by identifiers"),
    How.MATCHED: mark("Members were named who fit a description"),
    How.LISTED: mark("Members were named who are to be asked or reminded"),
    How.REPLAYED: mark("Past answers about everybody were written to a file"),
    How.ANSWER: mark("A yes or no, and no value"),
    How.ACCOUNT: mark("Somebody was signed in as the member"),
    How.GUARDIAN: mark("Somebody was signed in as a child's guardian"),
    How.EVERYTHING: mark("Everything that is stored was copied"),
}
SEARCHES: Mapping[str, str] = {
    "waiting": mark("Waits for a worker"),
    "running": mark("Being looked for"),
    "done": mark("Answered"),
    "failed": mark("Could not be answered"),
}
STAGES: Mapping[str, str] = {
    "record": mark("Entries of the record"),
    "members": mark("Members' keys"),
}
