"""Every mistake has a name of its own, and stands where its room draws them all."""

import importlib
import inspect
import pkgutil
import sys
from collections import Counter

import pytest

from kernel.errors import Conflict, Invalid, NotFound, Refused, TillitError, Unavailable

ROOMS = ("kernel", "audit", "profiles", "consent", "dsar", "api")
KINDS = (Refused, Invalid, NotFound, Conflict, Unavailable)


def _all_errors() -> list[type[TillitError]]:
    for room in ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    found: list[type[TillitError]] = []
    waiting = list(TillitError.__subclasses__())
    while waiting:
        error = waiting.pop()
        if error not in found and error.__module__.split(".")[0] in ROOMS:
            found.append(error)
            waiting += error.__subclasses__()
    return sorted(found, key=lambda error: (error.__module__, error.__name__))


ERRORS = _all_errors()
ROOTS = [e for e in ERRORS if e.__bases__ == (TillitError,) and e not in KINDS]
RAISED = [e for e in ERRORS if e not in ROOTS]


def _id(error: type[TillitError]) -> str:
    return f"{error.__module__}.{error.__name__}"


def test_no_slug_stands_for_two_mistakes() -> None:
    counts = Counter(error.slug for error in RAISED)
    assert [slug for slug, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("error", RAISED, ids=_id)
def test_an_error_has_a_slug_and_a_kind_of_its_own(error: type[TillitError]) -> None:
    assert "slug" in vars(error)
    assert sum(issubclass(error, kind) for kind in KINDS) == 1


@pytest.mark.parametrize("error", ERRORS, ids=_id)
def test_an_error_lives_in_errors_and_is_drawn_there(error: type[TillitError]) -> None:
    assert error.__module__.endswith(".errors")
    drawn = inspect.getdoc(sys.modules[error.__module__]) or ""
    assert error.__name__ in drawn
