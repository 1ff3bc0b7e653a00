"""Evidence files and the inspection of a whole log: true ones pass, altered ones do not."""

import ast
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from amtsweg.__main__ import build
from amtsweg.language import LANGUAGE_VARIABLE
from services.audit.adapters.http.page import verify as strangers
from services.audit.domain.access_log import PayloadErased, fact_of
from services.audit.domain.append import LogState, append
from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.encoding import to_base64
from services.audit.domain.evidence import Evidence, EvidenceTimestamp, evidence_entry, verify_evidence
from services.audit.domain.fsck import inspect_files
from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.merkle import (
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
)
from services.audit.domain.note import Note, sign
from services.audit.domain.policy import parse_policy
from services.audit.domain.proof_refused import ProofRefused
from services.audit.domain.tiles import TileName, decode_bundle, encode_bundle, published
from services.audit.domain.timestamp import timestamp_request
from tests.support.audit import LOG_KEY, LOG_KEY_PQ, NOW, ORIGIN, SECRECY, fact
from tests.support.time_authority import Authority

WITNESSES = [
    SigningKey("witness.example/w1", SignatureType.COSIGNATURE, b"1" * 32),
    SigningKey("witness.example/w2", SignatureType.ML_DSA_44, b"2" * 32),
]
RULE = (
    f"log {LOG_KEY.verifier.to_text()} https://audit.example/log\n"
    f"log {LOG_KEY_PQ.verifier.to_text()}\n"
    f"witness w1 {WITNESSES[0].verifier.to_text()}\n"
    f"witness w2 {WITNESSES[1].verifier.to_text()} https://witness.example\n"
    "group both 2 w1 w2\n"
    "quorum both\n"
)
POLICY = parse_policy(RULE.encode())
AUTHORITY = Authority("Zeitstempelstelle")
RUNNER = CliRunner()


def _evidence() -> Evidence:
    said = PayloadErased(basis="Art. 17 DSGVO", entries=1, last_copy_expires=NOW)
    facts = [fact_of(said, id=UUID(int=n), at=NOW, secrecy=SECRECY, case="c" * 32) for n in range(5)]
    state = LogState(CompactRange(), frozenset(), {})
    made = append(facts, state, secrecy=SECRECY, random_bytes=os.urandom)
    hashes = [leaf_hash(e.entry) for e in made.entries]

    def subtree(height: int, index: int) -> bytes:
        return (
            hashes[index] if height == 0 else node_hash(*(subtree(height - 1, 2 * index + i) for i in (0, 1)))
        )

    def note(size: int) -> str:
        text = Checkpoint(ORIGIN, size, root(hashes[:size])).to_text()
        keys = [LOG_KEY, LOG_KEY_PQ, *WITNESSES]
        return sign(text, keys, time=1767225600).to_bytes().decode()

    entries = []
    for each in made.entries:
        key = made.new_keys[each.fact.owner]
        opened = SECRECY.open(each.sealed or b"", key=key, leaf_id=each.leaf.id) if each.index else None
        proof = inclusion_proof(each.index, 5, subtree)
        entries.append(evidence_entry(each.index, each.entry, proof=proof, disclosure=opened))
    earlier = note(3)
    stamp = EvidenceTimestamp(
        checkpoint=earlier,
        response=to_base64(AUTHORITY.answer(timestamp_request(earlier.encode()), at=NOW)),
        consistency=tuple(map(to_base64, consistency_proof(3, 5, subtree))),
    )
    schemas = {"de.amtsweg.PayloadErased.v1": {"type": "object", "description": "gelöscht"}}
    return Evidence(checkpoint=note(5), policy=RULE, entries=tuple(entries), timestamp=stamp, schemas=schemas)


EVIDENCE = _evidence()
FILE = EVIDENCE.to_bytes()


def both(file: bytes, rule: str = RULE, *, roots: Sequence[Certificate] = (AUTHORITY.root,)) -> None:
    """Our verifier and the one for strangers, which shares no code with it: both accept, or both refuse."""
    refused = []
    try:
        verify_evidence(Evidence.from_bytes(file), parse_policy(rule.encode()), tsa_roots=roots)
    except ProofRefused as said:
        refused.append(said)
    try:
        strangers.verify(file, policy=rule, roots=roots)
    except strangers.Refused as said:
        refused.append(ProofRefused(str(said)))
    assert len(refused) != 1, f"one of two refuses: {refused}"
    if refused:
        raise refused[0]


def _altered(**changes: object) -> bytes:
    """The file with other content and a digest that fits again, as a forger would write it."""
    return EVIDENCE.model_copy(update=changes).to_bytes()


def test_an_evidence_file_proves_its_entries_and_opens_what_is_disclosed() -> None:
    verdict = verify_evidence(Evidence.from_bytes(FILE), POLICY, tsa_roots=[AUTHORITY.root])
    assert [entry.index for entry in verdict.entries] == [0, 1, 2, 3, 4]
    assert [entry.event is not None for entry in verdict.entries] == [False, True, True, True, True]
    assert verdict.stamped == NOW


