"""Trust policies and proof files: what is accepted, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.merkle import inclusion_proof, leaf_hash, node_hash
from services.audit.domain.note import sign
from services.audit.domain.policy import Policy, log_only, open_checkpoint, parse_policy
from services.audit.domain.proof import LogProof, verify_proof
from services.audit.domain.proof_refused import ProofRefused

ORIGIN = "audit.example/log1"
LOG = SigningKey(ORIGIN, SignatureType.ED25519, bytes(range(32)))
W1, W2, W3 = (SigningKey(f"w{i}.example", SignatureType.COSIGNATURE, bytes([i] * 32)) for i in (1, 2, 3))
ENTRIES = [b"one", b"two"]
ROOT = node_hash(*map(leaf_hash, ENTRIES))
CHECKPOINT = Checkpoint(ORIGIN, 2, ROOT)
TWO_OF_THREE = f"""
# who watches this log
log {LOG.verifier.to_text()} http://log.example/
witness one {W1.verifier.to_text()} http://one.example/
\twitness two\t{W2.verifier.to_text()}
witness three {W3.verifier.to_text()}
group two-of-three 2 one two three
quorum two-of-three
""".encode()


def checkpoint(*keys: SigningKey) -> bytes:
    return sign(CHECKPOINT.to_text(), keys, time=1_767_225_600).to_bytes()


def test_a_quorum_of_witnesses_makes_a_checkpoint_valid() -> None:
    assert open_checkpoint(checkpoint(LOG, W1, W3), parse_policy(TWO_OF_THREE)) == CHECKPOINT


@pytest.mark.parametrize("keys", [(LOG,), (LOG, W2), (W1, W2, W3)])
def test_too_few_signatures_are_refused(keys: tuple[SigningKey, ...]) -> None:
    with pytest.raises(ProofRefused):
        open_checkpoint(checkpoint(*keys), parse_policy(TWO_OF_THREE))


def test_groups_of_groups_count_each_group_once() -> None:
    policy = parse_policy(
        TWO_OF_THREE.replace(
            b"group two-of-three 2 one two three\nquorum two-of-three",
            b"group house any one two\ngroup both all house three\nquorum both",
        )
    )
    assert policy.satisfied_by({W2.verifier, W3.verifier})
    assert not policy.satisfied_by({W1.verifier, W2.verifier})


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = SigningKey("other.example", SignatureType.ED25519, bytes(32))
    with pytest.raises(ProofRefused, match="no trusted log"):
        open_checkpoint(checkpoint(LOG), log_only(other.verifier))


def test_the_policy_gives_the_urls_of_those_it_names() -> None:
    policy = parse_policy(TWO_OF_THREE)
    assert [t.url for t in policy.witnesses.values()] == ["http://one.example/", None, None]
    assert policy.logs[0].url == "http://log.example/"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("quorum two-of-three", ""),
        ("quorum two-of-three", "quorum unknown"),
        ("quorum two-of-three", "quorum one\nquorum two"),
        ("group two-of-three 2", "group two-of-three 0"),
        ("group two-of-three 2", "group two-of-three 4"),
        ("group two-of-three 2", "group one 2"),
        ("group two-of-three 2 one", "group none any three\ngroup two-of-three 2 one"),
        ("2 one two three", "2 one two two"),
        ("2 one two three", "2 one two none"),
        ("2 one two three", "2"),
        (W2.verifier.to_text(), W1.verifier.to_text()),
        (W2.verifier.to_text(), LOG.verifier.to_text()),
        (LOG.verifier.to_text(), W2.verifier.to_text()),
        ("# who", "who"),
        ("# who", "#\x01"),
    ],
)
def test_a_policy_with_a_mistake_is_refused(old: str, new: str) -> None:
    with pytest.raises(ProofRefused, match="policy"):
        parse_policy(TWO_OF_THREE.replace(old.encode(), new.encode(), 1))


def test_no_quorum_at_all_has_to_be_said() -> None:
    policy = parse_policy(f"log {LOG.verifier.to_text()}\nquorum none\n".encode())
    assert open_checkpoint(checkpoint(LOG), policy) == CHECKPOINT


def proof(policy_keys: tuple[SigningKey, ...] = (LOG, W1, W2)) -> LogProof:
    hashes = inclusion_proof(1, 2, lambda _, index: leaf_hash(ENTRIES[index]))
    return LogProof(1, hashes, checkpoint(*policy_keys))


def test_a_proof_file_is_read_as_it_is_written() -> None:
    with_extra = LogProof(1, proof().hashes, proof().checkpoint, b"context")
    assert LogProof.from_bytes(proof().to_bytes()) == proof()
    assert LogProof.from_bytes(with_extra.to_bytes()) == with_extra


def test_a_proof_file_proves_its_entry_and_no_other() -> None:
    policy = parse_policy(TWO_OF_THREE)
    assert verify_proof(proof(), ENTRIES[1], policy) == CHECKPOINT
    with pytest.raises(ProofRefused, match="inclusion"):
        verify_proof(proof(), ENTRIES[0], policy)


def _policy() -> Policy:
    return parse_policy(TWO_OF_THREE)


@given(st.data())
def test_every_change_of_one_bit_in_a_proof_file_is_refused(data: st.DataObject) -> None:
    file = bytearray(proof().to_bytes())
    bit = data.draw(st.integers(0, len(file) * 8 - 1))
    file[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ProofRefused):
        verify_proof(LogProof.from_bytes(bytes(file)), ENTRIES[1], _policy())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v2\nindex 1\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 01\n\n",
        b"c2sp.org/tlog-proof@v1\nindex 1\nxyz\n\n",
        b"c2sp.org/tlog-proof@v1\nextra AA\nindex 1\n\n",
        "c2sp.org/tlog-proof@v1\nindex ١\n\n".encode(),
        b"x" * 2_000_001 + b"\n\n",
    ],
)
def test_what_is_not_a_proof_file_is_refused(data: bytes) -> None:
    with pytest.raises(ProofRefused, match="proof"):
        LogProof.from_bytes(data)
