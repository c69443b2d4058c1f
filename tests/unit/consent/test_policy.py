"""The compiled policy answers as casbin does, and both answer as the programme says."""

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.policy import FIELDLESS, WHOLE, CompiledPolicy, Denied, Enforcer
from consent.programme import Ability, Action, Programme, load_programme, read_programme

EXAMPLES = Path(__file__).parents[3] / "examples"
CLUB = load_programme(EXAMPLES / "fjallklubben.toml")
SHOP = load_programme(EXAMPLES / "online_retail_programme.toml")

STRANGERS = ("", "nobody", WHOLE)
CHANNELS = (
    "@",
    "@email",
    "@sms",
    "@post",
    "@app",
    "@phone",
    "email",
    "@nobody",
    "@@email",
    "@EMAIL",
)


def naive(programme: Programme, service: str, purpose: str, action: str, field: str) -> bool:
    """The policy told as plainly as can be."""
    if service not in programme.services or purpose not in programme.purposes:
        return False
    if action not in programme.services[service].may.get(purpose, ()):
        return False
    if field == WHOLE:
        return True
    if action == "contact":
        return field in [f"@{channel}" for channel in programme.purposes[purpose].channels]
    if action in ("record", "consent") or (action == "enrol" and field in programme.traits):
        return False
    return field in programme.purposes[purpose].fields


def compiled_says(
    policy: CompiledPolicy, service: str, purpose: str, action: str, field: str
) -> bool:
    allowed = policy.allowed(service, purpose, action)
    return allowed is not None and (field == WHOLE or field in allowed)


def assert_all_agree(programme: Programme) -> None:
    enforcer, policy = Enforcer(programme), CompiledPolicy(programme)
    for service, purpose, action, field in product(
        (*programme.services, *STRANGERS),
        (*programme.purposes, *STRANGERS),
        (*Action, *STRANGERS),
        (*programme.names, *CHANNELS, *STRANGERS),
    ):
        asked = (service, purpose, action, field)
        expected = naive(programme, *asked)
        assert enforcer.permits(*asked) is expected, asked
        assert compiled_says(policy, *asked) is expected, asked
        reason = policy.why_not(service, purpose, action, None if field == WHOLE else field)
        assert (reason is None) is expected, asked
    for role, ability in product((*programme.officers, *STRANGERS), (*Ability, *STRANGERS)):
        role_declared = programme.officers.get(role)
        expected = role_declared is not None and ability in role_declared.can
        assert enforcer.officer_may(role, ability) is expected
        assert policy.officer_may(role, ability) is expected


@pytest.mark.parametrize("programme", [CLUB, SHOP], ids=["club", "shop"])
def test_compiled_policy_and_casbin_agree_on_every_combination(programme: Programme) -> None:
    assert_all_agree(programme)


# Few names for many things: a service, a purpose and a field may well be called the same.
names = st.sampled_from(["alpha", "beta", "gamma", "delta"])
bases = st.sampled_from(["consent", "contract", "legitimate_interest", "legal_obligation"])


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    """Programmes as the loader makes them, from text, so that none is impossible."""
    fields = draw(st.sets(names, min_size=1, max_size=3))
    traits = draw(st.sets(names, max_size=2)) - fields
    usable = sorted({"member_number"} | fields | traits)
    purposes = {
        name: (
            draw(bases),
            draw(st.sets(st.sampled_from(usable), min_size=1)),
            draw(st.lists(st.sampled_from(["email", "sms", "post"]), max_size=2, unique=True)),
        )
        for name in draw(st.sets(names, min_size=1, max_size=3))
    }
    lines = ['[controller]\nname="A"\ncountry="SE"\ncontact="a@b.example"']
    lines += [f'[fields.{name}]\ncategory="pd:Interest"' for name in sorted(fields)]
    lines += [f'[traits.{name}]\ncount="purchase"\ndays=9' for name in sorted(traits)]
    for name, (basis, used, channels) in sorted(purposes.items()):
        quoted = ",".join(f'"{one}"' for one in sorted(used))
        lines.append(f'[purposes.{name}]\nlegal_basis="{basis}"\ndpv="dpv:CustomerCare"')
        lines.append(f'fields=[{quoted}]\nchannels={json.dumps(channels)}\nnotice.sv="n"')
    for service in sorted(draw(st.sets(names, max_size=3))):
        lines.append(f"[services.{service}]")
        for name in sorted(draw(st.sets(st.sampled_from(sorted(purposes)), min_size=1))):
            basis, used, channels = purposes[name]
            fit = [one for one in Action if one != "consent" or basis in _CHOICES]
            fit = [one for one in fit if one != "enrol" or used - traits]
            fit = [one for one in fit if one != "contact" or channels]
            actions = draw(st.sets(st.sampled_from(fit), min_size=1))
            lines.append(f"{name}=[" + ",".join(f'"{one}"' for one in sorted(actions)) + "]")
    abilities = draw(st.sets(st.sampled_from(list(Ability)))) | {Ability.PROGRAMME}
    lines.append(f"[officers.{draw(names)}]\ncan={[str(one) for one in sorted(abilities)]}")
    return read_programme("\n".join(lines))


