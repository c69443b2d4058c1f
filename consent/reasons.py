"""Every reason a decision can give: what it means, and what would change it.

The one table; docs/reasons.md shows it, and a test holds the two together. A service is told that
a member has not consented and not whether they were never asked, refused or withdrew: it needs no
more to do right by them (Art. 5(1)(c)).
"""

from dataclasses import dataclass

from consent.eligibility import Reason
from consent.policy import Denied
from consent.reach import Unreached
from consent.rulings import Undecided

#: No member has that id; of an erased one nothing else can be said either.
UNKNOWN_MEMBER = "unknown_member"


@dataclass(frozen=True)
class Meaning:
    """`remedy`: what would make the answer another, in one sentence."""

    means: str
    remedy: str


#: Why the policy says no, whoever the member is.
POLICY: dict[Denied | Undecided, Meaning] = {
    Denied.UNKNOWN_SERVICE: Meaning(
        "the programme knows no such service",
        "use the name of a service in the programme file",
    ),
    Denied.UNKNOWN_PURPOSE: Meaning(
        "the programme has no such purpose",
        "use the name of a purpose in the programme file",
    ),
    Denied.UNKNOWN_ACTION: Meaning(
        "there is no such action",
        "use one of the actions in the programme file's reference",
    ),
    Denied.PURPOSE_NOT_GIVEN: Meaning(
        "the service may do nothing for this purpose",
        "the programme would have to give the service an action for the purpose",
    ),
    Denied.ACTION_NOT_GIVEN: Meaning(
        "the service may do other things for this purpose, and not this one",
        "the programme would have to list the action for the service and the purpose",
    ),
    Denied.UNKNOWN_FIELD: Meaning(
        "the programme has no such field or trait",
        "use the name of a field or trait in the programme file",
    ),
    Denied.FIELD_NOT_IN_PURPOSE: Meaning(
        "the purpose does not use this field, so nobody may use it for that purpose",
        "leave the field out; else the purpose would have to name it, and members be asked again",
    ),
    Denied.CHANNEL_NOT_IN_PURPOSE: Meaning(
        "the purpose does not reach members by this channel",
        "use one of the purpose's channels",
    ),
    Denied.FIELD_IS_DERIVED: Meaning(
        "a trait follows from other data and cannot be written",
        "record the purchases, or write the field it is derived from",
    ),
    Denied.ACTION_WITHOUT_FIELDS: Meaning(
        "the action touches no field",
        "leave the fields out",
    ),
    Undecided.NAMES_NOBODY: Meaning(
        "a preview counts members and names none, so nothing is said about one",
        "ask how many with POST /v1/segments/preview",
    ),
}

#: Why the member may not be used for the purpose.
MEMBER: dict[Reason, Meaning] = {
    Reason.RESTRICTED: Meaning(
        "the member's data are restricted, for every purpose (Art. 18)",
        "wait until the restriction is lifted; the member is told before it is",
    ),
    Reason.OBJECTED: Meaning(
        "the member objected to the purpose, or to the marketing it serves (Art. 21)",
        "nothing a service can do: it is for the member to take the objection back",
    ),
    Reason.PAUSED: Meaning(
        "the member has paused everything they have a say in",
        "wait until the pause ends, or the member ends it",
    ),
    Reason.NO_CONSENT: Meaning(
        "the purpose rests on consent, and the member has given none that stands",
        "use their data only if they say yes of their own accord, under the purpose's notice",
    ),
    Reason.UNPROVEN: Meaning(
        "a yes is said to have been given, and nothing proves it (Art. 7(1))",
        "ask the member to confirm it under the purpose's notice",
    ),
    Reason.UNCONFIRMED: Meaning(
        "the member said yes and has not confirmed it yet",
        "wait until they follow the link that was sent to them",
    ),
    Reason.EXPIRED: Meaning(
        "the consent has run out",
        "ask the member to give it again",
    ),
    Reason.ASK_AGAIN: Meaning(
        "the member agreed to less than what the purpose does now, or to another notice",
        "show them the notice as it is now and ask again",
    ),
    Reason.GUARDIAN_NEEDED: Meaning(
        "the member is under the age of consent and has said yes alone (Art. 8)",
        "ask a guardian who is on record",
    ),
    Reason.AGE_UNKNOWN: Meaning(
        "the programme admits children, and nobody knows whether this member is one",
        "ask for the member's birth date, or a guardian's word",
    ),
    Reason.COME_OF_AGE: Meaning(
        "a guardian said yes, and the member is old enough to answer themselves now",
        "ask the member themselves",
    ),
}

#: Why a member who may be used for the purpose is not to be contacted now, by that channel.
CONTACT: dict[Unreached, Meaning] = {
    Unreached.CHANNEL_OFF: Meaning(
        "the member wants nothing by this channel, for the purpose or at all",
        "use another channel of the purpose",
    ),
    Unreached.QUIET_HOURS: Meaning(
        "the member wants to be left alone at this hour",
        "ask again at another hour",
    ),
    Unreached.TOO_OFTEN: Meaning(
        "the member was contacted less long ago than they wish",
        "ask again on another day",
    ),
}

NOBODY = Meaning("no member has this id; perhaps one had", "forget the id")

#: All of them, by the word that answers bear.
MEANINGS: dict[str, Meaning] = {
    **{one.value: meaning for one, meaning in POLICY.items()},
    **{one.value: meaning for one, meaning in MEMBER.items()},
    **{one.value: meaning for one, meaning in CONTACT.items()},
    UNKNOWN_MEMBER: NOBODY,
}


def page() -> str:
    """The tables of docs/reasons.md."""
    parts = (
        ("## The policy says no", {one.value: meaning for one, meaning in POLICY.items()}),
        (
            "## The member may not be used",
            {
                UNKNOWN_MEMBER: NOBODY,
                **{one.value: meaning for one, meaning in MEMBER.items()},
            },
        ),
        ("## The member is not to be contacted", {o.value: m for o, m in CONTACT.items()}),
    )
    sections = []
    for title, table in parts:
        rows = [f"| `{word}` | {one.means} | {one.remedy} |" for word, one in table.items()]
        head = ["| reason | what it means | what would change it |", "|---|---|---|"]
        sections.append("\n".join([title, "", *head, *rows]))
    return "\n\n".join(sections) + "\n"
