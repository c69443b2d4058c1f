"""A member of whom there is every kind of datum, in a club that serves five languages.

What was put in stands here in plain sight, so that a package is compared with it and with nothing
that the product works out. Needles belong to others, and must turn up in no package of theirs.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import at_the_desk

from api import work as worker
from api.bootstrap import SYSTEM, Tillit
from audit.acts import Act
from audit.entries import ActorType
from consent import choosing, guardians, ledger
from consent.choices import Action as Said
from consent.choices import By
from consent.grants import authorise
from consent.programme import Action, read_programme
from dsar import deciding, finding, holds, own_choices, packages
from dsar.holds import Ground
from dsar.identity import How, Proof
from dsar.states import Right
from dsar.wanted import Wanted
from profiles import events
from profiles.enrolment import enrol, rectify
from profiles.members import load
from profiles.purchases import Item, Purchase

LANGUAGES = ("sv", "nb", "da", "fi", "en")
OFFICER = Act(ActorType.OFFICER, "officer-needle-7")
EVIL = '<script>alert("x")</script>'
ODD = f"Åsa {EVIL} \u202eöberG\u202c 🦌 O'Brien & Co"
VALUES: dict[str, Any] = {
    "member_number": "FK-1001",
    "name": ODD,
    "email": "asa.oberg@post.example",
    "phone": "+46701234567",
    "birth_date": "1984-02-29",
    "tier": "gold",
    "interests": ["hiking", "skiing"],
    "county": "=cmd()|'/C calc'!A0",
    "country": "SE",
    "shoe_size": 43,
    "newsletter_on_paper": True,
    "income": "1234.50",
}
#: Of a programme before the one in force: no purpose uses it any more.
FORMER = "shoe_size"
ITEMS = (
    Item("TENT-2", "Tält, två personer 🏕", Decimal(1), Decimal("2499.00")),
    Item("=STAV", EVIL, Decimal("2.5"), Decimal("199.50")),
)
NEEDLES = {
    "guardian": ("Gunnel Guardian-Needle", "guardian-needle@post.example", "+46700000011"),
    "child": ("Charlie Child-Needle", "child-needle@post.example", "+46700000012"),
    "neighbour": ("Nils Neighbour-Needle", "neighbour-needle@post.example", "+46700000013"),
}
NOTE = "Why was I offered less?"
HOLD_NOTE = "hold-note-needle"
PROOF_OF_GUARDIAN = "guardian-evidence-needle"


def programme_in_five(source: str, *, former: bool) -> str:
    """The club's programme in five languages, with fields of every type."""
    text = source.replace('["sv", "nb", "en"]', str(list(LANGUAGES)).replace("'", '"'))
    more = (
        'notice.da = """\nDansk tekst: vi bruger dine oplysninger til dette."""\n'
        'notice.fi = """\nSuomeksi: käytämme tietojasi tähän."""\nnotice.en = """'
    )
    text = text.replace('notice.en = """', more)
    fields = (
        '[fields.newsletter_on_paper]\ncategory = "pd:PrivacyPreference"\ntype = "boolean"\n\n'
        '[fields.income]\ncategory = "pd:Income"\ntype = "money"\n\n'
    )
    if former:
        fields += '[fields.shoe_size]\ncategory = "pd:ShoeSize"\ntype = "integer"\n\n'
    return text.replace("# What is derived from", f"{fields}# What is derived from").replace(
        '"country", "spend_365d",\n]\nretention = "12 months"',
        '"country", "spend_365d", "newsletter_on_paper"]\nretention = "12 months"',
    )


