"""`tillit request preview` and `tillit request hold`, at the command line."""

from datetime import date, timedelta
from pathlib import Path

import psycopg

from kernel.database import libpq


def test_an_erasure_is_looked_at_held_freed_and_done(club, tmp_path: Path) -> None:
    asked = club("request", "open", "erasure", "--member", "1", "--identified", "--json")
    request = str(asked.json["id"])
    seen = club("request", "preview", request)
    assert seen.status == 0
    assert "goes    1 member" in seen.out
    assert "by hand Siffergården Revision AB (privacy@siffergarden.example)" in seen.out
    until = (date.today() + timedelta(days=9)).isoformat()
    hold = ("request", "hold", "place", "1", "--ground", "dispute", "--until", until)
    placed = club(*hold, "--note", "Parcel 7", "--json").json["holds"]
    assert [(one["ground"], one["until"], one["note"]) for one in placed] == [
        ("dispute", until, "Parcel 7")
    ]
    assert f"HELD    dispute ({placed[0]['id']})" in club("request", "preview", request).out
    assert until in club("request", "hold", "list").out
    refused = club("request", "approve", request, "--now")
    assert refused.status == 1
    assert "a legal hold stands (dispute)" in refused.err
    assert club("request", "hold", "lift", placed[0]["id"]).status == 0
    assert club("request", "hold", "list", "--json").json == {"holds": []}
    assert "lifted" in club("request", "hold", "list", "--ended").out
    looked = club("request", "preview", request, "--json").json
    assert (looked["holds"], looked["tells"]) == ([], [])
    assert {"recipient", "name", "contact"} == set(looked["by_hand"][0])
    done = club("request", "approve", request, "--now", "--json")
    assert done.json["state"] == "fulfilled"
    shown = club("request", "show", request)
    assert "tell by hand   Siffergården Revision AB (privacy@siffergarden.example)\n" in shown.out
    assert club("request", "show", request, "--json").json["by_hand"] == looked["by_hand"]
    assert "waits for nothing, 2 to be told by hand\n" in club("request", "list").out
    gone = club("request", "preview", request)
    assert (gone.status, gone.out) == (1, "")
    [said] = gone.err.splitlines()
    assert f"`tillit request certificate {request} --out FILE`" in said
    written = club("request", "certificate", request, "--out", str(tmp_path / "c.json"))
    assert written.status == 0


def test_a_ground_that_is_none_is_said_without_what_was_written(club) -> None:
    wrong = club("request", "hold", "place", "1", "--ground", "Åsa Öberg")
    assert wrong.status == 1
    assert "this is no ground for a hold" in wrong.err
    assert "Öberg" not in wrong.err


def test_a_hold_that_somebody_has_changed_hides_no_other(club, database_url) -> None:
    hold = ("request", "hold", "place", "--ground", "dispute", "--json")
    [broken], [whole] = (club(*hold, number).json["holds"] for number in ("1", "2"))
    with psycopg.connect(libpq(database_url, role=None)) as owner:
        owner.execute("UPDATE legal_hold SET sealed = 'x' WHERE id = %s", (broken["id"],))
    said = club("request", "hold", "list", "--json").json["holds"]
    assert said[1] == whole
    assert said[0] == {
        **dict.fromkeys(whole),
        **{name: broken[name] for name in ("id", "member", "placed_at")},
        "broken": said[0]["broken"],
    }
    assert "tillit audit verify" in said[0]["broken"]
    listed = club("request", "hold", "list")
    assert listed.status == 0
    first, second = listed.out.splitlines()
    assert broken["id"] in first
    assert "BROKEN" in first
    assert broken["member"] in first
    assert "dispute" not in first
    assert whole["id"] in second
    assert "tillit audit verify" in listed.err


def test_a_certificate_that_somebody_has_changed_is_written_nowhere(
    club, database_url, tmp_path: Path
) -> None:
    asked = club("request", "open", "erasure", "--member", "1", "--identified", "--json")
    request, out = str(asked.json["id"]), tmp_path / "certificate.json"
    assert club("request", "approve", request, "--now").status == 0
    with psycopg.connect(libpq(database_url, role=None)) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE certificate SET document = replace(document, 'Fj', 'Gj')")
    for command in (("show", request, "--certificate"), ("certificate", request, "--out")):
        refused = club("request", *command, str(out))
        assert refused.status == 1
        assert "not what was signed" in refused.err
        assert "tillit audit verify" in refused.err
        assert not out.exists()
