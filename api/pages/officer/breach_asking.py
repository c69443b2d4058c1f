"""`/desk/breaches/{id}/ask`: the question whose data were given out, put to the record.

Whose account was misused is found by an identifier, which stands in no address; that somebody
looked is on record, and needs the ability to handle members' requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, TypeVar

import msgspec

from api.http.errors import WrongCaller
from api.pages import pressing
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.breach import ONE
from api.pages.officer.breaches import label, local, name, needed, to, wrong
from api.pages.officer.inbox import Option
from api.pages.officer.use_filter import ONE_OF
from api.pages.officer.use_words import ACTOR_TYPES
from api.pages.pressing import Press
from api.people import officers
from api.people.people import Kind
from audit.entries import ActorType
from audit.tallies import actors
from consent import guardians
from consent.affected.giving import PURCHASES
from consent.affected.question import Question
from consent.programme import Ability
from dsar import finding
from dsar.breaches import register, searches
from dsar.errors import NotABreach
from dsar.packages.marking import mark
from profiles import members
from profiles.errors import BadValue, CannotOpen

pages = Pages(Kind.OFFICER)
#: The last minute that is named is meant to its end.
MINUTE = timedelta(minutes=1)
_ON_RECORD = (ActorType.OFFICER, ActorType.AGENT, ActorType.SYSTEM)
_BEFORE = timedelta(days=7)  # how long it may have gone on before anybody knew


@dataclass(frozen=True)
class Ask(View):
    """`services` and `people`: who may have given data out. `kinds`: what a member is found by,
    none where the officer's role does not include that."""

    template: ClassVar[str] = "officer/breach_ask.html"
    title: ClassVar[str] = mark("Who was affected?")

    back: str
    name: str
    since: str
    until: str
    services: Sequence[Option]
    people: Sequence[Option]
    kinds: Sequence[Option]
    purposes: Sequence[Option]
    fields: Sequence[Option]
    whole: bool
    keys_too: bool
    wrong: str


@dataclass(frozen=True)
class Unaskable(Ask):
    """The same, after what was asked cannot be; whom somebody looked for stays on record."""

    status: ClassVar[int] = 422
    keeps: ClassVar[bool] = True


Form = TypeVar("Form", bound=Ask)


class Asking(msgspec.Struct, forbid_unknown_fields=True):
    """`kind` and `value`: whose account was misused."""

    since: str
    until: str
    actors: list[str] = []
    kind: str = ""
    value: str = ""
    purposes: list[str] = []
    fields: list[str] = []
    whole: bool = False
    keys_too: bool = False
    press: Press = ""

    def __repr__(self) -> str:
        return "Asking(***)"


@pages("GET", ONE + "/ask", ability=Ability.RECORD)
async def ask(asked: Asked) -> Ask:
    """The form, with when it happened filled in, as far as that is known."""
    await searches.refuse_unaskable(asked.unit, asked.id("breach"))
    account = (await register.get(asked.unit, asked.id("breach"))).account
    assert account is not None
    since = account.since or account.aware - _BEFORE
    sent = Asking(local(asked, since), local(asked, account.until or asked.unit.now))
    return await _shown(Ask, asked, sent, "")


@pages("POST", ONE + "/ask", ability=Ability.RECORD)
async def search(asked: Asked, sent: Asking) -> Go | Unaskable:
    """Have it looked for; a worker does, and the page it leads to tells how far it is."""
    breach = asked.id("breach")
    if await pressing.again(asked, sent.press, sent):
        newest = (await searches.of_breach(asked.unit, breach))[0]
        return Go(to(breach, "found", str(newest.id)), said="on-record")
    await searches.refuse_unaskable(asked.unit, breach)
    try:
        account = await _account(asked, sent)
        question = Question(
            since=needed(asked, sent.since, place="since"),
            until=needed(asked, sent.until, place="until", later=True) + MINUTE,
            actors=await _actors(asked, sent.actors),
            account=None if account is None else account.ordinal,
            pseudonym=None if account is None else account.key.subject().hex(),
            holder=None if account is None else account.id,
            wards=await _wards(asked, account),
            purposes=tuple(sent.purposes),
            fields=tuple(sent.fields),
            whole=sent.whole,
            keys_too=sent.keys_too,
        )
        found = await searches.ask(asked.unit, asked.act, asked.active, breach, question)
    except NotABreach as error:
        return await _shown(Unaskable, asked, sent, wrong(asked, error))
    return Go(to(breach, "found", str(found.id)), said="on-record")


