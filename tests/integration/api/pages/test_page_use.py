"""The record as officers see it: by what is looked for, without a name, and each look on record."""

import csv
import io
import re
import zipfile
from typing import Any, LiteralString

import psycopg
import pytest

from api.bootstrap import SYSTEM, Tillit
from api.pages.officer import use_words as words
from audit.acts import Act
from audit.browsing import Told, all_entries
from audit.entries import ActorType, Kind
from audit.looking import Place, Standing
from audit.tallies import hour_of
from audit.verify import Proof
from consent.grants import authorise
from consent.programme import Action, read_programme
from kernel.database import libpq
from profiles.enrolment import enrol
from tests.at_a_browser import Browser, officer_at
from tests.conftest import EXAMPLES

PAGE, SEGMENTS = "/desk/use", "/desk/use/segments"
ENGINE = "/desk/use/actors/service/offers-engine"
SOURCE = (EXAMPLES / "fjallklubben.toml").read_text("utf-8")
ROLES = """
[officers.watcher]
can = ["record"]

[officers.desk]
can = ["requests", "programme", "keys"]
"""
_ROW = re.compile(r'<tr>\s*<th scope="row" class="number">(.*?)</tr>', re.DOTALL)


async def entries(tillit: Tillit, *kinds: Kind) -> list[Told]:
    async with tillit.database.transaction() as session:
        return [one async for one in all_entries(session, kinds=kinds)]


async def people(tillit: Tillit, count: int) -> None:
    async with tillit.unit() as work:
        values = [
            {"member_number": str(n), "county": "Jämtland" if n < 3 else "Dalarna"}
            for n in range(count)
        ]
        await enrol(work.unit, SYSTEM, values, source="import")


async def ask(tillit: Tillit, expression: str, action: Action = Action.PREVIEW) -> None:
    """A service's question about everybody, for a purpose that needs no consent."""
    async with tillit.unit() as work:
        grant = authorise(work.active, "analytics", purpose="assortment_insight", action=action)
        await tillit.gate.evaluate(work.unit, grant, expression)


async def may_find(tillit: Tillit) -> None:
    """That service may from now on find members, too."""
    source = SOURCE.replace('assortment_insight = ["preview"]', 'assortment_insight = ["segment"]')
    await tillit.apply(SYSTEM, read_programme(source.encode()))


async def acted(tillit: Tillit, kind: Kind, actor: str, **more: Any) -> None:
    async with tillit.unit() as work:
        act = Act(ActorType.SERVICE, actor, more.pop("purpose", None), 1)
        await work.unit.record.write(work.session, act.entry(kind, **more))


def rows(text: str) -> list[str]:
    """Each entry shown, its tags taken out."""
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in _ROW.findall(text)]


def as_owner(tillit: Tillit, statement: LiteralString) -> None:
    with psycopg.connect(libpq(tillit.url, role=None), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger fires
        connection.execute(statement)


async def test_entries_are_told_in_words_the_newest_first(tillit: Tillit) -> None:
    await people(tillit, 2)
    await tillit.integrate()
    async with officer_at(tillit) as at:
        text = (await at.open(f"{PAGE}?kind=data")).text
    shown = rows(text)
    assert len(shown) == 2
    assert all("A member joined" in one and "The system, by itself" in one for one in shown)
    numbers = [int(one.split()[0]) for one in shown]
    assert numbers == sorted(numbers, reverse=True)
    for one in await entries(tillit, Kind.MEMBER_ENROLLED):
        assert one.subject is not None
        assert one.subject not in text


async def test_what_has_no_number_yet_stands_apart_and_has_no_proof(tillit: Tillit) -> None:
    await tillit.integrate()
    await people(tillit, 1)
    async with officer_at(tillit) as at:
        text = (await at.open(f"{PAGE}?kind=member.enrolled")).text
    assert "Just written" in text
    assert "Gets its number within a second or two" in text
    assert "/evidence" not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=questions", 2),
        ("kind=segment.evaluated", 1),
        ("who=service:offers-engine", 1),
        ("who=service", 2),
        ("who=officer:nobody-7", None),
        ("purpose=membership", 1),
        ("purpose=none&who=service", 1),
        ("who=service&purpose=membership&kind=decision.made", 0),
        ("who=service&first=2020-01-01&last=2020-12-31", 0),
        ("who=service&first=2020-01-01", 2),
    ],
)
async def test_each_filter_leaves_what_it_names(
    tillit: Tillit, query: str, found: int | None
) -> None:
    await acted(tillit, Kind.SEGMENT_EVALUATED, "offers-engine", purpose="membership")
    await acted(tillit, Kind.DECISION_MADE, "member-desk")
    await tillit.integrate()
    async with officer_at(tillit) as at:
        answer = await at.open(f"{PAGE}?{query}")
    if found is None:
        assert answer.status_code == 422
        assert "not in the lists" in answer.text
    else:
        assert len(rows(answer.text)) == found


