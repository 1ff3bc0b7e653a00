"""Evidence files and the inspection of a whole log: true ones pass, altered ones do not."""

import os
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from amtsweg.__main__ import build
from services.audit.domain.append import State, append
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.evidence import Evidence, evidence_entry, verify_evidence
from services.audit.domain.inspection import inspect_files
from services.audit.domain.keys import Kind, SigningKey
from services.audit.domain.looks import PayloadErased, fact_of
from services.audit.domain.merkle import Frontier, inclusion_proof, leaf_hash, node_hash
from services.audit.domain.note import Note, sign
from services.audit.domain.policy import log_only
from services.audit.domain.refused import Refused
from services.audit.domain.tiles import TileName, decode_bundle, encode_bundle, published
from tests.support.audit import LOG_KEY, LOG_KEY_PQ, NOW, ORIGIN, SECRECY, fact

POLICY = log_only(LOG_KEY.verifier, LOG_KEY_PQ.verifier)
RUNNER = CliRunner()


def _evidence() -> Evidence:
    said = PayloadErased(basis="Art. 17 DSGVO", entries=1, last_sealed_copy_expires=NOW)
    facts = [fact_of(said, id=UUID(int=n), at=NOW, secrecy=SECRECY, case="c" * 32) for n in range(3)]
    state = State(Frontier(), frozenset(), {})
    made = append(facts, state, secrecy=SECRECY, random_bytes=os.urandom)
    hashes = [leaf_hash(e.entry) for e in made.entries]

    def subtree(height: int, index: int) -> bytes:
        return hashes[index] if height == 0 else node_hash(hashes[2 * index], hashes[2 * index + 1])

    note = sign(Checkpoint(ORIGIN, 3, made.frontier.root()).to_text(), [LOG_KEY, LOG_KEY_PQ], time=0)
    entries = []
    for each in made.entries:
        key = made.new_keys[each.owner]
        opened = SECRECY.open(each.sealed, key=key, event_id=each.leaf.id) if each.index else None
        proof = inclusion_proof(each.index, 3, subtree)
        entries.append(evidence_entry(each.index, each.entry, proof=proof, disclosure=opened))
    policy = f"log {LOG_KEY.verifier.to_text()}\nlog {LOG_KEY_PQ.verifier.to_text()}\nquorum none\n"
    return Evidence(checkpoint=note.to_bytes().decode(), policy=policy, entries=tuple(entries))


EVIDENCE = _evidence()
_ONE_SIGNATURE = (
    sign(Note.from_bytes(EVIDENCE.checkpoint.encode()).text, [LOG_KEY], time=0).to_bytes().decode()
)


def test_an_evidence_file_proves_its_entries_and_opens_what_is_disclosed() -> None:
    verdict = verify_evidence(Evidence.from_bytes(EVIDENCE.to_bytes()), POLICY)
    assert [entry.index for entry in verdict.entries] == [0, 1, 2]
    assert [entry.event is not None for entry in verdict.entries] == [False, True, True]


@given(st.data())
def test_an_evidence_file_with_one_bit_changed_is_refused(data: st.DataObject) -> None:
    # The policy is not signed by anybody, and unknown signatures are ignored: the verifier brings one key.
    file = orjson.dumps({**orjson.loads(EVIDENCE.to_bytes()), "policy": "", "checkpoint": _ONE_SIGNATURE})
    bit = data.draw(st.integers(0, len(file) * 8 - 1))
    changed = bytearray(file)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Refused):
        verify_evidence(Evidence.from_bytes(bytes(changed)), log_only(LOG_KEY.verifier))


def test_a_file_that_another_key_signed_is_refused() -> None:
    other = SigningKey(ORIGIN, Kind.ED25519, b"o" * 32)
    with pytest.raises(Refused, match="no known key"):
        verify_evidence(EVIDENCE, log_only(other.verifier))


def test_the_command_says_what_is_proven_and_what_is_not(tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_bytes(EVIDENCE.to_bytes())
    done = RUNNER.invoke(build(["verify"]), ["verify", str(file)])
    assert done.exit_code == 0
    assert "Bewiesen: Diese Einträge stehen unverändert" in done.output
    assert "Nicht bewiesen: Dass der Schlüssel der des Protokolls ist" in done.output


def test_the_command_refuses_an_altered_file(tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_bytes(EVIDENCE.to_bytes().replace(b"Art. 17", b"Art. 18", 1))
    key = LOG_KEY.verifier.to_text()
    done = RUNNER.invoke(build(["verify"]), ["verify", str(file), "--log-key", key])
    assert done.exit_code == 1
    assert "ABGELEHNT: entry 1: salt and payload do not open the commitment" in done.output


def _log(size: int) -> tuple[dict[TileName, bytes], Checkpoint]:
    state = State(Frontier(), frozenset(), {})
    made = append([fact(n) for n in range(size)], state, secrecy=SECRECY, random_bytes=os.urandom)
    rows = [[leaf_hash(e.entry) for e in made.entries], [s.hash for s in made.subtrees]]
    files = {
        name: encode_bundle(e.entry for e in made.entries[name.index * 256 :][: name.width])
        if name.is_bundle
        else b"".join(rows[name.level][name.index * 256 :][: name.width])
        for name in published(size)
    }
    return files, Checkpoint(ORIGIN, size, made.frontier.root())


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
def test_a_true_log_passes_inspection(size: int) -> None:
    files, checkpoint = _log(size)
    assert [p.entries for p in inspect_files(files.__getitem__, checkpoint)][-1] == size


@given(st.data())
def test_a_log_with_one_bit_changed_fails_inspection(data: st.DataObject) -> None:
    files, checkpoint = _log(300)
    name = data.draw(st.sampled_from(sorted(files)))
    bit = data.draw(st.integers(0, len(files[name]) * 8 - 1))
    changed = bytearray(files[name])
    changed[bit // 8] ^= 1 << bit % 8
    files[name] = bytes(changed)
    with pytest.raises(Refused):
        list(inspect_files(files.__getitem__, checkpoint))


def test_a_log_in_which_an_event_stands_twice_fails_inspection() -> None:
    files, _ = _log(2)
    entry = decode_bundle(files[TileName(-1, 0, 2)], 2)[0]
    hashes = [leaf_hash(entry)] * 2
    forged = {
        TileName(-1, 0, 2): encode_bundle([entry, entry]),
        TileName(0, 0, 2): b"".join(hashes),
    }
    with pytest.raises(Refused, match="stands in the log twice"):
        list(inspect_files(forged.__getitem__, Checkpoint(ORIGIN, 2, node_hash(*hashes))))
