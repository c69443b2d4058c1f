"""The officers' inbox: by what is due, filtered, several at once, a new one opened, figures."""

import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from api.bootstrap import SYSTEM, Tillit
from api.pages.officer import words
from consent.programme import read_programme
from dsar import register, requests
from dsar.connectors.trouble import GivingUp, Trouble
from dsar.holds import Ground
from dsar.identity import How
from dsar.identity_steps import ATTESTED
from dsar.letters.kinds import Kind as Letter
from dsar.previews import WORDS
from dsar.register import Request
from dsar.states import Right, State
from dsar.waiting import Waits
from dsar.wanted import Wanted
from dsar.words import REFUSED_BY, Channel, Delay, Reason
from kernel.database import raw
from profiles.enrolment import enrol
from tests.at_a_browser import Browser, browser, officer_at
from tests.at_the_desk import approved, opened
from tests.conftest import EXAMPLES

INBOX = "/desk/requests"
#: Somebody has to be able to apply the next programme.
_CHIEF = '\n[officers.chief]\ncan = ["programme"]\n'
SEVERAL = f"{INBOX}/several"
_CARD = re.compile(r'<li class="card( late)?">(.*?)</li>', re.DOTALL)
_OPENS = re.compile(r'class="open" href="/desk/requests/([^"]+)"')


@pytest_asyncio.fixture
async def people(tillit: Tillit) -> list[UUID]:
    values = [
        {"member_number": f"m{one}", "name": "Maja", "email": f"maja{one}@post.example"}
        for one in range(3)
    ]
    async with tillit.unit() as work:
        made = await enrol(work.unit, SYSTEM, values, source="sign-up")
    return [one.id for one in made]


async def asked(
    tillit: Tillit, right: Right, member: UUID, *, days: int = 0, **how: object
) -> Request:
    """A request that came in so many days ago."""
    async with tillit.unit() as work:
        received = work.unit.today - timedelta(days=days)
        return await opened(work, right, member, received=received, **how)


async def stands(tillit: Tillit, request: Request) -> Request:
    async with tillit.unit() as work:
        return await register.get(work.unit, request.id)


def listed(text: str) -> list[str]:
    """The ids on the page, in their order."""
    return _OPENS.findall(text)


def card(text: str, request: Request) -> str:
    return next(inside for _, inside in _CARD.findall(text) if str(request.id) in inside)


async def bulk(at: Browser, requests: Sequence[Request], step: str) -> str:
    """The page that lists them, and asks once more."""
    ticked = "&".join(f"request={one.id}" for one in requests)
    return (await at.open(f"{SEVERAL}?{ticked}&step={step}")).text


async def test_the_overdue_stand_first_and_say_so_in_words(
    tillit: Tillit, people: list[UUID]
) -> None:
    new = await asked(tillit, Right.ACCESS, people[0])
    late = await asked(tillit, Right.ERASURE, people[1], days=60)
    async with officer_at(tillit) as at:
        page = await at.open(INBOX)
    assert listed(page.text) == [str(late.id), str(new.id)]
    assert "Overdue by" in card(page.text, late)
    assert "days left" in card(page.text, new)
    assert "A decision" in card(page.text, new)


async def test_the_clock_of_who_was_asked_who_they_are_stands(
    tillit: Tillit, people: list[UUID]
) -> None:
    one = await asked(tillit, Right.ACCESS, people[0], proof=None)
    async with tillit.unit() as work:
        await requests.ask_identity(work.unit, SYSTEM, work.active, one.id)
    async with officer_at(tillit) as at:
        page = await at.open(INBOX)
    assert "Clock paused" in card(page.text, one)
    assert "Proof of who asked" in card(page.text, one)


async def test_no_value_of_anybody_stands_in_the_inbox(tillit: Tillit, people: list[UUID]) -> None:
    await asked(tillit, Right.ACCESS, people[0])
    async with officer_at(tillit) as at:
        page = await at.open(INBOX)
    assert "Maja" not in page.text
    assert "post.example" not in page.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["late", "access"]),
        ("?view=overdue", ["late"]),
        ("?view=soon", []),
        ("?view=all", ["late", "access", "closed"]),
        ("?right=access", ["access"]),
        ("?view=all&state=unfulfilled", ["closed"]),
        ("?channel=member", []),
        ("?view=open&right=&state=&channel=", ["late", "access"]),
    ],
)
async def test_an_address_filters(
    tillit: Tillit, people: list[UUID], query: str, found: list[str]
) -> None:
    known = {
        "access": await asked(tillit, Right.ACCESS, people[0]),
        "late": await asked(tillit, Right.ERASURE, people[1], days=60),
        "closed": await asked(tillit, Right.RESTRICTION, people[2]),
    }
    async with officer_at(tillit) as at:
        await at.open(f"{INBOX}/{known['closed'].id}/steps/cancel")
        await at.send(f"{INBOX}/{known['closed'].id}/steps/cancel")
        page = await at.open(INBOX + query)
    assert listed(page.text) == [str(known[one].id) for one in found]


