"""The files of a package, in one ZIP file: those of an access package, those to take elsewhere."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import msgspec

from dsar.languages import Language
from dsar.packages import contents, pages, portable, sheets
from dsar.packages.gathering import Gathered
from dsar.packages.wording import Wording
from dsar.states import Right

#: Tables and pages lose nine tenths at any level; the default takes thrice as long for a bit more.
_LEVEL = 3
#: Bytes. A proof is hashes, of which nothing can be taken, and there are many of them.
_SMALL = 1_024


def packed(found: Gathered) -> bytes:
    """The ZIP file that answers the request, in the language it was made in."""
    programme = found.active.programme
    language = Language.of(found.request.language)
    wording = Wording(language, programme.zone, programme.currency)
    if found.request.right is Right.PORTABILITY:
        return _zip(_portable(found, wording))
    return _zip(_access(found, wording))


def _access(found: Gathered, wording: Wording) -> dict[str, bytes]:
    told = contents.access(found, wording)
    files = {
        "index.html": pages.access_page(told, wording).encode(),
        "README.txt": pages.access_readme(told, wording).encode(),
        "package.json": _json(told),
        **sheets.access_sheets(told),
    }
    for entry, (body, proof) in found.proofs.items():
        files[f"proofs/{entry}.json"] = body
        files[f"proofs/{entry}.txt"] = proof.encode()
    return files


def _portable(found: Gathered, wording: Wording) -> dict[str, bytes]:
    told = portable.portable(found, wording)
    return {
        "README.txt": pages.portable_readme(told, wording, portable.REASONS).encode(),
        "data.json": _json(told),
        **sheets.portable_sheets(told),
    }


def _json(told: Mapping[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


def _zip(files: Mapping[str, bytes]) -> bytes:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, content in files.items():
            archive.writestr(name, content, _method(content))
    return zipped.getvalue()


def _method(content: bytes) -> int:
    return zipfile.ZIP_STORED if len(content) < _SMALL else zipfile.ZIP_DEFLATED
