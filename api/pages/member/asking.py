"""`/my/requests/new`: choosing a right, and asking for it; the same for a child.

What is asked for travels in forms and stands in no address. A second proof is asked for before,
where the right needs one; who has none to give goes on, and shows who they are in the request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import msgspec

from api.http.bodies import Name
from api.http.bodies import name as checked_name
from api.pages.answers import Go, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.errors import SecondProofNeeded
from api.pages.member import correcting, erasing, offers, whose
from api.pages.member.correcting import Correction, Miswritten, Unreadable
from api.pages.member.erasing import ShownErasure
from api.pages.member.offers import Ends, Offer
from api.pages.member.whose import Whose
from api.people.people import Kind
from dsar import child_requests, identity, own, own_sight, requests
from dsar.packages import kept
from dsar.packages.marking import mark
from dsar.register import Request
from dsar.states import AT_ONCE, Right
from dsar.wanted import LONGEST_NOTE, Wanted
from dsar.words import Channel, right_named
from profiles.catalogue import Field
from profiles.errors import BadValue, UnknownField

pages = Pages(Kind.MEMBER)
NEW = "/new"
_ABOUT = mark("Choose at least one.")
_SAY = mark("Write which decision it is about.")
_LONG = mark(
    "That is %(number)s characters, and there is room for %(most)s. Please shorten it, or send the "
    "rest by e-mail once you have asked."
)


@dataclass(frozen=True)
class Ask(View):
    """Every right there is to ask for."""

    template: ClassVar[str] = "member/ask.html"
    title: ClassVar[str] = mark("Ask for something")

    base: str
    child: bool
    offers: Sequence[Offer]


@dataclass(frozen=True)
class WrongField:
    """A field that may be wrong. `at_once`: where the member sets it right without asking."""

    name: str
    label: str
    at_once: str


@dataclass(frozen=True)
class AskOne(View):
    """One right. `ends`: what it can be about; `fields`: what can be set right.

    `needs_proof`: it goes on once they have shown who they are, and `proved` says whether they
    have. `wrong`: what lacks in what was sent, `note_wrong`: in their own words; with the ends
    that were `picked`, among them `all_marketing`, and the words that were `typed`.
    """

    template: ClassVar[str] = "member/ask_one.html"
    title: ClassVar[str] = mark("Ask for it")

    base: str
    child: bool
    offer: Offer
    needs_proof: bool
    proved: bool
    ends: Sequence[Ends]
    marketing: bool
    fields: Sequence[WrongField]
    erasure: ShownErasure | None
    wrong: str
    note_wrong: str
    picked: Sequence[str]
    all_marketing: bool
    typed: str


@dataclass(frozen=True)
class AskedAmiss(AskOne):
    """The same, with what lacked; what an erasure would take is counted on it, and on record."""

    status: ClassVar[int] = 422
    keeps: ClassVar[bool] = True


@dataclass(frozen=True)
class AskCorrection(View):
    """One field to be set right by a request; `removing`: nothing is right there."""

    template: ClassVar[str] = "member/ask_correction.html"
    title: ClassVar[str] = mark("Something set right")

    base: str
    field: Correction
    needs_proof: bool
    proved: bool
    removing: bool
    note_wrong: str
    typed: str


@dataclass(frozen=True)
class AskedMiswritten(AskCorrection):
    status: ClassVar[int] = 422


class Asking(msgspec.Struct, forbid_unknown_fields=True):
    """What a form has sent: purposes, all direct marketing, and one's own words."""

    purposes: list[Name] = []
    marketing: bool = False
    note: str = ""

    def __repr__(self) -> str:
        return "Asking(***)"


class Corrected(msgspec.Struct, forbid_unknown_fields=True):
    """What is right; with `remove`, nothing is."""

    value: str = ""
    values: list[str] = []
    note: str = ""
    remove: bool = False

    def __repr__(self) -> str:
        return "Corrected(***)"


@pages("GET", whose.OWN + NEW)
async def choose(asked: Asked) -> Ask:
    """Every right, each with a way in."""
    return await _choice(asked, whose.own(asked))


@pages("GET", whose.CHILDS + NEW)
async def choose_for_child(asked: Asked) -> Ask:
    """The same for a child."""
    return await _choice(asked, await whose.childs(asked))


