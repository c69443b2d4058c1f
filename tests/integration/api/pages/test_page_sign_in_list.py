"""Where one is signed in: seen and ended by whoever it is, and by nobody else."""

import re

from a_way_in import cookie, joins, words

from api.bootstrap import Tillit
from api.people import sessions
from api.people.keys import keys_of
from api.people.people import Kind, Somebody
from tests.at_a_browser import browser, member_at, officer_at

_FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"


async def begins(tillit: Tillit, somebody: Somebody, agent: str = "") -> str:
    async with tillit.unit() as work:
        return await sessions.begin(
            work.unit, work.active, keys_of(tillit), somebody, user_agent=agent
        )


async def is_in(tillit: Tillit, token: str) -> bool:
    async with tillit.unit() as work:
        return await sessions.found(work.unit, work.active, keys_of(tillit), token) is not None


async def test_a_member_sees_their_devices_and_ends_one(tillit: Tillit) -> None:
    maja = await joins(tillit)
    telephone = await begins(tillit, Somebody(kind=Kind.MEMBER, member=maja), _FIREFOX)
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/sign-ins")
        text = words(page)
        assert text.index("You are here") < text.index("Firefox on Android")
        assert text.count("You are here") == 1
        which = re.findall(r'name="which" value="([^"]*)"', page.text)
        assert telephone not in page.text
        after = await at.send("/my/sign-ins/end", which=which[1])
        assert "That sign-in has ended." in after.text
        assert "Firefox on Android" not in after.text
    assert not await is_in(tillit, telephone)


async def test_ending_this_one_signs_out(tillit: Tillit) -> None:
    maja = await joins(tillit)
    async with member_at(tillit, maja) as at:
        page = await at.open("/my/sign-ins")
        [which] = re.findall(r'name="which" value="([^"]*)"', page.text)
        assert "End all but this one" not in page.text
        out = await at.send("/my/sign-ins/end", which=which)
        assert out.url.path == "/sign-in"
        assert cookie(tillit, at) is None


async def test_an_officer_ends_all_others_and_stays(tillit: Tillit) -> None:
    async with officer_at(tillit) as at:
        page = await at.open("/desk/sign-ins")
        token = cookie(tillit, at)
        assert token is not None
        async with tillit.unit() as work:
            person = await sessions.found(work.unit, work.active, keys_of(tillit), token)
        assert person is not None
        officer = Somebody(kind=Kind.OFFICER, account=person.account)
        others = [await begins(tillit, officer, _FIREFOX) for _ in range(2)]
        page = await at.open("/desk/sign-ins")
        assert page.text.count("Firefox on Android") >= 2
        after = await at.send("/desk/sign-ins/end-others")
        assert "All other sign-ins have ended." in after.text
        assert [await is_in(tillit, one) for one in (*others, token)] == [False, False, True]


async def test_nobody_ends_anybody_elses(tillit: Tillit) -> None:
    maja = await joins(tillit)
    other = await joins(tillit, member_number="m2", email="nils@post.example")
    theirs = await begins(tillit, Somebody(kind=Kind.MEMBER, member=other))
    async with browser(tillit, theirs) as at:
        page = await at.open("/my/sign-ins")
        [which] = re.findall(r'name="which" value="([^"]*)"', page.text)
    async with member_at(tillit, maja) as at:
        await at.open("/my/sign-ins")
        await at.send("/my/sign-ins/end", which=which)
        await at.send("/my/sign-ins/end-others")
    assert await is_in(tillit, theirs)


async def test_a_device_that_we_do_not_know_is_called_so_in_every_language(
    tillit: Tillit,
) -> None:
    maja = await joins(tillit)
    for language, said in {"sv": "Okänd webbläsare", "fi": "Tuntematon selain"}.items():
        async with member_at(tillit, maja, language=language) as at:
            assert said in words(await at.open("/my/sign-ins"))
