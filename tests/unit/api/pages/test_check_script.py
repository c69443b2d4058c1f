"""What a browser finds by itself is what `audit.verify` finds, of good proofs and of any other."""

import base64
import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

import api.pages
from audit.notes import Signer
from audit.verify import (
    Proof,
    VerificationError,
    VerifierKey,
    leaf_hash,
    node_hash,
    tree_root,
    verify_proof,
)

SCRIPT = Path(api.pages.__file__).parent / "static" / "check.js"
NODE = shutil.which("node") or shutil.which("nodejs")
pytestmark = pytest.mark.browser  # it needs what browsers' tests need, and fails without it
ORIGIN = "fjallklubben.example/record"


@dataclass(frozen=True)
class Case:
    entry: bytes
    proof: str
    key: str


def _in_script(cases: Sequence[Case]) -> list[bool]:
    sent = [
        {"entry": base64.b64encode(one.entry).decode(), "proof": one.proof, "key": one.key}
        for one in cases
    ]
    if NODE is None:
        pytest.fail("Node.js runs the script: install it, or leave these out with -m 'not browser'")
    driver = Path(__file__).with_name("check_in_node.js")
    done = subprocess.run(
        [NODE, str(driver), str(SCRIPT)],
        input=json.dumps(sent), capture_output=True, text=True, check=True,
    )  # fmt: skip
    said: list[bool] = json.loads(done.stdout)
    return said


def _in_python(case: Case) -> bool:
    try:
        verify_proof(case.proof, entry=case.entry, key=VerifierKey.parse(case.key))
    except VerificationError:
        return False
    return True


@cache
def _signer(seed: int = 7, name: str = ORIGIN) -> Signer:
    return Signer(name=name, seed=random.Random(seed).randbytes(32))


def _path(hashes: list[bytes], index: int) -> list[bytes]:
    """RFC 6962, 2.1.1, as it is written there."""
    if len(hashes) == 1:
        return []
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    if index < split:
        return [*_path(hashes[:split], index), tree_root(hashes[split:])]
    return [*_path(hashes[split:], index - split), tree_root(hashes[:split])]


def _good(size: int, index: int, *, extra: bytes | None = None) -> Case:
    entries = [f'{{"at":"2026-01-05","n":{one},"what":"Å"}}'.encode() for one in range(size)]
    hashes = [leaf_hash(one) for one in entries]
    note = _signer().checkpoint(size, tree_root(hashes))
    proof = Proof(index, tuple(_path(hashes, index)), note, extra)
    return Case(entries[index], str(proof), _signer().verifier_key)


