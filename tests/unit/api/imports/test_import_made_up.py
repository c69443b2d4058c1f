"""What is made up depends on the seed and the member number alone."""

import phonenumbers
import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from api.imports.made_up import Inventor
from api.imports.mapping import Locale, MadeUp


def inventor(seed: int = 1, *locales: Locale) -> Inventor:
    fields = {"name": "name", "email": "email", "phone": "phone"}
    wish = {"seed": seed, "locales": locales or ("sv_SE", "no_NO"), "fields": fields}
    return Inventor(MadeUp.model_validate(wish, strict=False))


def test_order_and_company_do_not_matter() -> None:
    numbers = [str(number) for number in range(12_000, 12_050)]
    forth = {number: inventor().invent(number) for number in numbers}
    together = inventor()
    assert forth == {number: together.invent(number) for number in reversed(numbers)}
    assert forth != {number: inventor(2).invent(number) for number in numbers}


@pytest.mark.parametrize(
    "numbers",
    [[str(number) for number in range(4_000)], [f"K-{number:05}" for number in range(4_000)]],
    ids=["whole numbers", "other numbers"],
)
def test_addresses_and_phones_are_valid_and_no_two_alike(numbers: list[str]) -> None:
    made = inventor()
    people = [made.invent(number) for number in numbers]
    assert len({person["email"] for person in people}) == len(numbers)
    assert len({person["phone"] for person in people}) == len(numbers)
    for person in people:
        address = validate_email(person["email"], check_deliverability=False)
        assert address.domain in ("example.com", "example.net", "example.org")
        phone = phonenumbers.parse(person["phone"])
        assert phonenumbers.is_valid_number(phone)
        assert phonenumbers.region_code_for_number(phone) in ("SE", "NO")
    assert people == [made.invent(number) for number in numbers]


def test_the_locale_gives_the_phone_s_country() -> None:
    swedes = [inventor(1, "sv_SE").invent(str(number)) for number in range(5)]
    assert all(person["phone"].startswith("+467") for person in swedes)
    norwegians = [inventor(1, "no_NO").invent(f"x{number}") for number in range(5)]
    assert all(person["phone"].startswith("+474") for person in norwegians)


@given(st.sets(st.text(min_size=1, max_size=12), min_size=2, max_size=20))
def test_any_member_numbers_get_different_addresses(numbers: set[str]) -> None:
    made = inventor(3, "sv_SE")
    people = [made.invent(number) for number in numbers]
    assert len({person["email"] for person in people}) == len(numbers)
    assert len({person["phone"] for person in people}) == len(numbers)
    for person in people:
        validate_email(person["email"], check_deliverability=False)


@pytest.mark.parametrize("step", [5**7, 2**7 * 5**4])
def test_whole_numbers_far_apart_get_different_phones(step: int) -> None:
    # Were the step of the scattering divisible by 2 or by 5, some of these would meet.
    made = inventor(1, "sv_SE")
    numbers = range(0, 10_000_000, step)
    assert len({made.invent(str(number))["phone"] for number in numbers}) == len(numbers)
