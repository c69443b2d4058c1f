"""Every page there is, and their routes."""

from starlette.routing import Route

from api.bootstrap import Tillit
from api.pages import anybody, certificate, running, second, sign_ins, signing_in, static
from api.pages.declaring import Page
from api.pages.member import (
    asking,
    at_once,
    checking,
    child_request,
    choices,
    correcting,
    family,
    files,
    history,
    known,
    letter,
    one_request,
    proving,
    requests,
    uses,
)
from api.pages.officer import (
    breach,
    breach_asking,
    breach_found,
    breach_notice,
    breaches,
    consent,
    doubtful,
    health,
    programme,
    programme_access,
    programme_changes,
    use,
    use_actor,
    use_segments,
)
from api.pages.officer import requests as officers_requests
from api.pages.panel import in_use
from api.pages.panel import routes as panel

PAGES: tuple[Page, ...] = (
    *anybody.pages.all,
    *anybody.desk.all,
    *anybody.own.all,
    *signing_in.pages.all,
    *second.pages.all,
    *second.officers.all,
    *sign_ins.members.all,
    *sign_ins.officers.all,
    *at_once.pages.all,
    *history.pages.all,
    *choices.pages.all,
    *family.pages.all,
    *uses.pages.all,
    *checking.pages.all,
    *known.pages.all,
    *correcting.pages.all,
    *requests.pages.all,
    *asking.pages.all,
    *one_request.pages.all,
    *child_request.pages.all,
    *proving.pages.all,
    *letter.pages.all,
    *files.pages.all,
    *certificate.pages.all,
    *officers_requests.PAGES,
    *programme.pages.all,
    *programme_access.pages.all,
    *programme_changes.pages.all,
    *health.pages.all,
    *consent.pages.all,
    *doubtful.pages.all,
    *use.pages.all,
    *use_segments.pages.all,
    *use_actor.pages.all,
    *breaches.pages.all,
    *breach.pages.all,
    *breach_asking.pages.all,
    *breach_found.pages.all,
    *breach_notice.pages.all,
    *in_use.pages.all,
)


def routes(tillit: Tillit) -> list[Route]:
    """The pages and what they are made of; tests hold that each refuses whoever it is not for."""
    return [*running.routes(tillit, PAGES), static.route(), *panel.routes(tillit)]