@dataclass(frozen=True)
class WholeLife:
    tillit: Tillit
    member: UUID
    guardian: UUID
    child: UUID
    neighbour: UUID
    #: What was said, in order: (action, purpose, language of the notice, by, evidence).
    said: tuple[tuple[str, str | None, str | None, str, str], ...]

    async def package(
        self,
        right: Right = Right.ACCESS,
        *,
        language: str = "sv",
        proof: Proof | None = None,
        meanwhile: str | None = None,
    ) -> dict[str, bytes]:
        """The files that answer a request, made by the worker.

        `meanwhile`: the programme that is applied between the approval and the worker.
        """
        how = {"language": language} | ({"proof": proof} if proof else {})
        async with self.tillit.unit() as work:
            asked = await at_the_desk.approved(work, right, self.member, **how)
        if meanwhile is not None:
            await self.tillit.apply(SYSTEM, read_programme(meanwhile))
        await worker.drain(self.tillit)
        async with self.tillit.unit() as work:
            made = await packages.fetch(work.unit, SYSTEM, asked.id, self.member)
        archive = zipfile.ZipFile(io.BytesIO(made.zipped))
        return {name: archive.read(name) for name in archive.namelist()}

    async def told(self, **how: Any) -> dict[str, Any]:
        files = await self.package(**how)
        told: dict[str, Any] = json.loads(files["package.json"])
        return told

    @property
    def strangers(self) -> tuple[str, ...]:
        """What is of others, and may be in no file about this member."""
        texts = [text for one in NEEDLES.values() for text in one]
        ids = [str(one) for one in (self.guardian, self.child, self.neighbour)]
        more = ["needle", "FK-2", "FK-3", "FK-4", OFFICER.actor]
        return (*texts, *ids, *(one.replace("-", "") for one in ids), *more)


async def lived(tillit: Tillit) -> WholeLife:
    """The life, under a programme with one field more and then under the one in force."""
    async with tillit.unit() as work:
        source = work.active.programme.source
    await tillit.apply(SYSTEM, read_programme(programme_in_five(source, former=True)))
    people = [VALUES]
    for number, (who, (name, email, phone)) in enumerate(NEEDLES.items(), 2):
        born = "2019-05-05" if who == "child" else "1980-01-01"
        values = {"name": name, "email": email, "phone": phone, "birth_date": born}
        people.append({"member_number": f"FK-{number}", "tier": "gold", **values})
    async with tillit.unit() as work:
        made = await enrol(work.unit, SYSTEM, people, source="till")
    member, guardian, child, neighbour = (one.id for one in made)
    await tillit.apply(SYSTEM, read_programme(programme_in_five(source, former=False)))
    life = WholeLife(tillit, member, guardian, child, neighbour, await _said(tillit, member))
    await _bought(tillit, member)
    await _kin(life)
    await _used(life)
    await _asked(life)
    return life


async def _said(tillit: Tillit, member: UUID) -> Any:
    """One line of each kind that a grown-up can say, one after the other."""
    said = []
    words: list[Any] = [
        ("personalised_offers", Said.GIVEN, "sv", By.MEMBER, "web", ""),
        ("personalised_offers", Said.GIVEN, "fi", By.MEMBER, "app", ""),
        ("newsletter", Said.GIVEN, "en", By.TILL, "paper", f"form 17 {EVIL}"),
        ("newsletter", Said.WITHDRAWN, None, By.UNSUBSCRIBE, "link", ""),
        ("partner_offers", Said.GIVEN, "da", By.MEMBER, "web", ""),
        ("partner_offers", Said.REFUSED, "nb", By.OFFICER, "letter", "letter 2026-17"),
        ("assortment_insight", Said.OBJECTED, None, By.MEMBER, "", ""),
        ("assortment_insight", Said.OBJECTION_LIFTED, None, By.MEMBER, "", ""),
    ]
    for purpose, action, language, by, how, evidence in words:
        async with tillit.unit() as work:
            unit, declared = work.unit, work.active.programme.purposes[purpose]
            locked = await load(unit, [member], lock=True)
            choice = choosing.choose(
                unit, declared, action, at=unit.now, by=by, language=language,
                how=how, evidence=evidence,
            )  # fmt: skip
            await ledger.record(unit, SYSTEM, {locked[member]: [choice]})
            said.append((purpose, language, by.value, evidence))
    async with tillit.unit() as work:
        unit = work.unit
        newsletter = work.active.programme.purposes["newsletter"]
        locked = await load(unit, [member], lock=True)
        overall = [
            choosing.channel(unit, newsletter, "sms", on=False, by=By.MEMBER),
            choosing.channel(unit, None, "phone", on=False, by=By.MEMBER),
            choosing.often(unit, 14, by=By.MEMBER),
            choosing.hours(unit, 1 << 22 | 1 << 23, by=By.MEMBER),
            choosing.marketing(unit, objects=True, by=By.GPC),
            choosing.pause(unit, on=True, by=By.MEMBER, until=unit.today + timedelta(days=3)),
        ]
        await ledger.record(unit, SYSTEM, {locked[member]: overall})
    actions = ("given", "renewed", "given", "withdrawn", "requested", "refused")
    lines = [
        (action, *line)
        for action, line in zip((*actions, "objected", "objection_lifted"), said, strict=True)
    ]
    rest = [("channel_off", "newsletter"), ("channel_off", None), ("often", None), ("hours", None)]
    lines += [(action, purpose, None, "member", "") for action, purpose in rest]
    return (*lines, ("objected", None, None, "gpc", ""), ("paused", None, None, "member", ""))


