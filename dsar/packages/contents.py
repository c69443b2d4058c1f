"""What an access package says: all that Art. 15(1) to (3) list, in plain values and in words.

Pure: it is handed what was opened and arranges it. The keys are English and stay as they are
(docs/package.schema.json); what is for people is in the member's language. The page, the CSV
files and `package.json` all show this one object.
"""

from typing import Any

from audit.entries import rfc3339
from dsar.packages import kept, left_out, past, processing
from dsar.packages.gathering import Gathered
from dsar.packages.request_words import RIGHTS
from dsar.packages.wording import Wording

FORMAT = "tillit/access-package/v1"


def access(found: Gathered, wording: Wording) -> dict[str, Any]:
    """Everything in one object that JSON can carry."""
    programme = found.active.programme
    return {
        "format": FORMAT,
        "made_at": rfc3339(found.at),
        "request": str(found.request.id),
        "language": wording.language.code,
        "programme": {
            "version": found.active.version,
            "currency": programme.currency,
            "time_zone": str(programme.zone),
            "record": programme.origin,
        },
        **processing.controllers(found, wording),
        "left_out": left_out.told(found, wording),
        "values": kept.values(found, wording),
        "traits": kept.traits(found, wording),
        "purchases": kept.purchases(found, wording),
        "purposes": processing.purposes(found, wording),
        "recipients": processing.recipients(found, wording),
        "profiling": _profiling(wording),
        "preferences": past.preferences(found, wording),
        "consents": past.consents(found, wording),
        "uses": past.used(found, wording),
        "requests": past.requests(found, wording),
        "holds": past.on_hold(found, wording),
        "rights": [{"article": article, "words": wording.say(text)} for article, text in RIGHTS],
        "complaints": processing.complaints(found, wording),
    }


def _profiling(wording: Wording) -> dict[str, str]:
    """The logic behind what is worked out, and what it means for the member (Art. 15(1)(h))."""
    return {
        "logic": wording.say(
            "What we work out about you are sums, counts, averages and dates of your purchases, "
            "and your age. Each follows from your data by the fixed rule that stands beside it; "
            "nothing is guessed or learned by a machine. A service describes whom it looks for, "
            "such as members of a certain age who have spent a certain amount. You are found if "
            "your data fits the description, and if you may be used for that purpose."
        ),
        "consequences": wording.say(
            "Whether you are found decides what a service does for its purpose, such as which "
            "offers you are shown. This system itself takes no decision about you that has legal "
            "effects or affects you as much (Art. 22)."
        ),
    }
