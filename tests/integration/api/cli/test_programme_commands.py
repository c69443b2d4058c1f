"""The programme at the command line: compared, applied, and shown as the Art. 30 record."""

import csv
import io
import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[4] / "examples"
CLUB = EXAMPLES / "fjallklubben.toml"
SILENT = ('"legitimate_interest"\n', '"consent"\n')
GIVEN = (
    "Om du säger ja använder vi",
    "Om du säger ja, använder vi",
)  # a comma in a notice that members said yes to


def edited(folder: Path, *edits: tuple[str, str]) -> str:
    text = CLUB.read_text()
    for was, will in edits:
        assert was in text, was
        text = text.replace(was, will, 1)
    file = folder / "next.toml"
    file.write_text(text)
    return str(file)


def enrol(cli, folder: Path, count: int, *, given: int | None = None, refused: int = 0) -> None:
    """That many members, of whom the first have said yes to offers under the notice in force (all
    if nothing is said of it), and those after them no."""
    given = count if given is None else given
    notice = next(
        one
        for one in cli("programme", "show", "--format", "ropa", "--as", "json").json["activities"]
        if one["purpose"] == "personalised_offers"
    )["notices_sha256"]["sv"]
    numbers = range(1, count + 1)
    (folder / "m.csv").write_text("no\n" + "".join(f"{one}\n" for one in numbers))
    (folder / "m.toml").write_text('source = "crm"\n[members]\nnumber = "no"\n')
    assert cli("import", "members", "m.csv", "--mapping", "m.toml").status == 0
    words = [*["given"] * given, *["refused"] * refused]
    (folder / "c.csv").write_text(
        "no,when,text,what\n"
        + "".join(
            f"{one},2026-06-01,{notice},{word}\n" for one, word in zip(numbers, words, strict=False)
        )
    )
    (folder / "c.toml").write_text(
        'source = "forms"\n[consents]\npurpose = "personalised_offers"\nlanguage = "sv"\n'
        'columns = { member = "no", at = "when", notice = "text", action = "what" }\n'
    )
    came = cli("import", "consents", "c.csv", "--mapping", "c.toml")
    assert came.status == 0, came.err


def test_a_check_compares_with_the_version_in_force(cli, tmp_path: Path) -> None:
    silent = edited(tmp_path, SILENT)
    alone = cli("programme", "check", silent, "--json")
    assert (alone.status, alone.json["compared_with"]) == (0, None)
    assert cli("programme", "apply", str(CLUB)).status == 0
    came = cli("programme", "check", silent, "--json")
    assert (came.status, came.json["compared_with"]) == (1, 1)
    assert [one["place"] for one in came.json["errors"]] == [
        "purposes.assortment_insight.basis_changed"
    ]
    told = edited(tmp_path, ("legitimate_interest", 'consent"\nbasis_changed = "told in May'))
    came = cli("programme", "check", told)
    assert came.status == 0
    assert "compared with version 1, which is in force\n" in came.out