async def _bought(tillit: Tillit, member: UUID) -> None:
    async with tillit.unit() as work:
        unit = work.unit
        locked = await load(unit, [member], lock=True)
        at = unit.now - timedelta(days=3)
        bought = [
            Purchase("till", "R-1", at, Decimal("2898.00"), False, ITEMS),
            Purchase("web-shop", "=R-2", at + timedelta(days=1), Decimal("-199.50"), True),
        ]
        await events.record(unit, SYSTEM, {locked[member]: bought})
        await rectify(unit, SYSTEM, locked[member], {"country": "NO"}, source="member")


async def _kin(life: WholeLife) -> None:
    """The member answers for a child; a needle proves it."""
    async with life.tillit.unit() as work:
        await guardians.name(
            work.unit, OFFICER, work.active, child=life.child, guardian=life.member,
            by=By.OFFICER, evidence=PROOF_OF_GUARDIAN,
        )  # fmt: skip


async def _used(life: WholeLife) -> None:
    gate = life.tillit.gate
    async with life.tillit.unit() as work:
        await gate.freshen(work.unit)
    async with life.tillit.unit() as work:
        may: Any = {"purpose": "personalised_offers"}
        grant = authorise(work.active, "offers-engine", **may, action=Action.SEGMENT)
        await gate.evaluate(work.unit, grant, "tier = 'gold' AND spend_365d > 100")
        grant = authorise(work.active, "offers-engine", **may, action=Action.READ)
        await gate.read(work.unit, grant, [life.member])
    async with life.tillit.unit() as work:
        grant = authorise(work.active, "till", purpose="membership", action=Action.READ)
        await gate.read(work.unit, grant, [life.member])
        assert await finding.find(work.unit, OFFICER, "email", VALUES["email"]) == [life.member]
        found = (await load(work.unit, [life.member]))[life.member]
        await own_choices.looked_up(
            work.unit, OFFICER, work.active, found, at=work.unit.now, known=None
        )


async def _asked(life: WholeLife) -> None:
    """Requests before: a correction carried out, a review with its outcome; and a hold."""
    async with life.tillit.unit() as work:
        await at_the_desk.approved(
            work, Right.RECTIFICATION, life.member, wish=Wanted(values={"income": "1234.50"}),
            received=work.unit.today - timedelta(days=2),
        )  # fmt: skip
        asked = await at_the_desk.opened(work, Right.REVIEW, life.member, wish=Wanted(note=NOTE))
        await deciding.approve(
            work.unit, OFFICER, work.active, asked.id, outcome=f"It stands. {EVIL}"
        )
        await holds.place(
            work.unit, OFFICER, life.member, Ground.DISPUTE, until=date(2099, 1, 1), note=HOLD_NOTE
        )
    await worker.drain(life.tillit)


E_MAIL_ALONE = Proof(How.CODE, "email")
CARD_ALONE = Proof(How.PURCHASE, "member_number")
