"""What a change of the programme means for members and services, in one sentence each."""

import hashlib
from collections.abc import Callable
from typing import Any

from consent.programme.declarations import Action, Declaration, LegalBasis, Purpose

_MAY = {
    Action.PREVIEW: "count the members who match",
    Action.SEGMENT: "be told which members match",
    Action.READ: "read the purpose's fields",
    Action.ENROL: "create members and change their fields",
    Action.RECORD: "add events",
    Action.CONSENT: "write down what members choose",
    Action.CONTACT: "write to members",
}
_ASKED_AGAIN = "; who said yes must be asked again"


def consequence(
    place: str, kind: str, *, before: Any, after: Any, now: Declaration | None = None
) -> str:
    """What follows when the thing at `place` is added, removed or changed; may be empty.

    `now`: the table it stands in, as it will be.
    """
    section, _, rest = place.partition(".")
    name, _, key = rest.partition(".")
    if section in ("controller", "retention", "dpo", "children", "requests"):
        settled = _SETTINGS.get(place) if before is not None else None
        return settled(after) if callable(settled) else settled or ""
    if section == "services":
        return _service(name, key, kind, before=before, after=after)
    if not key:
        rule = _WHOLE.get((section, kind))
        return rule(before if after is None else after) if rule else ""
    if key.startswith(("notice.", "words.", "without.", "title.")):
        key, _, _ = key.partition(".")
    part = _PART.get((section, key, kind)) or _PART.get((section, key, ""))
    if part is None:
        return ""
    follows = part(before, after)
    if isinstance(now, Purpose) and now.legal_basis is LegalBasis.CONSENT:
        follows += _asked_again(now, key, kind, before)
    return follows


def _asked_again(now: Purpose, key: str, kind: str, before: Any) -> str:
    """What a consent does not cover any more makes it count no more (see `consent.footing`)."""
    if key == "notice" and kind == "changed":
        corrected = hashlib.sha256(before.encode()).hexdigest() in now.corrects
        return "; consents given under the old one stand" if corrected else _ASKED_AGAIN
    widened = (key in ("fields", "controllers") and kind == "added") or key == "dpv"
    return _ASKED_AGAIN if widened or (key == "explicit" and now.explicit) else ""


_SETTINGS: dict[str, str | Callable[[Any], str]] = {
    "controller.name": "notices and receipts name the new controller from now on",
    "controller.country": (
        "deadlines, ages of consent and bookkeeping years follow the new country; so does what "
        "counts as a transfer"
    ),
    "controller.languages": "members can choose among these languages; the first is the default",
    "controller.timezone": "days begin and end at other moments; windows and expiries move too",
    "controller.currency": "amounts already stored are not converted",
    "controller.origin": "a record already begun keeps the name it was begun under",
    "retention.default": "members must be told how long (Art. 13(2)(a))",
    "dpo.name": "members and the authority must be told who it is (Arts. 13(1)(b) and 37(7))",
    "dpo.contact": "members and the authority must be told how to reach them (Art. 37(7))",
    "children.admitted": lambda will: (
        "who has told no birth date counts as a child, and needs a guardian's word"
        if will
        else "who has told no birth date counts as grown up"
    ),
    "children.age_of_consent": lambda will: (
        f"members under {will} need a guardian's word, also those who said yes themselves"
    ),
}


def _service(name: str, purpose: str, kind: str, *, before: Any, after: Any) -> str:
    if not purpose:
        answer = "what it asks is refused" if kind == "removed" else "it may do what is listed"
        return f"{answer}, from the moment of applying"
    action = Action(after if kind == "added" else before)
    verb = "may now" if kind == "added" else "may no longer"
    return f"{name} {verb} {_MAY[action]} for {purpose}"


def _new_purpose(purpose: Purpose) -> str:
    return {
        LegalBasis.CONSENT: "nobody may be used for it until they consent",
        LegalBasis.CONTRACT: "every member may be used for it",
        LegalBasis.LEGITIMATE_INTEREST: (
            "every member may be used for it who has not objected; tell them first (Art. 21(4))"
        ),
        LegalBasis.LEGAL_OBLIGATION: "every member may be used for it, as the law demands",
    }[purpose.legal_basis]


