"""`/desk/programme`: the programme in force as the record of processing (Art. 30(1)), what a
privacy lawyer would ask about it, and which data it keeps for nothing.

About nobody: a programme names no member, so looking at it writes no entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from api.http.errors import Misshapen
from api.pages.answers import File, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.officer.programme_words import BASES, ROLES, SAFEGUARDS
from api.people.people import Kind
from consent.programme import Ability, rules_doubt
from consent.programme.checking import check
from consent.programme.ropa import record_of_processing
from consent.programme.ropa_text import Form, written
from dsar.languages import shown_in
from dsar.packages.marking import mark
from kernel.errors import Problem

pages = Pages(Kind.OFFICER)

PATH = "/desk/programme"
_TYPES: Mapping[Form, tuple[str, str]] = {
    Form.MARKDOWN: ("text/markdown; charset=utf-8", "md"),
    Form.JSON: ("application/json", "json"),
    Form.CSV: ("text/csv; charset=utf-8", "csv"),
}


@dataclass(frozen=True)
class Party:
    """Somebody who decides, or receives. `purposes`: of a recipient; `transfer`: in words."""

    name: str
    role: str
    country: str
    contact: str
    purposes: Sequence[str] = ()
    transfer: str = ""


@dataclass(frozen=True)
class Activity:
    """One processing activity, in words; what is empty is not said by the programme."""

    name: str
    basis: str
    article: str
    notice: str
    notice_language: str
    controllers: Sequence[str]
    subjects: Sequence[str]
    data: Sequence[str]
    recipients: Sequence[str]
    transfers: Sequence[str]
    retention: str
    systems: Sequence[str]
    impact_assessment: str
    balancing_test: str


@dataclass(frozen=True)
class ProgrammePage(View):
    """`doubts`: what the check warns of; `unused`: fields and traits that no purpose uses.

    `lost`: versions before this one that cannot be trusted any more.
    """

    template: ClassVar[str] = "officer/programme.html"
    title: ClassVar[str] = mark("Programme")

    version: int
    applied_at: datetime
    digest: str
    lost: Sequence[int]
    doubts: Sequence[Problem]
    unused: Sequence[str]
    parties: Sequence[Party]
    recipients: Sequence[Party]
    agents: Sequence[Party]
    activities: Sequence[Activity]
    security: Sequence[str]
    forms: Sequence[str]


@pages("GET", PATH, ability=Ability.PROGRAMME)
async def see(asked: Asked) -> ProgrammePage:
    """The version in force."""
    active = asked.active
    record = record_of_processing(active.programme)
    unused = [problem.place for problem in rules_doubt.unused(active.programme)]
    doubts = [one for one in check(active.programme)[1] if one.place not in unused]
    return ProgrammePage(
        version=active.version,
        applied_at=active.applied_at,
        digest=active.programme.digest.hex(),
        lost=[one for one in range(1, active.version) if one not in active.earlier],
        doubts=doubts,
        unused=[place.partition(".")[2] for place in unused],
        parties=_deciding(asked, record),
        recipients=[_recipient(asked, one) for one in record["recipients"]],
        agents=[Party(one["name"], one["domain"], "", one["contact"]) for one in record["agents"]],
        activities=[_activity(asked, one) for one in record["activities"]],
        security=record["security"],
        forms=list(Form),
    )


@pages("GET", f"{PATH}/record/{{form}}", ability=Ability.PROGRAMME)
async def fetch(asked: Asked) -> File:
    """The record of processing to keep, or to hand to the authority (Art. 30(4)); in English."""
    sent = str(asked.path["form"])
    if sent not in list(Form):
        raise Misshapen("the record of processing is not written so", place="form")
    form = Form(sent)
    media, ending = _TYPES[form]
    text = written(record_of_processing(asked.active.programme), form)
    name = f"record-of-processing-{asked.active.version}.{ending}"
    return File(text.encode(), media, name)


def _deciding(asked: Asked, record: Mapping[str, Any]) -> list[Party]:
    say, controller = asked.speaking.say, record["controller"]
    found = [_party(asked, controller, say(mark("Controller")))]
    if controller["representative"]:
        found.append(Party(controller["representative"], say(mark("Representative")), "", ""))
    found += [
        _party(asked, one, say(mark("Joint controller"))) for one in record["joint_controllers"]
    ]
    if officer := record["data_protection_officer"]:
        role = say(mark("Data protection officer"))
        found.append(Party(officer["name"], role, "", officer["contact"]))
    return found


def _party(asked: Asked, one: Mapping[str, Any], role: str) -> Party:
    reached = ", ".join(filter(None, (one["address"], one["contact"], one.get("arrangement"))))
    return Party(one["name"], role, _country(asked, one["country"]), reached)


def _recipient(asked: Asked, one: Mapping[str, Any]) -> Party:
    return Party(
        one["name"],
        _coded(asked, ROLES, one["role"]),
        _country(asked, one["country"]),
        one["contact"],
        [asked.speaking.titled(asked.active, name) for name in one["purposes"]],
        _transfer(asked, one["transfer"]) if one["transfer"] else "",
    )


def _activity(asked: Asked, one: Mapping[str, Any]) -> Activity:
    speaking, notices = asked.speaking, one["description"]
    first = asked.active.programme.languages[0]
    spoken = shown_in(notices.keys(), reader=speaking.code, first=first)
    return Activity(
        name=speaking.titled(asked.active, one["purpose"]),
        basis=_coded(asked, BASES, one["legal_basis"]),
        article=" + ".join(
            speaking.wording.article(part) for part in one["article"].split(" and ")
        ),
        notice=notices[spoken],
        notice_language=spoken,
        controllers=one["controllers"],
        subjects=_subjects(asked),
        data=[_data(asked, kind) for kind in one["data"]],
        recipients=one["recipients"],
        transfers=[_transfer(asked, each) for each in one["transfers"]],
        retention=speaking.language.period(one["retention"]) if one["retention"] else "",
        systems=one["systems"],
        impact_assessment=one["impact_assessment"] or "",
        balancing_test=one["balancing_test"] or "",
    )


def _subjects(asked: Asked) -> list[str]:
    say, programme = asked.speaking.say, asked.active.programme
    if not programme.children.admitted:
        return [say(mark("Members"))]
    young = say(mark("members under %(age)s"), age=programme.age_of_consent)
    return [say(mark("Members")), young, say(mark("their guardians"))]


def _data(asked: Asked, one: Mapping[str, Any]) -> str:
    say, notes = asked.speaking.say, [asked.speaking.category(one["category"])]
    if one["derived_from"]:
        notes.append(say(mark("worked out from %(source)s"), source=one["derived_from"]))
    if one["special"]:
        notes.append(say(mark("special category")))
    if one["sensitive"]:
        notes.append(say(mark("sensitive")))
    return f"{one['name']} ({', '.join(notes)})"


def _transfer(asked: Asked, one: Mapping[str, Any]) -> str:
    safeguard = _coded(asked, SAFEGUARDS, one["safeguard"])
    notes = [safeguard, asked.speaking.wording.article(one["article"]), one["decision"]]
    said = ", ".join(filter(None, (*notes, one["reference"])))
    return f"{one['recipient']}, {_country(asked, one['country'])}: {said}"


def _country(asked: Asked, code: str) -> str:
    return asked.speaking.wording.country(code)["words"]


def _coded(asked: Asked, words: Mapping[str, str], code: str) -> str:
    text = words[code]
    return asked.speaking.say(text)
