"""`/panel/in-use`: the consent panel in a shop's sign-up form, and what the shop's server does.

Only where `TILLIT_PANEL_EXAMPLE` names the service that the shop would be, as the demonstration
does: whoever comes by can enrol a member here. What the two doors would be sent and answer is
shown word for word; it is done by the same domain functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar
from uuid import uuid4

import msgspec

from api.http.choices import FromPanel, stands_of
from api.http.enrolments import Enrolled, Newcomer
from api.http.problems import problem, status_of
from api.pages.answers import View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.member.purposes import NO, NOTHING_SAID, WAITING, YES
from api.pages.panel.routes import SCRIPT, integrity
from consent import panel
from consent.choices import State
from consent.errors import ConsentError
from consent.grants import Grant, authorise
from consent.programme import Action
from consent.standings import Standings
from dsar.packages.marking import mark
from kernel.errors import NotFound
from profiles import enrolment
from profiles.members import NUMBER, Member

pages = Pages(None)
PATH = "/panel/in-use"


@dataclass(frozen=True)
class Input:
    """A field of the form. `fill`: what browsers know it as (`autocomplete`)."""

    name: str
    text: str
    type: str
    fill: str


#: What the form asks for, where the programme has it: by category, and how its field is filled in.
_FIELDS = {
    "pd:Name": Input("name", mark("Name"), "text", "name"),
    "pd:EmailAddress": Input("email", mark("E-mail"), "email", "email"),
    "pd:BirthDate": Input("birth_date", mark("Date of birth"), "date", "bday"),
}
_SAID = {
    State.GIVEN: YES,
    State.RENEWED: YES,
    State.REQUESTED: WAITING,
    State.REFUSED: NO,
    State.WITHDRAWN: NO,
}
_Text = Annotated[str, msgspec.Meta(max_length=200)]


@dataclass(frozen=True)
class Call:
    """What the shop's server sends to a door (such as ``POST /v1/members``), and the answer."""

    door: str
    body: str
    status: int
    answer: str


@dataclass(frozen=True)
class InUse(View):
    """`snippet`: what a shop writes into its page; `script`: where ours is."""

    template: ClassVar[str] = "panel/in_use.html"
    title: ClassVar[str] = mark("Become a member")

    inputs: Sequence[Input]
    script: str
    snippet: str


@dataclass(frozen=True)
class Joined(View):
    """`field`: what the panel had put into the form. `stands`: by purpose, in words."""

    template: ClassVar[str] = "panel/joined.html"
    title: ClassVar[str] = mark("What the shop’s server does now")

    field: str
    calls: Sequence[Call]
    stands: Sequence[tuple[str, str]]


class Joining(msgspec.Struct, forbid_unknown_fields=True):
    """The form as it is sent: the panel's field is there once its script has run."""

    name: _Text = ""
    email: _Text = ""
    birth_date: _Text = ""
    consent: Annotated[str, msgspec.Meta(max_length=panel.LONGEST)] = msgspec.field(
        name="tillit-consent", default=""
    )


@pages("GET", PATH, frames=True)
async def see(asked: Asked) -> InUse:
    """The shop's page."""
    grant = _may_enrol(asked)
    address = asked.tillit.settings.public_url + SCRIPT
    return InUse(
        inputs=[
            replace(shown := _FIELDS[one], text=asked.speaking.say(shown.text))
            for one in _offered(asked, grant)
        ],
        script=SCRIPT,
        snippet=(
            f'<script src="{address}"\n  data-language="{asked.speaking.code}"\n'
            f'  integrity="{integrity()}"\n  crossorigin="anonymous" async></script>'
        ),
    )


@pages("POST", PATH)
async def join(asked: Asked, joining: Joining) -> Joined:
    """Enrol them, and hand in what the panel says; if that is refused they are a member still."""
    grant = _may_enrol(asked)
    sent = {"pd:Name": joining.name, "pd:EmailAddress": joining.email}
    sent["pd:BirthDate"] = joining.birth_date
    fields = _offered(asked, grant)
    values = {name: sent[category] for category, name in fields.items() if sent[category]}
    values[NUMBER] = f"W-{uuid4().hex[:12]}"
    newcomer = Newcomer(purpose=grant.purpose.name, values=values, source="web")
    [member] = await enrolment.enrol(asked.unit, grant.act, [values], source="web")
    calls = [_call("/v1/members", newcomer, 201, msgspec.json.encode(Enrolled(member.id)))]
    handed, standings = await _handed_in(asked, grant.service, member, joining.consent)
    return Joined(
        field=joining.consent,
        calls=[*calls, handed],
        stands=[
            (asked.speaking.purpose(one), _where(asked, standings, one.name))
            for one in asked.active.programme.consent_purposes
        ],
    )


async def _handed_in(
    asked: Asked, service: str, member: Member, value: str
) -> tuple[Call, Standings]:
    """The second call, which writes nothing where it is refused."""
    path, body = "/v1/consents/panel", FromPanel(member.id, value)
    try:
        told = await panel.tell(asked.unit, asked.active, service, member.id, value)
    except ConsentError as error:
        status = status_of(error)
        answer = problem(error.slug, status, error.problems, instance=path)
        return _call(path, body, status, bytes(answer.body)), Standings()
    if told is None:
        return _call(path, body, 201, b"[]"), Standings()
    stands = [stands_of(asked.unit, one, told.member, told.standings) for one in told.grants]
    return _call(path, body, 201, msgspec.json.encode(stands)), told.standings


def _may_enrol(asked: Asked) -> Grant:
    """The shop's grant. Raises `NotFound` where there is no example."""
    service = asked.active.programme.services.get(asked.tillit.settings.panel_example or "")
    may = service.may if service is not None else {}
    purpose = next((one for one, actions in may.items() if Action.ENROL in actions), None)
    if service is None or purpose is None:
        raise NotFound("there is no example here", place=PATH)
    return authorise(asked.active, service.name, purpose=purpose, action=Action.ENROL)


def _offered(asked: Asked, grant: Grant) -> dict[str, str]:
    """By category, the field of the programme: the first of each that the service may set."""
    found: dict[str, str] = {}
    for one in asked.active.programme.fields.values():
        if one.category in _FIELDS and one.name in grant.fields:
            found.setdefault(one.category, one.name)
    return {category: found[category] for category in _FIELDS if category in found}


def _where(asked: Asked, standings: Standings, purpose: str) -> str:
    return asked.speaking.say(_SAID.get(standings.of(purpose).state, NOTHING_SAID))


def _call(path: str, body: msgspec.Struct, status: int, answer: bytes) -> Call:
    sent = msgspec.json.encode(body)
    return Call(f"POST {path}", _pretty(sent), status, _pretty(answer))


def _pretty(sent: bytes) -> str:
    return msgspec.json.format(sent, indent=2).decode()
