"""Every single bit of a small log: changed, our own verifier refuses the log."""

from collections.abc import Iterator, Mapping

import pytest

from services.audit.domain.append import LogState, append
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.fsck import inspect_files
from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.merkle import CompactRange, leaf_hash
from services.audit.domain.note import sign
from services.audit.domain.policy import Policy, Trusted, open_checkpoint
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.tiles import BUNDLE, TileName, encode_bundle
from tests.support.audit import LOG_KEY, NOW, ORIGIN, SECRECY, fact

WITNESS = SigningKey("witness.example/w1", SignatureType.COSIGNATURE, bytes(range(32, 64)))
POLICY = Policy((Trusted(LOG_KEY.verifier),), {"w1": Trusted(WITNESS.verifier)}, {}, "w1")
SIZE = 2
BUNDLE_NAME, TILE_NAME = TileName(BUNDLE, 0, SIZE), TileName(0, 0, SIZE)


def log() -> tuple[bytes, dict[TileName, bytes]]:
    """A log of two real leaves: its cosigned checkpoint and its files."""
    state = LogState(CompactRange(), frozenset(), {})
    made = append([fact(n) for n in range(SIZE)], state, secrecy=SECRECY, random_bytes=bytes)
    entries = [entry.entry for entry in made.entries]
    checkpoint = Checkpoint(ORIGIN, SIZE, made.frontier.root())
    note = sign(checkpoint.to_text(), [LOG_KEY, WITNESS], time=int(NOW.timestamp()))
    tile = b"".join(map(leaf_hash, entries))
    return note.to_bytes(), {BUNDLE_NAME: encode_bundle(entries), TILE_NAME: tile}


def opened(note: bytes) -> Checkpoint | None:
    """The checkpoint, where the policy accepts it."""
    try:
        return open_checkpoint(note, POLICY)
    except ProofRefused:
        return None


def whole(files: Mapping[TileName, bytes], checkpoint: Checkpoint) -> bool:
    try:
        *_, last = inspect_files(files.__getitem__, checkpoint)
    except ProofRefused:
        return False
    return last.entries == SIZE


def changed(data: bytes) -> Iterator[bytes]:
    """The bytes with each bit flipped in turn."""
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


def test_the_log_itself_is_accepted() -> None:
    note, files = log()
    checkpoint = opened(note)
    assert checkpoint is not None
    assert whole(files, checkpoint)


def test_no_bit_of_the_checkpoint_or_its_cosignature_can_be_changed() -> None:
    note, _ = log()
    assert not any(opened(other) for other in changed(note))


@pytest.mark.parametrize("name", [BUNDLE_NAME, TILE_NAME], ids=lambda name: name.path)
def test_no_bit_of_a_tile_or_bundle_can_be_changed(name: TileName) -> None:
    note, files = log()
    checkpoint = opened(note)
    assert checkpoint is not None
    assert not any(whole(files | {name: other}, checkpoint) for other in changed(files[name]))
