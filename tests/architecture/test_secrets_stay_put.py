"""What is secret or personal is not copied, not pickled, and shows nothing of itself in a log."""

import copy
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from audit.entries import commit
from audit.notes import Signer
from consent.choices import Action, Choice
from dsar.packages import Package
from profiles.erasing import DestroyKeys
from profiles.keys import EpochKey, MemberKey, SealingKey
from profiles.opened import Opened
from profiles.purchases import Item, Purchase
from profiles.roots import FileRootKey
from profiles.sealing import Computed, Kept

SECRET = b"0123456789abcdef0123456789ABCDEF"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
SOMEBODY = UUID(int=7)
VALUE = "asa.oberg@post.example"


def _keys(folder: Path) -> list[object]:
    (folder / "root.key").write_text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY=\n")
    return [
        SealingKey(SECRET),
        MemberKey(SOMEBODY, SECRET),
        EpochKey(1, SECRET),
        FileRootKey(folder / "root.key"),
        Signer(name="example.org/record", seed=SECRET),
    ]


def test_a_key_is_neither_pickled_nor_copied(tmp_path: Path) -> None:
    for key in (*_keys(tmp_path), DestroyKeys()):
        for spread in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError):
                spread(key)


def test_a_key_does_not_show_itself(tmp_path: Path) -> None:
    for key in _keys(tmp_path):
        for shown in (repr(key), str(key), f"{key}", repr([key])):
            for spelling in (SECRET.decode(), SECRET.hex(), "MDEyMzQ1"):
                assert spelling not in shown


@pytest.mark.parametrize(
    "personal",
    [
        Kept(VALUE, "till", NOW),
        Computed({"spend": VALUE}, 1, None),
        Opened(VALUE, "till", NOW),
        Purchase(
            VALUE, VALUE, NOW, Decimal(1), False, (Item(VALUE, VALUE, Decimal(1), Decimal(1)),)
        ),
        Choice(Action.GIVEN, VALUE, NOW, "member", 1),
        Package(SOMEBODY, VALUE.encode()),
    ],
    ids=lambda personal: type(personal).__name__,
)
def test_what_is_personal_does_not_show_itself(personal: object) -> None:
    for shown in (repr(personal), str(personal), f"{personal}", repr({"in": [personal]})):
        assert VALUE not in shown


def test_a_commitment_does_not_show_its_salt() -> None:
    made = commit(b"detail")
    assert repr(made.salt) not in repr(made)
    assert made.salt.hex() not in repr(made)
