"""The answer to an access request (Art. 15): everything, in words and for machines.

A ZIP file with `package.json` (all of it), `index.html` (to read, works offline) and
`proofs/`, sealed under the member's own key until it is fetched; erasure takes it along.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from audit.acts import Act
from audit.entries import Fact
from audit.entries import Kind as EntryKind
from audit.proofs import inclusions
from consent import ledger
from consent.programmes import Active, notices
from consent.uses import Use, uses
from dsar import carrying
from dsar.contents import contents
from dsar.errors import NotReady
from dsar.tables import PackageRow
from profiles import members, reading
from profiles.members import Member
from profiles.unit import Unit

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TABLE = "package"
_ALL = 1 << 40  # a package leaves out no use, however many there are


@dataclass(frozen=True)
class Package:
    """A package in hand, to be given to the member and nobody else."""

    request: UUID
    zipped: bytes

    def __repr__(self) -> str:
        return f"Package({self.request})"


async def make(unit: Unit, act: Act, active: Active, request: UUID) -> bool:
    """Gather, seal and keep the package of an accepted request; False if that is done already.

    Entries that have no leaf number yet are in it without a proof. Writes `package.made`.
    """
    if (found := await carrying.accepted(unit, request)) is None:
        return False
    row, member = found
    zipped = await _gather(unit, active, member)
    kept = PackageRow(
        request=request,
        member=member.id,
        sealed=member.key.seal_field(TABLE, request.hex, zipped),
        made_at=unit.now,
        expires_at=unit.now + timedelta(days=active.programme.requests.package_days),
    )
    unit.session.add(kept)
    facts: dict[str, Fact] = {"request": str(request), "bytes": len(zipped)}
    subject = member.key.subject()
    await unit.session.flush()
    await unit.record.write(
        unit.session, act.entry(EntryKind.PACKAGE_MADE, subject=subject, facts=facts)
    )
    await carrying.carried(unit, act, active, row, subject=subject, identities={})
    return True


async def fetch(unit: Unit, act: Act, request: UUID, member: UUID) -> Package:
    """Open a package for the member it is about; on record. Raises `NotReady`."""
    row = await unit.session.get(PackageRow, request)
    if row is None or row.member != member:
        raise NotReady("there is no package for this request", place="request")
    person = await members.one(unit, member)
    zipped = person.key.open_field(TABLE, request.hex, row.sealed)
    await unit.record.write(
        unit.session,
        act.entry(
            EntryKind.PACKAGE_FETCHED,
            subject=person.key.subject(),
            facts={"request": str(request)},
        ),
    )
    return Package(request, zipped)


async def _gather(unit: Unit, active: Active, member: Member) -> bytes:
    said = (await ledger.opened_rows(unit, {member.id: member.key}))[member.id]
    used = await uses(unit, member, said, active, limit=_ALL)
    everything = contents(
        active,
        at=unit.now,
        values=await reading.values(unit, member, active.programme.names),
        purchases=await reading.purchases(unit, member),
        choices=sorted(said.values(), key=lambda choice: choice.at),
        notices=await notices(unit.session),
        uses=used,
    )
    return _zip(everything, await _proofs(unit, used))


async def _proofs(unit: Unit, used: list[Use]) -> dict[str, str]:
    numbered = [use for use in used if use.leaf is not None]
    proofs = await inclusions(unit.session, [use.entry for use in numbered])
    return {f"proofs/{u.entry}.txt": p for u, p in zip(numbered, proofs, strict=True)}


def _zip(everything: dict[str, Any], proofs: dict[str, str]) -> bytes:
    page = _PAGES.get_template("package.html").render(**everything)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("package.json", json.dumps(everything, ensure_ascii=False, indent=2))
        archive.writestr("index.html", page)
        for name, proof in proofs.items():
            archive.writestr(name, proof)
    return packed.getvalue()