async def test_older_and_newer_lead_through_all_entries_and_back(tillit: Tillit) -> None:
    await people(tillit, 120)
    await tillit.integrate()

    def numbers(at: Browser) -> list[int]:
        assert at.page is not None
        return [int(one.split()[0]) for one in rows(at.page.text)]

    def there(at: Browser, rel: str) -> str | None:
        assert at.page is not None
        found = re.search(rf'rel="{rel}" href="([^"]+)"', at.page.text)
        return found and found.group(1).replace("&amp;", "&")

    async with officer_at(tillit) as at:
        await at.open(f"{PAGE}?kind=member.enrolled")
        turned = [numbers(at)]
        while (older := there(at, "next")) is not None:
            await at.open(older)
            turned.append(numbers(at))
        assert [len(one) for one in turned] == [25, 25, 25, 25, 20]
        every = [number for one in turned for number in one]
        assert every == sorted(set(every), reverse=True)
        back = []
        while (newer := there(at, "prev")) is not None:
            await at.open(newer)
            back.append(numbers(at))
    assert back == turned[-2::-1]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("first=soon", "There is no such day"),
        ("last=20260131", "There is no such day"),
        ("first=2026-02-02&last=2026-02-01", "The first day is after the last"),
        ("kind=names", "not in the lists"),
        ("who=member:0", "not in the lists"),
        ("purpose=x", "not in the lists"),
        ("before=x", "no number of an entry"),
    ],
)
async def test_what_makes_no_sense_is_told_and_nothing_is_looked_at(
    tillit: Tillit, query: str, said: str
) -> None:
    async with officer_at(tillit) as at:
        answer = await at.open(f"{PAGE}?{query}")
        assert answer.status_code == 422
        assert said in answer.text
        if not query.startswith("before"):
            assert (await at.open(f"{PAGE}/export?{query}")).status_code == 422
        assert (await at.open(f"{PAGE}?before=999999")).status_code == 422
    assert await entries(tillit, Kind.RECORD_VIEWED) == []


async def test_each_look_is_on_record_with_what_was_looked_for(tillit: Tillit) -> None:
    await acted(tillit, Kind.SEGMENT_EVALUATED, "offers-engine", purpose="membership")
    await tillit.integrate()
    async with officer_at(tillit) as at:
        await at.open(f"{PAGE}?kind=segment.evaluated&who=service:offers-engine&first=2020-01-01")
        await at.open(f"{PAGE}/export?purpose=membership")
        await at.open(ENGINE)
        await at.open(SEGMENTS)
    looks = await entries(tillit, Kind.RECORD_VIEWED)
    assert [one.facts["view"] for one in looks] == ["list", "export", "activity", "questions"]
    assert {one.actor.type for one in looks} == {"officer"}
    first, second = looks[0].facts, looks[1].facts
    assert (first["kinds"], first["of"]) == (["segment.evaluated"], "offers-engine")
    assert first["since"].startswith("2019-12-31T23:00")  # midnight in Stockholm
    assert (second["about"], second["entries"]) == ("membership", 1)


async def test_an_export_has_what_is_looked_for_and_no_pseudonym(tillit: Tillit) -> None:
    await people(tillit, 3)
    await acted(tillit, Kind.SEGMENT_EVALUATED, "offers-engine", facts={"matched": 4})
    await tillit.integrate()
    async with officer_at(tillit) as at:
        answer = await at.open(f"{PAGE}/export?kind=data")
        other = await at.open(f"{PAGE}/export?kind=questions")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert [one["kind"] for one in found] == ["member.enrolled"] * 3
    assert {one["about"] for one in found} == {"member"}
    assert {one["standing"] for one in found} == {"proved"}
    for one in await entries(tillit, Kind.MEMBER_ENROLLED):
        assert str(one.subject) not in answer.text
    [asked] = csv.DictReader(io.StringIO(other.text))
    assert (asked["actor"], asked["facts"]) == ("offers-engine", '{"matched":4}')


async def test_an_export_goes_on_behind_what_somebody_has_changed_and_says_so(
    tillit: Tillit,
) -> None:
    await people(tillit, 620)
    await tillit.integrate()
    async with officer_at(tillit) as at:
        path = f"{PAGE}/export?kind=member.enrolled"
        whole = await at.open(path)
        edge = list(csv.DictReader(io.StringIO(whole.text)))[499]["entry"]
        as_owner(
            tillit,
            "UPDATE audit_entry SET body = replace(encode(body, 'escape'), '\"at\":\"20',"  # type: ignore[arg-type]
            f" '\"at\":\"19')::bytea WHERE id = '{edge}'",
        )
        meddled = await at.open(path)
    assert whole.headers["content-disposition"].endswith('"use.csv"')
    assert meddled.headers["content-disposition"].endswith('"use-doubtful.csv"')
    found = list(csv.DictReader(io.StringIO(meddled.text)))
    assert len(found) == 620
    assert [one["entry"] for one in found if one["standing"] == "foreign"] == [edge]


