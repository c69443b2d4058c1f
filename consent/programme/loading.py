"""From TOML to a `Programme`, or to every mistake in it at once.

A table with a mistake does not hide the mistakes in others: its bad keys are set aside, stand-ins
take their places, and whatever the stand-ins would cause to be reported is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from consent.errors import ProgrammeInvalid
from consent.programme.checking import check
from consent.programme.declarations import (
    DEFAULT_OFFICERS,
    Ability,
    Action,
    Children,
    Declaration,
    FieldDeclaration,
    OfficerRole,
    Purpose,
    Retention,
    Service,
    TraitDeclaration,
)
from consent.programme.handling import Agent, Handling
from consent.programme.mistakes import MISSING, MOST, explain, key_of
from consent.programme.model import Programme
from consent.programme.parsing import LARGEST, parsed, unfit
from consent.programme.parties import Controller, JointController, ProtectionOfficer, Recipient
from consent.programme.suggestion import did_you_mean, shown
from kernel.errors import Problem

SECTIONS = (
    "controller",
    "controllers",
    "dpo",
    "recipients",
    "agents",
    "fields",
    "traits",
    "purposes",
    "services",
    "officers",
    "retention",
    "children",
    "requests",
)

Declared = TypeVar("Declared", bound=Declaration)

# Stand-ins for keys that are missing or could not be read, such that they cause no further
# complaint. Nothing is ever applied with one of these.
_STAND_INS: dict[type[Declaration], dict[str, Any]] = {
    Controller: {"name": "-", "country": "??", "contact": "a@example.org"},
    JointController: {
        "name": "-",
        "country": "??",
        "contact": "a@example.org",
        "arrangement": "https://example.org/arrangement",
    },
    ProtectionOfficer: {"name": "-", "contact": "a@example.org"},
    Recipient: {
        "name": "-",
        "country": "??",
        "role": "processor",
        "contact": "a@example.org",
        "purposes": (),
    },
    Agent: {
        "name": "-",
        "contact": "a@example.org",
        "domain": "agent.example",
        "rights": ("access",),
        "per_hour": 1,
    },
    FieldDeclaration: {"category": "pd:Identifying"},
    Purpose: {
        "legal_basis": "consent",
        "dpv": "dpv:ServiceProvision",
        "fields": (),
        "notice": {},
        "channels": ("email",),
        "valid_months": 120,
    },
    TraitDeclaration: {
        "latest": "purchase.at",
        "count": "purchase",
        "sum": "purchase.amount",
        "average": "purchase.amount",
        "days": 365,
    },
    OfficerRole: {"can": list(Ability)},
}


_MORE = Problem("", "there are more mistakes than these", "mend these first")


@dataclass(frozen=True)
class Checked:
    """What looking at a programme file found. `programme` is there when `errors` is empty."""

    programme: Programme | None
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def load_programme(path: Path) -> Programme:
    """The programme in a file. Raises `ProgrammeInvalid` with all mistakes found."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ProgrammeInvalid(
            f"the programme file cannot be read ({error.strerror})", place=str(path)
        ) from error
    return read_programme(data)


def read_programme(source: str | bytes) -> Programme:
    """The programme in a text. Raises `ProgrammeInvalid` with all mistakes found."""
    checked = check_programme(source)
    if checked.programme is None:
        raise ProgrammeInvalid.of(checked.errors)
    return checked.programme


def check_programme(source: str | bytes) -> Checked:
    """Everything wrong with a programme, and everything worth a second look; never raises.

    Of more than `MOST` mistakes, or warnings, the first are told.
    """
    try:
        text, tables = parsed(source)
        reader = _Reader(tables)
        programme = reader.programme(text)
    except ProgrammeInvalid as error:
        return Checked(None, error.problems, ())
    errors, warnings = check(programme)
    everything = (*reader.problems, *(one for one in errors if not reader.covers(one.place)))
    # A purpose that could not be read may well be the one that uses a field.
    doubts = () if reader.problems else tuple(warnings)
    if len(everything) > MOST:
        everything = (*everything[:MOST], _MORE)
    return Checked(None if everything else programme, everything, doubts)


