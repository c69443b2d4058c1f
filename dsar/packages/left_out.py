"""What is kept of a member and is not in their copy, in words: why, and how to get it. Pure."""

from typing import Any

from dsar.packages.closing import FROM_PURCHASES, Closed
from dsar.packages.gathering import Gathered
from dsar.packages.kept import label
from dsar.packages.wording import Wording


def told(found: Gathered, wording: Wording) -> list[dict[str, Any]]:
    """Everything that is kept and not told, and why (Arts. 12(6) and 15(4))."""
    said = unproved(found, wording)
    if found.guardian:
        words = wording.say("Who your guardian is, and what proves it: it is about them too.")
        said.append({"what": "guardian", "name": None, "words": words})
    if found.wards:
        words = wording.say("Whose guardian you are: it is about them too.")
        said.append({"what": "wards", "name": None, "words": words})
    if found.holds:
        words = wording.say("Our staff's notes on legal holds: ask us, and we look at them.")
        said.append({"what": "hold_notes", "name": None, "words": words})
    return said


def unproved(found: Gathered, wording: Wording) -> list[dict[str, Any]]:
    """What hangs on an identifier that nobody has proved to be theirs."""
    closed = found.closed
    said: list[dict[str, Any]] = [
        {"what": "field", "name": name, "words": _why(found, wording, name)}
        for name in sorted(closed.fields)
    ]
    said += [{"what": what, "name": None, "words": words} for what, words in _rest(closed, wording)]
    return said


def _why(found: Gathered, wording: Wording, name: str) -> str:
    fields = found.active.programme.catalogue().fields
    what = label(found, wording, name)
    if name in fields and fields[name].category in FROM_PURCHASES:
        return wording.say("“{name}”: it follows from your purchases.", name=name)
    return wording.say("{what}: it was not proved to be yours.", what=what)


def _rest(closed: Closed, wording: Wording) -> list[tuple[str, str]]:
    rest = []
    if closed.purchases:
        rest.append(
            (
                "purchases",
                wording.say(
                    "Your purchases, when they were recorded, and what we work out from them: they "
                    "hang on the member number, which was not proved to be yours."
                ),
            )
        )
    if closed.words:
        rest.append(
            (
                "texts",
                wording.say(
                    "Notes in somebody's own words, on your choices and your requests: they may "
                    "name what was not proved."
                ),
            )
        )
    return rest
