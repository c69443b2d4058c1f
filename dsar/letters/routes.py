"""Where somebody turns who disagrees (Arts. 12(4), 77 and 79): part of every no and not-yet."""

from consent.programme.countries import COUNTRIES
from dsar.letters.cases import Case
from dsar.letters.wording import Wording
from dsar.letters.written import Block

#: Where a language is at home, most of its readers first: they are told of the authority there
#: too, where the controller is in none of those countries.
_HOMES = {"sv": ("SE", "FI"), "nb": ("NO",), "da": ("DK",), "fi": ("FI",)}


def routes(case: Case, say: Wording) -> list[Block]:
    """The authority by name and address, that of the reader's own country, and the court."""
    return routes_from(case.active.programme.controller.country, say)


def routes_from(country: str, say: Wording) -> list[Block]:
    """The same; `country`: the controller's (ISO 3166)."""
    homes = _HOMES.get(say.language.code, ())
    codes = [country] if country in homes else [country, *homes[:1]]
    points = [_point(code, say) for code in codes if code in COUNTRIES]
    complain = (
        say.say("You can complain to the supervisory authority (Article 77 of the GDPR):")
        if points
        else say.say("You can complain to the supervisory authority (Article 77 of the GDPR).")
    )
    return [
        Block(complain, heading=say.say("If you disagree"), points=tuple(points)),
        Block(
            say.say(
                "Should you live or work in another country of the EU or the EEA, you can also "
                "turn to the authority there. It costs nothing."
            )
        ),
        Block(
            say.say(
                "You can also take the matter to court: in our country ({country}) or in the one "
                "where you live (Article 79 of the GDPR).",
                country=say.language.country(country),
            )
        ),
    ]


def _point(code: str, say: Wording) -> str:
    authority = COUNTRIES[code].authority
    return f"{authority.name}, {say.language.country(code)}: {authority.site}"
