"""Receipts: what they say, that others can verify them, and that no change passes."""

import base64
import copy
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from jsonschema import Draft202012Validator
from pyld import jsonld

from api.bootstrap import SYSTEM, Tillit
from audit.acts import Act
from audit.entries import ActorType
from audit.errors import EntryPending, EntryUnknown
from audit.notes import Signer
from audit.tree import last_signed
from audit.verify import VerificationError
from consent import ledger
from consent.choices import STATES, Action, By, Choice
from consent.choosing import choose, confirmed, marketing, pause
from consent.documents import sign_document
from consent.errors import NoReceipt
from consent.programme import read_programme
from consent.receipts import receipt, verify_file
from consent.receipts.context import CONTEXT, CONTEXT_FILE, SCHEMA_FILE
from kernel.database import libpq
from kernel.errors import Unavailable
from profiles import members
from profiles.enrolment import enrol
from profiles.unit import Unit

INDEPENDENT = Path(__file__).parents[2] / "independent_receipt_verifier.py"
EXAMPLE = Path(__file__).parents[3] / "examples" / "fjallklubben.toml"
SCHEMA = Draft202012Validator(
    json.loads(SCHEMA_FILE), format_checker=Draft202012Validator.FORMAT_CHECKER
)
FORGER = Signer(name="fjallklubben.example/record", seed=b"\x05" * 32)
Said = Callable[[Unit, Any], list[Choice]]


@dataclass
class Book:
    """One member, what they said, and the receipts of it."""

    tillit: Tillit
    member: UUID
    signer: Signer

    async def says(self, said: Said, *, act: Act = SYSTEM) -> None:
        async with self.tillit.unit() as work:
            member = await members.one(work.unit, self.member, lock=True)
            choices = said(work.unit, work.active.programme)
            await ledger.record(work.unit, act, {member: choices})

    async def rows(self) -> list[ledger.Row]:
        async with self.tillit.unit() as work:
            member = await members.one(work.unit, self.member)
            return (await ledger.rows_of(work.unit, {member.id: member.key}))[member.id]

    async def receipt(self, entry: UUID) -> dict[str, Any]:
        async with self.tillit.unit() as work:
            member = await members.one(work.unit, self.member)
            return await receipt(work.unit, SYSTEM, work.active, member, self.signer, entry=entry)

    async def newest(self) -> dict[str, Any]:
        await self.tillit.integrate()
        return await self.receipt((await self.rows())[-1].id)


@pytest.fixture
async def book(tillit: Tillit) -> Book:
    async with tillit.unit() as work:
        (made,) = await enrol(work.unit, SYSTEM, [{"member_number": "1"}], source="test")
        signer = await tillit.signer(work.session)
    return Book(tillit, made.id, signer)


def says(action: Action, purpose: str = "newsletter", **how: Any) -> Said:
    """That action, made as it is made where members and services say it."""

    def made(unit: Unit, programme: Any) -> list[Choice]:
        given = {"at": unit.now, "by": By.MEMBER} | how
        return [choose(unit, programme.purposes[purpose], action, **given)]

    return made


def independently(file: Path, key: str | None = None) -> subprocess.CompletedProcess[str]:
    """The other verifier, in a process that cannot import anything of ours by its place."""
    command = [sys.executable, "-I", str(INDEPENDENT), str(file), *([key] if key else [])]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=file.parent, env={}
    )


