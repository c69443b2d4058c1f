"""The tree is RFC 6962's: equal to the definition written down naively, at every size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import (
    Edge,
    Node,
    consistency_path,
    edge_widths,
    inclusion_path,
    prove,
    split,
    tile_of,
)
from audit.verify import (
    EMPTY_ROOT,
    TILE,
    VerificationError,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The test tree that implementations of RFC 6962 share.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOT_OF_EIGHT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"

LEAVES = [leaf_hash(b"%d" % number) for number in range(70_000)]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*naive_inclusion(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_inclusion(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_consistency(old: int, leaves: list[bytes], *, known: bool = True) -> list[bytes]:
    if old == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if old <= k:
        return [*naive_consistency(old, leaves[:k], known=known), naive_root(leaves[k:])]
    return [*naive_consistency(old - k, leaves[k:], known=False), naive_root(leaves[:k])]


def reader(leaves: list[bytes]):  # type: ignore[no-untyped-def]
    def read(node: Node) -> bytes:
        height, index = node
        below = leaves[index << height : (index + 1) << height]
        assert len(below) == 1 << height, "a node outside the tree was asked for"
        return tree_root(below)

    return read


def test_the_known_roots_come_out() -> None:
    leaves = [leaf_hash(entry) for entry in ENTRIES]
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Edge().root() == tree_root([]) == EMPTY_ROOT
    assert leaf_hash(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    edge = Edge()
    edge.append(leaves)
    assert edge.root().hex() == tree_root(leaves).hex() == ROOT_OF_EIGHT


def test_the_root_is_the_definition_s_at_every_size() -> None:
    edge = Edge()
    for size in range(301):
        assert edge.root() == tree_root(LEAVES[:size]) == naive_root(LEAVES[:size])
        assert edge.size == size
        edge.append([LEAVES[size]])


@pytest.mark.parametrize("size", [*range(1, 35), 63, 64, 65, 127, 129, 255, 256, 257, 300])
def test_every_inclusion_proof_is_the_definition_s_and_verifies(size: int) -> None:
    leaves = LEAVES[:size]
    root = naive_root(leaves)
    for index in range(size):
        proof = prove(inclusion_path(index, size), reader(leaves))
        assert proof == naive_inclusion(index, leaves)
        verify_inclusion(leaf=leaves[index], index=index, proof=proof, size=size, root=root)


@pytest.mark.parametrize("size", [*range(35), 63, 64, 65, 127, 129, 255, 256, 257, 300])
def test_every_consistency_proof_is_the_definition_s_and_verifies(size: int) -> None:
    leaves = LEAVES[:size]
    root = naive_root(leaves)
    for old in range(size + 1):
        proof = prove(consistency_path(old, size), reader(leaves))
        assert proof == (naive_consistency(old, leaves) if old else [])
        old_root = naive_root(leaves[:old])
        verify_consistency(old_size=old, old_root=old_root, size=size, root=root, proof=proof)


@given(st.data())
def test_a_proof_for_anything_else_does_not_verify(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    proof = prove(inclusion_path(index, size), reader(leaves))
    right = {
        "leaf": leaves[index],
        "index": index,
        "proof": proof,
        "size": size,
        "root": naive_root(leaves),
    }
    wrong = {
        "leaf": LEAVES[size],
        "index": data.draw(st.integers(-1, 2 * size).filter(lambda other: other != index)),
        "proof": data.draw(
            st.sampled_from([[*proof, EMPTY_ROOT], proof[:-1], [*proof[:-1], EMPTY_ROOT]]).filter(
                lambda other: other != proof
            )
        ),
        "root": LEAVES[size],
    }
    changed = data.draw(st.sampled_from(sorted(wrong)))
    with pytest.raises(VerificationError):
        verify_inclusion(**{**right, changed: wrong[changed]})


@given(st.data())
def test_two_trees_that_differ_are_not_shown_to_be_one_growing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 200))
    old = data.draw(st.integers(1, size))
    leaves = LEAVES[:size]
    proof = prove(consistency_path(old, size), reader(leaves))
    right = {
        "old_size": old,
        "old_root": naive_root(leaves[:old]),
        "size": size,
        "root": naive_root(leaves),
        "proof": proof,
    }
    forked = [*leaves[: old - 1], EMPTY_ROOT]
    wrong = {
        "old_root": naive_root(forked),
        "root": naive_root([*forked, *leaves[old:]]),
        "old_size": data.draw(st.sampled_from([old - 1, size + 1]).filter(lambda other: other != 0))
        if old > 1
        else size + 1,
        "proof": data.draw(
            st.sampled_from([[*proof, EMPTY_ROOT], proof[:-1], proof[1:]]).filter(
                lambda other: other != proof
            )
        )
        if proof
        else [EMPTY_ROOT],
    }
    changed = data.draw(st.sampled_from(sorted(wrong)))
    with pytest.raises(VerificationError):
        verify_consistency(**{**right, changed: wrong[changed]})


@given(st.lists(st.integers(0, 400), max_size=6), st.booleans())
def test_tiles_and_edge_do_not_depend_on_the_steps_taken(steps: list[int], resume: bool) -> None:
    edge, tiles, done = Edge(), [], 0
    for step in steps:
        if resume:
            levels = range(len(edge_widths(edge.size)))
            edge = Edge(edge.size, [edge.row(level) for level in levels])
        tiles += edge.append(LEAVES[done : done + step])
        done += step
    assert edge.root() == naive_root(LEAVES[:done])
    assert [(tile.level, tile.number) for tile in tiles] == [(0, n) for n in range(done // TILE)]
    for tile in tiles:
        start = tile.number * TILE
        assert split(tile.hashes) == LEAVES[start : start + TILE]
        assert tile.root == naive_root(LEAVES[start : start + TILE])
    assert edge.row(0) == LEAVES[done // TILE * TILE : done]


def test_a_level_of_tiles_stands_on_the_one_below() -> None:
    edge = Edge()
    tiles = {(tile.level, tile.number): tile for tile in edge.append(LEAVES)}
    assert len(tiles) == 70_000 // 256 + 1
    assert tiles[1, 0].hashes == b"".join(tiles[0, n].root for n in range(256))
    assert edge.row(1) == [tiles[0, n].root for n in range(256, 273)]
    assert edge.row(2) == [tiles[1, 0].root]
    assert edge.root() == tree_root(LEAVES)
    for node in [(0, 0), (0, 69_887), (3, 5), (7, 3), (8, 200), (10, 60), (15, 1), (16, 0)]:
        level, number, beneath = tile_of(node)
        hashes = tiles[level, number].hashes if (level, number) in tiles else b""
        found = tree_root((split(hashes) if hashes else edge.row(level))[beneath])
        height, index = node
        assert found == tree_root(LEAVES[index << height : (index + 1) << height])


def test_an_edge_that_does_not_fit_its_size_is_refused() -> None:
    for size, rows in [(3, [LEAVES[:2]]), (257, [LEAVES[:1]]), (256, [LEAVES[:1]])]:
        with pytest.raises(ValueError, match="level"):
            Edge(size, rows)


def test_what_lies_outside_the_tree_has_no_path() -> None:
    for index, size in [(0, 0), (5, 5), (-1, 5)]:
        with pytest.raises(ValueError, match="tree"):
            inclusion_path(index, size)
    with pytest.raises(ValueError, match="begin"):
        consistency_path(6, 5)


def test_the_widths_of_the_edge_add_up_to_the_size() -> None:
    for size in (0, 1, 255, 256, 257, 65_535, 65_536, 1_234_567):
        widths = edge_widths(size)
        assert sum(width << (8 * level) for level, (_, width) in enumerate(widths)) == size
        for level, (full, width) in enumerate(widths):
            assert full * TILE + width == size >> (8 * level)
