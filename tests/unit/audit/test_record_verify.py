"""A log in a folder and a proof in a file: sound ones pass, each changed byte is found."""

import ast
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import verify
from audit.merkle import Edge, inclusion_path, prove
from audit.notes import Signer
from audit.verify import (
    Proof,
    VerificationError,
    leaf_hash,
    main,
    parse_tile_path,
    split_bundle,
    tile_path,
    tile_width,
    tree_root,
    verify_log,
    verify_proof,
)

SIGNER = Signer(name="fjallklubben.example/record", seed=bytes(range(32)))
ENTRIES = [b'{"number":%d}' % number for number in range(600)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def write_log(folder: Path, size: int) -> Path:
    """The folder of a log, laid out by hand from the format's description."""
    level, hashes = 0, LEAVES[:size]
    (folder / "tile").mkdir(parents=True)
    while hashes:
        above = []
        for number, start in enumerate(range(0, len(hashes), 256)):
            part = hashes[start : start + 256]
            put(folder / tile_path(level, number, len(part)), b"".join(part))
            if level == 0:
                entries = ENTRIES[start : start + 256][: len(part)]
                data = b"".join(bytes(divmod(len(e), 256)) + e for e in entries)
                put(folder / tile_path(None, number, len(part)), data)
            if len(part) == 256:
                above.append(tree_root(part))
        level, hashes = level + 1, above
    put(folder / "checkpoint", SIGNER.checkpoint(size, tree_root(LEAVES[:size])).encode())
    return folder


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 600])
def test_a_sound_log_verifies(tmp_path: Path, size: int) -> None:
    seen: list[tuple[int, int]] = []
    report = verify_log(write_log(tmp_path, size), SIGNER.key, lambda *at: seen.append(at))
    assert report.problems == ()
    assert report.checkpoint.size == size
    assert seen[-1:] == ([(size, size)] if size else [])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_log(tmp_path_factory.mktemp("log"), 600)


def wrong(folder: Path) -> str:
    """What verification says of a folder, all in one text; empty when it finds nothing."""
    try:
        return "\n".join(verify_log(folder, SIGNER.key).problems)
    except VerificationError as error:
        return str(error)


FILES = [
    "checkpoint",
    "tile/0/000",
    "tile/0/001",
    "tile/0/002.p/88",
    "tile/1/000.p/2",
    "tile/entries/000",
    "tile/entries/001",
    "tile/entries/002.p/88",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), name=st.sampled_from(FILES))
def test_any_flipped_bit_missing_byte_or_added_byte_is_found(
    folder: Path, data: st.DataObject, name: str
) -> None:
    path = folder / name
    sound = path.read_bytes()
    at = data.draw(st.integers(0, len(sound) - 1))
    changed = data.draw(
        st.sampled_from(
            [
                sound[:at]
                + bytes([sound[at] ^ 1 << data.draw(st.integers(0, 7))])
                + sound[at + 1 :],
                sound[:at] + sound[at + 1 :],
                sound[:at] + b"\x00" + sound[at:],
                sound[:at],
                sound + b"\n",
                b"",
            ]
        )
    )
    try:
        path.write_bytes(changed)
        assert wrong(folder) or changed == sound
    finally:
        path.write_bytes(sound)
    assert wrong(folder) == ""


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).rename(folder / "away")
    try:
        assert f"{name}: cannot be read" in wrong(folder)
    finally:
        (folder / "away").rename(folder / name)


@pytest.mark.parametrize(
    "name",
    ["tile/0/003.p/1", "tile/0/002.p/87", "tile/2/000.p/1", "tile/entries/x", "tile/notes.txt"],
)
def test_a_file_that_does_not_belong_is_named(folder: Path, name: str) -> None:
    put(folder / name, b"x")
    try:
        assert f"{name}: does not belong" in wrong(folder)
    finally:
        (folder / name).unlink()


def test_what_differs_is_said_precisely(folder: Path) -> None:
    bundle, tile = folder / "tile/entries/001", folder / "tile/0/000"
    sound = bundle.read_bytes(), tile.read_bytes()
    try:
        bundle.write_bytes(sound[0].replace(b'{"number":300}', b'{"number":301}'))
        assert "tile/0/001: hash 44 is not the hash of entry 300" in wrong(folder)
        assert "tile/1/000.p/2: hash 1 is not the hash of tile/0/001" in wrong(folder)
        assert "do not hash to the root" in wrong(folder)
        bundle.write_bytes(sound[0])
        tile.write_bytes(bytes(32) + sound[1][32:])
        assert wrong(folder) == "tile/0/000: hash 0 is not the hash of entry 0"
        (folder / "tile/entries/000").rename(folder / "away")
        tile.unlink()
        assert "cannot go on" in wrong(folder)
    finally:
        bundle.write_bytes(sound[0])
        tile.write_bytes(sound[1])
        (folder / "away").rename(folder / "tile/entries/000")


def test_tiles_of_a_longer_log_do_not_belong_under_an_earlier_checkpoint(
    folder: Path, tmp_path: Path
) -> None:
    earlier = write_log(tmp_path, 512) / "checkpoint"
    sound = (folder / "checkpoint").read_bytes()
    try:
        (folder / "checkpoint").write_bytes(earlier.read_bytes())
        assert set(wrong(folder).split("\n")) == {
            "tile/0/002.p/88: does not belong to a log of 512 entries",
            "tile/entries/002.p/88: does not belong to a log of 512 entries",
        }
    finally:
        (folder / "checkpoint").write_bytes(sound)


