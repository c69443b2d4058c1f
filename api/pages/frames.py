"""What stands around a page: whose programme it is, where one can go, what was done just now."""

from dataclasses import dataclass

from api.pages.asked import Asked
from api.pages.onward import carrying
from api.pages.rendering import Frame, Link
from api.people import sessions
from api.people.people import Kind
from consent.programme import Ability
from dsar.packages.marking import mark


@dataclass(frozen=True)
class _Place:
    to: str
    text: str
    ability: Ability | None = None
    #: Also for who signed in by an address that was changed lately (`Page.unsettled`).
    unsettled: bool = False


_MEMBERS = (
    _Place("/my/choices", mark("Choices"), unsettled=True),
    _Place("/my/uses", mark("How my data was used")),
    _Place("/my/data", mark("What you know about me")),
    _Place("/my/requests", mark("My requests")),
    _Place("/my/family", mark("Family")),
    _Place("/my/sign-ins", mark("Sign-ins")),
)
_OFFICERS = (
    _Place("/desk/requests", mark("Inbox"), Ability.REQUESTS),
    _Place("/desk/programme", mark("Programme"), Ability.PROGRAMME),
    _Place("/desk/consent", mark("Consent"), Ability.PROGRAMME),
    _Place("/desk/use", mark("Use"), Ability.RECORD),
    _Place("/desk/breaches", mark("Breaches"), Ability.RECORD),
    _Place("/desk/health", mark("Keys and health"), Ability.KEYS),
    _Place("/desk/sign-ins", mark("Sign-ins")),
)


def frame_of(asked: Asked, *, path: str, said: str = "") -> Frame:
    """`said`: an English sentence of the catalogue, or nothing."""
    controller = asked.active.programme.controller
    person = asked.person
    places: tuple[_Place, ...] = ()
    if person is not None and person.kind is Kind.MEMBER:
        places = tuple(one for one in _MEMBERS if person.settled or one.unsettled)
    if person is not None and person.kind is Kind.OFFICER and person.is_in:
        places = _of_role(asked)
    speaking = asked.speaking
    return Frame(
        controller=controller.name,
        contact=controller.contact,
        kind=person.kind.value if person is not None else "",
        name=(person.officer or "") if person is not None else "",
        links=tuple(
            Link(one.to, speaking.say(one.text), path == one.to or path.startswith(f"{one.to}/"))
            for one in places
        ),
        path=carrying(path, asked.query.get("next", "")),
        settled=person is None or person.settled,
        said=speaking.say(said) if said else "",
        form=sessions.form_token(asked.token) if asked.token is not None else "",
    )


def first_at_desk(asked: Asked) -> str:
    """The first of the officers' pages that this officer's role includes."""
    return _of_role(asked)[0].to


def _of_role(asked: Asked) -> tuple[_Place, ...]:
    return tuple(one for one in _OFFICERS if one.ability is None or asked.may(one.ability))
