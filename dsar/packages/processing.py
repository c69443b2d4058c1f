"""What data is used for, by whom, and who else gets it (Art. 15(1)(a) to (d), (2)). Pure."""

from collections.abc import Mapping
from typing import Any

from consent.history import Stand
from consent.programme import Purpose
from consent.programme.countries import ADEQUACY, COUNTRIES, EEA, country_codes
from consent.programme.declarations import Action
from consent.programme.parties import JointController, Recipient, Safeguard
from consent.programme.rules_transfers import is_transfer
from dsar.languages import same, shown_in
from dsar.packages.gathering import Gathered
from dsar.packages.kept import Named, label
from dsar.packages.marking import mark
from dsar.packages.meanings import BASES, CHANNELS, MAY, REASONS, ROLES, SAFEGUARDS, STATES
from dsar.packages.wording import Wording
from profiles.catalogue import Trait

#: With these a service picks members by what is known about them: profiling (Art. 4(4)).
_PICKS = frozenset({Action.SEGMENT, Action.PREVIEW})
#: Countries of the Regulation whose authority is known here.
_KNOWN = tuple(code for code in COUNTRIES if code in EEA)
#: Where somebody lives; a nationality does not say it.
_LIVES = frozenset({"pd:Country", "pd:Residency"})
_PROFILING: Mapping[str, str] = {
    "selection": mark("Yes: members are chosen by what is known or worked out about them."),
    "traits": mark("Yes: something that is worked out about you is used."),
    "none": mark("No"),
}


def controllers(found: Gathered, wording: Wording) -> dict[str, Any]:
    """Who decides, alone and together with others, and their data protection officer."""
    programme = found.active.programme
    own, dpo = programme.controller, programme.dpo
    return {
        "controller": {
            "name": own.name,
            "country": wording.country(own.country),
            "contact": own.contact,
            "address": own.address,
            "representative": own.representative,
        },
        "joint_controllers": [
            _joint(found, wording, name, one) for name, one in programme.controllers.items()
        ],
        "data_protection_officer": dpo and {"name": dpo.name, "contact": dpo.contact},
    }


def purposes(found: Gathered, wording: Wording) -> list[dict[str, Any]]:
    """Every purpose, and where the member stands with it: also those that do not use their data."""
    return [_purpose(found, wording, stand) for stand in found.stands]


def recipients(found: Gathered, wording: Wording) -> list[dict[str, Any]]:
    """Who else gets data, by name (C-154/21), where they are, and what protects it there."""
    return [_recipient(found, wording, one) for one in found.active.programme.recipients.values()]


def complaints(found: Gathered, wording: Wording) -> dict[str, Any]:
    """Where to complain (Art. 77): the authority of the controller's country, and the member's.

    `others`: those of the countries where the member lives, as far as a field tells; of all that
    are known here, where none does.
    """
    own = found.active.programme.controller.country
    others = [one for one in _lives_in(found) or _KNOWN if one in _KNOWN and one != own]
    said: dict[str, Any] = {
        "name": wording.say("the data protection authority where you live"),
        "site": None,
    }
    if own in COUNTRIES:
        said = {"name": COUNTRIES[own].authority.name, "site": COUNTRIES[own].authority.site}
    return said | {
        "others": [
            {
                "country": wording.country(code),
                "name": COUNTRIES[code].authority.name,
                "site": COUNTRIES[code].authority.site,
            }
            for code in others
        ]
    }


def _lives_in(found: Gathered) -> list[str]:
    """The countries (ISO 3166) that fields about where the member lives tell, as far as opened."""
    fields = found.active.programme.catalogue().fields
    told = [
        str(one.value).upper()
        for name, one in found.values.items()
        if name in fields and fields[name].category in _LIVES
    ]
    return [code for code in dict.fromkeys(told) if code in country_codes()]


def title(found: Named, wording: Wording, purpose: str) -> str:
    """What a purpose is called in words; its name, for one that the programme has no more."""
    declared = found.active.programme.purposes.get(purpose)
    return wording.purpose_title(declared) if declared else purpose