def proof_of(index: int, size: int = 600) -> str:
    def read(node: tuple[int, int]) -> bytes:
        height, at = node
        return tree_root(LEAVES[at << height : (at + 1) << height])

    edge = Edge()
    edge.append(LEAVES[:size])
    hashes = tuple(prove(inclusion_path(index, size), read))
    return str(Proof(index, hashes, SIGNER.checkpoint(size, edge.root())))


def test_a_proof_is_read_and_written_alike_and_verifies() -> None:
    for index, size in [(0, 1), (0, 600), (599, 600), (300, 512)]:
        text = proof_of(index, size)
        assert str(Proof.parse(text)) == text
        assert verify_proof(text, entry=ENTRIES[index], key=SIGNER.key).size == size
        with_extra = text.replace("\nindex", "\nextra AAEC\nindex", 1)
        assert Proof.parse(with_extra).extra == b"\x00\x01\x02"
        assert str(Proof.parse(with_extra)) == with_extra
        assert verify_proof(with_extra, entry=ENTRIES[index], key=SIGNER.key).size == size


PROOF = proof_of(77)


@given(st.integers(0, len(PROOF) - 1), st.sampled_from("\x00 Az0\n—+é"))
def test_no_single_character_of_a_proof_can_be_changed(at: int, other: str) -> None:
    changed = PROOF[:at] + other + PROOF[at + 1 :]
    if changed != PROOF:
        with pytest.raises(VerificationError):
            verify_proof(changed, entry=ENTRIES[77], key=SIGNER.key)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:0],
        lambda text: text.replace("@v1", "@v2"),
        lambda text: text.replace("index 77", "index 077"),
        lambda text: text.replace("index 77", "index  77"),
        lambda text: text.replace("index 77\n", ""),
        lambda text: text.replace("index 77", "extra AAEC\nextra AAEC\nindex 77"),
        lambda text: text.replace("index 77", "index 77\nextra AAEC"),
        lambda text: text.replace("index 77", "extra AAE\nindex 77"),
        lambda text: text.replace("index 77", "index 77\n" + "\n".join(["A" * 43 + "="] * 70)),
        lambda text: text.replace("\n\n", "\n", 1),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "\n",
        lambda text: text + "x" * 70_000,
        lambda text: " " + text,
    ],
)
def test_a_malformed_proof_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(VerificationError):
        verify_proof(change(PROOF), entry=ENTRIES[77], key=SIGNER.key)


@given(st.none() | st.integers(0, 7), st.integers(0, 10**15), st.integers(1, 256))
def test_a_tile_s_path_is_read_and_written_alike(
    level: int | None, number: int, width: int
) -> None:
    assert parse_tile_path(tile_path(level, number, width)) == (level, number, width)


def test_tile_paths_and_widths_are_those_of_the_format() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path(1, 5, 17) == "tile/1/005.p/17"
    assert tile_path(None, 0, 1) == "tile/entries/000.p/1"
    assert [tile_width(0, number, 600) for number in range(4)] == [256, 256, 88, 0]
    assert [tile_width(1, number, 600) for number in range(2)] == [2, 0]


@pytest.mark.parametrize(
    ("data", "width"),
    [(b"", 1), (b"\x00", 0), (b"\x00\x02a", 1), (b"\x00\x01ab", 1), (b"\x00\x01a" * 2, 1)],
)
def test_a_bundle_with_anything_missing_or_left_over_is_refused(data: bytes, width: int) -> None:
    with pytest.raises(VerificationError):
        split_bundle(data, width)


def test_the_command_says_what_it_found_and_exits_with_0_or_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, key = write_log(tmp_path / "log", 3), SIGNER.verifier_key
    (tmp_path / "proof").write_text(proof_of(1, 3))
    (tmp_path / "entry").write_bytes(ENTRIES[1])
    proof = ["proof", str(tmp_path / "proof"), "--entry", str(tmp_path / "entry"), "--key"]
    assert main(["log", str(log), "--key", key]) == 0
    assert main([*proof, key]) == 0
    assert capsys.readouterr().out.count("verified: fjallklubben.example/record, 3 entries") == 2
    (tmp_path / "entry").write_bytes(ENTRIES[2])
    (log / "tile/0/000.p/3").write_bytes(bytes(96))
    for arguments in (
        ["log", str(log), "--key", key],
        ["log", str(tmp_path / "nowhere"), "--key", key],
        ["log", str(log), "--key", "nonsense"],
        [*proof, key],
        ["proof", str(tmp_path / "nowhere"), *proof[2:], key],
    ):
        assert main(arguments) == 1
        said = capsys.readouterr()
        assert said.err.endswith("NOT VERIFIED\n")
        assert said.out == ""


def test_the_verifier_leans_on_the_standard_library_and_cryptography_alone() -> None:
    tree = ast.parse(Path(verify.__file__).read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(str(node.module).split(".")[0])
    assert names - set(sys.stdlib_module_names) == {"cryptography"}