def test_a_check_makes_no_store(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    for url in (None, database_url):
        if url is None:
            monkeypatch.delenv("TILLIT_DATABASE_URL")
        else:
            monkeypatch.setenv("TILLIT_DATABASE_URL", url)
        assert cli("programme", "check", str(CLUB)).out == "this programme can be applied\n"
        assert not (tmp_path / "data").exists()


def test_a_check_does_without_a_store_that_does_not_answer(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("programme", "apply", str(CLUB)).status == 0
    monkeypatch.setenv("TILLIT_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    came = cli("programme", "check", str(CLUB))
    assert came.status == 0
    assert "not compared" in came.err


def test_a_silent_change_of_basis_is_not_applied(cli, tmp_path: Path) -> None:
    assert cli("programme", "apply", str(CLUB)).status == 0
    came = cli("programme", "apply", edited(tmp_path, SILENT), "--yes")
    assert came.status == 1
    assert "purposes.assortment_insight.basis_changed" in came.err
    assert cli("programme", "show", "--json").json["version"] == 1


def test_applying_says_how_many_must_be_asked_again(cli, tmp_path: Path) -> None:
    assert cli("programme", "apply", str(CLUB)).status == 0
    enrol(cli, tmp_path, 12)
    same = edited(tmp_path, ("valid_months = 24", "valid_months = 36"))
    assert cli("programme", "apply", same, "--json").json["ask_again"] == {}
    came = cli("programme", "apply", edited(tmp_path, GIVEN), "--yes")
    assert (
        "! personalised_offers: 12 members must be asked again; until then it is no\n" in came.out
    )
    assert "who said yes must be asked again" in came.out


OWN_INTEREST = (
    '[purposes.personalised_offers]\nlegal_basis = "consent"',
    '[purposes.personalised_offers]\nlegal_basis = "legitimate_interest"\n'
    'basis_changed = "told in May"\nbalancing_test = "B"',
)
NO_TERM = ("valid_months = 24\nremind_days = 30\n", "")
NEW_PURPOSE = """
[purposes.care]
legal_basis = "contract"
dpv = "dpv:CustomerCare"
fields = ["member_number"]
notice.sv = "Vi hjälper dig."
notice.nb = "Vi hjelper deg."
notice.en = "We help you."
"""


def test_applying_says_how_many_may_be_used_who_were_never_asked(cli, tmp_path: Path) -> None:
    assert cli("programme", "apply", str(CLUB)).status == 0
    enrol(cli, tmp_path, 30, given=14, refused=5)
    came = cli("programme", "apply", edited(tmp_path, OWN_INTEREST, NO_TERM), "--yes")
    assert came.status == 0, came.err
    assert "! personalised_offers: 11 members may be used who may not be today\n" in came.out
    assert "who said no stays out" in came.out
    assert "must be asked again" not in came.out


def test_the_count_of_who_may_be_used_is_by_purpose_and_hides_the_few(cli, tmp_path: Path) -> None:
    assert cli("programme", "apply", str(CLUB), "--json").json["newly_eligible"] == {}
    enrol(cli, tmp_path, 12, given=8)
    draft = Path(edited(tmp_path, OWN_INTEREST, NO_TERM))
    draft.write_text(draft.read_text() + NEW_PURPOSE)
    came = cli("programme", "apply", str(draft), "--json")
    assert came.json["newly_eligible"] == {"personalised_offers": "fewer than 10", "care": 12}
    draft.write_text(draft.read_text().replace("Vi hjälper dig.", "Vi hjälper dig gärna."))
    assert cli("programme", "apply", str(draft), "--json").json["newly_eligible"] == {}


def test_a_count_that_could_be_about_somebody_is_not_shown(cli, tmp_path: Path) -> None:
    assert cli("programme", "apply", str(CLUB)).status == 0
    enrol(cli, tmp_path, 9)
    came = cli("programme", "apply", edited(tmp_path, GIVEN), "--json")
    assert came.json["ask_again"] == {"personalised_offers": "fewer than 10"}


def test_a_corrected_notice_asks_nobody_again(cli, tmp_path: Path) -> None:
    assert cli("programme", "apply", str(CLUB)).status == 0
    enrol(cli, tmp_path, 10)
    shown = cli("programme", "show", "--format", "ropa", "--json").json["activities"]
    digests = {one["purpose"]: one["notices_sha256"]["sv"] for one in shown}
    head = "[purposes.personalised_offers]\n"
    corrects = f'{head}corrects = ["{digests["personalised_offers"]}"]\n'
    came = cli("programme", "apply", edited(tmp_path, GIVEN, (head, corrects)), "--json")
    assert came.json["ask_again"] == {}
    stands = [one["consequence"] for one in came.json["changes"] if "notice.sv" in one["place"]]
    assert "consents given under the old one stand" in stands[0]


def test_the_record_of_processing_needs_no_store(cli, tmp_path: Path) -> None:
    page = cli("programme", "show", str(CLUB), "--format", "ropa").out
    assert page.startswith("# Record of processing activities\n")
    document = cli("programme", "show", str(CLUB), "--format", "ropa", "--as", "json").out
    assert json.loads(document)["controller"]["name"] == "Fjällklubben AB"
    lines = cli("programme", "show", str(CLUB), "--format", "ropa", "--as", "csv").out
    assert len(list(csv.DictReader(io.StringIO(lines)))) == 6
    assert not (tmp_path / "data").exists()


def test_the_record_of_the_programme_in_force_is_that_of_its_file(cli) -> None:
    assert cli("programme", "apply", str(CLUB)).status == 0
    for form in ("markdown", "json", "csv"):
        options = ("--format", "ropa", "--as", form)
        assert cli("programme", "show", *options).out == cli(
            "programme", "show", str(CLUB), *options
        ).out  # fmt: skip


def test_a_form_without_the_record_is_a_wrong_use(cli) -> None:
    assert cli("programme", "show", str(CLUB), "--as", "csv").status == 2


def test_a_file_is_shown_as_it_was_written(cli) -> None:
    assert cli("programme", "show", str(CLUB)).out == CLUB.read_text()
    shown = cli("programme", "show", str(CLUB), "--json").json
    assert shown["version"] is None
    assert shown["programme"]["dpo"]["contact"] == "dpo@fjallklubben.example"
