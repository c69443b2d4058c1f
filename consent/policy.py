"""The policy derived from a programme: who may do what, for which purpose, with which field.

The one module that knows casbin. casbin holds the rules; because one `enforce` costs a walk over
them, its rules are gathered once for each programme version into `CompiledPolicy`, and the gate
looks its answers up there. A test asks both about every combination.

Policy is about services and fields. Whether a *member* may be used is eligibility's to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import casbin

from consent.programme import Ability, Action, Programme
from consent.programme.suggestion import did_you_mean, shown

# No field is called this: it stands for the action as a whole.
WHOLE = "*"
# No field is called this either: it stands for a channel that a purpose uses.
CHANNEL = "@"
# What these do is not done to fields one by one.
FIELDLESS = frozenset({Action.RECORD, Action.CONSENT, Action.CONTACT})
# Asked where it holds no rule at all, casbin tries one made of empty texts: hence `!= ""`.
# It files rules by their first two columns, so that a question walks only its own.
_FILED_BY = [0, 1]

SERVICE_MODEL = r"""
[request_definition]
r = service, purpose, action, field

[policy_definition]
p = service, purpose, action, field

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.service != "" && r.service == p.service && r.purpose == p.purpose \
    && r.action == p.action && r.field == p.field
"""

OFFICER_MODEL = """
[request_definition]
r = role, ability

