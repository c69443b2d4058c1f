"""`tillit request letter` and `letters`: on the command line, what is on the page and the sheet."""

import stat
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader


def _open(club) -> str:
    came = club("request", "open", "erasure", "--member", "1", "--identified", "--json")
    assert came.status == 0, came.err
    return str(came.json["id"])


def test_a_letter_is_seen_before_the_step_that_writes_it(club, tmp_path: Path) -> None:
    request, out = _open(club), tmp_path / "no.pdf"
    came = club(
        *("request", "letter", request, "refusal", "--preview"),
        *("--reason", "LegalObligation", "--out", str(out)),
    )
    assert came.status == 0, came.err
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(out.read_bytes())).pages)
    assert "17.3 b" in text or "Article 17(3)(b)" in text
    assert club("request", "letters", request, "--json").json == {"letters": []}
    assert club("request", "show", request, "--json").json["state"] == "acknowledged"


def test_a_letter_that_was_written_is_listed_shown_and_printed(club, tmp_path: Path) -> None:
    request, out = _open(club), tmp_path / "no.html"
    assert club("request", "refuse", request, "--reason", "LegalObligation").status == 0
    other = str(
        club("request", "open", "access", "--member", "1", "--identified", "--json").json["id"]
    )
    assert club("request", "approve", other, "--now").status == 0
    found = {
        one["letter"]: one for one in club("request", "letters", request, "--json").json["letters"]
    }
    assert found["refusal"]["state"] == "download"
    assert found["refusal"]["problem"] in ("no_mail_server", "no_address")
    shown = club("request", "show", request)
    assert found["refusal"]["problem"] in shown.out
    assert club("request", "show", request, "--json").json["letters"] == list(found.values())
    assert club("request", "letter", request, "refusal", "--out", str(out)).status == 0
    assert out.read_text("utf-8").startswith("<!doctype html>")
    again = club("request", "letter", request, "refusal", "--out", str(out))
    assert again.status == 1
    assert "this is there already" in again.err
    lines = club("request", "letters", request).out.splitlines()
    assert any("refusal" in line and "done" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("refusal", "--out", "no.txt"), "ends in .pdf or .html"),
        (("love", "--out", "no.pdf"), "there is no such letter"),
        (("answer", "--out", "no.pdf"), "there is no such letter for this request"),
        (("refusal", "--reason", "LegalObligation", "--out", "no.pdf"), "only a preview"),
        (("refusal", "--preview", "--out", "no.pdf"), "no reason to refuse"),
    ],
)
def test_what_is_no_letter_is_told_and_no_file_is_made(
    club, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    request = _open(club)
    came = club("request", "letter", request, *arguments)
    assert came.status != 0
    assert said in " ".join(came.err.split())
    assert not list(tmp_path.glob("no.*"))
