"""`/my/choices/history`: everything a member ever said, and others for them, newest first.

Each line in words, with the text that was shown, who brought it, and a receipt to take away that
anybody can check. Reads the ledger of the member who asks; making a receipt is on record.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar
from uuid import UUID

from api.pages.answers import File, View
from api.pages.asked import Asked
from api.pages.declaring import Pages
from api.pages.errors import SecondProofNeeded
from api.pages.member.at_once import HOW_OFTEN, hours_in_words
from api.people.people import Kind
from audit.verify import Proof
from consent.choices import Action, By, Choice
from consent.choosing import hours_of
from consent.receipts import receipt
from consent.receipts.events import RECEIPTED
from dsar import own_choices, own_sight
from dsar.own_choices import Line
from dsar.packages import closing
from dsar.packages.marking import mark
from dsar.packages.meanings import BY, CHANNELS, SAID

pages = Pages(Kind.MEMBER)
PATH = "/my/choices/history"
MANY = 20  # lines on a page
_LD = "application/ld+json"
#: What is about everything at once, where a line names no purpose.
_OVERALL: Mapping[Action, str] = {
    Action.OBJECTED: mark("All direct marketing"),
    Action.OBJECTION_LIFTED: mark("All direct marketing"),
    Action.PAUSED: mark("Everything"),
    Action.RESUMED: mark("Everything"),
    Action.RESTRICTED: mark("Everything"),
    Action.RESTRICTION_LIFTED: mark("Everything"),
    Action.CHANNEL_OFF: mark("Everything"),
    Action.CHANNEL_ON: mark("Everything"),
}


@dataclass(frozen=True)
class ShownLine:
    """One line. `said`: what, and `about`: which purpose; `detail`: a channel, hours, how often.

    `at`: when it was said, and `recorded` when it was written down, if that was another minute.
    `last_day`: of a yes, or `resumes` of a pause, on which it starts again. `leaf`: the number
    in the record, None in the first second. `notice`: the text shown, in `notice_language`;
    `lost`: a text was shown that no version of the programme has.
    """

    entry: UUID
    said: str
    about: str
    detail: str
    at: datetime
    recorded: datetime | None
    by: str
    how: str
    evidence: str
    last_day: date | None
    resumes: date | None
    notice: str
    notice_language: str
    lost: bool
    leaf: int | None
    receipt: bool


@dataclass(frozen=True)
class History(View):
    """One page of it. `number` of `count` pages; `later`: words of some line wait for a second
    proof; `command`: what checks a receipt, to be typed.
    """

    template: ClassVar[str] = "member/history.html"
    title: ClassVar[str] = mark("Everything you have said")

    lines: Sequence[ShownLine]
    number: int
    count: int
    later: bool
    command: str


@pages("GET", PATH, query=("page",))
async def see(asked: Asked) -> History:
    """Everything that was ever said, a page at a time."""
    lines = await own_choices.lines(asked.unit, asked.active, asked.member)
    count = max(1, -(-len(lines) // MANY))
    number = min(max(1, _number(asked.query.get("page", ""))), count)
    signer = await asked.tillit.signer(asked.unit.session)
    seen = own_sight.sight(asked.unit, asked.active, asked.member, proved=asked.proved_lately)
    of_page = lines[(number - 1) * MANY : number * MANY]
    shown = [_shown(asked, closing.shown_line(one, seen.closed)) for one in of_page]
    # Of the newest, so that it runs as it stands beside what was just downloaded.
    newest = next((one.leaf for one in shown if one.receipt and one.leaf is not None), 0)
    return History(
        lines=shown,
        number=number,
        count=count,
        later=seen.closed.words and any(closing.has_words(one) for one in of_page),
        command=f"tillit receipt verify {_file(newest)} --key '{signer.verifier_key}'",
    )


@pages("GET", "/my/choices/history/{entry:uuid}/receipt")
async def take(asked: Asked) -> File:
    """The signed receipt of one line (ISO/IEC TS 27560), which anybody can verify.

    It is of the line as it stands: one with somebody's own words waits for a second proof.
    """
    if not asked.proved_lately:
        lines = await own_choices.lines(asked.unit, asked.active, asked.member)
        if any(one.entry == asked.id("entry") and closing.has_words(one) for one in lines):
            raise SecondProofNeeded("a second proof is needed", place=PATH)
    signer = await asked.tillit.signer(asked.unit.session)
    made = await receipt(
        asked.unit, asked.act, asked.active, asked.member, signer, entry=asked.id("entry")
    )
    content = json.dumps(made, ensure_ascii=False, indent=2) + "\n"
    proof = made["evidence_of_record"]["inclusion_proof"]
    return File(content.encode(), _LD, _file(Proof.parse(proof).index))


def _file(number: int) -> str:
    """What a receipt is saved as: by its number in the record, which stands beside it."""
    return f"receipt-{number}.jsonld"


def _number(text: str) -> int:
    """The page asked for; the first for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def _shown(asked: Asked, line: Line) -> ShownLine:
    choice, speak, notice = line.choice, asked.speaking, line.notice
    paused = choice.action is Action.PAUSED
    ends = choice.until if not paused else None
    late = line.recorded - choice.at > timedelta(minutes=1)
    return ShownLine(
        entry=line.entry,
        said=speak.coded(choice.action, SAID),
        about=_about(asked, choice),
        detail=_detail(asked, choice),
        at=choice.at,
        recorded=line.recorded if late else None,
        by=_by(asked, choice),
        how=choice.how,
        evidence=choice.evidence,
        last_day=ends - timedelta(days=1) if ends else None,
        resumes=choice.until if paused else None,
        notice=(notice.text if notice else None) or "",
        notice_language=(notice.language if notice else None) or "",
        lost=notice is not None and notice.text is None,
        leaf=line.leaf,
        receipt=choice.action in RECEIPTED,
    )


def _about(asked: Asked, choice: Choice) -> str:
    """The purpose in words; its name, for one that no version of the programme has any more."""
    speak = asked.speaking
    if choice.purpose is None:
        overall = _OVERALL.get(choice.action)
        return speak.say(overall) if overall else ""
    then = asked.active.at(choice.programme).programme.purposes.get(choice.purpose)
    declared = then or asked.active.programme.purposes.get(choice.purpose)
    return speak.purpose(declared) if declared else choice.purpose


def _detail(asked: Asked, choice: Choice) -> str:
    speak = asked.speaking
    if choice.channel is not None:
        return speak.coded(choice.channel, CHANNELS)
    if choice.action is Action.OFTEN:
        return speak.say(HOW_OFTEN.get(choice.setting or 0, HOW_OFTEN[0]))
    if choice.action is Action.HOURS:
        hours = hours_in_words(speak, hours_of(choice.setting or 0))
        return speak.listed(hours) or speak.say("No quiet hours")
    return ""


def _by(asked: Asked, choice: Choice) -> str:
    """Who brought it; "the time had run out" is said of nothing else than that."""
    if choice.by is By.SYSTEM and choice.action is not Action.EXPIRED:
        return ""
    return asked.speaking.coded(choice.by, BY)
