"""A form with a file is read as browsers send it; what is made up costs no more than reading it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.errors import Malformed
from api.pages import uploads

TYPE = "multipart/form-data; boundary=----WebKitFormBoundaryAb3"


def _body(*parts: tuple[str, str, str]) -> bytes:
    lines = []
    for name, more, content in parts:
        head = f'Content-Disposition: form-data; name="{name}"{more}'
        lines.append(f"------WebKitFormBoundaryAb3\r\n{head}\r\n\r\n{content}\r\n")
    return "".join(lines).encode() + b"------WebKitFormBoundaryAb3--\r\n"


@given(st.text().filter(lambda text: "\r" not in text and "\ufeff" not in text))
def test_a_field_and_a_file_are_what_was_sent(text: str) -> None:
    more = '; filename="c.json"\r\nContent-Type: application/json'
    found = uploads.fields(TYPE, _body(("form", "", "abc"), ("file", more, text)))
    assert found == {"form": "abc", "file": text}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"------WebKitFormBoundaryAb3--\r\n",
        _body(("form", "", "abc"))[:-30],
        _body(*[("form", "", "abc")] * 9),
        _body(("form", "; " + "a " * 600, "abc")),
        _body(("form", "", "abc")).replace(b'name="form"', b"name=(((((((((("),
        _body(("form", "", "abc")).replace(b"abc", b"\xff\xfe"),
        b"------WebKitFormBoundaryAb3\r\n" * 30_000,
        _body(("form", "; " + "(" * 60_000, "abc")),
    ],
)
def test_what_no_browser_sends_is_refused_at_once(body: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(Malformed):
        uploads.fields(TYPE, body)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("type_", ["multipart/form-data", "multipart/mixed; boundary=x", ""])
def test_another_kind_of_parts_is_refused(type_: str) -> None:
    with pytest.raises(Malformed):
        uploads.fields(type_, _body(("form", "", "abc")))