EVERY: dict[str, Said] = {
    "given": says(Action.GIVEN, language="sv", how="web"),
    "renewed": says(Action.GIVEN, language="en", evidence="form 17 — sida 2"),
    "valid for a while": says(Action.GIVEN, "personalised_offers", language="nb", by=By.TILL),
    "requested": lambda unit, programme: [
        with_action(says(Action.GIVEN, language="sv")(unit, programme)[0], Action.REQUESTED)
    ],
    "confirmed": lambda unit, programme: [
        confirmed(
            unit,
            programme.purposes["newsletter"],
            says(Action.GIVEN, language="sv")(unit, programme)[0],
            at=unit.now,
            evidence="link 4",
        )
    ],
    "unproven": says(Action.GIVEN, by=By.IMPORT),
    "from a file": lambda unit, programme: [
        choose(
            unit,
            programme.purposes["newsletter"],
            Action.GIVEN,
            at=unit.now - timedelta(days=400, microseconds=1),
            by=By.IMPORT,
            language="en",
            notice=b"\x11" * 32,
            evidence="box 3",
        )
    ],
    "refused": says(Action.REFUSED),
    "withdrawn": says(Action.WITHDRAWN, by=By.UNSUBSCRIBE),
    "expired": says(Action.EXPIRED, by=By.SYSTEM),
    "invalidated": says(Action.INVALIDATED, by=By.OFFICER, evidence="letter 9"),
    "objected": says(Action.OBJECTED, "assortment_insight"),
    "objection lifted": says(Action.OBJECTION_LIFTED, "assortment_insight"),
    "objected to marketing": lambda unit, _: [
        marketing(unit, objects=True, by=By.GPC, how="Sec-GPC")
    ],
}


def with_action(choice: Choice, action: Action) -> Choice:
    return msgspec.structs.replace(choice, action=action)


@pytest.mark.parametrize("name", EVERY)
async def test_every_kind_of_line_has_a_receipt_that_conforms_and_that_two_verifiers_accept(
    book: Book, name: str, tmp_path: Path
) -> None:
    if name == "renewed":
        await book.says(EVERY["given"])
    await book.says(EVERY[name])
    made = await book.newest()
    assert [error.message for error in SCHEMA.iter_errors(made)] == []
    text = json.dumps(made, ensure_ascii=False, indent=2)
    found = verify_file(text, book.signer.key)
    assert found.pinned
    assert found.checkpoint is not None
    (file := tmp_path / "receipt").write_text(text, "utf-8")
    other = independently(file, book.signer.verifier_key)
    assert other.returncode == 0, other.stderr
    action = made["consent_record"]["event"]["action"]
    assert json.loads(other.stdout)["action"] == action == (await book.rows())[-1].choice.action
    if name.replace(" ", "_") in set(Action):
        assert action == name.replace(" ", "_")


def test_every_action_about_a_consent_is_among_those_tested() -> None:
    covered = {name.replace(" ", "_") for name in EVERY}
    assert {str(one) for one in (*STATES, Action.OBJECTED, Action.OBJECTION_LIFTED)} <= covered


async def test_it_says_who_what_why_and_for_how_long_as_the_programme_had_it(book: Book) -> None:
    await book.says(EVERY["valid for a while"])
    made = await book.newest()
    record = made["consent_record"]
    (told,), event = record["processing"], record["event"]
    programme = read_programme(EXAMPLE.read_text("utf-8"))
    purpose = programme.purposes["personalised_offers"]
    row = (await book.rows())[-1]
    assert told["privacy_notice"]["text"] == purpose.notice["nb"]
    assert told["privacy_notice"]["shown"] is True
    assert told["lawful_basis"] == ["eu-gdpr:A6-1-a"]
    assert [one["pii_attribute_id"] for one in told["pii_information"]] == list(purpose.fields)
    assert told["retention_period"]["duration"] == "P24M"
    assert {"eu-gdpr:A7-3", "eu-gdpr:A21", "eu-gdpr:A77"} <= set(told["privacy_rights"])
    assert row.choice.until is not None
    assert event["valid_until"] == row.choice.until.isoformat()
    days = int(event["validity_duration"][1:-1])
    assert row.choice.at.date() + timedelta(days=days) == row.choice.until
    assert event["event_state"] == "dpv:ConsentGiven"
    named = {one["id"]: one for one in made["parties"]}
    used = {*told["pii_controllers"], *told["recipient_third_parties"], told["authority_party"]}
    assert used <= set(named)
    assert named["_:controller"]["party_name"] == programme.controller.name
    assert "imy.se" in named["_:authority"]["party_contact"]
    receiving = {n for n, one in programme.recipients.items() if purpose.name in one.purposes}
    assert {
        one.removeprefix("_:recipients.") for one in told["recipient_third_parties"]
    } == receiving


