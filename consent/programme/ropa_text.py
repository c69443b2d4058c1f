"""The record of processing written out: Markdown for people, JSON and CSV for machines.

Whatever the programme's texts hold, they stay text: no mark-up in Markdown, no formula in a
spreadsheet that opens the CSV.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

from consent.cells import cell

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!$&])")
_COLUMNS = (
    "purpose",
    "dpv",
    "description",
    "legal_basis",
    "article",
    "controllers",
    "controller_contacts",
    "representative",
    "data_protection_officer",
    "data_subjects",
    "categories_of_data",
    "recipients",
    "transfers",
    "retention",
    "systems",
    "impact_assessment",
    "balancing_test",
    "security",
)


class Form(StrEnum):
    """How the record can be had."""

    MARKDOWN = "markdown"
    JSON = "json"
    CSV = "csv"


def written(record: Mapping[str, Any], form: Form) -> str:
    """The record, as `consent.programme.ropa` makes it, in one form; ends with a line's end."""
    return _FORMS[form](record)


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def _csv(record: Mapping[str, Any]) -> str:
    """A line for each purpose (RFC 4180), each whole in itself."""
    file = io.StringIO(newline="")
    lines = csv.writer(file)
    lines.writerow(_COLUMNS)
    for activity in record["activities"]:
        row = _row(record, activity)
        lines.writerow(cell(row[column]) for column in _COLUMNS)
    return file.getvalue()


def _row(record: Mapping[str, Any], activity: Mapping[str, Any]) -> dict[str, str]:
    deciding = [
        one
        for one in (record["controller"], *record["joint_controllers"])
        if one["name"] in activity["controllers"]
    ]
    recipients = [one for one in record["recipients"] if activity["purpose"] in one["purposes"]]
    return {
        "purpose": activity["purpose"],
        "dpv": activity["dpv"],
        "description": "; ".join(f"{tag}: {one}" for tag, one in activity["description"].items()),
        "legal_basis": activity["legal_basis"],
        "article": activity["article"],
        "controllers": "; ".join(activity["controllers"]),
        "controller_contacts": "; ".join(_reached(one) for one in deciding),
        "representative": record["controller"]["representative"] or "",
        "data_protection_officer": _officer(record),
        "data_subjects": "; ".join(activity["data_subjects"]),
        "categories_of_data": "; ".join(_kind(one) for one in activity["data"]),
        "recipients": "; ".join(_named(one) for one in recipients),
        "transfers": "; ".join(_transfer(one) for one in activity["transfers"]),
        "retention": activity["retention"] or "",
        "systems": "; ".join(activity["systems"]),
        "impact_assessment": activity["impact_assessment"] or "",
        "balancing_test": activity["balancing_test"] or "",
        "security": " ".join(record["security"]),
    }


def _markdown(record: Mapping[str, Any]) -> str:
    lines = [
        "# Record of processing activities",
        "",
        f"{record['law']}. Programme SHA-256: `{record['programme_sha256']}`.",
        "",
        "## Who decides, and who looks after it (a)",
        "",
        *_table(("", "name", "reached at"), _deciding(record)),
        "",
        "## Recipients (d) and transfers (e)",
        "",
        *_table(
            ("recipient", "role", "country", "reached at", "purposes", "transfer outside the EEA"),
            (
                (
                    one["name"],
                    one["role"],
                    one["country"],
                    one["contact"],
                    ", ".join(one["purposes"]),
                    _transfer(one["transfer"]) if one["transfer"] else "none",
                )
                for one in record["recipients"]
            ),
        ),
        "",
        *_agents(record),
        "## Activities (b), (c) and (f)",
    ]
    for activity in record["activities"]:
        lines += ["", f"### {_plain(activity['purpose'])}", "", *_activity(record, activity)]
    lines += ["", "## Security (g)", "", *(f"- {_plain(one)}" for one in record["security"])]
    return "\n".join(lines) + "\n"


def _agents(record: Mapping[str, Any]) -> list[str]:
    """Nothing where nobody hands in requests for members."""
    if not record["agents"]:
        return []
    rows = ((one["name"], one["contact"], ", ".join(one["rights"])) for one in record["agents"])
    heads = ("agent", "reached at", "hands in requests for, and is told how they went")
    return ["## Who hands in members' requests (d)", "", *_table(heads, rows), ""]


def _deciding(record: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    controller, officer = record["controller"], record["data_protection_officer"]
    yield "controller", controller["name"], _reached(controller)
    yield "representative", controller["representative"] or "none", ""
    for one in record["joint_controllers"]:
        yield "joint controller", one["name"], f"{_reached(one)}; {one['arrangement']}"
    yield (
        "data protection officer",
        officer["name"] if officer else "none",
        officer["contact"] if officer else "",
    )


def _activity(record: Mapping[str, Any], activity: Mapping[str, Any]) -> list[str]:
    row = _row(record, activity)
    said = {
        "legal basis": f"{row['legal_basis']}, {row['article']}",
        "purpose (DPV)": row["dpv"],
        **{f"told members ({tag})": one for tag, one in activity["description"].items()},
        "controllers": row["controllers"],
        "data subjects": row["data_subjects"],
        "categories of data": row["categories_of_data"],
        "recipients": row["recipients"] or "none",
        "transfers outside the EEA": row["transfers"] or "none",
        "time limit for erasure": row["retention"] or "not said",
        "systems": row["systems"] or "none",
        "impact assessment": row["impact_assessment"] or "none",
        "balancing test": row["balancing_test"] or "none",
    }
    return _table(("", ""), said.items())


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    drawn = [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows]
    if not drawn:
        return ["None."]
    return [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), *drawn]


def _plain(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _reached(one: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, (one["address"], one["country"], one["contact"])))


def _officer(record: Mapping[str, Any]) -> str:
    one = record["data_protection_officer"]
    return f"{one['name']}, {one['contact']}" if one else ""


def _kind(one: Mapping[str, Any]) -> str:
    notes = [one["category"]]
    if one["derived_from"]:
        notes.append(f"derived from {one['derived_from']}")
    notes += [word for word in ("special", "sensitive") if one[word]]
    return f"{one['name']} ({', '.join(notes)})"


def _named(one: Mapping[str, Any]) -> str:
    return f"{one['name']} ({one['role']}, {one['country']})"


def _transfer(one: Mapping[str, Any]) -> str:
    notes = [one["safeguard"], one["article"], one["decision"], one["reference"]]
    return f"{one['recipient']} in {one['country']} ({', '.join(filter(None, notes))})"


_FORMS: dict[Form, Callable[[Mapping[str, Any]], str]] = {
    Form.MARKDOWN: _markdown,
    Form.JSON: _json,
    Form.CSV: _csv,
}
