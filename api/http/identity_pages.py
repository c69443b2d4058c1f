"""The page on which somebody without a sign-in shows that a request is theirs.

In the request's language, without scripts, and shaped as the pages behind other links are. It
shows of an address on file as much as tells the member which is meant.
"""

from decimal import Decimal
from pathlib import Path

from api.http.doors import Asked, Media
from api.http.one_button import HEADERS, HTML, PAGES, STYLE, policy
from dsar.identity_cases import Outcome
from dsar.identity_letters import DOMAIN
from dsar.identity_ways import Standing
from dsar.languages import Language, translations

_OWN = (Path(__file__).parent / "templates" / "identity.css").read_text("utf-8").strip()
_STYLE = f"{STYLE}\n{_OWN}"
_HEADERS = {**HEADERS, "Content-Security-Policy": policy(_STYLE)}
_SAID = {
    Outcome.SENT: "A code is on its way to you.",
    Outcome.UNAVAILABLE: "We cannot send a code there. Choose another way, or write to us.",
    Outcome.PROVED: "Thank you, that is right.",
    Outcome.WRONG: "That is not right. Look once more and try again.",
    Outcome.EXPIRED: "This does not hold any more. Have a new code sent to you.",
    Outcome.LIMITED: (
        "There were too many tries. Wait an hour, or until tomorrow, or choose another way."
    ),
}
_GOOD = (Outcome.SENT, Outcome.PROVED)
_EXAMPLE = Decimal("199.95")


def page(asked: Asked, standing: Standing, *, outcome: Outcome | None = None, steps: int) -> Media:
    """What can be proved, and what came of the last try.

    `steps`: how far below the link's own address this is shown; the forms are sent beside it.
    """
    language = Language.of(standing.request.language)
    texts = translations(language.code, DOMAIN)
    controller = asked.active.programme.controller

    def say(text: str, **filled: str) -> str:
        example = language.number(_EXAMPLE)
        known = {"controller": controller.name, "contact": controller.contact, "example": example}
        return texts.gettext(text).format(**known, **filled)

    content = PAGES.get_template("identity.html").render(
        style=_STYLE,
        language=language.code,
        controller=controller.name,
        say=say,
        outcome=say(_SAID[outcome]) if outcome is not None else "",
        bad=outcome is not None and outcome not in _GOOD,
        done=not standing.lacks,
        ways=standing.ways,
        base="../" * steps + str(asked.path["token"]),
    )
    return Media(content.encode(), HTML, headers=_HEADERS)