_CHOICES = ("consent", "legitimate_interest")


@settings(max_examples=25, deadline=None)
@given(programmes())
def test_compiled_policy_and_casbin_agree_on_random_programmes(programme: Programme) -> None:
    assert_all_agree(programme)


REASONS = [
    (("ofers-engine", "newsletter", "read", None), Denied.UNKNOWN_SERVICE, "'offers-engine'"),
    (("till", "newsleter", "read", None), Denied.UNKNOWN_PURPOSE, "'newsletter'"),
    (("till", "newsletter", "raed", None), Denied.UNKNOWN_ACTION, "'read'"),
    (("offers-engine", "newsletter", "read", None), Denied.PURPOSE_NOT_GIVEN,
     'newsletter = ["read"] under [services.offers-engine]'),
    (("till", "newsletter", "read", None), Denied.ACTION_NOT_GIVEN,
     'newsletter = ["read"] under [services.till]'),
    (("newsletter", "newsletter", "read", "emial"), Denied.UNKNOWN_FIELD, "'email'"),
    (("newsletter", "newsletter", "read", "county"), Denied.FIELD_NOT_IN_PURPOSE, "email"),
    (("till", "membership", "enrol", "spend_365d"), Denied.FIELD_IS_DERIVED, "purchases"),
    (("till", "membership", "record", "email"), Denied.ACTION_WITHOUT_FIELDS, "leave"),
    (("newsletter", "newsletter", "contact", "email"), Denied.ACTION_WITHOUT_FIELDS, "leave"),
    (("newsletter", "newsletter", "contact", "@emial"), Denied.CHANNEL_NOT_IN_PURPOSE, "'email'"),
    (("newsletter", "newsletter", "contact", "@post"), Denied.CHANNEL_NOT_IN_PURPOSE, "email"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "reason", "remedy"), REASONS)
def test_a_no_says_why_and_what_would_change_it(
    asked: tuple[str, str, str, str | None], reason: Denied, remedy: str
) -> None:
    denial = CompiledPolicy(CLUB).why_not(*asked)
    assert denial is not None
    assert denial.reason is reason
    assert remedy in denial.remedy
    assert denial.message


def test_every_reason_is_shown_by_some_question() -> None:
    assert {reason for _, reason, _ in REASONS} == set(Denied)


def test_a_yes_needs_no_reason() -> None:
    policy = CompiledPolicy(CLUB)
    assert policy.why_not("newsletter", "newsletter", "read", "email") is None
    assert policy.why_not("till", "membership", "record") is None


def test_recording_touches_no_field() -> None:
    policy = CompiledPolicy(CLUB)
    for action in FIELDLESS - {Action.CONTACT}:
        purpose = "membership" if action is Action.RECORD else "newsletter"
        assert policy.allowed("till", purpose, action) == frozenset()


def test_a_contact_touches_the_purpose_s_channels_and_no_field() -> None:
    allowed = CompiledPolicy(CLUB).allowed("newsletter", "newsletter", Action.CONTACT)
    assert allowed == {"@email", "@sms", "@app"}
    assert CompiledPolicy(CLUB).allowed("newsletter", "personalised_offers", "contact") is None


def test_enrolling_touches_stored_fields_only() -> None:
    allowed = CompiledPolicy(CLUB).allowed("till", "membership", Action.ENROL)
    assert allowed is not None
    assert {"name", "email", "member_number"} <= allowed
    assert not allowed & CLUB.traits.keys()


def test_what_no_one_declared_is_refused() -> None:
    policy = CompiledPolicy(CLUB)
    assert policy.allowed("offers-engine", "newsletter", "read") is None
    assert not policy.officer_may("intern", Ability.RECORD)