def test_a_good_proof_holds_in_trees_of_every_shape() -> None:
    cases = [_good(size, index) for size in range(1, 20) for index in range(size)]
    cases += [_good(size, size // 3) for size in (100, 255, 256, 257)]
    cases += [_good(5, 2, extra=b"more")]
    assert all(map(_in_python, cases))
    assert all(_in_script(cases))


def test_no_byte_of_entry_proof_or_key_can_be_another() -> None:
    good = _good(11, 6)
    dice = random.Random(1)

    def flipped(sent: bytes) -> list[bytes]:
        return [
            sent[:at] + bytes([sent[at] ^ dice.randrange(1, 256)]) + sent[at + 1 :]
            for at in range(len(sent))
        ]

    def texts(sent: str) -> list[str]:
        return [one.decode(errors="replace") for one in flipped(sent.encode())]

    cases = [replace(good, entry=one) for one in flipped(good.entry)]
    cases += [replace(good, proof=one) for one in texts(good.proof)]
    cases += [replace(good, key=one) for one in texts(good.key)]
    assert len(cases) > 500
    assert not any(_in_script(cases))


def test_script_and_verifier_agree_on_whatever_is_made_of_a_proof() -> None:
    dice = random.Random(2026)
    cases = [_made(dice) for _ in range(3_000)]
    expected = [_in_python(one) for one in cases]
    assert {True, False} == set(expected)
    assert _in_script(cases) == expected


def _made(dice: random.Random) -> Case:
    """A proof that was changed a little, at one to three places, or not at all."""
    size = dice.randrange(1, 40)
    case = _good(size, dice.randrange(size), extra=dice.choice([None, None, b"x"]))
    for _ in range(dice.randrange(3)):
        case = replace(case, proof=dice.choice(_CHANGES)(case.proof, dice))
    if dice.random() < 0.1:
        case = replace(case, key=_other_key(case.key, dice))
    return case


def _line_gone(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    del lines[dice.randrange(len(lines))]
    return "\n".join(lines)


def _line_twice(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    return "\n".join([*lines[:at], lines[at], *lines[at:]])


def _lines_swapped(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def _strange_sign(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text) + 1)
    sign = dice.choice(" \t\n\r\x00+=-0 \u200b\u2028\u00a0\ufeffÅ—\U0001f600\u0085\u2003\ue000")
    return text[:at] + sign + text[at + dice.randrange(2) :]


def _number_changed(text: str, dice: random.Random) -> str:
    head, _, rest = text.partition("index ")
    number, _, rest = rest.partition("\n")
    wrong = [f"0{number}", f"+{number}", f"{number} ", "", "-1", str(2**63), str(2**63 - 1)]
    other = dice.choice([*wrong, "9" * 20, "1e1", "٣", str(len(number)), "0"])
    return f"{head}index {other}\n{rest}"


def _witnessed(text: str, dice: random.Random) -> str:
    """Others sign too: theirs is not looked at, and ours may stand twice."""
    note = text.partition("\n\n")[2].rpartition("\n\n")[0] + "\n"
    who = dice.choice([_signer(8, "witness.example"), _signer(8, ORIGIN), _signer()])
    return text + who.sign_note(note).rpartition("\n\n")[2]


def _signed_anew(text: str, dice: random.Random) -> str:
    """The checkpoint says something else, and is signed all the same."""
    head, _, note = text.partition("\n\n")
    lines = note.rpartition("\n\n")[0].split("\n")
    at = dice.randrange(len(lines))
    lines[at] = dice.choice(["", "0", lines[at] + "=", lines[at] + "\nmore", "else.example", "٣"])
    return f"{head}\n\n" + _signer().sign_note("\n".join(lines) + "\n")


def _base64_loosened(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    loose = [lines[at].rstrip("="), lines[at] + "=", lines[at].replace("+", "-").replace("/", "_")]
    lines[at] = dice.choice([*loose, lines[at].replace("=", "A"), f"{lines[at]} "])
    return "\n".join(lines)


_CHANGES = (
    _line_gone, _line_twice, _lines_swapped, _strange_sign, _number_changed, _witnessed,
    _signed_anew, _base64_loosened,
)  # fmt: skip


def _other_key(key: str, dice: random.Random) -> str:
    name, id, rest = key.split("+", 2)
    other = _signer(9).verifier_key
    return dice.choice(
        [other, f"{name}+{id}", f"{name}++{rest}", f"{name}+{id.upper()}+{rest}", f" {key}",
         f"{key}\n", f"{name}+{id}+{rest}+", f"{name}+{other.split('+', 2)[1]}+{rest}", ""]
    )  # fmt: skip


def test_long_texts_are_refused_alike() -> None:
    good = _good(3, 1)
    cases = [
        replace(good, proof=_witnesses(good.proof, 99)),
        replace(good, proof=_witnesses(good.proof, 100)),
        replace(
            good, proof=good.proof.replace("\nindex", "\nextra " + "AAAA" * 16_500 + "\nindex")
        ),
        replace(
            good, proof=good.proof.replace("\nindex", "\nextra " + "AAAA" * 15_000 + "\nindex")
        ),
    ]
    assert [_in_python(one) for one in cases] == [True, False, False, True]
    assert _in_script(cases) == [True, False, False, True]


def _witnesses(proof: str, count: int) -> str:
    line = "— w.example " + base64.b64encode(bytes(5)).decode() + "\n"
    return proof + line * count


def test_an_inner_node_is_taken_for_no_entry() -> None:
    """Leaves and nodes are hashed apart (RFC 6962)."""
    leaves = [leaf_hash(b"a"), leaf_hash(b"b")]
    note = _signer().checkpoint(2, tree_root(leaves))
    fake = Case(b"".join(leaves), str(Proof(0, (), note)), _signer().verifier_key)
    assert node_hash(*leaves) == tree_root(leaves)
    assert _in_script([fake]) == [_in_python(fake)] == [False]
