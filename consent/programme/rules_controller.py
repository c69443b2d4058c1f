"""Rules about who runs the programme, and about names."""

import re
from collections.abc import Iterable, Iterator
from zoneinfo import available_timezones

from consent.programme.catalogue import MEMBER_NUMBER
from consent.programme.countries import COUNTRIES, SLIPS, country_codes
from consent.programme.mistakes import key_of
from consent.programme.model import Programme
from consent.programme.suggestion import close_to, shown
from kernel.errors import Problem

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_DASHED = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ORIGIN = re.compile(r"[A-Za-z0-9.-]+\.[A-Za-z0-9-]+(/[A-Za-z0-9._~-]+)*")
_CONTACT = re.compile(r"[^@\s]+@[^@\s/]+\.[^@\s/]+|https://[^/\s]+\.[^\s]+")

Problems = Iterator[Problem]


def is_language(tag: str) -> bool:
    """Whether `tag` has the form of a BCP 47 language tag."""
    return bool(_LANGUAGE.fullmatch(tag))


def twice(place: str, items: Iterable[str]) -> Problems:
    """A problem for each item of the list at `place` that stands there before."""
    seen: set[str] = set()
    for position, item in enumerate(items):
        if item in seen:
            yield Problem(key_of(place, position), f"{shown(item)} is named twice", "name it once")
        seen.add(item)


def names(programme: Programme) -> Problems:
    for section in ("fields", "traits", "purposes", "officers", "controllers"):
        for name in getattr(programme, section):
            if not _NAME.fullmatch(name):
                yield _bad_name(section, name, "letters a to z, digits and _")
    for section in ("services", "recipients", "agents"):
        for name in getattr(programme, section):
            if not _DASHED.fullmatch(name):
                yield _bad_name(section, name, "letters a to z, digits, _ and -")
    for name in (one for one in programme.traits if one in programme.fields):
        yield Problem(key_of("traits", name), "a field has this name too", "rename one of them")
    for name in (*programme.fields, *programme.traits):
        if name == MEMBER_NUMBER:
            section = "fields" if name in programme.fields else "traits"
            yield Problem(
                key_of(section, name), "the member number is always there", "remove this table"
            )


def _bad_name(section: str, name: str, allowed: str) -> Problem:
    return Problem(
        key_of(section, name),
        f"{shown(name)} cannot be a name",
        f"begin with a small letter and use only {allowed}, at most 63 of them",
    )


def country(place: str, code: str) -> Problems:
    """Whether `code` is a country of ISO 3166."""
    if code not in country_codes():
        slip = SLIPS.get(code.upper(), code.upper())
        remedy = f"did you mean {slip!r}?" if slip in country_codes() else "such as SE, NO or GB"
        yield Problem(place, f"{shown(code)} is no country code of ISO 3166", remedy)


def contact(place: str, written: str) -> Problems:
    """Whether somebody can be reached there."""
    if not _CONTACT.fullmatch(written):
        yield Problem(
            place,
            "members could not reach you there"
            if place.startswith("controller.")
            else "nobody could be reached there",
            "write an e-mail address, or a page beginning with https://",
        )


def controller(programme: Programme) -> Problems:
    controller = programme.controller
    code = controller.country
    yield from country("controller.country", code)
    if code in country_codes() and code not in COUNTRIES:
        for key in ("languages", "currency", "timezone"):
            if not getattr(controller, key):
                yield Problem(
                    f"controller.{key}", f"there is no default for {code}", f"write {key} = …"
                )
    if controller.timezone is not None and controller.timezone not in available_timezones():
        yield Problem(
            "controller.timezone",
            f"there is no time zone {shown(controller.timezone)}",
            close_to(controller.timezone, available_timezones()) or "such as Europe/Stockholm",
        )
    yield from contact("controller.contact", controller.contact)
    if controller.origin is not None and not _ORIGIN.fullmatch(controller.origin):
        yield Problem(
            "controller.origin",
            "this cannot name a log",
            "write a domain and a path without scheme, such as example.org/record",
        )
    for position, language in enumerate(controller.languages):
        place = key_of("controller", "languages", position)
        if not is_language(language):
            yield Problem(place, f"{shown(language)} is no language tag", "such as sv, nb or en")
    yield from twice("controller.languages", controller.languages)