_FROM_CONSENT = {
    LegalBasis.LEGITIMATE_INTEREST: (
        "who said no stays out; everybody else may be used for it, also who was never asked or "
        "let a consent run out, until they object; members must be told before (Arts. 13 and 21(4))"
    ),
    LegalBasis.CONTRACT: (
        "every member may be used for it, also who said no; members must be told before (Art. 13)"
    ),
    LegalBasis.LEGAL_OBLIGATION: (
        "every member may be used for it, also who said no; members must be told before (Art. 13)"
    ),
}


def _basis(before: Any, after: Any) -> str:
    if before == LegalBasis.CONSENT:
        return _FROM_CONSENT[LegalBasis(after)]
    if after == LegalBasis.CONSENT:
        return (
            "nobody may be used for it until they consent; a consent from before counts if it "
            "covers what is done now"
        )
    return "choices made under the old basis do not carry over; members must be told (Art. 13)"


def _validity(before: Any, after: Any) -> str:
    now = f"hold for {after} months" if after is not None else "do not run out"
    then = "keep their term" if before is not None else "do not run out"
    return f"consents given from now on {now}; those given before {then}"


_WHOLE: dict[tuple[str, str], Callable[[Any], str]] = {
    ("controllers", "added"): lambda _: "it decides about the purposes that name it (Art. 26)",
    ("controllers", "removed"): lambda _: "members must be told who decides now (Art. 13(1)(a))",
    ("recipients", "added"): lambda _: "members must be told who gets their data (Art. 13(1)(e))",
    ("recipients", "removed"): lambda _: (
        "what it has received is still there: see to it that it is given back or erased "
        "(Art. 28(3)(g))"
    ),
    ("agents", "added"): lambda _: (
        "it may hand in members' requests, once its certificate lies in keys/agents"
    ),
    ("agents", "removed"): lambda _: (
        "it can hand nothing in, and is told no more of what it handed in"
    ),
    ("purposes", "removed"): lambda _: "nobody may be used for it any more, by any service",
    ("purposes", "added"): _new_purpose,
    ("fields", "removed"): lambda _: (
        "it can no longer be read or written; stored values remain until they are erased"
    ),
    ("traits", "removed"): lambda _: "it is no longer derived, nor usable in segments",
    ("traits", "added"): lambda trait: (
        f"it is derived from every {trait.source.split('.')[0]} already stored"
    ),
    ("officers", "removed"): lambda _: "its holders may do nothing any more",
}