[policy_definition]
p = role, ability

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.role != "" && r.role == p.role && r.ability == p.ability
"""


class Denied(StrEnum):
    """Why the policy says no. The list is closed."""

    UNKNOWN_SERVICE = "unknown_service"
    UNKNOWN_PURPOSE = "unknown_purpose"
    UNKNOWN_ACTION = "unknown_action"
    PURPOSE_NOT_GIVEN = "purpose_not_given"  # the service may do nothing for this purpose
    ACTION_NOT_GIVEN = "action_not_given"  # it may do other things for it
    UNKNOWN_FIELD = "unknown_field"
    FIELD_NOT_IN_PURPOSE = "field_not_in_purpose"
    CHANNEL_NOT_IN_PURPOSE = "channel_not_in_purpose"
    FIELD_IS_DERIVED = "field_is_derived"  # a trait cannot be written
    ACTION_WITHOUT_FIELDS = "action_without_fields"


@dataclass(frozen=True)
class Denial:
    """A no: its reason (a `Denied`, or another room's own), a sentence, what would change it."""

    reason: StrEnum
    message: str
    remedy: str


def service_rules(programme: Programme) -> Iterator[tuple[str, str, str, str]]:
    """Every (service, purpose, action, field) the programme allows, none implied, none hidden."""
    for service in programme.services.values():
        for name, actions in service.may.items():
            purpose = programme.purposes[name]
            for action in sorted(actions):
                yield service.name, name, action, WHOLE
                if action is Action.CONTACT:
                    for channel in purpose.channels:
                        yield service.name, name, action, f"{CHANNEL}{channel}"
                for field in purpose.fields:
                    derived = action is Action.ENROL and field in programme.traits
                    if action not in FIELDLESS and not derived:
                        yield service.name, name, action, field


def officer_rules(programme: Programme) -> Iterator[tuple[str, str]]:
    """Every (role, ability) the programme gives."""
    for role in programme.officers.values():
        for ability in sorted(role.can):
            yield role.name, ability


class Enforcer:
    """casbin with a programme's rules in it: slow, exact, the reference for what is compiled."""

    def __init__(self, programme: Programme) -> None:
        self._services = casbin.FastEnforcer(_model(SERVICE_MODEL), cache_key_order=_FILED_BY)
        self._services.add_policies([list(rule) for rule in service_rules(programme)])
        self._officers = casbin.FastEnforcer(_model(OFFICER_MODEL), cache_key_order=_FILED_BY)
        self._officers.add_policies([list(rule) for rule in officer_rules(programme)])

    def permits(self, service: str, purpose: str, action: str, field: str = WHOLE) -> bool:
        return bool(self._services.enforce(service, purpose, action, field))

    def officer_may(self, role: str, ability: str) -> bool:
        return bool(self._officers.enforce(role, ability))

    def rules(self) -> list[list[str]]:
        """The services' rules as casbin holds them."""
        return list(self._services.get_policy())

    def officers_rules(self) -> list[list[str]]:
        return list(self._officers.get_policy())


def _model(text: str) -> casbin.FastModel:
    model = casbin.FastModel(_FILED_BY)
    model.load_model_from_text(text)
    return model


class CompiledPolicy:
    """One programme version's policy, every answer ready; built once, never changed."""

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        enforcer = Enforcer(programme)
        gathered: dict[tuple[str, str, str], set[str]] = {}
        for service, purpose, action, field in enforcer.rules():
            fields = gathered.setdefault((service, purpose, action), set())
            if field != WHOLE:
                fields.add(field)
        self._fields: Mapping[tuple[str, str, str], frozenset[str]] = MappingProxyType(
            {asked: frozenset(fields) for asked, fields in gathered.items()}
        )
        self._officers = frozenset((role, ability) for role, ability in enforcer.officers_rules())

    def allowed(self, service: str, purpose: str, action: str) -> frozenset[str] | None:
        """The fields and traits the action may touch, or None when it is not allowed at all.

        Recording events and choices touches no field: allowed, their answer is the empty set.
        What a contact may touch is channels, each as ``@email``.
        """
        return self._fields.get((service, purpose, action))

    def officer_may(self, role: str, ability: Ability) -> bool:
        """Whether people in this role may do that; unknown roles may do nothing."""
        return (role, ability) in self._officers

    def why_not(
        self, service: str, purpose: str, action: str, field: str | None = None
    ) -> Denial | None:
        """Why the answer is no, and what would make it yes; None when it is yes."""
        allowed = self.allowed(service, purpose, action)
        if allowed is None:
            return self._why_not_action(service, purpose, action)
        if field is None or field in allowed:
            return None
        return self._why_not_field(purpose, action, field)

    def _why_not_action(self, service: str, purpose: str, action: str) -> Denial:
        programme = self._programme
        if service not in programme.services:
            return Denial(
                Denied.UNKNOWN_SERVICE,
                f"there is no service {shown(service)}",
                did_you_mean(service, programme.services),
            )
        if purpose not in programme.purposes:
            return Denial(
                Denied.UNKNOWN_PURPOSE,
                f"there is no purpose {shown(purpose)}",
                did_you_mean(purpose, programme.purposes),
            )
        if action not in set(Action):
            return Denial(
                Denied.UNKNOWN_ACTION,
                f"there is no action {shown(action)}",
                did_you_mean(action, Action),
            )
        given = programme.services[service].may.get(purpose)
        grant = f'the programme would have to say {purpose} = ["{action}"] under '
        grant += f"[services.{service}]"
        if given is None:
            return Denial(
                Denied.PURPOSE_NOT_GIVEN, f"{service} may do nothing for {purpose}", grant
            )
        may = ", ".join(sorted(given))
        return Denial(
            Denied.ACTION_NOT_GIVEN,
            f"{service} may not {action} for {purpose}; it may {may}",
            grant,
        )

    def _why_not_channel(self, purpose: str, channel: str) -> Denial:
        channels = self._programme.purposes[purpose].channels
        remedy = did_you_mean(channel, channels) or f"{purpose} names no channel"
        message = f"{shown(channel)} is no channel of {purpose}"
        return Denial(Denied.CHANNEL_NOT_IN_PURPOSE, message, remedy)

    def _why_not_field(self, purpose: str, action: str, field: str) -> Denial:
        programme = self._programme
        if field.startswith(CHANNEL):
            return self._why_not_channel(purpose, field.removeprefix(CHANNEL))
        if field not in programme.names:
            return Denial(
                Denied.UNKNOWN_FIELD,
                f"there is no field or trait {shown(field)}",
                did_you_mean(field, programme.names),
            )
        fields = programme.purposes[purpose].fields
        if field not in fields:
            return Denial(
                Denied.FIELD_NOT_IN_PURPOSE,
                f"{field} may not be used for {purpose}",
                f"{purpose} uses {', '.join(fields)}",
            )
        if action in FIELDLESS:
            return Denial(
                Denied.ACTION_WITHOUT_FIELDS, f"{action} touches no field", "leave the field out"
            )
        return Denial(
            Denied.FIELD_IS_DERIVED,
            f"{field} is derived and cannot be written",
            "record the purchases, or write the field it is derived from",
        )
