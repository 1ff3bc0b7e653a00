"""The tree against the vectors of RFC 6962's reference implementation, and against a naive one."""

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.domain.merkle import (
    EMPTY_ROOT,
    CompactRange,
    Subtree,
    SubtreeHash,
    consistency_proof,
    grow,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from services.audit.domain.proof_refused import ProofRefused

pytestmark = pytest.mark.slow

LARGEST = 300
HASHES = [leaf_hash(str(i).encode()) for i in range(LARGEST)]
VECTOR = [
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
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node_hash(naive_root(hashes[:k]), naive_root(hashes[k:]))


def subtrees_of(hashes: list[bytes]) -> SubtreeHash:
    memory: dict[tuple[int, int], bytes] = {}

    def subtree(height: int, index: int) -> bytes:
        if height == 0:
            return hashes[index]
        if (height, index) not in memory:
            children = subtree(height - 1, 2 * index), subtree(height - 1, 2 * index + 1)
            memory[height, index] = node_hash(*children)
        return memory[height, index]

    return subtree


SUBTREES = subtrees_of(HASHES)
TREE_ROOTS = [naive_root(HASHES[:size]) for size in range(LARGEST + 1)]


@pytest.mark.parametrize(("size", "expected"), ROOTS.items())
def test_the_roots_of_the_published_vectors_are_reproduced(size: int, expected: str) -> None:
    assert root([leaf_hash(entry) for entry in VECTOR[:size]]).hex() == expected


def test_every_size_has_the_root_of_the_naive_definition() -> None:
    assert [root(HASHES[:size]) for size in range(LARGEST + 1)] == TREE_ROOTS


def test_a_tree_that_grows_in_parts_is_the_tree_that_grows_at_once() -> None:
    frontier = CompactRange()
    for start in range(0, LARGEST, 7):
        frontier, _ = grow(frontier, HASHES[start : start + 7])
    assert frontier == grow(CompactRange(), HASHES)[0]


@given(st.integers(0, LARGEST), st.integers(0, LARGEST))
def test_the_whole_log_grows_the_same_through_any_two_batches(first: int, second: int) -> None:
    middle, end = sorted((first, second))
    frontier, early = grow(CompactRange(), HASHES[:middle])
    frontier, late = grow(frontier, HASHES[middle:end])
    assert (frontier, early + late) == grow(CompactRange(), HASHES[:end])


def test_growing_reports_the_subtrees_that_fill_a_slot_of_a_higher_tile() -> None:
    hashes = [leaf_hash(bytes([i % 256])) for i in range(1000)]
    _, completed = grow(CompactRange(), hashes)
    assert completed == tuple(Subtree(1, i, root(hashes[256 * i : 256 * (i + 1)])) for i in range(3))


def test_the_roots_of_a_whole_log_are_those_that_other_implementations_found() -> None:
    expected = {
        1: "rELtOXVk/uzaTE4G8mVVVwDW05il3uob4twemP0IrVk=",
        256: "+mBenU4QZ54fARQJ2I7S0I3OBn1Sqj2jUySBYyeAsxs=",
        257: "p4Ga3sCy0lJ6nYhgw+QdlL7RdKUpH9DtPAQBxbeGjDs=",
        70_000: "xA1gyIq/8SJc/gsqZcV4o/6KvcPRZ7D4hCtglOou6N4=",
    }
    entry = '{{"seq":{},"type":"submission.received","v":1}}'
    hashes = [leaf_hash(entry.format(i).encode()) for i in range(70_000)]
    assert {size: root(hashes[:size]) for size in expected} == {s: b64decode(r) for s, r in expected.items()}


@pytest.mark.parametrize(("old", "length"), [(257, 18)])
def test_a_consistency_proof_is_as_long_as_the_specification_says(old: int, length: int) -> None:
    subtree = subtrees_of([b"\0" * 32] * 70_000)
    assert len(consistency_proof(old, 70_000, subtree)) == length


@pytest.mark.parametrize(("index", "length"), [(12_345, 17), (69_999, 9)])
def test_an_inclusion_proof_is_as_long_as_the_specification_says(index: int, length: int) -> None:
    subtree = subtrees_of([b"\0" * 32] * 70_000)
    assert len(inclusion_proof(index, 70_000, subtree)) == length


@pytest.mark.parametrize("size", [*range(1, 131), 255, 256, 257, LARGEST])
def test_every_leaf_of_every_tree_is_proven(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(index, size, SUBTREES)
        verify_inclusion(HASHES[index], index=index, size=size, proof=proof, expected=TREE_ROOTS[size])


@pytest.mark.parametrize("size", [*range(131), 255, 256, 257, LARGEST])
def test_every_tree_is_proven_to_extend_every_smaller_one(size: int) -> None:
    for old in range(size + 1):
        proof = consistency_proof(old, size, SUBTREES)
        verify_consistency(
            old=old, size=size, old_root=TREE_ROOTS[old], new_root=TREE_ROOTS[size], proof=proof
        )
    assert consistency_proof(size, size, SUBTREES) == ()


def flip(value: bytes, bit: int) -> bytes:
    return bytes([*value[: bit // 8], value[bit // 8] ^ (1 << bit % 8), *value[bit // 8 + 1 :]])


@given(st.data())
def test_an_inclusion_proof_with_one_bit_changed_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 255))
    parts = [HASHES[index], TREE_ROOTS[size], *inclusion_proof(index, size, SUBTREES)]
    changed = data.draw(st.integers(0, len(parts) - 1))
    leaf, expected, *proof = [flip(p, bit) if i == changed else p for i, p in enumerate(parts)]
    with pytest.raises(ProofRefused):
        verify_inclusion(leaf, index=index, size=size, proof=proof, expected=expected)


@given(st.data())
def test_an_inclusion_proof_holds_for_no_other_index_and_no_other_length(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(-1, size).filter(lambda i: i != index))
    proof = inclusion_proof(index, size, SUBTREES)
    tampered = data.draw(st.sampled_from([proof[:-1], proof[1:], (*proof, HASHES[0]), (HASHES[0], *proof)]))
    for claimed, shown in ((other, proof), (index, tampered)):
        with pytest.raises(ProofRefused):
            verify_inclusion(HASHES[index], index=claimed, size=size, proof=shown, expected=TREE_ROOTS[size])


@given(st.data())
def test_a_consistency_proof_with_one_bit_changed_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    old = data.draw(st.integers(1, size - 1))
    bit = data.draw(st.integers(0, 255))
    parts = [TREE_ROOTS[old], TREE_ROOTS[size], *consistency_proof(old, size, SUBTREES)]
    changed = data.draw(st.integers(0, len(parts) - 1))
    before, after, *proof = [flip(p, bit) if i == changed else p for i, p in enumerate(parts)]
    with pytest.raises(ProofRefused):
        verify_consistency(old=old, size=size, old_root=before, new_root=after, proof=proof)


@given(st.data())
def test_a_consistency_proof_of_another_length_or_with_swapped_roots_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    old = data.draw(st.integers(1, size - 1))
    proof = consistency_proof(old, size, SUBTREES)
    before, after = TREE_ROOTS[old], TREE_ROOTS[size]
    shown = data.draw(
        st.sampled_from(
            [
                (before, after, proof[:-1]),
                (before, after, proof[1:]),
                (before, after, (*proof, HASHES[0])),
                (before, after, (HASHES[0], *proof)),
                (after, before, proof),
                (before, after, ()),
            ]
        )
    )
    with pytest.raises(ProofRefused):
        verify_consistency(old=old, size=size, old_root=shown[0], new_root=shown[1], proof=shown[2])


@pytest.mark.parametrize(
    ("old", "size", "old_root", "new_root", "proof"),
    [
        pytest.param(0, 0, HASHES[0], HASHES[0], (), id="size 0 with another root"),
        pytest.param(0, 5, HASHES[0], TREE_ROOTS[5], (), id="from size 0 with another root"),
        pytest.param(0, 5, EMPTY_ROOT, TREE_ROOTS[5], (HASHES[0],), id="from size 0 with a proof"),
        pytest.param(5, 5, TREE_ROOTS[5], TREE_ROOTS[5], (HASHES[0],), id="equal sizes with a proof"),
        pytest.param(5, 5, TREE_ROOTS[5], TREE_ROOTS[4], (), id="two roots for one size"),
        pytest.param(5, 4, TREE_ROOTS[5], TREE_ROOTS[4], (), id="a tree that shrinks"),
        pytest.param(-1, 4, EMPTY_ROOT, TREE_ROOTS[4], (), id="a negative size"),
        pytest.param(4, 5, TREE_ROOTS[4], TREE_ROOTS[5], (b"",), id="an empty hash"),
        pytest.param(4, 5, TREE_ROOTS[4][:31], TREE_ROOTS[5], (HASHES[4],), id="a short root"),
    ],
)
def test_a_consistency_claim_that_cannot_be_is_refused(
    old: int, size: int, old_root: bytes, new_root: bytes, proof: tuple[bytes, ...]
) -> None:
    with pytest.raises(ProofRefused):
        verify_consistency(old=old, size=size, old_root=old_root, new_root=new_root, proof=proof)


def test_every_tree_extends_the_empty_tree_without_a_proof() -> None:
    for size in range(LARGEST + 1):
        new_root = TREE_ROOTS[size]
        verify_consistency(old=0, size=size, old_root=EMPTY_ROOT, new_root=new_root, proof=())
    assert consistency_proof(0, LARGEST, SUBTREES) == ()


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_nothing_is_proven_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ProofRefused, match="index"):
        inclusion_proof(index, size, SUBTREES)
    with pytest.raises(ProofRefused, match="index"):
        verify_inclusion(HASHES[0], index=index, size=size, proof=(), expected=TREE_ROOTS[size])


def test_no_proof_is_made_towards_a_smaller_tree() -> None:
    with pytest.raises(ProofRefused, match="from 6 to 5"):
        consistency_proof(6, 5, SUBTREES)


def test_a_frontier_is_what_its_bytes_say() -> None:
    frontier, _ = grow(CompactRange(), HASHES[:77])
    assert CompactRange.from_bytes(77, frontier.to_bytes()) == frontier


def test_a_frontier_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(ProofRefused, match="expected 3 hashes"):
        CompactRange.from_bytes(7, b"\0" * 64)