class _Reader:
    """Reads one file's tables; gathers problems and the places they stand in.

    Raises `ProgrammeInvalid` when there are more than anybody would mend at once.
    """

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self.tables = tables
        self.problems: list[Problem] = []
        self._spoilt: set[str] = set()

    def covers(self, place: str) -> bool:
        """Whether what stands at `place` was already reported as unreadable."""
        ends = (at for at, one in enumerate(place) if one in ".[")
        return place in self._spoilt or any(place[:end] in self._spoilt for end in ends)

    def programme(self, source: str) -> Programme:
        for problem in unfit(self.tables):
            self._tell(problem.place, problem)
        for section in self.tables:
            if section not in SECTIONS:
                message = f"there is no table {shown(section)}"
                self._report(section, message, did_you_mean(section, SECTIONS))
        if "controller" not in self.tables:
            self._report("controller", "the table is missing", MISSING["controller"])
        officers = self._section("officers", OfficerRole) or DEFAULT_OFFICERS
        return Programme(
            controller=self._read(Controller, "controller", self._table("controller")),
            controllers=self._section("controllers", JointController),
            dpo=self._dpo(),
            recipients=self._section("recipients", Recipient),
            agents=self._section("agents", Agent),
            fields=self._section("fields", FieldDeclaration),
            traits=self._section("traits", TraitDeclaration),
            purposes=self._section("purposes", Purpose),
            services=self._services(),
            officers=officers,
            retention=self._read(Retention, "retention", self._table("retention")),
            children=self._read(Children, "children", self._table("children")),
            requests=self._read(Handling, "requests", self._table("requests")),
            source=source,
        )

    def _report(self, place: str, message: str, remedy: str = "") -> None:
        self._tell(place, Problem(place, message, remedy))

    def _tell(self, spoilt: str, problem: Problem) -> None:
        if not self.covers(spoilt):
            self.problems.append(problem)
        self._spoilt.add(spoilt)
        if len(self.problems) > MOST:
            raise ProgrammeInvalid.of((*self.problems[:MOST], _MORE))

    def _table(self, *path: str) -> Mapping[str, Any]:
        table = self.tables
        for part in path:
            inner = table.get(part, {})
            if not isinstance(inner, Mapping):
                place = key_of(*path)
                self._report(place, "this must be a table", f"write [{place}]")
                return {}
            table = inner
        return table

    def _section(self, section: str, kind: type[Declared]) -> dict[str, Declared]:
        return {
            name: self._read(
                kind,
                f"{section}.{name}",
                self._table(section, name),
                **({"name": name} if kind.own_name else {}),
            )
            for name in self._table(section)
        }

    def _dpo(self) -> ProtectionOfficer | None:
        if "dpo" not in self.tables:
            return None
        return self._read(ProtectionOfficer, "dpo", self._table("dpo"))

    def _read(
        self, kind: type[Declared], place: str, raw: Mapping[str, Any], **named: str
    ) -> Declared:
        given = dict(raw)
        for key in [key for key in named if key in given]:
            self._report(f"{place}.{key}", "the table's own name is its name", "leave this key out")
            del given[key]
        try:
            return kind.model_validate(given | named)
        except ValidationError as error:
            bad = set()
            for detail in error.errors():
                bad.add(detail["loc"][0])
                self._tell(*explain(kind, place, detail))
            self._spoilt.update(f"{place}.{key}" for key in bad)
        kept = {key: value for key, value in given.items() if key not in bad}
        stand_ins = {key: one for key, one in _STAND_INS.get(kind, {}).items() if key in bad}
        return kind.model_validate(stand_ins | kept | named)

    def _services(self) -> dict[str, Service]:
        return {
            name: Service(name=name, may=self._allowed(name)) for name in self._table("services")
        }

    def _allowed(self, service: str) -> dict[str, frozenset[Action]]:
        may: dict[str, frozenset[Action]] = {}
        for purpose, raw in self._table("services", service).items():
            place = key_of("services", service, purpose)
            may[purpose] = frozenset()
            if not isinstance(raw, list) or not raw:
                self._report(place, "this must be a list of actions", f"among {', '.join(Action)}")
                continue
            may[purpose] = frozenset(self._actions(place, raw))
        return may

    def _actions(self, place: str, raw: list[Any]) -> list[Action]:
        actions: list[Action] = []
        for position, written in enumerate(raw):
            if isinstance(written, str) and written in set(Action):
                actions.append(Action(written))
                continue
            what = shown(written) if isinstance(written, str) else "this"
            remedy = did_you_mean(written if isinstance(written, str) else "", Action)
            self._report(f"{place}[{position}]", f"{what} is no action", remedy)
        # Being told who matches includes being told how many.
        return [*actions, Action.PREVIEW] if Action.SEGMENT in actions else actions