async def test_an_altered_entry_is_no_formula_in_an_export(tillit: Tillit) -> None:
    await acted(tillit, Kind.SEGMENT_EVALUATED, "offers-engine")
    await tillit.integrate()
    as_owner(
        tillit,
        "UPDATE audit_entry SET body = replace(encode(body, 'escape'), '\"offers-engine\"',"
        " '\"=HYPERLINK(A1)\"')::bytea",
    )
    async with officer_at(tillit) as at:
        answer = await at.open(f"{PAGE}/export?kind=questions")
    assert "'=HYPERLINK" in answer.text
    assert ",=HYPERLINK" not in answer.text


async def test_the_evidence_of_an_entry_proves_it(tillit: Tillit) -> None:
    await people(tillit, 1)
    await tillit.integrate()
    [one] = await entries(tillit, Kind.MEMBER_ENROLLED)
    async with officer_at(tillit) as at:
        answer = await at.open(f"{PAGE}/{one.id}/evidence")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        proof = Proof.parse(archive.read("proof.txt").decode())
        assert str(one.id).encode() in archive.read("entry.json")
    assert answer.headers["content-disposition"].endswith(f'"use-{proof.index}.zip"')
    assert (await entries(tillit, Kind.RECORD_VIEWED))[-1].facts["view"] == "entry"


async def test_what_somebody_put_in_or_changed_is_marked_and_warned_of(tillit: Tillit) -> None:
    await people(tillit, 300)
    await tillit.integrate()
    as_owner(
        tillit,
        "UPDATE audit_entry SET body = replace(encode(body, 'escape'), 'import', 'export')::bytea"
        " WHERE id = (SELECT entry FROM audit_leaf WHERE number = 100)",
    )
    as_owner(tillit, "DELETE FROM audit_leaf WHERE number = 99")
    async with officer_at(tillit) as at:
        [one, *_] = await entries(tillit, Kind.MEMBER_ENROLLED)
        hour = hour_of(one.at)
        text = (await at.open(f"{PAGE}?kind=data&before={Place(hour, 103)}")).text
        assert "Somebody has been at the record" in text
        shown = {int(one.split()[0]): one for one in rows(text)}
        assert "Not ours" in shown[100]
        assert "Taken away" in shown[99]
        assert "Not ours" not in shown[101]
        assert "Download" not in shown[100]
        well = (await at.open(f"{PAGE}?kind=data&before={Place(hour, 90)}")).text
    assert "Somebody has been at the record" not in well


async def test_wrong_tallies_are_called_out(tillit: Tillit) -> None:
    await people(tillit, 3)
    await tillit.integrate()
    as_owner(tillit, "UPDATE audit_tally SET kind = 'keys.rotated' WHERE kind = 'member.enrolled'")
    async with officer_at(tillit) as at:
        text = (await at.open(f"{PAGE}?kind=keys.rotated")).text
    assert "index of the record is wrong" in text
    assert rows(text) == []


async def test_an_actors_page_counts_by_day_kind_and_purpose(tillit: Tillit) -> None:
    for _ in range(3):
        await acted(tillit, Kind.PROFILE_READ, "offers-engine", purpose="personalised_offers")
    await acted(tillit, Kind.SEGMENT_PREVIEWED, "offers-engine", purpose="membership")
    await tillit.integrate()
    async with officer_at(tillit) as at:
        text = (await at.open(ENGINE)).text
    assert "4 entries in these days" in text
    assert "<svg" in text
    assert re.search(r"data was read</a></td><td class=\"number\">3<", text)
    assert re.search(r"[^<>]+ \(personalised_offers\)</a></td><td class=\"number\">3<", text)
    assert "kind=profile.read&amp;" in text
    assert len(rows(text)) == 4


async def test_what_a_service_may_do_and_did_not_is_told(tillit: Tillit) -> None:
    await acted(tillit, Kind.PROFILE_READ, "offers-engine", purpose="personalised_offers")
    await tillit.integrate()
    async with officer_at(tillit) as at:
        text = (await at.open(ENGINE)).text
    grants = re.findall(
        r'<tr><th scope="row">[^<]+ \(personalised_offers\)</th><td>(.*?)</td>'
        r'<td class="number">(.*?)</td>',
        text,
    )
    told = {what: re.sub("<[^>]+>", "", count) for what, count in grants}
    assert told["Read data"] == "1"
    assert told["Find who fits"] == "Not used"


