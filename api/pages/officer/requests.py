"""The pages about requests, all of them."""

from api.pages.declaring import Page
from api.pages.officer import doing, figures, inbox, letters, opening, request, several, steps

PAGES: tuple[Page, ...] = (
    *inbox.pages.all,
    *several.pages.all,
    *opening.pages.all,
    *figures.pages.all,
    *request.pages.all,
    *steps.pages.all,
    *doing.pages.all,
    *letters.pages.all,
)
