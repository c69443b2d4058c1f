"""`/second`: another proof that it is really them, before what matters; then on to where they went.

A member's is a code to their telephone or e-mail address, an officer's the code that their
authenticator app shows, or a recovery code. An officer without a second factor sets one up here,
and reads the recovery codes on `/desk/recovery-codes` until they have kept them.
Each try counts and stands on record, whatever comes of it. The session has another token after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from api.pages import guarding, pressing
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.onward import SIGN_IN, carrying, onward, whose
from api.people import codes, sessions, totp
from api.people.codes import Outcome, Tried
from api.people.errors import SessionOver
from api.people.people import Kind, Person
from dsar.identity_codes import Carrier
from dsar.packages.marking import mark

pages = Pages(None)
officers = Pages(Kind.OFFICER)
PATH = "/second"
RECOVERY = "/desk/recovery-codes"
Code = Annotated[str, msgspec.Meta(max_length=64)]
#: What a try came to, in words; that it was proved is said where they went.
_MEMBERS: Mapping[Outcome, str] = {
    Outcome.SENT: mark("A code is on its way to you. It holds for ten minutes."),
    Outcome.UNAVAILABLE: mark("We cannot send a code there just now. Write to us."),
    Outcome.LIMITED: mark("That was too many times. Wait a while and try again."),
    Outcome.WRONG: mark(
        "That was not the code. Look once more; after five tries you need a new one."
    ),
    Outcome.EXPIRED: mark("There is no code that holds. Send yourself a new one."),
}
_OFFICERS: Mapping[Outcome, str] = {
    Outcome.LIMITED: mark("That was too many times. Wait a while and try again."),
    Outcome.WRONG: mark(
        "That code does not hold. Each works once: take the one that the app shows now, "
        "or a recovery code that you have not used."
    ),
    Outcome.EXPIRED: mark("That was not set up in this sign-in. Begin here."),
}


@dataclass(frozen=True)
class MembersProof(View):
    """`by_text`, `to`: how and where a code goes, in part; None where there is no way to send one.

    `tried`: what the last try came to, in words; `sent`: that a code is on its way; `wrong`: that
    the code was; `settles`: that it opens what an address that was changed lately does not.
    """

    template: ClassVar[str] = "signing_in/code.html"
    title: ClassVar[str] = mark("Show once more that it is you")

    by_text: bool
    to: str | None = field(repr=False)
    next: str
    tried: str
    sent: bool
    wrong: bool
    settles: bool


@dataclass(frozen=True)
class OfficersProof(View):
    """`recovery_left`: how many recovery codes they have not used."""

    template: ClassVar[str] = "signing_in/factor.html"
    title: ClassVar[str] = mark("Your second factor")

    next: str
    tried: str
    recovery_left: int


@dataclass(frozen=True)
class SettingUp(View):
    """What the authenticator app is given: `drawn`, as a QR code; `uri`; `secret`, by hand."""

    template: ClassVar[str] = "signing_in/set_up.html"
    title: ClassVar[str] = mark("Set up your second factor")

    drawn: Markup = field(repr=False)
    uri: str = field(repr=False)
    secret: str = field(repr=False)
    next: str
    tried: str


@dataclass(frozen=True)
class Recovery(View):
    """The recovery codes, until they are kept. `file`: an address that holds them all."""

    template: ClassVar[str] = "signing_in/recovery.html"
    title: ClassVar[str] = mark("Keep your recovery codes")

    codes: Sequence[str] = field(repr=False)
    file: str = field(repr=False)
    next: str


class Onward(msgspec.Struct, forbid_unknown_fields=True):
    next: str = ""


class Given(msgspec.Struct, forbid_unknown_fields=True):
    code: Code
    next: str = ""

    def __repr__(self) -> str:
        return "Given(***)"


@pages("GET", PATH, query=("tried",), presses=True)
async def see(asked: Asked) -> MembersProof | OfficersProof | SettingUp | Go:
    """Give the proof; who has given it lately just goes on."""
    person, to = asked.person, asked.query.get("next", "")
    if person is None:
        return _nobody(to)
    if asked.proved_lately:
        return Go(onward(to, person.kind))
    if person.kind is Kind.MEMBER:
        return _members(asked, person)
    if await totp.is_set(asked.unit, person):
        left = await totp.recovery_left(asked.unit, person)
        return OfficersProof(next=_next(to, person), tried=_tried(asked), recovery_left=left)
    return await _setting_up(asked, person)


@pages("POST", PATH + "/send")
async def send(asked: Asked, on: Onward) -> Go:
    """Have a code sent to the member who is signed in."""
    if asked.person is None or asked.person.kind is not Kind.MEMBER:
        return _nobody(on.next)
    outcome = await codes.ask(
        asked.unit,
        asked.keys,
        asked.act,
        asked.person,
        asked.member,
        carriers=codes.carriers_of(asked.tillit),
        language=asked.speaking.code,
    )
    return _again(outcome, on.next)


@pages("POST", PATH + "/code")
async def give(asked: Asked, given: Given) -> Go:
    """Give the code that came, or that the app shows, or a recovery code."""
    person = asked.person
    try:
        if person is None:
            raise sessions.over()
        tried = await _tried_by(asked, person, given.code)
    except SessionOver:
        # Perhaps by the first of two presses: then the second leads where it has led.
        if (proved := await pressing.proved(asked)) is None:
            return _nobody(given.next)
        return _on(asked, onward(given.next, proved.kind), pressing.by_proof(asked), "proved")
    if tried.token is None:
        return _again(tried.outcome, given.next)
    return _on(asked, onward(given.next, person.kind), tried.token, "proved")


@pages("POST", PATH + "/set-up")
async def set_up(asked: Asked, given: Given) -> Go:
    """Show that the app was given the secret; then the recovery codes are to be kept."""
    person = asked.person
    on = carrying(RECOVERY, given.next if whose(given.next) is Kind.OFFICER else "")
    try:
        if person is None:
            raise sessions.over()
        if person.kind is not Kind.OFFICER:
            return _nobody(given.next)
        unit, keys, act, token = asked.unit, asked.keys, asked.act, pressing.by_proof(asked)
        made = await totp.confirm(unit, keys, act, person, code=given.code, token=token)
    except SessionOver:
        if await pressing.proved(asked, Kind.OFFICER) is None:
            return _nobody(given.next)
        return _on(asked, on, pressing.by_proof(asked))
    return _again(made.outcome, given.next) if made.token is None else _on(asked, on, made.token)


@officers("GET", RECOVERY, proved=True)
async def read(asked: Asked) -> Recovery | Go:
    """The recovery codes that were made in this session; once they are kept, nothing."""
    to = onward(asked.query.get("next", ""), Kind.OFFICER)
    made = await totp.recovery(asked.unit, asked.keys, asked.who)
    return Recovery(codes=made, file=_file(asked, made), next=to) if made else Go(to)


@officers("POST", RECOVERY)
async def keep(asked: Asked, on: Onward) -> Go:
    """They are kept, and shown no more."""
    await totp.kept(asked.unit, asked.who)
    return Go(onward(on.next, Kind.OFFICER))


def _members(asked: Asked, person: Person) -> MembersProof:
    way = codes.way(asked.unit, asked.member, carriers=codes.carriers_of(asked.tillit))
    outcome = asked.query.get("tried", "")
    return MembersProof(
        by_text=way is not None and way.carrier is Carrier.SMS,
        to=None if way is None else way.to,
        next=_next(asked.query.get("next", ""), person),
        tried=_tried(asked),
        sent=outcome in (Outcome.SENT, Outcome.WRONG),
        wrong=outcome in _MEMBERS and outcome != Outcome.SENT,
        settles=not person.settled,
    )


async def _setting_up(asked: Asked, person: Person) -> SettingUp:
    issuer = asked.active.programme.controller.name
    made = await totp.enrol(asked.unit, asked.keys, person, issuer=issuer)
    assert made is not None, "what is not set up can be"
    return SettingUp(
        drawn=Markup(made.svg),  # noqa: S704 - drawn by us, and holds nothing but its modules
        uri=made.uri,
        secret=" ".join(made.secret[at : at + 4] for at in range(0, len(made.secret), 4)),
        next=_next(asked.query.get("next", ""), person),
        tried=_tried(asked),
    )


async def _tried_by(asked: Asked, person: Person, code: str) -> Tried:
    unit, keys, act, token = asked.unit, asked.keys, asked.act, pressing.by_proof(asked)
    if person.kind is Kind.MEMBER:
        return await codes.give(unit, keys, act, person, asked.member, code=code, token=token)
    return await totp.give(unit, keys, act, person, code=code, token=token)


def _on(asked: Asked, to: str, token: str | None, said: str | None = None) -> Go:
    """There, with the token that the session has from now on."""
    cookie = guarding.session_cookie(asked.tillit.settings)
    return Go(to, said=said, cookies={cookie: token})


def _again(outcome: Outcome, to: str) -> Go:
    return Go(carrying(PATH, to if whose(to) else "", tried=outcome.value))


def _nobody(to: str) -> Go:
    return Go(carrying(SIGN_IN[whose(to) or Kind.MEMBER], to if whose(to) else ""))


def _next(to: str, person: Person) -> str:
    return to if whose(to) is person.kind else ""


def _tried(asked: Asked) -> str:
    """What the last try came to, by the word in the address."""
    words = _MEMBERS if asked.who.kind is Kind.MEMBER else _OFFICERS
    found = {outcome.value: text for outcome, text in words.items()}.get(
        asked.query.get("tried", "")
    )
    return "" if found is None else asked.speaking.say(found)


def _file(asked: Asked, recovery: Sequence[str]) -> str:
    """The codes as a text file, in an address of its own: it is fetched from nowhere."""
    head = asked.speaking.say(
        mark("Recovery codes at %(controller)s, each good once"),
        controller=asked.active.programme.controller.name,
    )
    text = "\n".join([head, "", *recovery, ""])
    return f"data:text/plain;charset=utf-8,{quote(text)}"