def test_both_verifiers_accept_a_true_file() -> None:
    both(FILE)
    both(FILE, f"log {LOG_KEY.verifier.to_text()}\nquorum none\n", roots=())


@given(st.integers(0, len(FILE) * 8 - 1))
def test_an_evidence_file_with_one_bit_changed_is_refused(bit: int) -> None:
    changed = bytearray(FILE)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ProofRefused):
        both(bytes(changed))


@given(st.data())
def test_a_forger_who_mends_the_digest_is_refused_for_every_bit_that_is_evidence(data: st.DataObject) -> None:
    entries = list(EVIDENCE.entries)
    at = data.draw(st.integers(1, 4))
    name = data.draw(st.sampled_from(["entry", "payload", "salt"]))
    content = bytearray(getattr(entries[at], name).encode())
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    try:
        entries[at] = entries[at].model_copy(update={name: content.decode()})
    except UnicodeDecodeError:
        return
    with pytest.raises(ProofRefused):
        both(_altered(entries=tuple(entries)))


@given(st.data())
def test_a_checkpoint_with_one_bit_changed_is_refused_whatever_the_digest_says(data: st.DataObject) -> None:
    note = sign(Note.from_bytes(EVIDENCE.checkpoint.encode()).text, [LOG_KEY, WITNESSES[0]], time=1767225600)
    changed = bytearray(note.to_bytes())
    bit = data.draw(st.integers(0, len(changed) * 8 - 1))
    changed[bit // 8] ^= 1 << bit % 8
    try:
        file = _altered(checkpoint=changed.decode())
    except UnicodeDecodeError:
        return
    with pytest.raises(ProofRefused):
        both(
            file,
            f"log {LOG_KEY.verifier.to_text()}\nwitness w1 {WITNESSES[0].verifier.to_text()}\nquorum w1\n",
        )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"entries": ()}, "no entries"),
        ({"entries": EVIDENCE.entries[::-1]}, "order"),
        ({"entries": (EVIDENCE.entries[1].model_copy(update={"index": 2}),)}, "does not lead to the root"),
        ({"entries": (EVIDENCE.entries[1].model_copy(update={"salt": None}),)}, "salt"),
        ({"entries": (EVIDENCE.entries[1].model_copy(update={"proof": ()}),)}, "too short"),
        (
            {"entries": (EVIDENCE.entries[1].model_copy(update={"payload": EVIDENCE.entries[2].payload}),)},
            "do not open",
        ),
    ],
)
def test_what_the_log_does_not_say_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ProofRefused, match=why):
        both(_altered(**changes))


def test_a_checkpoint_with_two_signatures_by_one_key_is_refused() -> None:
    note = Note.from_bytes(EVIDENCE.checkpoint.encode())
    twice = note.signed_by(sign(note.text, [LOG_KEY], time=0).signatures).to_bytes().decode()
    with pytest.raises(ProofRefused, match="two signatures"):
        both(_altered(checkpoint=twice))


def test_a_file_that_another_key_signed_is_refused() -> None:
    other = SigningKey(ORIGIN, SignatureType.ED25519, b"o" * 32)
    with pytest.raises(ProofRefused, match="no known key"):
        both(FILE, f"log {other.verifier.to_text()}\nquorum none\n")


def test_a_file_that_too_few_witnesses_have_cosigned_is_refused() -> None:
    third = SigningKey("witness.example/w3", SignatureType.COSIGNATURE, b"3" * 32).verifier.to_text()
    rule = RULE.replace("group both 2 w1 w2", f"witness w3 {third}\ngroup both all w1 w2 w3")
    with pytest.raises(ProofRefused, match="quorum"):
        both(FILE, rule)


def test_a_time_stamp_of_something_else_is_refused() -> None:
    assert EVIDENCE.timestamp is not None
    answer = to_base64(AUTHORITY.answer(timestamp_request(b"something else"), at=NOW))
    stamp = EVIDENCE.timestamp.model_copy(update={"response": answer})
    with pytest.raises(ProofRefused, match="time stamp"):
        both(_altered(timestamp=stamp))


def test_a_time_stamp_of_another_authority_is_refused() -> None:
    with pytest.raises(ProofRefused, match="time stamp"):
        both(FILE, roots=(Authority("an impostor").root,))


