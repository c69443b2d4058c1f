"""An identifier has one spelling, however people type it, and a digest of its own."""

import pytest

from profiles.catalogue import Catalogue, Field, FieldType
from profiles.errors import BadValue, UnknownField
from profiles.keys import EpochKey
from profiles.lookup import digest, identifier, normalise

EPOCH = EpochKey(1, b"e" * 32)


@pytest.mark.parametrize(
    ("kind", "spellings", "normal"),
    [
        (
            "email",
            ["Asa.Oberg@Post.Example", " asa.oberg@post.example ", "asa.oberg@POST.EXAMPLE"],
            "asa.oberg@post.example",
        ),
        ("email", ["anna@xn--bcher-kva.example", "Anna@bücher.example"], "anna@bücher.example"),
        (
            "phone",
            ["070-123 45 67", "+46 70 123 45 67", "0046701234567", "+46(0)70 1234567"],
            "+46701234567",
        ),
        ("phone", ["+47 912 34 567"], "+4791234567"),
        ("member_number", ["FK-1001", "fk-1001", " fk-1001 "], "fk-1001"),
        ("text", ["Kort  7", "kort 7", "KORT\t7"], "kort 7"),
        ("text", ["A\u030asa", "\u00c5sa"], "\u00e5sa"),
    ],
)
def test_all_spellings_of_one_thing_are_one(kind: str, spellings: list[str], normal: str) -> None:
    assert {normalise(kind, one, region="SE") for one in spellings} == {normal}


def test_a_number_without_country_code_is_read_where_the_programme_is() -> None:
    assert normalise("phone", "912 34 567", region="NO") == "+4791234567"
    assert normalise("phone", "070 123 45 67", region="SE") == "+46701234567"


@pytest.mark.parametrize(
    ("kind", "value"),
    [("email", "secret-word"), ("email", "two@@post.example"), ("phone", "secret-word"),
     ("phone", "12"), ("phone", "+46 70 123 45 67 89 01 23 45")],
)  # fmt: skip
def test_what_is_no_identifier_is_refused_and_not_repeated(kind: str, value: str) -> None:
    with pytest.raises(BadValue) as refused:
        normalise(kind, value, region="SE")
    assert refused.value.problems[0].remedy
    assert value not in str(refused.value)


def test_a_digest_depends_on_key_field_and_value() -> None:
    one = digest(EPOCH, "email", "a@post.example")
    assert one == digest(EpochKey(1, b"e" * 32), "email", "a@post.example")
    others = {
        digest(EPOCH, "phone", "a@post.example"),
        digest(EPOCH, "email", "b@post.example"),
        digest(EpochKey(2, b"f" * 32), "email", "a@post.example"),
    }
    assert len({one, *others}) == 4


def test_only_what_identifies_is_looked_up() -> None:
    email = Field("email", FieldType.TEXT, lookup="email")
    catalogue = Catalogue({"email": email, "tier": Field("tier", FieldType.TEXT)}, {})
    assert identifier(catalogue, "email") is email
    for name in ("tier", "emial"):
        with pytest.raises(UnknownField, match="does not identify"):
            identifier(catalogue, name)
    with pytest.raises(UnknownField, match="did you mean 'email'"):
        identifier(catalogue, "emial")
