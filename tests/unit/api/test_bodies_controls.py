"""Control characters: refused in JSON and addresses, taken out of forms, kept in no value."""

import json
import unicodedata
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.bodies import Shape, check_path, check_query, form_fields
from api.http.errors import Misshapen, NoSuchRoute
from api.imports.values import Misread
from api.imports.values import text as imported
from consent.choosing import check_texts
from consent.errors import NotAChoice
from profiles.errors import BadValue
from profiles.values import FieldType, check_value

ALLOWED = "\t\n\r"
TEXTS = st.text(
    st.one_of(
        st.characters(categories=["Cc"]),
        st.sampled_from('\\u0b1f/"x'),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=12,
)


class Said(msgspec.Struct):
    text: str


def controls(text: str) -> bool:
    return any(unicodedata.category(one) == "Cc" and one not in ALLOWED for one in text)


@given(TEXTS, st.booleans())
def test_json_is_refused_exactly_when_a_text_in_it_has_a_control_character(
    text: str, ascii: bool
) -> None:
    body = json.dumps({"text": text}, ensure_ascii=ascii).encode()
    shape = Shape(Said)
    if controls(text):
        with pytest.raises(Misshapen, match="control character"):
            shape.decode(body)
    else:
        assert shape.decode(body).text == text


@given(TEXTS)
def test_a_form_is_read_without_control_characters(text: str) -> None:
    body = f"note={quote(text)}".encode()
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    wanted = "".join(one for one in lines if not controls(one))
    assert form_fields(body) == {"note": wanted}


def test_a_query_with_a_control_character_is_refused() -> None:
    with pytest.raises(Misshapen, match="control character"):
        check_query({"about": "a\0b"}, ("about",))


def test_nothing_is_at_an_address_with_a_control_character() -> None:
    with pytest.raises(NoSuchRoute):
        check_path({"about": "a\0b"})


@given(TEXTS.filter(controls))
def test_no_value_reason_or_line_of_an_import_keeps_one(text: str) -> None:
    with pytest.raises(BadValue):
        check_value(FieldType.TEXT, text, place="name")
    with pytest.raises(BadValue):
        check_value(FieldType.TEXTS, [text], place="interests")
    with pytest.raises(NotAChoice):
        check_texts("web", text)
    with pytest.raises(Misread):
        imported(text)


def test_tabs_and_line_ends_may_stand() -> None:
    assert check_value(FieldType.TEXT, "a\tb\r\nc", place="address") == "a\tb\r\nc"


def test_a_form_may_hold_many_ticked_boxes() -> None:
    body = b"&".join([b"values%5B%5D=v"] * 900)
    assert form_fields(body) == {"values": ["v"] * 900}


def test_a_line_end_in_a_form_is_one_character() -> None:
    assert form_fields(b"note=a%0D%0Ab%0Dc%0Ad") == {"note": "a\nb\nc\nd"}
