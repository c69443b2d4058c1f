"""Cases that letters are written about, as they stand on one day, without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from consent.programme import Programme, load_programme
from consent.programmes import Active
from dsar.languages import LANGUAGES
from dsar.letters.cases import Case, Links, Missing
from dsar.letters.kinds import Kind
from dsar.register import Request
from dsar.states import Right, State
from dsar.wanted import Wanted
from dsar.words import Channel, Delay, Reason

CLUB = Path(__file__).parents[1] / "examples" / "fjallklubben.toml"
NAME = "Łukasz Ñuñez-Žižek Þórsson"
REQUEST = UUID("0190f0c0-1111-7000-8000-000000000001")
LINK = "https://choices.fjallklubben.example/v1/identity/" + "Ab3" * 60
OUTCOME = "Vi har tittat på köpen från 2025.\nBeslutet ändras: du är på nivå guld."
_MISSING = (
    Missing("email", "email", "pd:EmailAddress"),
    Missing("phone", "phone", "pd:TelephoneNumber"),
    Missing("member_number", "member_number", "pd:AccountIdentifier"),
)
#: What a case holds for one kind of letter and right.
_OF_KIND: dict[Kind, dict[str, Any]] = {
    Kind.IDENTITY_QUERY: {
        "missing": _MISSING,
        "any_will_do": True,
        "closes": date(2026, 3, 5),
        "links": Links(LINK),
    },
    Kind.EXTENSION: {"reason": Delay.MANY},
    Kind.REFUSAL: {"reason": Reason.IDENTITY},
    Kind.FAREWELL: {
        "told": ("Brevduvan Utskick AB", "Tallmo Drift Oy"),
        "kept": (
            {"count": 1, "until": "2033-12-31", "law": "Bokföringslagen (1999:1078), 7 kap. 2 §"},
            {"count": 12, "until": "2034-12-31", "law": "Bokföringslagen (1999:1078), 7 kap. 2 §"},
        ),
    },
}
_OF_ANSWER: dict[Right, dict[str, Any]] = {
    Right.ACCESS: {"expires": date(2026, 4, 1), "withheld": _MISSING[1:]},
    Right.PORTABILITY: {"expires": date(2026, 4, 1)},
    Right.RECTIFICATION: {
        "wish": Wanted(values={"name": "Åsa", "phone": None}),
        "told": ("Tallmo Drift Oy",),
        "silent": ("Brevduvan Utskick AB",),
    },
    Right.RESTRICTION: {"told": ("Tallmo Drift Oy",)},
    Right.OBJECTION: {"wish": Wanted(marketing=True, purposes=("assortment_insight",))},
    Right.WITHDRAWAL: {"wish": Wanted(purposes=("personalised_offers", "newsletter"))},
    Right.REVIEW: {"wish": Wanted(note="Varför?", outcome=OUTCOME)},
}
#: Every letter there is: its kind, for which right.
ALL: tuple[tuple[Kind, Right], ...] = (
    *((kind, right) for kind in (Kind.ACKNOWLEDGEMENT, Kind.REFUSAL) for right in Right),
    *(
        (kind, right)
        for kind in (Kind.IDENTITY_QUERY, Kind.EXTENSION)
        for right in (Right.ACCESS, Right.ERASURE)
    ),
    *((Kind.ANSWER, right) for right in Right if right is not Right.ERASURE),
    (Kind.RELEASE, Right.RELEASE),
    (Kind.FAREWELL, Right.ERASURE),
)
EVERY = [(kind, right, language) for kind, right in ALL for language in LANGUAGES]


@cache
def programme() -> Programme:
    return load_programme(CLUB)


def case(kind: Kind, right: Right, language: str = "en", **more: Any) -> Case:
    """A case for that letter; `more`: what else it holds, or holds instead."""
    request = Request(
        id=REQUEST,
        right=right,
        state=State.ACKNOWLEDGED,
        member=None,
        channel=Channel.MEMBER,
        language=language,
        received=date(2026, 1, 31),
        opened_at=datetime(2026, 1, 31, 8, tzinfo=UTC),
        due=date(2026, 3, 2),
        extended=False,
        paused_on=date(2026, 2, 3) if kind is Kind.IDENTITY_QUERY else None,
        not_before=None,
        reason=None,
        closed_at=None,
    )
    made = Case(
        request=request,
        active=cast(Active, SimpleNamespace(programme=programme())),
        today=date(2026, 2, 3),
        name=NAME,
        due=request.due,
    )
    of_right = _OF_ANSWER.get(right, {}) if kind is Kind.ANSWER else {}
    return replace(made, **{**_OF_KIND.get(kind, {}), **of_right, **more})