def test_a_time_stamped_checkpoint_that_the_tree_did_not_grow_from_is_refused() -> None:
    assert EVIDENCE.timestamp is not None
    stamp = EVIDENCE.timestamp.model_copy(update={"consistency": EVIDENCE.timestamp.consistency[:-1]})
    with pytest.raises(ProofRefused, match="consistency"):
        both(_altered(timestamp=stamp))


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A folder with everything that an auditor has in hand."""
    (tmp_path / "beweis.json").write_bytes(FILE)
    (tmp_path / "regel.txt").write_text(RULE)
    (tmp_path / "tsa.pem").write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    return tmp_path


def said_by(paper: Path, *options: str) -> Result:
    return RUNNER.invoke(
        build(["verify"]),
        ["verify", str(paper / "beweis.json"), *options],
        env={LANGUAGE_VARIABLE: None, "LC_ALL": None, "LANG": None},
    )


def test_the_command_says_what_is_proven_and_what_is_not(paper: Path) -> None:
    done = said_by(paper, "--policy", str(paper / "regel.txt"), "--tsa-root", str(paper / "tsa.pem"))
    assert done.exit_code == 0, done.output
    proven, not_proven = done.output.split("NICHT BEWIESEN")
    assert "Diese 5 Einträge stehen unverändert" in proven
    assert "Der Zeuge witness.example/w1 hat diesen Stand gesehen am 01.01.2026, 01:00:00 MEZ" in proven
    assert "Die ersten 3 Einträge gab es am 12.01.2026, 10:30:00 MEZ schon" in proven
    assert "sie sind jünger als der Zeitstempel" in not_proven
    assert "Was in den Einträgen ohne Inhalt stand" in not_proven
    assert "was die Dienste gemeldet haben" in not_proven
    assert "DER SCHLÜSSEL" not in not_proven
    assert "Inhalte gelöscht: Art. 17 DSGVO  (Inhalt)" in proven
    assert ":   (" not in proven, "an entry that names neither authority nor service ends with its kind"


def test_the_command_says_that_a_key_from_the_file_itself_proves_nothing(paper: Path) -> None:
    done = said_by(paper, "--lang", "en")
    assert done.exit_code == strangers.UNTRUSTED
    assert done.output.startswith("WITHOUT A TRUSTED KEY: the keys were taken from the file itself")
    assert "CONSISTENT WITH ITSELF, BUT NOT PROVEN" in done.output
    assert "THE KEY: it was taken from the file itself" in done.output.split("NOT PROVEN")[2]


def test_the_command_says_that_without_a_witness_others_may_see_another_log(paper: Path) -> None:
    done = said_by(paper, "--log-key", LOG_KEY.verifier.to_text())
    assert "kein Zeuge der Vertrauensregel hat mitgezeichnet" in done.output.split("NICHT BEWIESEN")[1]


def test_the_command_refuses_an_altered_file(paper: Path) -> None:
    (paper / "beweis.json").write_bytes(FILE.replace(b"Art. 17", b"Art. 18", 1))
    done = said_by(paper)
    assert done.exit_code == 1
    assert "ABGELEHNT: Die Datei ist nicht mehr so" in done.output


def test_the_verifier_for_strangers_needs_nothing_of_ours(paper: Path) -> None:
    copy = paper / "verify.py"
    copy.write_bytes(Path(strangers.__file__).read_bytes())
    asked = [
        sys.executable,
        "-I",
        "verify.py",
        "beweis.json",
        "--policy",
        "regel.txt",
        "--tsa-root",
        "tsa.pem",
    ]
    done = subprocess.run(asked, cwd=paper, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    imported = {
        node.names[0].name for node in ast.walk(ast.parse(copy.read_text())) if isinstance(node, ast.Import)
    }
    imported |= {
        n.module or "" for n in ast.walk(ast.parse(copy.read_text())) if isinstance(n, ast.ImportFrom)
    }
    foreign = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    assert foreign == {"cryptography", "rfc3161_client"}


@given(st.integers(1, 70), st.data())
def test_the_verifier_for_strangers_knows_the_same_trees(size: int, data: st.DataObject) -> None:
    leaves = [b"%d" % n for n in range(size)]
    hashes = [leaf_hash(leaf) for leaf in leaves]

    def subtree(height: int, index: int) -> bytes:
        return (
            hashes[index] if height == 0 else node_hash(*(subtree(height - 1, 2 * index + i) for i in (0, 1)))
        )

    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    proof = inclusion_proof(index, size, subtree)
    assert strangers.inclusion_root(leaves[index], index, size, proof) == root(hashes)
    before = strangers.State("", ORIGIN, old, root(hashes[:old]))
    path = consistency_proof(old, size, subtree)
    assert strangers.consistency_roots(before, size, path) == (root(hashes[:old]), root(hashes))


def _log(size: int) -> tuple[dict[TileName, bytes], Checkpoint]:
    state = LogState(CompactRange(), frozenset(), {})
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
@pytest.mark.slow
def test_a_log_with_one_bit_changed_fails_inspection(data: st.DataObject) -> None:
    files, checkpoint = _log(300)
    name = data.draw(st.sampled_from(sorted(files)))
    bit = data.draw(st.integers(0, len(files[name]) * 8 - 1))
    changed = bytearray(files[name])
    changed[bit // 8] ^= 1 << bit % 8
    files[name] = bytes(changed)
    with pytest.raises(ProofRefused):
        list(inspect_files(files.__getitem__, checkpoint))


def test_a_log_in_which_an_event_stands_twice_fails_inspection() -> None:
    files, _ = _log(2)
    entry = decode_bundle(files[TileName(-1, 0, 2)], 2)[0]
    hashes = [leaf_hash(entry)] * 2
    forged = {
        TileName(-1, 0, 2): encode_bundle([entry, entry]),
        TileName(0, 0, 2): b"".join(hashes),
    }
    with pytest.raises(ProofRefused, match="stands in the log twice"):
        list(inspect_files(forged.__getitem__, Checkpoint(ORIGIN, 2, node_hash(*hashes))))
