"""The panel's page, for a frame on a shop's sign-up page: what is asked, and everything off.

It knows nobody: it is made of the programme alone, and nothing in its address answers anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from api.pages.answers import View
from api.pages.rendering import Frame, html
from api.pages.speaking import Speaking
from api.pages.telling import ToldPurpose, told
from audit.entries import rfc3339
from consent.errors import NotAChoice
from consent.footing import heeds_objection
from consent.panel import is_asked
from consent.programme import Purpose
from consent.programmes import Active
from dsar.packages.marking import mark


@dataclass(frozen=True)
class AskedFor(ToldPurpose):
    """A purpose as the panel tells it. `terms`: empty where there is no yes to say; `holds`: for
    how long a yes holds. `can_object`: an objection ends it.
    """

    holds: str
    can_object: bool


@dataclass(frozen=True)
class Panel(View):
    """`asked`: what needs a yes; `others`: what does not. `shown`: now, as RFC 3339 has it.

    `age`: from which members say yes themselves. `sheet`, `script`: where they are fetched.
    """

    template: ClassVar[str] = "panel/choices.html"
    title: ClassVar[str] = mark("What may we use your data for?")

    version: int
    shown: str
    asked: Sequence[AskedFor]
    others: Sequence[AskedFor]
    age: int
    sheet: str
    script: str


def rendered(
    active: Active,
    speaking: Speaking,
    *,
    purposes: Sequence[str],
    at: datetime,
    sheet: str,
    script: str,
) -> str:
    """The page, asking about these purposes, or about all that rest on consent.

    Raises `UnknownPurpose`, and `NotAChoice` where one of them rests on something else.
    """
    programme = active.programme
    wanted = [programme.purpose(one) for one in dict.fromkeys(purposes)]
    for one in wanted:
        if not is_asked(one):
            raise NotAChoice(
                f"{one.name} does not rest on consent ({one.legal_basis.article})",
                place="purposes",
                remedy="leave it out: the panel tells of it by itself",
            )
    asked = wanted or list(programme.consent_purposes)
    others = [one for one in programme.purposes.values() if not is_asked(one)]
    view = Panel(
        version=active.version,
        shown=rfc3339(at),
        asked=[_asked_for(active, speaking, one) for one in asked],
        others=[_asked_for(active, speaking, one) for one in others],
        age=programme.age_of_consent,
        sheet=sheet,
        script=script,
    )
    controller = programme.controller
    frame = Frame(controller.name, controller.contact, kind="", name="", links=(), path="")
    return html(view, frame, speaking)


def _asked_for(active: Active, speaking: Speaking, purpose: Purpose) -> AskedFor:
    months, asked = purpose.valid_months, is_asked(purpose)
    common = vars(told(active, speaking, purpose))
    return AskedFor(
        **common if asked else common | {"terms": ""},
        holds=speaking.language.period(f"{months} months") if months else "",
        can_object=not asked and heeds_objection(purpose),
    )
