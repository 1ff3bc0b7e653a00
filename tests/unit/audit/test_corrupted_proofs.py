"""Every way in which the test data of transparency-dev/merkle corrupts a proof, on every proof of its tree.

Where implementations differ, size 0 and hashes of no length, the answer is ours: test_merkle.py gives it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from services.audit.domain.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from services.audit.domain.proof_refused import ProofRefused
from tests.unit.audit.test_merkle import VECTOR, subtrees_of

HASHES = [leaf_hash(entry) for entry in VECTOR]
SUBTREES = subtrees_of(HASHES)
SIZES = range(1, len(VECTOR) + 1)
SOME_HASH = b"\xab" * HASH_BYTES
NO_HASH = b"WrongHash"
Proof = tuple[bytes, ...]


@dataclass(frozen=True)
class Inclusion:
    index: int
    size: int
    leaf: bytes
    root: bytes
    proof: Proof

    def verify(self) -> None:
        verify_inclusion(self.leaf, index=self.index, size=self.size, proof=self.proof, expected=self.root)


@dataclass(frozen=True)
class Consistency:
    old: int
    size: int
    old_root: bytes
    root: bytes
    proof: Proof

    def verify(self) -> None:
        verify_consistency(
            old=self.old, size=self.size, old_root=self.old_root, new_root=self.root, proof=self.proof
        )


def inclusions() -> Iterator[Inclusion]:
    for size in SIZES:
        for index in range(size):
            proof = inclusion_proof(index, size, SUBTREES)
            yield Inclusion(index, size, HASHES[index], root(HASHES[:size]), proof)


def consistencies() -> Iterator[Consistency]:
    for size in SIZES:
        for old in range(1, size):
            proof = consistency_proof(old, size, SUBTREES)
            yield Consistency(old, size, root(HASHES[:old]), root(HASHES[:size]), proof)


def altered(proof: Proof, *roots: bytes) -> Iterator[Proof]:
    """The proof with something before, behind, between, less, or one bit of a hash changed."""
    for garbage in (b"", *roots, *proof[:1]):
        yield (*proof, garbage)
        yield (garbage, *proof)
    for number, hash_ in enumerate(proof):
        yield (*proof[:number], bytes([hash_[0] ^ 16]) + hash_[1:], *proof[number + 1 :])
        yield (*proof[:number], *proof[number + 1 :])
    if len(proof) > 1:
        yield (proof[0], SOME_HASH, *proof[1:])


def corrupted_inclusions(true: Inclusion) -> Iterator[Inclusion]:
    for index in {true.index - 1, true.index + 1, true.index ^ 2}:
        yield replace(true, index=index)
    for size in {true.size * 2, true.size // 2}:
        yield replace(true, size=size)
    yield replace(true, leaf=NO_HASH)
    for wrong in (EMPTY_ROOT, SOME_HASH, NO_HASH):
        yield replace(true, root=wrong)
    for proof in altered(true.proof, true.root):
        yield replace(true, proof=proof)


def corrupted_consistencies(true: Consistency) -> Iterator[Consistency]:
    for old in {true.old - 1, true.old + 1, true.old ^ 2}:
        yield replace(true, old=old)
    for size in {true.size * 2, true.size // 2}:
        yield replace(true, size=size)
    yield replace(true, old_root=NO_HASH)
    yield replace(true, root=NO_HASH)
    yield replace(true, old_root=true.root, root=true.old_root)
    yield replace(true, proof=())
    for proof in altered(true.proof, true.old_root, true.root):
        yield replace(true, proof=proof)


@pytest.mark.parametrize(
    ("index", "size", "expected"),
    [
        (0, 1, []),
        (0, 8, ["96a296d2", "5f083f0a", "6b47aaf2"]),
        (5, 8, ["bc1a0643", "ca854ea1", "d37ee418"]),
        (2, 3, ["fac54203"]),
        (1, 5, ["6e340b9c", "5f083f0a", "bc1a0643"]),
    ],
)
def test_the_inclusion_proofs_are_the_published_ones(index: int, size: int, expected: list[str]) -> None:
    assert [h.hex()[:8] for h in inclusion_proof(index, size, SUBTREES)] == expected


@pytest.mark.parametrize(
    ("old", "size", "expected"),
    [
        (1, 1, []),
        (1, 8, ["96a296d2", "5f083f0a", "6b47aaf2"]),
        (6, 8, ["0ebc5d34", "ca854ea1", "d37ee418"]),
        (2, 5, ["5f083f0a", "bc1a0643"]),
        (6, 7, ["0ebc5d34", "b08693ec", "d37ee418"]),
    ],
)
def test_the_consistency_proofs_are_the_published_ones(old: int, size: int, expected: list[str]) -> None:
    assert [h.hex()[:8] for h in consistency_proof(old, size, SUBTREES)] == expected


@pytest.mark.parametrize("true", [*inclusions()], ids=lambda t: f"{t.index} in {t.size}")
def test_no_corrupted_inclusion_proof_is_accepted(true: Inclusion) -> None:
    true.verify()
    for corrupted in corrupted_inclusions(true):
        with pytest.raises(ProofRefused):
            corrupted.verify()


@pytest.mark.parametrize("true", [*consistencies()], ids=lambda t: f"{t.old} to {t.size}")
def test_no_corrupted_consistency_proof_is_accepted(true: Consistency) -> None:
    true.verify()
    for corrupted in corrupted_consistencies(true):
        with pytest.raises(ProofRefused):
            corrupted.verify()