@pages("GET", whose.OWN + NEW + "/{right}")
async def see(asked: Asked) -> AskOne:
    """One right: what happens, and the form that asks for it."""
    return await _form(AskOne, asked, whose.own(asked), _right(asked))


@pages("POST", whose.OWN + NEW + "/{right}")
async def ask(asked: Asked, asking: Asking) -> Go | AskedAmiss:
    """Ask for it; the time to answer runs from now (Art. 12(3))."""
    return await _ask(asked, whose.own(asked), asking)


@pages("GET", whose.CHILDS + NEW + "/{right}")
async def see_for_child(asked: Asked) -> AskOne:
    """The same for a child; but for what needs none, after a second proof."""
    about = await whose.childs(asked)
    _refuse_unproved(asked, _right(asked))
    return await _form(AskOne, asked, about, _right(asked))


@pages("POST", whose.CHILDS + NEW + "/{right}")
async def ask_for_child(asked: Asked, asking: Asking) -> Go | AskedAmiss:
    """Ask for it for a child."""
    return await _ask(asked, await whose.childs(asked), asking)


@pages("GET", whose.OWN + NEW + "/rectification/{field}")
async def see_field(asked: Asked) -> AskCorrection:
    """One field, and what would be right."""
    return _field_form(AskCorrection, asked, whose.own(asked), Corrected())


@pages("POST", whose.OWN + NEW + "/rectification/{field}")
async def ask_field(asked: Asked, corrected: Corrected) -> Go | AskedMiswritten:
    """Ask for a field to be set right (Art. 16)."""
    return await _ask_field(asked, whose.own(asked), corrected)


@pages("GET", whose.CHILDS + NEW + "/rectification/{field}")
async def see_field_for_child(asked: Asked) -> AskCorrection:
    """The same for a child, after a second proof."""
    about = await whose.childs(asked)
    _refuse_unproved(asked, Right.RECTIFICATION)
    return _field_form(AskCorrection, asked, about, Corrected())


@pages("POST", whose.CHILDS + NEW + "/rectification/{field}")
async def ask_field_for_child(asked: Asked, corrected: Corrected) -> Go | AskedMiswritten:
    """Ask for a field of a child's to be set right."""
    return await _ask_field(asked, await whose.childs(asked), corrected)


async def _choice(asked: Asked, about: Whose) -> Ask:
    known = await offers.known(asked, about)
    return Ask(about.base, about.child, offers.offers(asked, restricted=known.restricted))


def _right(asked: Asked) -> Right:
    return right_named(checked_name(asked.path["right"], place="right"))


F = TypeVar("F", bound=AskOne)


async def _form(
    form: type[F], asked: Asked, about: Whose, right: Right, asking: Asking | None = None
) -> F:
    known = await offers.known(asked, about)
    sent = asking or Asking()
    about_it = asking is not None and right in AT_ONCE and not (sent.purposes or sent.marketing)
    return form(
        base=about.base,
        child=about.child,
        offer=offers.offer(asked, right),
        needs_proof=right not in AT_ONCE,
        proved=asked.proved_lately,
        ends=known.of(right),
        marketing=right is Right.OBJECTION and known.marketing,
        fields=_fields(asked, about) if right is Right.RECTIFICATION else [],
        erasure=await erasing.shown(asked, about) if right is Right.ERASURE else None,
        wrong=asked.speaking.say(_ABOUT) if about_it else "",
        note_wrong="" if asking is None else _note_wrong(asked, right, _words(sent.note)),
        picked=sent.purposes,
        all_marketing=sent.marketing,
        typed=sent.note,
    )


async def _ask(asked: Asked, about: Whose, asking: Asking) -> Go | AskedAmiss:
    right = _right(asked)
    if about.child and not _enough(asked, right):
        return Go(f"{about.base}{NEW}/{right.value}")
    about_some = bool(asking.purposes or asking.marketing)
    note = _words(asking.note)
    if (right in AT_ONCE and not about_some) or _note_wrong(asked, right, note):
        return await _form(AskedAmiss, asked, about, right, asking)
    wish = Wanted(tuple(asking.purposes), asking.marketing, note=note)
    return _gone(about, await _open(asked, about, right, wish))


