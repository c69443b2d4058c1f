"""What a change of the programme means for members and services, in one sentence each."""

from collections.abc import Callable
from typing import Any

from consent.programme.declarations import Action, LegalBasis, Purpose

_MAY = {
    Action.PREVIEW: "count the members who match",
    Action.SEGMENT: "be told which members match",
    Action.READ: "read the purpose's fields",
    Action.ENROL: "create members and change their fields",
    Action.RECORD: "add events",
    Action.CONSENT: "write down what members choose",
}


def consequence(place: str, kind: str, *, before: Any, after: Any) -> str:
    """What follows when the thing at `place` is added, removed or changed; may be empty."""
    section, _, rest = place.partition(".")
    name, _, key = rest.partition(".")
    if section in ("controller", "retention"):
        return _SETTINGS.get(name, "") if kind == "changed" else ""
    if section == "services":
        return _service(name, key, kind, before=before, after=after)
    if not key:
        rule = _WHOLE.get((section, kind))
        return rule(before if after is None else after) if rule else ""
    key = "notice" if key.startswith("notice.") else key
    part = _PART.get((section, key, kind)) or _PART.get((section, key, ""))
    return part(before, after) if part else ""


_SETTINGS = {
    "name": "notices and receipts name the new controller from now on",
    "country": "deadlines, ages of consent and bookkeeping years follow the new country",
    "languages": "members can choose among these languages; the first is the default",
    "timezone": "days begin and end at other moments; windows and expiries move with them",
    "currency": "amounts already stored are not converted",
    "default": "members must be told how long (Art. 13(2)(a))",
    "origin": "a record already begun keeps the name it was begun under",
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


def _basis(before: Any, after: Any) -> str:
    if before == LegalBasis.CONSENT:
        return (
            "consents and refusals given under the old basis do not carry over; "
            "members must be told before (Art. 13)"
        )
    if after == LegalBasis.CONSENT:
        return "nobody may be used for it until they consent: no one was asked before"
    return "choices made under the old basis do not carry over; members must be told (Art. 13)"


def _validity(before: Any, after: Any) -> str:
    now = f"hold for {after} months" if after is not None else "do not run out"
    then = "keep their term" if before is not None else "do not run out"
    return f"consents given from now on {now}; those given before {then}"


_WHOLE: dict[tuple[str, str], Callable[[Any], str]] = {
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
    ("purposes", "valid_months", ""): _validity,
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
