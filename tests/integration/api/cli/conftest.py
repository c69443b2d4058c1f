"""The command line, in this process, on a database of the test's own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from consent.programme import load_programme

EXAMPLES = Path(__file__).parents[4] / "examples"


@dataclass(frozen=True)
class Came:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Came]


@pytest.fixture
def cli(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs `tillit` with these arguments."""
    monkeypatch.setenv("TILLIT_DATABASE_URL", database_url)
    monkeypatch.setenv("TILLIT_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Came:
        result = CliRunner().invoke(app, list(arguments), prog_name="tillit")
        return Came(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def club(cli: Cli, tmp_path: Path) -> Cli:
    """The outdoor club with four members: 1 to 3 want offers, 1 and 2 are gold."""
    assert cli("programme", "apply", str(EXAMPLES / "fjallklubben.toml"), "--yes").status == 0
    (tmp_path / "m.csv").write_text(
        "no,tier,mail\n1,gold,a@example.org\n2,gold,b@example.org\n3,silver,\n4,gold,a@example.org\n"
    )
    (tmp_path / "m.toml").write_text(
        'source = "crm"\n[members]\nnumber = "no"\nfields = { tier = "tier", email = "mail" }\n'
    )
    assert cli("import", "members", "m.csv", "--mapping", "m.toml").status == 0
    # What makes a yes more than somebody's word: the text they said it to.
    shown = load_programme(EXAMPLES / "fjallklubben.toml").purposes["personalised_offers"]
    text = shown.notice_digest("sv").hex()
    lines = [f"{number},2026-01-05,{text}" for number in (1, 2, 3)]
    (tmp_path / "c.csv").write_text("\n".join(["no,when,text", *lines, ""]))
    (tmp_path / "c.toml").write_text(
        'source = "forms"\n[consents]\npurpose = "personalised_offers"\naction = "given"\n'
        'columns = { member = "no", at = "when", notice = "text" }\n'
    )
    assert cli("import", "consents", "c.csv", "--mapping", "c.toml").status == 0
    return cli


@pytest.fixture
def ask(club: Cli) -> Callable[..., Came]:
    """Evaluates an expression for the offers engine; options given override."""

    def evaluate(expression: str, purpose: str = "personalised_offers", *more: str) -> Came:
        service = () if "--service" in more else ("--service", "offers-engine")
        return club("segment", "evaluate", expression, "--purpose", purpose, *service, *more)

    return evaluate