async def _shown(view: type[Form], asked: Asked, sent: Asking, wrong_: str) -> Form:
    found = await register.get(asked.unit, asked.id("breach"))
    assert found.account is not None
    speak, programme = asked.speaking, asked.active.programme
    kinds = [
        Option(one, label(asked, one), one == sent.kind)
        for one, declared in asked.unit.schema.catalogue.fields.items()
        if declared.lookup is not None and asked.may(Ability.REQUESTS)
    ]
    kinds.sort(key=lambda one: one.value != members.NUMBER)
    return view(
        back=to(found.id),
        name=name(found.account),
        since=sent.since,
        until=sent.until,
        services=_services(asked, sent.actors),
        people=await _people(asked, sent.actors),
        kinds=kinds,
        purposes=[
            Option(one.name, speak.titled(asked.active, one.name), one.name in sent.purposes)
            for one in programme.purposes.values()
        ],
        fields=[
            Option(one, label(asked, one), one in sent.fields)
            for one in (*sorted(programme.names), PURCHASES)
        ],
        whole=sent.whole,
        keys_too=sent.keys_too,
        wrong=wrong_,
    )


async def _actors(asked: Asked, sent: Sequence[str]) -> tuple[str, ...]:
    known = {one.value for one in [*_services(asked, ()), *await _people(asked, ())]}
    if not known.issuperset(sent):
        raise NotABreach("there is no such service or officer", place="actors")
    return tuple(dict.fromkeys(sent))


async def _account(asked: Asked, sent: Asking) -> members.Member | None:
    """The member whose account it was. Raises `NotABreach` unless there is one."""
    if not sent.value.strip():
        return None
    if not asked.may(Ability.REQUESTS):
        raise WrongCaller("officers in this role may not look for members", place="account")
    try:
        found = await finding.find(asked.unit, asked.act, sent.kind, sent.value.strip())
    except BadValue:
        found = []
    if len(found) != 1:
        raise NotABreach("this finds no member, or several", place="account")
    return await members.one(asked.unit, found[0])


async def _wards(asked: Asked, account: members.Member | None) -> tuple[str, ...]:
    """The pseudonyms of children whom the account's member answers for."""
    if account is None:
        return ()
    try:
        found = await guardians.children(asked.unit, account)
    except CannotOpen:  # somebody has been at a tie or a ledger; the search looks for itself
        return ()
    return tuple(sorted(one.key.subject().hex() for one in found))


def _services(asked: Asked, chosen: Sequence[str]) -> list[Option]:
    """Also those that only an earlier version of the programme knew."""
    versions = (asked.active, *asked.active.earlier.values())
    names = sorted({name for one in versions for name in one.programme.services})
    return [Option(f"service/{one}", one, f"service/{one}" in chosen) for one in names]


async def _people(asked: Asked, chosen: Sequence[str]) -> list[Option]:
    """Those with an account, and whoever else is on record: officers who were removed since, those
    who only ever had a token or the command line, agents, and the system itself."""
    found = await officers.listed(asked.unit, asked.active, asked.keys)
    seen = await actors(asked.unit.session)
    people = {("officer", one.name) for one in found}
    people |= {one for one in seen if one[0] in _ON_RECORD}
    say = asked.speaking.say
    return [
        Option(
            f"{type}/{id}",
            id if type == "officer" else say(ONE_OF, type=say(ACTOR_TYPES[type]), name=id),
            f"{type}/{id}" in chosen,
        )
        for type, id in sorted(people, key=lambda one: (_ON_RECORD.index(one[0]), one[1]))
    ]