async def test_an_officers_page_tells_the_role_and_what_it_gives(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        await at.open(PAGE)
        await tillit.integrate()
        text = (await at.open("/desk/use/actors/officer/officer-7")).text
    assert "Role: privacy_officer" in text
    assert re.search(r'<td>Record of use</td><td class="number">1</td>', text)


@pytest.mark.parametrize(
    "path", ["member/0", "member/", "service/nobody", "officer/x", "cook/offers-engine"]
)
async def test_there_is_no_page_of_a_member_or_of_nobody(tillit: Tillit, path: str) -> None:
    await people(tillit, 1)
    await tillit.integrate()
    async with officer_at(tillit) as at:
        assert (await at.open(f"/desk/use/actors/{path}")).status_code == 404
        assert (await at.open(f"{ENGINE}?days=8")).status_code == 422


async def test_questions_are_grouped_and_counts_stand_apart_from_lists(tillit: Tillit) -> None:
    await may_find(tillit)
    await people(tillit, 30)
    await ask(tillit, "county = 'Dalarna'", Action.SEGMENT)
    await ask(tillit, "county = 'Dalarna'", Action.PREVIEW)
    await ask(tillit, "county = 'Dalarna'", Action.PREVIEW)
    await ask(tillit, "county = 'Skåne'", Action.PREVIEW)
    async with officer_at(tillit) as at:
        text = (await at.open(SEGMENTS)).text
        only = (await at.open(f"{SEGMENTS}?who=service:offers-engine")).text
    cards = re.findall(r'<li class="card">(.*?)</dl>', text, re.DOTALL)
    assert len(cards) == 2
    Dalarna = next(one for one in cards if "Dalarna" in one)
    assert "1 time with the members" in Dalarna
    assert "2 times counted only" in Dalarna
    assert "<dd>27</dd>" in Dalarna
    assert "Found few members" not in text
    assert "Nobody asked anything" in only


async def test_many_narrow_questions_of_one_service_are_worth_a_look(tillit: Tillit) -> None:
    await people(tillit, 30)
    for year in range(4):
        await ask(tillit, f"county = 'Jämtland' AND orders_365d < {5 + year}", Action.PREVIEW)
    async with officer_at(tillit) as at:
        assert "Worth a look" not in (await at.open(SEGMENTS)).text
        await ask(tillit, "county = 'Jämtland'", Action.PREVIEW)
        await ask(tillit, "county = 'Jämtland'", Action.PREVIEW)
        text = (await at.open(SEGMENTS)).text
    assert "5 different questions" in text
    assert text.count("Found few members") == 5


async def test_a_question_that_is_lost_is_said_to_be(tillit: Tillit) -> None:
    await people(tillit, 30)
    await ask(tillit, "county = 'Dalarna'")
    as_owner(tillit, "DELETE FROM audit_detail")
    async with officer_at(tillit) as at:
        assert "What was asked here is lost" in (await at.open(SEGMENTS)).text


@pytest.mark.parametrize("path", [PAGE, SEGMENTS, ENGINE, f"{PAGE}/export"])
async def test_only_a_role_with_the_record_sees_it(tillit: Tillit, path: str) -> None:
    await tillit.apply(SYSTEM, read_programme((SOURCE + ROLES).encode()))
    async with officer_at(tillit, role="watcher") as at:
        assert (await at.open(path)).status_code == 200
        assert f'href="{PAGE}"' in (await at.open("/desk/sign-ins")).text
    async with officer_at(tillit, role="desk", name="officer-8") as at:
        assert (await at.open(path)).status_code == 403
        assert f'href="{PAGE}"' not in (await at.open("/desk/sign-ins")).text


def test_every_kind_has_its_words_and_is_in_one_family() -> None:
    assert set(words.KINDS) == set(Kind)
    assert sorted(one for kinds in words.KINDS_OF.values() for one in kinds) == sorted(Kind)
    assert set(words.KINDS_OF) == set(words.FAMILIES) == set(words.Family)
    assert set(words.ACTOR_TYPES) == set(ActorType)
    assert set(words.DOUBTS) == set(Standing) - {Standing.PROVED}


@pytest.mark.parametrize("language", ["sv", "nb", "da", "fi"])
async def test_it_speaks_every_language(tillit: Tillit, language: str) -> None:
    await people(tillit, 20)
    await ask(tillit, "county = 'Dalarna'")
    await tillit.integrate()
    async with officer_at(tillit, language=language) as at:
        for path in (PAGE, SEGMENTS, "/desk/use/actors/service/analytics"):
            answer = await at.open(path)
            assert answer.status_code == 200
            assert f'<html lang="{language}">' in answer.text