async def test_it_tells_what_was_agreed_to_then_after_the_programme_has_changed(
    book: Book,
) -> None:
    await book.says(EVERY["given"])
    before = await book.newest()
    text = EXAMPLE.read_text("utf-8")
    changed = text.replace('name = "Fjällklubben AB"', 'name = "Fjällbolaget AB"')
    changed = changed.replace("Om du säger ja skickar vi", "Säger du ja, skickar vi")
    assert changed != text
    await book.tillit.apply(SYSTEM, read_programme(changed))
    after = await book.newest()
    for name in ("consent_record", "parties", "programme_digest", "receipt_id"):
        assert after[name] == before[name]
    await book.says(EVERY["withdrawn"])
    assert (await book.newest())["parties"][0]["party_name"] == "Fjällbolaget AB"


async def test_the_ids_are_random_looking_uuids_of_version_4_and_stay_the_same(book: Book) -> None:
    await book.says(EVERY["given"])
    first, second = await book.newest(), await book.newest()
    for name in ("record_id", "identifier"):
        assert first["consent_record"][name] == second["consent_record"][name]
    assert UUID(first["consent_record"]["record_id"]).version == 4
    assert UUID(first["receipt_id"]).version == 4
    assert first["receipt_id"] != first["consent_record"]["record_id"]