_PART: dict[tuple[str, str, str], Callable[[Any, Any], str]] = {
    ("purposes", "legal_basis", ""): _basis,
    ("purposes", "fields", "removed"): lambda was, _: f"{was} may no longer be used for it",
    ("purposes", "fields", "added"): lambda _, will: (
        f"{will} may now be used for it; what members were told before did not say so"
    ),
    ("purposes", "notice", "changed"): lambda _, __: (
        "members see the new text; choices made before stay tied to the text they were made under"
    ),
    ("purposes", "notice", "removed"): lambda _, __: "members can no longer be asked in it",
    ("purposes", "without", ""): lambda _, __: (
        "members read it before they answer; what they have answered stands"
    ),
    ("purposes", "valid_months", ""): _validity,
    ("purposes", "remind_days", ""): lambda _, will: (
        f"a reminder is due {will} days before a consent runs out, also of those given before"
        if will is not None
        else "nobody is reminded any more"
    ),
    ("purposes", "dpv", ""): lambda _, __: "it is described to members under the new term",
    ("purposes", "double_opt_in", ""): lambda _, will: (
        "a yes counts from now on when the member has confirmed it; those given before stand"
        if will
        else "a yes counts from now on without being confirmed"
    ),
    ("purposes", "explicit", ""): lambda _, will: (
        "the notice must ask for explicit consent" if will else "consents given before stand"
    ),
    ("purposes", "profiles_for", "added"): lambda _, will: f"an objection to {will} now stops it",
    ("purposes", "profiles_for", "removed"): lambda was, _: (
        f"an objection to {was} no longer stops it"
    ),
    ("purposes", "channels", "added"): lambda _, will: f"members may be reached by {will} for it",
    ("purposes", "channels", "removed"): lambda was, _: (
        f"members may no longer be reached by {was} for it"
    ),
    ("purposes", "controllers", "added"): lambda _, will: (
        f"{will} decides about it too (Art. 26); what members were told before did not say so"
    ),
    ("purposes", "controllers", "removed"): lambda was, _: f"{was} has no say in it any more",
    ("purposes", "corrects", "added"): lambda _, __: (
        "consents given under that earlier notice count"
    ),
    ("purposes", "corrects", "removed"): lambda _, __: (
        "consents given under that earlier notice count no more"
    ),
    ("controllers", "arrangement", ""): lambda _, __: (
        "members must find its essence there (Art. 26(2))"
    ),
    ("controllers", "country", ""): lambda _, will: (
        f"{will} is where it is: members must be told if that is outside the EEA (Art. 13(1)(f))"
    ),
    ("controllers", "safeguard", ""): lambda _, __: (
        "members must be told what the transfer rests on (Art. 13(1)(f))"
    ),
    ("recipients", "country", ""): lambda _, will: (
        f"data goes to {will}: members must be told if that is outside the EEA (Art. 13(1)(f))"
    ),
    ("recipients", "purposes", "added"): lambda _, will: (
        f"it receives data for {will}: members must be told (Art. 13(1)(e))"
    ),
    ("recipients", "purposes", "removed"): lambda was, _: f"it receives no more data for {was}",
    ("recipients", "role", ""): lambda _, will: (
        "a contract under Art. 28(3) is needed"
        if will == "processor"
        else "what it does with the data is for it to answer for, and for members to be told"
    ),
    ("recipients", "safeguard", ""): lambda _, __: (
        "members must be told what the transfer rests on (Art. 13(1)(f))"
    ),
    ("agents", "rights", "added"): lambda _, will: f"it may hand in requests for {will}",
    ("agents", "rights", "removed"): lambda was, _: f"it may hand in no more requests for {was}",
    ("agents", "domain", ""): lambda _, will: (
        f"it signs as {will} from now on, and is called back there"
    ),
    ("agents", "mandate", ""): lambda _, will: (
        "an officer may take its mandate for the member's own word"
        if will
        else "members it speaks for are always asked who they are"
    ),
    ("agents", "per_hour", ""): lambda _, will: f"more than {will} in an hour are refused",
    ("fields", "sensitivity", ""): lambda _, will: (
        "purposes that use it are asked for their impact assessment"
        if will == "sensitive"
        else "it counts as an ordinary field"
    ),
    ("purposes", "direct_marketing", "changed"): lambda _, will: (
        "an objection to direct marketing now stops it"
        if will
        else "an objection to direct marketing no longer stops it"
    ),
    ("purposes", "retention", ""): lambda _, __: "members must be told how long (Art. 13(2)(a))",
    ("fields", "type", ""): lambda _, __: "values already stored are of the old type",
    ("fields", "category", ""): lambda _, __: "it is described to members under the new term",
    ("fields", "values", "removed"): lambda was, _: f"{was!r} is refused from now on",
    ("fields", "values", "added"): lambda _, will: f"{will!r} is accepted from now on",
    ("fields", "title", ""): lambda _, __: "members read it so from now on",
    ("purposes", "title", ""): lambda _, __: "members read it so from now on",
    ("fields", "words", ""): lambda _, __: "members read it so from now on",
    ("fields", "lookup", ""): lambda _, __: (
        "members already stored are not found by it until their values are written again"
    ),
    ("fields", "segment", ""): lambda _, will: (
        "it can be used in segments" if will else "it can no longer be used in segments"
    ),
    ("traits", "kind", ""): lambda _, __: "past answers were computed the old way",
    ("traits", "source", ""): lambda _, __: "past answers were computed the old way",
    ("traits", "days", ""): lambda _, __: "past answers were computed over the old window",
    ("officers", "can", "added"): lambda _, will: f"its holders may now do: {will}",
    ("officers", "can", "removed"): lambda was, _: f"its holders may no longer do: {was}",
}
