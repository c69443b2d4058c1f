"""A package under a passphrase: a ZIP file whose contents only the passphrase opens.

AES-256 as WinZip has it (AE-2), which 7-Zip, WinZip, Keka and others open. That format stretches
a passphrase by a mere 1,000 rounds, so ours is made here, too long to be guessed, and not chosen
by anybody. It is told once and kept nowhere. docs/decisions/0025 says why this format.
"""

import io
import secrets
import zipfile
from dataclasses import dataclass

import pyzipper

#: No letter that looks like a digit or another letter: 31 signs, 4.95 bits each.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _LENGTH = 6, 4  # 24 signs: 118 bits


@dataclass(frozen=True)
class Locked:
    """A ZIP file that the passphrase opens; names of files in it are readable without."""

    zipped: bytes
    passphrase: str

    def __repr__(self) -> str:
        return "Locked(***)"


def fresh() -> str:
    """A passphrase that nobody has had before."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(_LENGTH)) for _ in range(_GROUPS))


def lock(zipped: bytes, passphrase: str | None = None) -> Locked:
    """The same files, each encrypted under one passphrase; under a `fresh` one if none is given.

    None that anybody has chosen is to be given: it could be guessed.
    """
    passphrase = passphrase or fresh()
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(zipped)) as plain,
        pyzipper.AESZipFile(
            packed, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
        ) as locked,
    ):
        locked.setpassword(passphrase.encode())
        for name in plain.namelist():
            locked.writestr(name, plain.read(name))
    return Locked(packed.getvalue(), passphrase)
