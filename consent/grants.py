"""Grants: that somebody may do something for a purpose, as the gate wants to see it.

Only `authorise` makes one. The gate takes a grant and never a token or a name, so nothing
reaches data without having been through the policy.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from audit.acts import Act
from audit.entries import ActorType
from consent.errors import NotPermitted
from consent.footing import Footing
from consent.policy import WHOLE, Denial
from consent.programme.declarations import Action, Purpose
from consent.programmes import Active
from kernel.errors import Problem

_MADE_HERE = object()


@dataclass(frozen=True)
class Grant:
    """A service may do `action` for `purpose` with `fields`, under one programme version."""

    service: str
    footing: Footing
    action: Action
    fields: frozenset[str]
    version: int
    _seal: object = field(repr=False)

    def __post_init__(self) -> None:
        if self._seal is not _MADE_HERE:
            raise TypeError("only authorise() makes a Grant")

    @property
    def purpose(self) -> Purpose:
        return self.footing.purpose

    @property
    def act(self) -> Act:
        """The service, acting for the purpose, as entries name it."""
        return Act(ActorType.SERVICE, self.service, self.purpose.name, self.version)


def authorise(
    active: Active,
    service: str,
    *,
    purpose: str,
    action: Action,
    fields: Collection[str] | None = None,
) -> Grant:
    """The grant for what a service asks, or `NotPermitted` with each thing it may not do.

    Without `fields`, the grant covers every field the policy allows for the action. Raises
    `UnknownService` and `UnknownPurpose`.
    """
    active.programme.service(service)
    footing = active.footing(purpose)
    allowed = active.policy.allowed(service, purpose, action)
    if allowed is None:
        raise _refused(active, service, purpose, action, [WHOLE])
    wanted = allowed if fields is None else frozenset(fields)
    if not wanted <= allowed:
        raise _refused(active, service, purpose, action, sorted(wanted - allowed))
    return Grant(service, footing, action, wanted, active.version, _MADE_HERE)


def _refused(
    active: Active, service: str, purpose: str, action: Action, fields: list[str]
) -> NotPermitted:
    problems = []
    for name in fields:
        denial = active.policy.why_not(service, purpose, action, name)
        assert isinstance(denial, Denial)
        place = f"services.{service}.{purpose}" if name == WHOLE else name
        problems.append(Problem(place, denial.message, denial.remedy))
    error = NotPermitted.of(tuple(problems))
    assert isinstance(error, NotPermitted)
    return error