def _words(note: str) -> str:
    """One's own words; a line's end counts once, as it does where they were written."""
    return note.replace("\r\n", "\n").strip()


def _note_wrong(asked: Asked, right: Right, note: str) -> str:
    """What is wrong with one's own words; empty if nothing is."""
    speak = asked.speaking
    if len(note) > LONGEST_NOTE:
        return speak.say(_LONG, number=speak.number(len(note)), most=speak.number(LONGEST_NOTE))
    return speak.say(_SAY) if right is Right.REVIEW and not note else ""


async def _ask_field(asked: Asked, about: Whose, corrected: Corrected) -> Go | AskedMiswritten:
    if about.child and not _enough(asked, Right.RECTIFICATION):
        return Go(f"{about.base}{NEW}/{Right.RECTIFICATION.value}")
    declared = _field(asked)
    written = correcting.Written(corrected.value, corrected.values)
    note = _words(corrected.note)
    if _note_wrong(asked, Right.RECTIFICATION, note):
        return _field_form(AskedMiswritten, asked, about, corrected)
    try:
        value = None if corrected.remove else correcting.read(declared, written)
        wish = Wanted(values={declared.name: value}, note=note)
        return _gone(about, await _open(asked, about, Right.RECTIFICATION, wish))
    except (BadValue, Unreadable):
        return _field_form(AskedMiswritten, asked, about, corrected)


async def _open(asked: Asked, about: Whose, right: Right, wish: Wanted) -> Request:
    if about.guardian is not None:
        return await child_requests.open_request(
            asked.unit,
            asked.act,
            asked.active,
            about.about,
            guardian=about.guardian,
            right=right,
            lately=asked.proved_lately,
            wish=wish,
            language=asked.speaking.code,
        )
    return await requests.open_request(
        asked.unit,
        asked.act,
        asked.active,
        right,
        asked.member.id,
        channel=Channel.MEMBER,
        proof=identity.signed_in(right, lately=asked.proved_lately),
        wish=wish,
        language=asked.speaking.code,
    )


def _gone(about: Whose, found: Request) -> Go:
    said = "asked-already" if found.joined else "asked"
    return Go(about.base if about.child else whose.at(found.id), said=said)


def _enough(asked: Asked, right: Right) -> bool:
    return identity.signed_in(right, lately=asked.proved_lately) is not None


def _refuse_unproved(asked: Asked, right: Right) -> None:
    """Raises `SecondProofNeeded`: for a child it is given first."""
    if not _enough(asked, right):
        raise SecondProofNeeded("a second proof is needed", place="right")


def _fields(asked: Asked, about: Whose) -> list[WrongField]:
    """Every field there is; one's own that need nobody's word are set right elsewhere."""
    seen = own_sight.sight(asked.unit, asked.active, about.about, proved=asked.proved_lately)
    theirs = set() if about.child else own.correctable(asked.unit, asked.active, about.about)
    return [
        WrongField(
            name,
            kept.label(seen, asked.speaking.wording, name),
            f"{correcting.PATH}/{name}" if name in theirs else "",
        )
        for name in asked.unit.schema.catalogue.fields
    ]


def _field(asked: Asked) -> Field:
    """The field in the address. Raises `UnknownField`."""
    name = checked_name(asked.path["field"], place="field")
    declared = asked.unit.schema.catalogue.fields.get(name)
    if declared is None:
        raise UnknownField("there is no such field", place="field")
    return declared


C = TypeVar("C", bound=AskCorrection)


def _field_form(form: type[C], asked: Asked, about: Whose, corrected: Corrected) -> C:
    declared = _field(asked)
    seen = own_sight.sight(asked.unit, asked.active, about.about, proved=asked.proved_lately)
    note_wrong = _note_wrong(asked, Right.RECTIFICATION, _words(corrected.note))
    kind = Miswritten if form is AskedMiswritten and not note_wrong else Correction
    given = corrected.values or ([corrected.value] if corrected.value else [])
    return form(
        base=about.base,
        field=correcting.form_of(kind, asked, seen, declared, given, of=about.about),
        needs_proof=True,
        proved=asked.proved_lately,
        removing=corrected.remove,
        note_wrong=note_wrong,
        typed=corrected.note,
    )
