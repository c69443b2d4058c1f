"""What a member can take elsewhere (Art. 20): what they provided, and what was observed of them.

Only what is processed by consent or contract: the basis of a purpose that uses it, whether or
not their own consent stands today. Never what was worked out, nor what the programme hands out,
such as a tier; docs/decisions/0025 says why. Pure.
"""

from typing import Any

from audit.entries import rfc3339
from consent.choices import Action, By, Choice
from consent.programme.declarations import LegalBasis
from dsar.packages import left_out
from dsar.packages.bought import taken
from dsar.packages.closing import FROM_PURCHASES, from_purchases
from dsar.packages.gathering import Gathered
from dsar.packages.marking import mark
from dsar.packages.wording import Wording
from profiles.values import encode_value

FORMAT = "tillit/portability/v1"
_BASES = frozenset({LegalBasis.CONSENT, LegalBasis.CONTRACT})
#: Lines that nobody said, or that are about somebody else as well.
_NOT_SAID = frozenset(
    {Action.EXPIRED, Action.INVALIDATED, Action.GUARDIAN_NAMED, Action.GUARDIAN_REMOVED}
)
#: Why something is not here, for the page that comes with it.
REASONS = (
    mark("What we work out about you, such as sums and averages, is not among it."),
    mark("What the programme hands out, such as a level, is not among it."),
    mark("What we use only because a law or an interest of our own says so is not among it."),
    mark("Ask for a copy of your data (Art. 15) to see all of it."),
)


def portable(found: Gathered, wording: Wording) -> dict[str, Any]:
    """Everything that Art. 20 covers, in one object that JSON can carry.

    Its keys and values stay as they are, whatever the language: they are for machines. The page
    that comes with it says in words what is not there.
    """
    programme = found.active.programme
    return {
        "format": FORMAT,
        "made_at": rfc3339(found.at),
        "request": str(found.request.id),
        "controller": {"name": programme.controller.name, "country": programme.controller.country},
        "currency": programme.currency,
        "values": _values(found),
        "purchases": [taken(one) for one in found.purchases] if _observed(found) else [],
        "choices": [_choice(one.choice) for one in found.lines if _is_said(one.choice)],
        "left_out": [one["words"] for one in left_out.unproved(found, wording)],
    }


def _values(found: Gathered) -> list[dict[str, Any]]:
    fields, covered = found.active.programme.catalogue().fields, _covered(found)
    return [
        {
            "name": name,
            "category": fields[name].category,
            "type": str(fields[name].type),
            "value": encode_value(one.value),
            "source": one.source,
            "since": rfc3339(one.at),
        }
        for name, one in found.values.items()
        # A field that the programme has no more serves no purpose, and so none of these.
        if name in covered and name in fields and fields[name].category not in FROM_PURCHASES
    ]


def _covered(found: Gathered) -> set[str]:
    """Fields and traits that are used by consent or contract; what a trait is taken of, too."""
    programme = found.active.programme
    used = {
        name
        for purpose in programme.purposes.values()
        if purpose.legal_basis in _BASES
        for name in purpose.fields
    }
    return used | {programme.traits[name].source for name in used & programme.traits.keys()}


def _observed(found: Gathered) -> bool:
    """Whether purchases are used by consent or contract: by what is worked out from them."""
    catalogue = found.active.programme.catalogue()
    handed_out = {
        name for name, field in catalogue.fields.items() if field.category in FROM_PURCHASES
    }
    return bool(_covered(found) & (from_purchases(catalogue) | handed_out))


def _is_said(choice: Choice) -> bool:
    return choice.by is not By.SYSTEM and choice.action not in _NOT_SAID


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "at": rfc3339(choice.at),
        "said": choice.action.value,
        "purpose": choice.purpose,
        "by": choice.by.value,
        "how": choice.how,
        "channel": choice.channel,
        "setting": choice.setting,
        "language": choice.language,
        "notice_sha256": choice.notice.hex() if choice.notice else None,
        "holds_until": choice.until.isoformat() if choice.until else None,
    }
