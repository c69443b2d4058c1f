"""Every page, in every state that looks otherwise: what the browser tests go through.

A page without a line here fails `test_every_page_is_looked_at`; so a new page brings its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from api.links import Kind, Link, links_of
from api.pages.all import PAGES
from api.pages.answers import View
from api.pages.declaring import Page
from api.people.people import Kind as Whose
from api.people.people import Somebody
from tests.e2e.pages.screens import Screen, Screens
from tests.e2e.pages.the_site import Site

Address = Callable[[Site], str]


@dataclass(frozen=True)
class State:
    """`page`: the address as it is declared. `who`: one of `WHO`. `to`: where it is seen."""

    page: str
    name: str
    who: str
    to: Address | None = None
    status: int = 200

    @property
    def id(self) -> str:
        return f"{self.page} {self.name}".strip().replace(" ", "-")

    def address(self, site: Site) -> str:
        return self.page if self.to is None else self.to(site)

    def opened(self, screens: Screens, **how: object) -> Screen:
        """A screen with this before it."""
        screen = screens.shared(WHO[self.who](screens.site), **how)
        screen.open(self.address(screens.site), status=self.status)
        return screen


#: Who looks: the token of a new session of theirs.
WHO: Mapping[str, Callable[[Site], str | None]] = {
    "nobody": lambda _: None,
    "maja": lambda site: site.member_token(site.people.maja),
    "maja, proved": lambda site: site.member_token(site.people.maja, proved=True),
    "maja, unsettled": lambda site: site.member_token(site.people.maja, settled=False),
    "tom": lambda site: site.member_token(site.people.tom),
    "tom, proved": lambda site: site.member_token(site.people.tom, proved=True),
    "nils": lambda site: site.member_token(site.people.nils),
    "officer": lambda site: site.officer_token(site.people.officer),
    "half an officer": lambda site: site.officer_token(site.people.officer, proved=False),
    "newcomer": lambda site: site.officer_token(site.people.newcomer, proved=False),
    "just set up": lambda site: site.just_set_up(),
    "desk": lambda site: site.officer_token(site.people.desk),
}


def _at(path: str) -> Address:
    return lambda _: path


def _child(path: str) -> Address:
    return lambda site: f"/my/family/{site.people.nils}{path}"


def _request(name: str, path: str = "", *, at: str = "/my/requests") -> Address:
    return lambda site: f"{at}/{site.people.requests[name]}{path}"


def _desk(name: str, path: str = "") -> Address:
    return _request(name, path, at="/desk/requests")


def _breach(name: str, path: str = "") -> Address:
    return lambda site: f"/desk/breaches/{site.people.breaches[name][0]}{path}"


def _found(name: str) -> Address:
    """What the record was asked about that breach: `fresh` waits for a worker."""

    def address(site: Site) -> str:
        breach, search = site.people.breaches[name]
        return f"/desk/breaches/{breach}/found/{search}"

    return address


def _used(path: str) -> Address:
    """Of one of Maja's uses, found where she finds it."""
    return lambda site: f"/my/uses/{site.people.use}{path}"


def _link(site: Site) -> str:
    """A link to sign in by, as it stands in a message."""
    return f"/sign-in/link/{site.link(Somebody(kind=Whose.MEMBER, member=site.people.tom))}"


def _certificate(name: str) -> Address:
    def address(site: Site) -> str:
        link = Link(UUID(int=0), "", site.people.requests[name])
        return f"/certificate/{links_of(site.tillit).seal(Kind.CERTIFICATE, link)}"

    return address


