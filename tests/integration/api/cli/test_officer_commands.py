"""`tillit officer`: accounts made, listed and ended at the command line."""

from pathlib import Path

from conftest import Cli


def test_an_officer_is_added_listed_reset_and_removed(club: Cli) -> None:
    made = club("officer", "add", "officer-7", "--email", "Anna@club.example", "--role",
                "privacy_officer", "--as", "root-1", "--json")  # fmt: skip
    assert made.json == {"officer": "officer-7", "role": "privacy_officer"}
    [one] = club("officer", "list", "--json").json["officers"]
    assert one.pop("made_at")
    assert one == {
        "officer": "officer-7",
        "role": "privacy_officer",
        "email": "anna@club.example",
        "second_factor": False,
        "may_sign_in": True,
        "sessions": 0,
    }
    assert "anna@club.example" in club("officer", "list").out
    assert "no second factor" in club("officer", "reset", "officer-7").out
    ended = club("officer", "remove", "officer-7", "--json").json
    assert ended == {"officer": "officer-7", "sessions_ended": 0}
    assert "officer add" in club("officer", "list").out


def test_a_mistake_says_what_would_do_and_repeats_no_address(club: Cli) -> None:
    add = ("officer", "add", "officer-7", "--email")
    wrong = club(*add, "anna@club.example", "--role", "privacy_oficer")
    assert wrong.status == 1
    assert "privacy_officer" in wrong.err
    assert club(*add, "anna(at)club", "--role", "privacy_officer").status == 1
    assert club(*add, "anna@club.example", "--role", "privacy_officer").status == 0
    again = club(*add, "anna@club.example", "--role", "privacy_officer")
    assert again.status == 1
    assert "anna" not in again.err + wrong.err
    missing = club("officer", "remove", "officer-8", "--json")
    assert missing.status == 1
    assert "unknown-officer" in missing.err


def test_under_another_token_key_officers_are_to_be_added_anew(club: Cli, tmp_path: Path) -> None:
    add = ("officer", "add", "officer-7", "--email", "anna@club.example", "--role")
    assert club(*add, "privacy_officer").status == 0
    (tmp_path / "data" / "keys" / "token.key").unlink()
    [one] = club("officer", "list", "--json").json["officers"]
    assert (one["email"], one["may_sign_in"]) == (None, False)
    assert club("officer", "remove", "officer-7").status == 0
    assert club(*add, "privacy_officer").status == 0
