"""The programme: one file's whole say about what is done with members' data.

Made by `loading`; immutable. What is here has been checked, so names resolve and defaults are
known. It knows no version number: versions are given out when a programme is applied.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from consent.errors import UnknownPurpose, UnknownService
from consent.programme.catalogue import MEMBER_NUMBER, catalogue_of
from consent.programme.countries import AGE_OF_CONSENT, COUNTRIES
from consent.programme.declarations import (
    DEFAULT_OFFICERS,
    Children,
    Declaration,
    FieldDeclaration,
    LegalBasis,
    OfficerRole,
    Purpose,
    Retention,
    Service,
    TraitDeclaration,
)
from consent.programme.handling import Agent, Handling
from consent.programme.parties import Controller, JointController, ProtectionOfficer, Recipient
from consent.programme.suggestion import did_you_mean, shown
from profiles.catalogue import BIRTH_DATE, Catalogue
from profiles.values import FieldType

_NAMED = (
    "controllers",
    "recipients",
    "agents",
    "fields",
    "traits",
    "purposes",
    "services",
    "officers",
)
_DOMAIN = b"tillit/programme/v1\n"  # keeps this digest apart from every other SHA-256


@dataclass(frozen=True, kw_only=True)
class Programme:
    """A programme that can be applied: every name in it leads somewhere."""

    controller: Controller
    fields: Mapping[str, FieldDeclaration]  # without the member number, which is always there
    traits: Mapping[str, TraitDeclaration]
    purposes: Mapping[str, Purpose]
    services: Mapping[str, Service]
    officers: Mapping[str, OfficerRole]
    retention: Retention
    children: Children = field(default_factory=Children)
    controllers: Mapping[str, JointController] = field(default_factory=dict)
    dpo: ProtectionOfficer | None = None
    recipients: Mapping[str, Recipient] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    requests: Handling = field(default_factory=Handling)
    source: str = field(repr=False, compare=False)  # the file's text, as it was read

    def purpose(self, name: str) -> Purpose:
        """The purpose called `name`. Raises `UnknownPurpose` with the nearest name."""
        if (found := self.purposes.get(name)) is None:
            raise UnknownPurpose(
                f"there is no purpose {shown(name)}",
                place="purpose",
                remedy=did_you_mean(name, self.purposes),
            )
        return found

    def service(self, name: str) -> Service:
        """The service called `name`. Raises `UnknownService` with the nearest name."""
        if (found := self.services.get(name)) is None:
            raise UnknownService(
                f"there is no service {shown(name)}",
                place="service",
                remedy=did_you_mean(name, self.services),
            )
        return found

    def catalogue(self) -> Catalogue:
        """The fields and traits as the profile store knows them."""
        return self._catalogue

    @cached_property
    def _catalogue(self) -> Catalogue:
        return catalogue_of(self.fields, self.traits)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every field and trait that a purpose may name."""
        return frozenset({MEMBER_NUMBER, *self.fields, *self.traits})

    @cached_property
    def consent_purposes(self) -> tuple[Purpose, ...]:
        """Purposes that need a member's consent (Art. 6(1)(a)), in the file's order."""
        return self._resting_on(LegalBasis.CONSENT)

    @cached_property
    def objection_purposes(self) -> tuple[Purpose, ...]:
        """Purposes a member may object to (Art. 21(1)), in the file's order."""
        return self._resting_on(LegalBasis.LEGITIMATE_INTEREST)

    @cached_property
    def marketing_purposes(self) -> tuple[Purpose, ...]:
        """Purposes that one objection to direct marketing silences (Art. 21(2) and (3))."""
        return tuple(one for one in self.purposes.values() if one.direct_marketing)

    def _resting_on(self, basis: LegalBasis) -> tuple[Purpose, ...]:
        return tuple(one for one in self.purposes.values() if one.legal_basis is basis)

    def retention_of(self, purpose: str) -> str | None:
        """How long data is kept for a purpose, such as ``24 months``; None if nobody said."""
        return self.purpose(purpose).retention or self.retention.default

    @cached_property
    def birth_field(self) -> str | None:
        """The date field that tells how old members are, if there is one."""
        dates = (one for one in self.fields.values() if one.type is FieldType.DATE)
        return next((one.name for one in dates if one.category == BIRTH_DATE), None)

    @property
    def age_of_consent(self) -> int:
        """From which age members consent themselves (Art. 8(1)), in years."""
        country = COUNTRIES.get(self.controller.country)
        land = country.age_of_consent if country else AGE_OF_CONSENT
        return self.children.age_of_consent or land

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages members are served in; the first is the default."""
        return self.controller.languages or (COUNTRIES[self.controller.country].language,)

    @property
    def currency(self) -> str:
        return self.controller.currency or COUNTRIES[self.controller.country].currency

    @property
    def zone(self) -> ZoneInfo:
        """Where the programme's days begin and end."""
        return ZoneInfo(self.controller.timezone or COUNTRIES[self.controller.country].zone)

    @property
    def origin(self) -> str:
        """The name of the record's log: given, or taken from the contact's domain."""
        if self.controller.origin:
            return self.controller.origin
        contact = self.controller.contact
        domain = urlsplit(contact).hostname or contact.rpartition("@")[2]
        return f"{domain}/record"

    @cached_property
    def content(self) -> dict[str, Any]:
        """What the file says, without what it leaves to defaults, in plain sorted values."""
        tables = {
            "controller": _plain(self.controller),
            "retention": _plain(self.retention),
        }
        if children := _plain(self.children):
            tables["children"] = children
        if requests := _plain(self.requests):
            tables["requests"] = requests
        if self.dpo is not None:
            tables["dpo"] = _plain(self.dpo)
        for section in _NAMED:
            declared = getattr(self, section)
            if declared is DEFAULT_OFFICERS or (section == "agents" and not declared):
                continue
            tables[section] = {name: _plain(one) for name, one in declared.items()}
        return tables

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the content: comments, layout and the order of tables do not count."""
        text = json.dumps(self.content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(_DOMAIN + text.encode()).digest()


def _plain(declared: Declaration) -> dict[str, Any]:
    plain: dict[str, Any] = declared.model_dump(exclude_defaults=True, exclude={"may", "can"})
    if isinstance(declared, Purpose):
        for unordered in ("fields", "profiles_for", "channels", "controllers", "corrects"):
            if unordered in plain:
                plain[unordered] = sorted(plain[unordered])
    if isinstance(declared, Recipient):
        plain["purposes"] = sorted(declared.purposes)
    if isinstance(declared, Agent) and "rights" in plain:
        plain["rights"] = sorted(declared.rights)
    if isinstance(declared, FieldDeclaration) and declared.values:
        plain["values"] = sorted(declared.values)
    if isinstance(declared, Service):
        plain["may"] = {purpose: sorted(actions) for purpose, actions in declared.may.items()}
    if isinstance(declared, OfficerRole):
        plain["can"] = sorted(declared.can)
    return plain
