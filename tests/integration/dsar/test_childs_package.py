"""A child's copy tells what a guardian said for them, and nothing of who the guardian is."""

import io
import json
import zipfile
from typing import Any

import at_the_desk
import pytest
import reading_pages
from a_whole_life import LANGUAGES, PROOF_OF_GUARDIAN, VALUES, WholeLife

from api import work as worker
from api.bootstrap import SYSTEM
from audit.acts import Act
from audit.entries import ActorType
from dsar import own_children, packages
from dsar.states import Right
from profiles.members import load

WORDS = {
    "sv": "din vårdnadshavare",
    "nb": "den foresatte din",
    "da": "din forældremyndighedsindehaver",
    "fi": "huoltajasi",
    "en": "your guardian",
}


async def _speaks(life: WholeLife) -> None:
    """The member looks at their child's choices, and says yes for them."""
    async with life.tillit.unit() as work:
        found = await load(work.unit, [life.member], lock=True)
        guardian = found[life.member]
        act = Act(ActorType.MEMBER, guardian.key.subject().hex())
        assert len(await own_children.children(work.unit, act, work.active, guardian)) == 1
        footing = work.active.footing("newsletter")
        await own_children.choose(
            work.unit,
            act,
            work.active,
            guardian,
            footing,
            child=life.child,
            allow=True,
            language="sv",
        )


async def _package(life: WholeLife, language: str) -> dict[str, bytes]:
    async with life.tillit.unit() as work:
        asked = await at_the_desk.approved(work, Right.ACCESS, life.child, language=language)
    await worker.drain(life.tillit)
    async with life.tillit.unit() as work:
        made = await packages.fetch(work.unit, SYSTEM, asked.id, life.child)
    with zipfile.ZipFile(io.BytesIO(made.zipped)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_the_guardian_said_is_told_and_who_they_are_is_not(
    whole_life: WholeLife, language: str
) -> None:
    await _speaks(whole_life)
    files = await _package(whole_life, language)
    told: dict[str, Any] = json.loads(files["package.json"])
    lines = [(one["said"]["code"], one["by"]["code"]) for one in told["consents"]]
    assert lines == [("guardian_named", "officer"), ("given", "guardian")]
    assert told["consents"][1]["by"]["words"] == WORDS[language]
    uses = [(one["what"]["code"], one["by"]["type"]) for one in told["uses"]]
    assert {("choices.viewed", "guardian"), ("choice.recorded", "guardian")} <= set(uses)
    assert told["preferences"]["guardians"] == 1
    assert "guardian" in [one["what"] for one in told["left_out"]]
    assert WORDS[language] in reading_pages.read(files["index.html"]).text
    guardian = (str(whole_life.member), whole_life.member.hex, str(VALUES["email"]), "FK-1001")
    for stranger in (*guardian, PROOF_OF_GUARDIAN, "evidence-needle"):
        holding = [name for name, text in files.items() if stranger.encode() in text]
        assert holding == [], stranger
