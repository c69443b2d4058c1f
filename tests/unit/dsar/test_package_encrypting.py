"""A package under a passphrase opens with it and with nothing else, and nobody could guess it."""

import io
import math
import re
import zipfile

import pytest
import pyzipper

from dsar.packages import lock
from dsar.packages.encrypting import _GROUPS, _LENGTH, _SIGNS

AES_256 = 3  # as the format counts strengths
FILES = {"index.html": b"<!doctype html>" * 50, "proofs/a.txt": b"needle"}


def _zip(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_the_passphrase_opens_every_file_as_it_was() -> None:
    locked = lock(_zip(FILES))
    with pyzipper.AESZipFile(io.BytesIO(locked.zipped)) as archive:
        archive.setpassword(locked.passphrase.encode())
        assert {name: archive.read(name) for name in archive.namelist()} == FILES


def test_nothing_else_opens_it() -> None:
    locked = lock(_zip(FILES))
    assert b"needle" not in locked.zipped
    with pyzipper.AESZipFile(io.BytesIO(locked.zipped)) as archive:
        for wrong in (locked.passphrase[:-1], locked.passphrase.upper(), "", "package"):
            archive.setpassword(wrong.encode())
            with pytest.raises(RuntimeError):
                archive.read("index.html")


def test_every_file_is_under_aes_256() -> None:
    locked = lock(_zip(FILES))
    with pyzipper.AESZipFile(io.BytesIO(locked.zipped)) as archive:
        for info in archive.infolist():
            assert (info.wz_aes_version, info.wz_aes_strength) == (2, AES_256)


def test_a_passphrase_has_a_hundred_bits_and_is_another_each_time() -> None:
    assert _GROUPS * _LENGTH * math.log2(len(set(_SIGNS))) > 100
    zipped = _zip(FILES)
    found = {lock(zipped).passphrase for _ in range(20)}
    assert len(found) == 20
    assert all(re.fullmatch(r"([a-z2-9]{4}-){5}[a-z2-9]{4}", one) for one in found)
    assert not set(_SIGNS) & set("ilo01")


def test_it_does_not_show_its_passphrase() -> None:
    locked = lock(_zip(FILES))
    assert locked.passphrase not in f"{locked} {locked!r}"