def _purpose(found: Gathered, wording: Wording, stand: Stand) -> dict[str, Any]:
    purpose, programme = stand.purpose, found.active.programme
    language = _shown_in(found, purpose, wording)
    retention = programme.retention_of(purpose.name)
    return {
        "name": purpose.name,
        "label": wording.purpose_title(purpose),
        "dpv": purpose.dpv,
        "legal_basis": {
            **wording.coded(purpose.legal_basis, BASES),
            "article": purpose.legal_basis.article,
        },
        "notice": purpose.notice[language],
        "notice_language": language,
        "fields": [{"name": name, "label": label(found, wording, name)} for name in purpose.fields],
        "retention": retention and {"code": retention, "words": wording.language.period(retention)},
        "channels": [wording.coded(one, CHANNELS) for one in purpose.channels],
        "direct_marketing": purpose.direct_marketing,
        "profiling": wording.coded(_profiles(found, purpose), _PROFILING),
        "impact_assessment": purpose.dpia,
        "balancing_test": purpose.balancing_test,
        "joint_controllers": [programme.controllers[name].name for name in purpose.controllers],
        "services": [
            {"name": one.name, "may": [wording.coded(act, MAY) for act in sorted(allowed)]}
            for one in programme.services.values()
            if (allowed := one.may.get(purpose.name))
        ],
        "recipients": [
            one.name for one in programme.recipients.values() if purpose.name in one.purposes
        ],
        "standing": _standing(stand, wording),
    }


def _standing(stand: Stand, wording: Wording) -> dict[str, Any]:
    standing, agreed = stand.standing, stand.agreed
    return {
        "state": wording.coded(stand.state, STATES),
        "objected": stand.objected,
        "used_today": stand.reason is None,
        "because": stand.reason and wording.coded(stand.reason, REASONS),
        "holds_until": standing.until.isoformat() if standing.until else None,
        "agreed_to": agreed and agreed.text,
        "channels": [
            {**wording.coded(name, CHANNELS), "on": on} for name, on in stand.channels.items()
        ],
    }


def _profiles(found: Gathered, purpose: Purpose) -> str:
    """Whether members are picked for it, or something worked out about them is used (Art. 4(4))."""
    programme = found.active.programme
    derived = any(isinstance(programme.catalogue().get(one), Trait) for one in purpose.fields)
    picked = any(
        one.may.get(purpose.name, frozenset()) & _PICKS for one in programme.services.values()
    )
    if picked:
        return "selection"
    return "traits" if derived else "none"


def _recipient(found: Gathered, wording: Wording, one: Recipient) -> dict[str, Any]:
    return {
        "name": one.name,
        "role": wording.coded(one.role, ROLES),
        "contact": one.contact,
        "purposes": list(one.purposes),
        **_where(found, wording, one),
    }


def _joint(found: Gathered, wording: Wording, name: str, one: JointController) -> dict[str, Any]:
    purposes = found.active.programme.purposes.values()
    return {
        "name": one.name,
        "contact": one.contact,
        "address": one.address,
        "arrangement": one.arrangement,
        "purposes": [purpose.name for purpose in purposes if name in purpose.controllers],
        **_where(found, wording, one),
    }


def _where(found: Gathered, wording: Wording, one: Recipient | JointController) -> dict[str, Any]:
    """The country, and what a transfer there rests on (Art. 15(2))."""
    rests_on = one.safeguard
    decided = ADEQUACY.get(one.country)
    if rests_on is None and decided is not None and decided.only is None:
        rests_on = Safeguard.ADEQUACY
    leaves = one.country not in EEA and is_transfer(found.active.programme, one)
    safeguard = None
    if leaves and rests_on is not None:
        safeguard = {**wording.coded(rests_on, SAFEGUARDS), "article": rests_on.article}
    return {
        "country": wording.country(one.country),
        "outside_eea": leaves,
        "safeguard": safeguard,
        "safeguard_reference": one.safeguard_reference if leaves else None,
    }


def _shown_in(found: Gathered, purpose: Purpose, wording: Wording) -> str:
    """The language in which the notice is shown, as on the pages."""
    own, code = found.request.language, wording.language.code
    reader = own if same(own, code) else code
    first = found.active.programme.languages[0]
    return shown_in(purpose.notice.keys(), reader=reader, first=first)
