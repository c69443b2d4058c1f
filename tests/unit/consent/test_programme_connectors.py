"""How recipients are told: what a connector may be, and what is said of one that cannot be."""

from pathlib import Path

import pytest

from consent.programme import check_programme, read_programme
from consent.programme.handling import Carrier

CLUB = (Path(__file__).parents[3] / "examples" / "fjallklubben.toml").read_text()


def _connected(by: str, address: str, *lines: str) -> str:
    table = ["", "[recipients.letters.connector]", f'by = "{by}"', f'address = "{address}"', *lines]
    return CLUB + "\n".join(table)


def test_a_connector_carries_everything_by_email_for_two_weeks_unless_it_says_otherwise() -> None:
    programme = read_programme(_connected("webhook", "https://privacy.brevduvan.example/erasures"))
    connector = programme.recipients["letters"].connector
    assert connector is not None
    assert connector.by is Carrier.WEBHOOK
    assert connector.carries == ("erasure", "rectification", "restriction")
    assert (connector.identifiers, connector.answer_days) == (("email",), 14)


@pytest.mark.parametrize(
    "address",
    [
        "https://brevduvan.example",
        "https://brevduvan.example:8443/x?key=1",
        "http://127.0.0.1:8001/x",
        "http://localhost:8001",
    ],
)
def test_an_address_is_encrypted_or_on_this_machine(address: str) -> None:
    assert check_programme(_connected("webhook", address)).errors == ()


@pytest.mark.parametrize(
    "address",
    [
        "http://brevduvan.example/x",
        "http://127.0.0.1:80@brevduvan.example/x",
        "http://localhost:a@brevduvan.example/x",
        "http://localhost.brevduvan.example:80/x",
        "https://user:word@brevduvan.example/x",
        "https://brevduvan.example/x#y",
        "https://brevduvan.example:99999/x",
        "https:///x",
        "https://brevduvan.example/a b",
        "ftp://brevduvan.example",
        "privacy@brevduvan.example",
    ],
)
def test_personal_data_is_sent_nowhere_else(address: str) -> None:
    [found] = check_programme(_connected("webhook", address)).errors
    assert found.place == "recipients.letters.connector.address"
    assert address not in str(found)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('identifiers = ["tier"]', "recipients.letters.connector.identifiers[0]"),
        ("identifiers = []", "recipients.letters.connector.identifiers"),
        ("carries = []", "recipients.letters.connector.carries"),
        ("", "recipients.letters.connector.carries"),
    ],
)
def test_a_connector_that_could_not_work_is_refused_with_its_place(line: str, place: str) -> None:
    """The last: OpenDSR knows erasure alone, and everything is carried when nothing is said."""
    extra = line if "carries" in line or not line else f'carries = ["erasure"]\n{line}'
    found = check_programme(_connected("opendsr", "https://dsr.brevduvan.example/v2", extra)).errors
    assert [one.place for one in found] == [place]
