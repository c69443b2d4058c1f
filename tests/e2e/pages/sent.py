"""Pages that are seen once something was sent, or could not be: what comes of wrong answers.

Who sends joins anew; the states that an address alone leads to stand in `states`.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from api.people.people import Kind, Somebody
from tests.e2e.pages.screens import Screen, Screens
from tests.e2e.pages.the_site import Site

#: Whoever sends: the token of a new session of theirs.
Who = Callable[[Site], str | None]


def member(site: Site) -> str:
    joined = site.joins(name="Siv", county="Skåne", birth_date="1990-04-01")
    return site.member_token(joined, proved=True)


def addressed(site: Site) -> str:
    """Who can be sent a code, and has given none."""
    return site.member_token(site.joins(name="Siv", email=f"{_name(site)}@post.example"))


def nobody(_: Site) -> None:
    return None


def officer(site: Site) -> str:
    return site.officer_token(site.people.officer)


def desk(site: Site) -> str:
    return site.officer_token(site.people.desk)


def newcomer(site: Site) -> str:
    return site.officer_token(site.hires(_name(site)), proved=False)


def _name(site: Site) -> str:
    return f"new-{len(site.mailbox.mails)}-{site.joins(name='Nobody').hex[-6:]}"


@dataclass(frozen=True)
class Sent:
    """`at`: the page with the form; `does`: what is done there. `status`: of the page after."""

    name: str
    who: Who
    at: str | Callable[[Site], str]
    does: Callable[[Screen], None]
    status: int = 422

    @property
    def id(self) -> str:
        return self.name.replace(" ", "-")

    def seen(self, screens: Screens, **how: object) -> Screen:
        screen = screens.shared(self.who(screens.site), **how)
        screen.open(self.at if isinstance(self.at, str) else self.at(screens.site))
        answers = screen.fetched
        answers.clear()
        self.does(screen)
        pages = [one for one in answers if one.request.is_navigation_request()]
        assert pages[-1].status == self.status, f"{self.name}: {pages[-1].status}"
        return screen


def filled(form: str, /, **fields: str) -> Callable[[Screen], None]:
    """Write this, whatever kind of field it is, and send the form."""

    def does(screen: Screen) -> None:
        for folded in screen.page.locator(f"details:has({form})").all():
            folded.evaluate("one => one.setAttribute('open', '')")
        for name, value in fields.items():
            field = screen.page.locator(f"{form} [name='{name}']").first
            if field.get_attribute("type") in ("date", "hidden"):
                field.evaluate("(one, value) => { one.type = 'text'; one.value = value }", value)
            else:
                field.fill(value)
        field = screen.page.locator(form).first
        field.evaluate("one => { one.noValidate = true }")
        with screen.page.expect_navigation():
            field.locator("button").last.click()

    return does


def opened(path: str) -> Callable[[Screen], None]:
    """Go there."""

    def does(screen: Screen) -> None:
        screen.page.goto(screen.site.url + path)

    return does


def _wrong_codes(times: int) -> Callable[[Screen], None]:
    """Have codes sent, so often; then give one that is none."""

    def does(screen: Screen) -> None:
        for _ in range(times):
            with screen.page.expect_navigation():
                screen.page.click('form[action="/second/send"] button')
        if screen.page.locator("#code").count():
            filled('form[action="/second/code"]', code="00000000")(screen)

    return does


def _signed_out(screen: Screen) -> None:
    """Send a form after the session has ended in another tab."""
    screen.page.context.clear_cookies()
    filled("main .choice form")(screen)


def _used(screen: Screen) -> None:
    """Open a link, press its button, and open it again in another browser."""
    link = screen.page.url
    filled("main form")(screen)
    screen.page.context.clear_cookies()
    screen.page.goto(link)


def _codes(screen: Screen) -> None:
    """Set up a second factor."""
    secret = screen.page.locator("ol.steps code").inner_text()
    filled('form[action="/second/set-up"]', code=shown(secret))(screen)


def shown(secret: str) -> str:
    """What an authenticator app shows now."""
    key = base64.b32decode(secret.replace(" ", ""))
    return TOTP(key, 6, SHA1(), 30).generate(int(time.time())).decode()  # noqa: S303


def _link(site: Site) -> str:
    joined = site.joins(name="Siv", email=f"{_name(site)}@post.example")
    return f"/sign-in/link/{site.link(Somebody(kind=Kind.MEMBER, member=joined))}"


def _request(name: str, path: str = "") -> Callable[[Site], str]:
    return lambda site: f"/desk/requests/{site.people.requests[name]}{path}"


STATES: tuple[Sent, ...] = (
    Sent("no name", member, "/my/data/name", filled("form.card", value="")),
    Sent("no day", member, "/my/data/birth_date", filled("form.card", value="yesterday")),
    Sent("no address", member, "/my/data/email", filled("form.card", value="siv at home")),
    Sent(
        "an objection to nothing",
        member,
        "/my/requests/new/objection",
        filled("form.card", note="To all of it"),
    ),
    Sent("a review of nothing", member, "/my/requests/new/review", filled("form.card", note="")),
    Sent(
        "nothing set right",
        member,
        "/my/requests/new/rectification/tier",
        filled("form.card"),
    ),
    Sent(
        "a pause until yesterday",
        member,
        "/my/choices/all-at-once",
        filled("#pause form", until="2020-01-01"),
    ),
    Sent("no certificate", nobody, "/certificate", filled("form.card", text="{}")),
    Sent(
        "a form of another session",
        member,
        "/my/choices",
        filled("main .choice form", form="AAAA"),
        status=403,
    ),
    Sent("a form after signing out", member, "/my/choices", _signed_out, status=403),
    Sent("a link that was used", nobody, _link, _used, status=410),
    Sent("a wrong code", addressed, "/second?next=/my/purchases", _wrong_codes(1), status=200),
    Sent("too many codes", addressed, "/second?next=/my/purchases", _wrong_codes(4), status=200),
    Sent(
        "a wrong code while setting up",
        newcomer,
        "/second",
        filled('form[action="/second/set-up"]', code="000000"),
        status=200,
    ),
    Sent("recovery codes", newcomer, "/second", _codes, status=200),
    Sent("no such member", officer, "/desk/requests/new", filled("main form", value="none")),
    Sent(
        "a hold until yesterday",
        officer,
        _request("new"),
        filled('form[action$="/holds"]', until="2020-01-01"),
    ),
    Sent(
        "an approval of who is unknown",
        officer,
        _request("unproved"),
        opened("/desk/requests/several?step=approve"),
        status=200,
    ),
    Sent("no page", member, "/my/choices", opened("/my/no-such-page"), status=404),
    Sent("no page for nobody", nobody, "/sign-in", opened("/nothing"), status=404),
    Sent("no right to it", desk, "/desk/requests", opened("/desk/programme"), status=403),
)