# Tampering


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [one for name in value for one in paths(value[name], (*path, name))]
    if isinstance(value, list) and value:
        return [one for i, each in enumerate(value) for one in paths(each, (*path, i))]
    return [path]


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def with_changed(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(document)
    at(made, path[:-1])[path[-1]] = value
    return made


def another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return ["dpv:Other"]
    return value[:-1] + ("A" if value[-1:] != "A" else "B")


async def test_no_field_can_be_changed_or_left_out(book: Book, tmp_path: Path) -> None:
    await book.says(EVERY["valid for a while"])
    made = await book.newest()
    found = paths(made)
    assert len(found) > 80
    for path in found:
        with pytest.raises(VerificationError):
            verify_file(json.dumps(with_changed(made, path, another(at(made, path)))))
        left_out = copy.deepcopy(made)
        del at(left_out, path[:-1])[path[-1]]
        with pytest.raises(VerificationError):
            verify_file(json.dumps(left_out))
    # The other verifier needs a process each: what it reads in one go is every fifth.
    for number, path in enumerate(found[::5]):
        (file := tmp_path / str(number)).write_text(
            json.dumps(with_changed(made, path, another(at(made, path))))
        )
        assert independently(file).returncode == 1, path


RECORD = ("consent_record",)
EVENT = (*RECORD, "event")
PROCESS = (*RECORD, "processing", 0)
#: What the record itself vouches for: not even who holds the record's key can say it otherwise.
BOUND: dict[str, tuple[Any, ...]] = {
    "receipt_id: differs": ("receipt_id",),
    "identifier: differs": ("identifier",),
    "id: differs": ("id",),
    "consent_record.record_id": (*RECORD, "record_id"),
    "consent_record.identifier": (*RECORD, "identifier"),
    "consent_record.schema_version": (*RECORD, "schema_version"),
    "pii_principal.pii_principal_id": (*RECORD, "pii_principal", "pii_principal_id"),
    "pii_principal.id": (*RECORD, "pii_principal", "id"),
    "privacy_notice.identifier": (*PROCESS, "privacy_notice", "text"),
    "privacy_notice.shown": (*PROCESS, "privacy_notice", "shown"),
    "processing[0].purpose: differs": (*PROCESS, "purpose", "identifier"),
    "purpose_type": (*PROCESS, "purpose_type"),
    "evidence_of_record.opening": ("evidence_of_record", "opening"),
}


def resigned(document: dict[str, Any], signer: Signer, when: Any) -> dict[str, Any]:
    bare = {n: v for n, v in document.items() if n not in ("proof", "verifierKey")}
    return sign_document(bare, signer, when)


async def test_what_the_record_vouches_for_cannot_be_said_otherwise_even_with_its_key(
    book: Book, tmp_path: Path
) -> None:
    await book.says(
        says(Action.GIVEN, "personalised_offers", language="sv", how="web", evidence="form 2")
    )
    made = await book.newest()
    when = book.tillit.clock.now()
    cases = dict(BOUND)
    event = at(made, EVENT)
    assert set(event) >= {"valid_until", "terms", "evidence", "indication_method", "language"}
    cases |= {f"consent_record.event.{name}: differs": (*EVENT, name) for name in event}
    for number, (told, path) in enumerate(cases.items()):
        value = at(made, path)
        if path[-1] == "opening":
            changed = base64.b64encode(base64.b64decode(value)[:-1] + b"\x00").decode()
        else:
            changed = another(value)
        forged = resigned(with_changed(made, path, changed), book.signer, when)
        text = json.dumps(forged, ensure_ascii=False)
        with pytest.raises(VerificationError) as caught:
            verify_file(text, book.signer.key)
        assert told in str(caught.value)
        (file := tmp_path / str(number)).write_text(text, "utf-8")
        assert independently(file, book.signer.verifier_key).returncode == 1, path
    more = resigned(with_changed(made, (*EVENT, "channel"), "email"), book.signer, when)
    with pytest.raises(VerificationError, match=r"event\.channel: differs"):
        verify_file(json.dumps(more))


async def test_another_entrys_proof_entry_or_opening_does_not_do(
    book: Book, tmp_path: Path
) -> None:
    await book.says(EVERY["given"])
    given = await book.newest()
    await book.says(EVERY["withdrawn"])
    withdrawn = await book.newest()
    when = book.tillit.clock.now()
    told = {
        "inclusion_proof": "inclusion proof: it leads to another root",
        "entry": "inclusion proof: it leads to another root",
        "opening": "its SHA-256 is not what the entry committed to",
    }
    for number, (part, message) in enumerate(told.items()):
        path = ("evidence_of_record", part)
        forged = resigned(with_changed(withdrawn, path, at(given, path)), book.signer, when)
        with pytest.raises(VerificationError, match=message):
            verify_file(json.dumps(forged), book.signer.key)
        (file := tmp_path / str(number)).write_text(json.dumps(forged))
        assert independently(file).returncode == 1
    # All three of them: then the receipt speaks of a line that it does not open.
    swapped = with_changed(withdrawn, ("evidence_of_record",), given["evidence_of_record"])
    with pytest.raises(VerificationError, match="differs"):
        verify_file(json.dumps(resigned(swapped, book.signer, when)))


async def test_a_forgers_own_key_is_found_when_the_records_key_is_given(
    book: Book, tmp_path: Path
) -> None:
    await book.says(EVERY["given"])
    made = await book.newest()
    forged = resigned(made, FORGER, book.tillit.clock.now())
    with pytest.raises(VerificationError, match="is not the key that was given"):
        verify_file(json.dumps(forged), book.signer.key)
    with pytest.raises(VerificationError, match=r"not signed by .* with the given key"):
        verify_file(json.dumps(forged))
    (file := tmp_path / "forged").write_text(json.dumps(forged))
    assert independently(file).returncode == 1
    assert independently(file, book.signer.verifier_key).returncode == 1


async def test_a_whole_record_of_a_forger_passes_only_where_no_key_is_given(book: Book) -> None:
    await book.says(EVERY["given"])
    made = await book.newest()
    body = base64.b64decode(made["evidence_of_record"]["entry"])
    forged = copy.deepcopy(made)
    forged["evidence_of_record"]["inclusion_proof"] = _alone(body)
    text = json.dumps(resigned(forged, FORGER, book.tillit.clock.now()))
    assert not verify_file(text).pinned
    with pytest.raises(VerificationError, match="is not the key that was given"):
        verify_file(text, book.signer.key)


def _alone(body: bytes) -> str:
    note = FORGER.checkpoint(1, sha256(b"\0" + body).digest())
    return f"c2sp.org/tlog-proof@v1\nindex 0\n\n{note}"


async def test_a_receipt_that_was_cut_off_is_refused_wherever_it_was_cut(
    book: Book, tmp_path: Path
) -> None:
    await book.says(EVERY["given"])
    text = json.dumps(await book.newest())
    for end in range(0, len(text), 97):
        with pytest.raises(VerificationError):
            verify_file(text[:end])
    (file := tmp_path / "cut").write_text(text[: len(text) // 2])
    assert independently(file).returncode == 1


# What is refused


async def test_a_line_that_has_no_leaf_yet_is_pending_and_others_lines_are_not_there(
    book: Book,
) -> None:
    await book.says(EVERY["given"])
    entry = (await book.rows())[-1].id
    with pytest.raises(EntryPending):
        await book.receipt(entry)
    await book.tillit.integrate()
    await book.receipt(entry)
    async with book.tillit.unit() as work:
        (other,) = await enrol(work.unit, SYSTEM, [{"member_number": "2"}], source="test")
    for unknown in (uuid4(), book.member):
        with pytest.raises(EntryUnknown):
            await book.receipt(unknown)
    with pytest.raises(EntryUnknown):
        await replace(book, member=other.id).receipt(entry)


async def test_a_line_that_is_about_no_consent_has_no_receipt(book: Book) -> None:
    await book.says(lambda unit, _: [pause(unit, on=True, by=By.MEMBER)])
    with pytest.raises(NoReceipt):
        await book.newest()


async def test_nothing_is_signed_that_the_record_does_not_bear_out(
    book: Book, database_url: str
) -> None:
    await book.says(EVERY["withdrawn"])
    await book.newest()
    (row,) = await book.rows()
    with pytest.raises(Unavailable, match="does not bear out"):
        await replace(book, signer=FORGER).receipt(row.id)
    # Whoever has the database and every key can seal another line in its place, no more.
    said = msgspec.structs.replace(row.choice, action=Action.GIVEN)
    async with book.tillit.unit() as work:
        member = await members.one(work.unit, book.member)
        plain = row.opening[:32] + msgspec.msgpack.encode(said)
        sealed = member.key.seal_field(ledger.TABLE, row.id.hex, plain, pad=ledger.PAD)
    with psycopg.connect(libpq(database_url, role=None)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE ledger SET sealed = %s WHERE id = %s", (sealed, row.id))
    assert (await book.rows())[0].choice.action is Action.GIVEN
    with pytest.raises(Unavailable, match="does not bear out"):
        await book.receipt(row.id)


async def test_that_a_receipt_was_made_is_on_record(book: Book) -> None:
    await book.says(EVERY["given"], act=Act(ActorType.SERVICE, "till"))
    made = await book.newest()
    assert made["consent_record"]["event"]["entity_id"] == "urn:tillit:service:till"
    async with book.tillit.unit() as work:
        signed = await last_signed(work.session)
    assert signed is not None
    await book.tillit.integrate()
    async with book.tillit.unit() as work:
        after = await last_signed(work.session)
    assert after is not None
    assert after.size == signed.size + 1


# JSON-LD


def _load(url: str, _: Any) -> dict[str, Any]:
    assert url == CONTEXT, "nothing but the pinned context is ever fetched"
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": json.loads(CONTEXT_FILE),
    }


def names(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for one in value for name in names(one)}
    if isinstance(value, dict):
        return set(value) | {name for one in value.values() for name in names(one)}
    return set()


async def test_a_json_ld_processor_finds_the_dpvs_terms_and_drops_nothing(book: Book) -> None:
    for said in ("given", "valid for a while", "objected to marketing"):
        await book.says(EVERY[said])
        made = await book.newest()
        (node,) = jsonld.expand(made, {"documentLoader": _load})
        dpv, dct = "https://w3id.org/dpv#", "http://purl.org/dc/terms/"
        assert node["@type"] == [f"{dpv}ConsentReceipt"]
        assert node[f"{dct}identifier"] == node[f"{dpv}hasIdentifier"]
        profile = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"
        assert node[f"{dct}conformsTo"] == [{"@id": profile}]
        (record,) = node[f"{dpv}hasRecordOfActivity"]
        process = record[f"{dpv}hasProcess"][0]
        own = {"@id": "https://w3id.org/dpv#DirectMarketing"}
        if said == "given":
            assert own in process[f"{dpv}hasPurpose"]
            assert process[f"{dpv}hasLegalBasis"] == [
                {"@id": "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"}
            ]
            kinds = {kind for one in process[f"{dpv}hasPersonalData"] for kind in one["@type"]}
            assert "https://w3id.org/dpv/pd#EmailAddress" in kinds
        assert {one["@type"][0] for one in node["@included"]} >= {f"{dpv}DataController"}
        context = json.loads(CONTEXT_FILE)["@context"]
        undefined = names(made) - set(context) - {"@context"}
        assert undefined == set()
        assert all(":" in name or name.startswith("@") for name in names(node))


def test_the_context_of_version_1_never_changes() -> None:
    assert CONTEXT == (
        "urn:tillit:context:receipt-v1:"
        "ef762ac76dc532dc264c9e4762fab76a65d272b8ba2ebd7c9baf0a409fb7ef74"
    )


# Everything that a programme can declare

WELLNESS = """
[controllers.bathhouse]
name = "Badhuset AS"
country = "NO"
contact = "https://badhuset.example/privacy"
arrangement = "https://badhuset.example/together"

[recipients.survey]
name = "Survey Ltd"
country = "GB"
role = "recipient"
contact = "privacy@survey.example"
purposes = ["wellness"]

[fields.injuries]
category = "pd:Health"

[fields.diet]
category = "pd:Preference"
sensitivity = "sensitive"

[purposes.wellness]
legal_basis = "consent"
dpv = "dpv:PersonalisedBenefits"
fields = ["member_number", "injuries", "diet", "age"]
explicit = true
controllers = ["bathhouse"]
dpia = "DPIA 2026-3"
retention = "90 days"
notice.sv = "Vi använder dina skador."
notice.nb = "Vi bruker skadene dine."
notice.en = "We use your injuries."
"""


async def test_joint_controllers_special_categories_and_transfers_are_told_and_conform(
    book: Book,
) -> None:
    await book.tillit.apply(SYSTEM, read_programme(EXAMPLE.read_text("utf-8") + WELLNESS))
    await book.says(says(Action.GIVEN, "wellness", language="en"))
    made = await book.newest()
    assert [error.message for error in SCHEMA.iter_errors(made)] == []
    (told,) = made["consent_record"]["processing"]
    assert told["lawful_basis"] == ["eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a"]
    assert told["pii_controllers"] == ["_:controller", "_:controllers.bathhouse"]
    assert told["retention_period"]["duration"] == "P90D"
    assert told["collection_method"] == ["dpv:Collect", "dpv:Derive"]
    assert told["impact_assessment"] == "DPIA 2026-3"
    pii = {one["pii_attribute_id"]: one for one in told["pii_information"]}
    assert pii["injuries"]["special_pii_category"] == "dpv:SpecialCategoryPersonalData"
    assert pii["diet"]["sensitive_pii_category"] == "dpv:SensitivePersonalData"
    survey = {"data_importer": "_:recipients.survey", "location": "loc:GB"}
    assert told["transfers"] == [survey | {"safeguard": "eu-gdpr:A45-3"}]
    kinds = {one["party_id"]: one["party_type"] for one in made["parties"]}
    assert kinds["controllers.bathhouse"] == "dpv:DataController"
    assert kinds["recipients.survey"] == "dpv:ThirdParty"
    assert kinds["dpo"] == "dpv:DataProtectionOfficer"
    verify_file(json.dumps(made), book.signer.key)


async def test_the_schema_refuses_what_is_no_receipt(book: Book) -> None:
    await book.says(EVERY["valid for a while"])
    made = await book.newest()
    process = ("consent_record", "processing", 0)
    mandatory = [(), ("consent_record",), ("consent_record", "event"), process]
    for path in mandatory:
        for name in at(made, path):
            if name not in ("valid_until", "impact_assessment", "indication_method", "evidence"):
                less = copy.deepcopy(made)
                del at(less, path)[name]
                event = ("consent_record", "event")
                optional = {"language", "notice_digest", "terms", "state_before"}
                assert not SCHEMA.is_valid(less) or (path == event and name in optional), name
            assert not SCHEMA.is_valid(with_changed(made, (*path, "more"), 1))
    wrong = {
        "given as withdrawn": (("consent_record", "event", "event_state"), "dpv:ConsentWithdrawn"),
        "no UUIDv4": (("receipt_id",), "02ab0bec-e80e-77db-a990-46eebc632252"),
        "no duration": ((*process, "retention_period", "duration"), "24 months"),
        "no time": (("issued",), "2026-03-01"),
        "no purposes": (("consent_record", "processing"), []),
    }
    for what, (path, value) in wrong.items():
        assert not SCHEMA.is_valid(with_changed(made, path, value)), what
