"""Behind a proxy: whose word is taken about where a request came from, and what hangs on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from api.bootstrap import SYSTEM, Tillit, opened
from api.http.app import create_app
from api.people import limits
from api.people.keys import keys_of
from api.people.limits import What
from api.settings import Settings
from consent.programme import load_programme
from kernel.database import raw
from tests.conftest import EXAMPLES

PROXY, OTHER_PROXY, STRANGER = "192.0.2.10", "2001:db8:77::5", "198.51.100.9"
TRUSTED = ("192.0.2.10/32", "2001:db8:77::/64")
OURS = {"Sec-Fetch-Site": "same-origin"}


@asynccontextmanager
async def _club(settings: Settings, *proxies: str) -> AsyncIterator[Tillit]:
    async with opened(replace(settings, proxies=proxies)) as tillit:
        await tillit.apply(SYSTEM, load_programme(EXAMPLES / "fjallklubben.toml"))
        yield tillit


async def _asks(
    tillit: Tillit,
    peer: str,
    *forwarded: str,
    address: str = "nobody@post.example",
    **headers: str,
) -> httpx.Response:
    """Somebody asks for a link; `peer`: who is connected to us."""
    transport = httpx.ASGITransport(create_app(tillit, worker=False), client=(peer, 40_000))
    said = [("X-Forwarded-For", one) for one in forwarded]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
        return await http.post(
            "/sign-in",
            data={"address": address},
            headers=[*said, *({**OURS, **headers}).items()],
        )


async def _counted(tillit: Tillit, client: str) -> int:
    """How many links were asked for from the network of that address."""
    whose = limits.network(keys_of(tillit), client)
    async with tillit.unit() as work:
        cursor = await (await raw(work.session)).execute(
            "SELECT count(*) FROM sign_in_try WHERE what = %s AND whose = %s",
            (What.LINKS_FROM_NETWORK.value, whose),
        )
        line = await cursor.fetchone()
    assert line is not None
    return int(line[0])


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (("203.0.113.7",), "203.0.113.7"),
        (("203.0.113.7:51234",), "203.0.113.7"),
        (("[2001:db8:5::1]:443",), "2001:db8:5::1"),
        # What somebody wrote themselves stands to the left of what our proxies have seen.
        (("198.51.100.1, 203.0.113.7",), "203.0.113.7"),
        (("192.0.2.10, 203.0.113.7",), "203.0.113.7"),
        (("198.51.100.1", "203.0.113.7"), "203.0.113.7"),
        # Several proxies of ours, one after the other.
        ((f"203.0.113.7, {OTHER_PROXY}",), "203.0.113.7"),
        ((f"203.0.113.7 , {OTHER_PROXY},{PROXY}",), "203.0.113.7"),
        ((), PROXY),
    ],
)
async def test_the_rightmost_address_that_is_no_proxy_of_ours_counts(
    settings: Settings, forwarded: tuple[str, ...], client: str
) -> None:
    async with _club(settings, *TRUSTED) as tillit:
        await _asks(tillit, PROXY, *forwarded)
        assert await _counted(tillit, client) == 1


@pytest.mark.parametrize("proxies", [(), TRUSTED])
async def test_nobody_else_is_believed_about_where_they_come_from(
    settings: Settings, proxies: tuple[str, ...]
) -> None:
    async with _club(settings, *proxies) as tillit:
        for number in range(3):
            await _asks(tillit, STRANGER, f"203.0.113.{number}", Forwarded="for=203.0.113.9")
        assert await _counted(tillit, STRANGER) == 3
        assert await _counted(tillit, "203.0.113.1") == 0


@pytest.mark.parametrize(
    "garbage", ["unknown", "_hidden", "", ",", "300.1.1.1", "x" * 4_000, "[::1", "203.0.113.7,é"]
)
async def test_what_is_no_address_is_answered_and_limited_as_one_network(
    settings: Settings, garbage: str
) -> None:
    async with _club(settings, *TRUSTED) as tillit:
        peer = PROXY
        transport = httpx.ASGITransport(create_app(tillit, worker=False), client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            answer = await http.post(
                "/sign-in",
                data={"address": "nobody@post.example"},
                headers=[
                    (b"X-Forwarded-For", garbage.encode()),
                    (b"Sec-Fetch-Site", b"same-origin"),
                ],
            )
        assert answer.status_code == 303
        assert await _counted(tillit, "no address") + await _counted(tillit, PROXY) == 1


async def test_thirty_from_one_customer_leave_room_for_the_next_behind_the_same_proxy(
    settings: Settings,
) -> None:
    async with _club(settings, *TRUSTED) as tillit:
        for number in range(31):  # one address more has a limit of its own
            await _asks(tillit, PROXY, "203.0.113.7", address=f"n{number}@post.example")
        assert await _counted(tillit, "203.0.113.7") == 30
        await _asks(tillit, PROXY, "198.51.100.77")
        assert await _counted(tillit, "198.51.100.77") == 1


@pytest.mark.parametrize(
    ("peer", "proto", "origin", "status"),
    [
        (PROXY, "https", "https://club.example", 303),
        (PROXY, "https", "http://club.example", 403),
        (PROXY, "http", "https://club.example", 303),  # the public address, whatever is said
        (PROXY, "ftp", "https://club.example", 303),
        (PROXY, "https", "https://other.example", 403),
        (STRANGER, "https", "http://club.example", 403),
        (PROXY, "https", "null", 403),
    ],
)
async def test_a_form_is_ours_by_the_scheme_that_members_see(
    settings: Settings, peer: str, proto: str, origin: str, status: int
) -> None:
    public = replace(settings, public_url="https://club.example")
    async with _club(public, *TRUSTED) as tillit:
        transport = httpx.ASGITransport(create_app(tillit, worker=False), client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://club.example") as http:
            answer = await http.post(
                "/sign-in",
                data={"address": "nobody@post.example"},
                headers={"Origin": origin, "X-Forwarded-Proto": proto},
            )
    assert answer.status_code == status


async def test_no_address_is_made_of_the_host_that_somebody_asked_for(tillit: Tillit) -> None:
    """A slash too many is told as no page, and leads to no host of somebody's choosing."""
    transport = httpx.ASGITransport(create_app(tillit, worker=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
        for path in ("/sign-in/", "/my/choices/", "/v1/me/"):
            answer = await http.get(path, headers={"Host": "else.example"})
            assert answer.status_code == 404, path
            assert "location" not in answer.headers
        for path in ("/", "/my/choices"):
            answer = await http.get(path, headers={"Host": "else.example"})
            assert answer.headers["location"].startswith("/sign-in"), path