async def test_what_is_no_filter_is_refused(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        assert (await at.open(f"{INBOX}?right=everything")).status_code == 422
        assert (await at.open(f"{INBOX}?name=Maja")).status_code == 422


async def test_a_long_list_goes_on_where_it_ended(tillit: Tillit, people: list[UUID]) -> None:
    made = [
        await asked(
            tillit,
            Right.RECTIFICATION,
            people[number % 3],
            wish=Wanted(values={"name": f"Maja {number}"}),
        )
        for number in range(27)
    ]
    async with officer_at(tillit) as at:
        first = await at.open(INBOX)
        more = first.text.split('href="/desk/requests?view=open&amp;after=')[1].split('"')[0]
        second = await at.open(f"{INBOX}?view=open&after={more}")
    assert len(listed(first.text)) == 25
    assert {*listed(first.text), *listed(second.text)} == {str(one.id) for one in made}


async def test_a_request_that_nobody_can_read_is_shown_as_broken(
    tillit: Tillit, people: list[UUID]
) -> None:
    one = await asked(tillit, Right.ACCESS, people[0])
    async with tillit.unit() as work:
        connection = await raw(work.session)
        await connection.execute("UPDATE request SET kind = 'nonsense' WHERE id = %s", (one.id,))
    async with officer_at(tillit) as at:
        page = await at.open(INBOX)
        assert f"row of request {one.id}" in page.text
        assert (await at.open(f"{INBOX}/{one.id}")).status_code == 409


async def test_several_are_listed_before_they_are_refused_and_told_apart_after(
    tillit: Tillit, people: list[UUID]
) -> None:
    first = await asked(tillit, Right.ACCESS, people[0])
    second = await asked(tillit, Right.ACCESS, people[1])
    gone = await asked(tillit, Right.ACCESS, people[2])
    async with tillit.unit() as work:
        await approved(work, Right.ACCESS, people[2])
    async with officer_at(tillit) as at:
        text = await bulk(at, [first, second, gone], "refuse")
        assert text.index(str(first.id)) < text.index("Left out") < text.index(f"/{gone.id}")
        assert "It is excessive" in text
        sent = {"step": "refuse", "reason": "ProcessExcessive"}
        ids = [str(one.id) for one in (first, second, gone)]
        page = await at.send(SEVERAL, **sent, **{"requests[]": ids})
    assert "2 of 3 done" in page.text
    assert (await stands(tillit, first)).state is State.REJECTED
    assert (await stands(tillit, gone)).state is State.ACCEPTED


async def test_many_erasures_are_said_to_be_for_good(tillit: Tillit, people: list[UUID]) -> None:
    made = [await asked(tillit, Right.ERASURE, one) for one in people]
    async with officer_at(tillit) as at:
        assert "3 of them are erasures" in await bulk(at, made, "approve")


async def test_rights_without_a_reason_in_common_are_not_refused_together(
    tillit: Tillit, people: list[UUID]
) -> None:
    one = await asked(tillit, Right.ACCESS, people[0])
    two = await asked(tillit, Right.WITHDRAWAL, people[1], proof=None, wish=Wanted(("newsletter",)))
    async with officer_at(tillit) as at:
        text = await bulk(at, [one, two], "refuse")
    common = REFUSED_BY[Right.ACCESS].keys() & REFUSED_BY[Right.WITHDRAWAL].keys()
    assert text.count('<option value="Identity') == len(common)


async def test_nothing_ticked_does_nothing(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        assert "Nothing was ticked" in (await at.open(f"{SEVERAL}?step=approve")).text


async def test_a_member_is_found_by_what_stands_in_no_address(
    tillit: Tillit, people: list[UUID]
) -> None:
    async with officer_at(tillit) as at:
        await at.open(f"{INBOX}/new")
        page = await at.send(f"{INBOX}/new", kind="email", value="MAJA0@post.example")
        assert str(page.url).endswith(f"/new/{people[0]}")
        assert all("maja" not in str(one.url).lower() for one in (*page.history, page))
        page = await at.open(f"{page.url.path}?right=access")
        page = await at.send(
            f"{INBOX}/new/{people[0]}", right="access", language="nb", identified="true"
        )
    assert "The request is open" in page.text
    async with tillit.unit() as work:
        [one] = await register.listed(work.unit, member=people[0])
    assert (one.right, one.language, one.channel) == (Right.ACCESS, "nb", Channel.OFFICER)


async def test_who_looks_for_a_member_is_on_record(tillit: Tillit, people: list[UUID]) -> None:
    async with officer_at(tillit) as at:
        await at.open(f"{INBOX}/new")
        await at.send(f"{INBOX}/new", kind="member_number", value="m0")
    async with tillit.unit() as work:
        cursor = await (await raw(work.session)).execute(
            "SELECT count(*) FROM audit_entry WHERE position(%s IN body) > 0 "
            "AND position(%s IN body) > 0",
            (b'"how":"find"', b'"officer-7"'),
        )
        assert await cursor.fetchone() == (1,)


async def test_nobody_found_is_said_beside_the_form(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        await at.open(f"{INBOX}/new")
        page = await at.send(f"{INBOX}/new", kind="email", value="nobody@post.example")
        assert page.status_code == 422
        assert "No member is found by that" in page.text
        page = await at.send(f"{INBOX}/new", kind="email", value="no address")
        assert "That is none" in page.text
        assert "no address" not in page.text


async def test_a_letter_found_late_is_late(tillit: Tillit, people: list[UUID]) -> None:
    async with tillit.unit() as work:
        came = work.unit.today - timedelta(days=80)
    async with officer_at(tillit) as at:
        await at.open(f"{INBOX}/new/{people[0]}?right=rectification")
        page = await at.send(
            f"{INBOX}/new/{people[0]}",
            right="rectification",
            received=came.isoformat(),
            **{"fields[]": ["name", "interests"], "values[]": ["Maja Ek", "hiking, skiing"]},
        )
    assert "Overdue by" in page.text
    assert "Maja Ek" in page.text
    assert "hiking" in page.text


async def test_what_fits_no_request_comes_back(tillit: Tillit, people: list[UUID]) -> None:
    async with officer_at(tillit) as at:
        await at.open(f"{INBOX}/new/{people[0]}?right=withdrawal")
        page = await at.send(f"{INBOX}/new/{people[0]}", right="withdrawal")
        assert page.status_code == 422
        assert "Something of this does not fit" in page.text
        page = await at.send(
            f"{INBOX}/new/{people[0]}", right="withdrawal", **{"purposes[]": ["newsletter"]}
        )
    assert "Withdrawal" in page.text


async def test_figures_stand_in_a_table_beside_the_chart(
    tillit: Tillit, people: list[UUID]
) -> None:
    for person in people:
        await asked(tillit, Right.ACCESS, person)
    await asked(tillit, Right.ERASURE, people[0], days=90)
    async with officer_at(tillit) as at:
        page = await at.open(f"{INBOX}/figures")
        assert (await at.open(f"{INBOX}/figures?from=2026-02-01&to=2026-01-01")).status_code == 422
    assert page.text.count('role="img"') == 3
    assert "style=" not in page.text
    row = page.text.split('<th scope="row">Access</th>')[1].split("</tr>")[0]
    assert re.findall(r'<td class="number">([^<]*)</td>', row)[:4] == ["3", "3", "0", "0"]


async def test_who_may_not_handle_requests_sees_nothing_of_them(
    tillit: Tillit, people: list[UUID]
) -> None:
    await _with_roles(tillit, '[officers.reader]\ncan = ["record"]\n')
    one = await asked(tillit, Right.ACCESS, people[0])
    async with officer_at(tillit, role="reader") as at:
        for path in ("", "/new", "/figures", f"/{one.id}", f"/{one.id}/steps/approve"):
            page = await at.open(INBOX + path)
            assert page.status_code == 403
            assert "Your role does not include this" in page.text
        assert 'href="/desk/requests"' not in page.text
        assert at.page is not None
        home = await at.open("/desk")
        assert str(home.url).endswith("/desk/use")
        refused = await at.send(f"{INBOX}/{one.id}/steps/approve")
    assert refused.status_code == 403


async def test_who_may_not_restrict_is_not_offered_to(tillit: Tillit, people: list[UUID]) -> None:
    await _with_roles(tillit, '[officers.clerk]\ncan = ["requests"]\n')
    one = await asked(tillit, Right.RESTRICTION, people[0])
    async with officer_at(tillit, role="clerk") as at:
        page = await at.open(f"{INBOX}/{one.id}")
        assert "/steps/approve" not in page.text
        assert "/steps/refuse" in page.text
        assert (await at.send(f"{INBOX}/{one.id}/steps/approve")).status_code == 403
        text = await bulk(at, [one], "approve")
        assert "Left out" in text
        page = await at.send(SEVERAL, step="approve", **{"requests[]": [str(one.id)]})
        assert "Not done" in page.text
    assert (await stands(tillit, one)).state is State.ACKNOWLEDGED


async def test_a_stranger_is_asked_to_sign_in(tillit: Tillit) -> None:
    async with browser(tillit) as at:
        answer = await at.client.get(INBOX)
    assert answer.status_code == 303


def test_no_code_lacks_its_words() -> None:
    for codes, table in (
        (Right, words.RIGHTS),
        (State, words.STATES),
        (Channel, words.CHANNELS),
        (Waits, words.WAITS),
        (Waits, words.NEXT),
        ([*Reason, *Delay], words.REASONS),
        (How, words.HOWS),
        (ATTESTED, words.ATTESTED),
        (Ground, words.GROUNDS),
        (Letter, words.LETTERS),
        (GivingUp, words.GIVEN_UP),
        (Trouble, words.TROUBLES),
        (WORDS, words.DESTROYED),
    ):
        assert set(codes) <= table.keys()


async def _with_roles(tillit: Tillit, roles: str) -> None:
    text = (EXAMPLES / "fjallklubben.toml").read_text("utf-8")
    await tillit.apply(SYSTEM, read_programme(f"{text}\n{roles}{_CHIEF}"))