STATES: tuple[State, ...] = (
    State("/my/choices", "of much", "maja"),
    State("/my/choices", "of nothing", "tom"),
    State("/my/choices", "of a child", "nils"),
    State("/my/choices", "unsettled", "maja, unsettled"),
    State("/my/choices", "said", "maja", _at("/my/choices?said=yes")),
    State("/my/choices/all-at-once", "", "maja"),
    State("/my/choices/all-at-once", "of nothing", "tom"),
    State("/my/choices/history", "", "maja"),
    State("/my/choices/history", "of nothing", "tom"),
    State("/my/family", "", "maja"),
    State("/my/family", "of nobody", "tom"),
    State("/my/family/{child:uuid}/requests", "", "maja, proved", _child("/requests")),
    State("/my/family/{child:uuid}/requests/new", "", "maja, proved", _child("/requests/new")),
    State(
        "/my/family/{child:uuid}/requests/new/{right}",
        "access",
        "maja, proved",
        _child("/requests/new/access"),
    ),
    State(
        "/my/family/{child:uuid}/requests/new/rectification/{field}",
        "",
        "maja, proved",
        _child("/requests/new/rectification/name"),
    ),
    State("/my/uses", "", "maja"),
    State("/my/uses", "proved", "maja, proved"),
    State("/my/uses", "of nothing", "tom"),
    State("/my/uses", "picked", "maja", _at("/my/uses?purpose=personalised_offers")),
    State("/my/uses/{entry:uuid}/check", "", "maja", _used("/check")),
    State("/my/data", "", "maja"),
    State("/my/data", "proved", "maja, proved"),
    State("/my/data", "of nothing", "tom"),
    State("/my/purchases", "", "maja, proved"),
    State("/my/purchases", "none", "tom, proved"),
    State("/my/data/{field}", "a text", "maja, proved", _at("/my/data/name")),
    State("/my/data/{field}", "several", "maja, proved", _at("/my/data/interests")),
    State("/my/data/{field}", "a date", "maja, proved", _at("/my/data/birth_date")),
    State("/my/data/{field}", "none there", "tom, proved", _at("/my/data/county")),
    State("/my/data/{field}", "unknown", "maja", _at("/my/data/nothing"), status=422),
    State("/my/requests", "of many", "maja"),
    State("/my/requests", "of none", "tom"),
    State("/my/requests/new", "", "maja"),
    *(
        State("/my/requests/new/{right}", right, "maja", _at(f"/my/requests/new/{right}"))
        for right in (
            "access",
            "rectification",
            "erasure",
            "restriction",
            "portability",
            "objection",
            "review",
            "withdrawal",
        )
    ),
    State(
        "/my/requests/new/rectification/{field}",
        "",
        "maja",
        _at("/my/requests/new/rectification/name"),
    ),
    *(
        State("/my/requests/{request:uuid}", name, "maja, proved", _request(name))
        for name in ("answered", "new", "refused", "unproved", "correction", "taken back")
    ),
    State("/my/requests/{request:uuid}", "somebody else's", "tom", _request("new"), status=404),
    State(
        "/my/requests/{request:uuid}/letters/{letter}",
        "",
        "maja, proved",
        _request("refused", "/letters/refusal"),
    ),
    State(
        "/my/requests/{request:uuid}/file",
        "",
        "maja, proved",
        _request("answered", "/file"),
    ),
    State(
        "/my/family/{child:uuid}/requests/{request:uuid}/file",
        "",
        "maja, proved",
        lambda site: _child(f"/requests/{site.people.requests['of a child']}/file")(site),
    ),
    State(
        "/my/family/{child:uuid}/requests/{request:uuid}",
        "",
        "maja, proved",
        lambda site: _child(f"/requests/{site.people.requests['of a child']}")(site),
    ),
    State("/certificate", "", "nobody"),
    State("/certificate/{token}", "not yet there", "nobody", _certificate("cooling")),
    State("/desk/requests", "", "officer"),
    State("/desk/requests", "of less", "desk"),
    State("/desk/requests/new", "", "officer"),
    State(
        "/desk/requests/new/{member:uuid}",
        "",
        "officer",
        lambda site: f"/desk/requests/new/{site.people.maja}",
    ),
    *(
        State("/desk/requests/{request:uuid}", name, "officer", _desk(name))
        for name in (
            "answered",
            "new",
            "refused",
            "unproved",
            "correction",
            "late",
            "delayed",
            "endorsed",
            "cooling",
            "done",
            "review",
        )
    ),
    State(
        "/desk/requests/{request:uuid}/steps/{step}",
        "approve",
        "officer",
        _desk("late", "/steps/approve"),
    ),
    State(
        "/desk/requests/{request:uuid}/steps/{step}",
        "refuse",
        "officer",
        _desk("soon", "/steps/refuse"),
    ),
    State(
        "/desk/requests/{request:uuid}/steps/{step}",
        "erase",
        "officer",
        _desk("new", "/steps/approve"),
    ),
    State("/desk/requests/{request:uuid}/preview", "", "officer", _desk("new", "/preview")),
    State(
        "/desk/requests/{request:uuid}/letters/{letter}",
        "",
        "officer",
        _desk("refused", "/letters/refusal"),
    ),
    State(
        "/desk/requests/several",
        "",
        "officer",
        lambda site: (
            "/desk/requests/several?step=approve"
            + "".join(f"&request={site.people.requests[one]}" for one in ("late", "soon"))
        ),
    ),
    State("/desk/requests/figures", "", "officer"),
    State("/desk/programme", "", "officer"),
    State("/desk/programme/access", "", "officer"),
    State("/desk/programme/changes", "of the first", "officer"),
    State("/desk/consent", "over time", "officer"),
    State("/desk/consent", "who may be used", "officer", _at("/desk/consent?view=funnel")),
    State("/desk/consent", "what runs out", "officer", _at("/desk/consent?view=expiring")),
    State("/desk/consent/people", "nothing proves", "officer"),
    State(
        "/desk/consent/people",
        "runs out",
        "officer",
        _at("/desk/consent/people?list=remind&purpose=partner_offers"),
    ),
    State("/desk/use", "", "officer"),
    State("/desk/use", "looked for", "officer", _at("/desk/use?kind=data&first=2026-01-01")),
    State("/desk/use", "wrong", "officer", _at("/desk/use?first=soon"), status=422),
    State("/desk/use/export", "wrong", "officer", _at("/desk/use/export?first=soon"), status=422),
    State("/desk/use/segments", "", "officer"),
    State("/desk/use/segments", "wrong", "officer", _at("/desk/use/segments?who=x"), status=422),
    State(
        "/desk/use/actors/{type}/{actor:path}",
        "a service",
        "officer",
        _at("/desk/use/actors/service/offers-engine"),
    ),
    State(
        "/desk/use/actors/{type}/{actor:path}",
        "an officer",
        "officer",
        _at("/desk/use/actors/officer/officer-1"),
    ),
    State("/panel/in-use", "", "nobody"),
    State("/sign-in", "", "nobody"),
    State("/sign-in", "after signing out", "nobody", _at("/sign-in?said=signed-out")),
    State("/sign-in/desk", "", "nobody"),
    State("/sign-in/sent", "", "nobody"),
    State("/sign-in/link/{token}", "that holds", "nobody", _link),
    State("/sign-in/link/{token}", "over", "nobody", _at(f"/sign-in/link/{'A' * 43}"), status=410),
    State("/second", "of a member", "maja", _at("/second?next=/my/purchases")),
    State("/second", "set up", "half an officer"),
    State("/desk/recovery-codes", "", "just set up"),
    State("/my/sign-ins", "", "maja"),
    State("/desk/health", "", "officer"),
    State("/desk/breaches", "", "officer"),
    State("/desk/breaches/new", "", "officer"),
    *(
        State("/desk/breaches/{breach:uuid}", name, "officer", _breach(name))
        for name in ("fresh", "late", "assessed", "closed")
    ),
    State("/desk/breaches/{breach:uuid}/ask", "", "officer", _breach("fresh", "/ask")),
    *(
        State("/desk/breaches/{breach:uuid}/found/{search:uuid}", name, "officer", _found(name))
        for name in ("fresh", "late", "assessed")
    ),
    *(
        State("/desk/breaches/{breach:uuid}/notice", name, "officer", _breach(name, "/notice"))
        for name in ("fresh", "assessed")
    ),
    State("/desk/sign-ins", "", "officer"),
)


def shown(page: Page) -> bool:
    """Whether a page can be looked at: not one that only leads elsewhere, or gives a file."""
    if page.method != "GET":
        return False
    gives = page.gives
    either = getattr(gives, "__args__", (gives,))
    return any(isinstance(one, type) and issubclass(one, View) for one in either)


SHOWN = [page.path for page in PAGES if shown(page)]
