"""Notes, keys, checkpoints and cosignatures against the published vectors."""

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.domain.checkpoint import Checkpoint
from services.audit.domain.keys import SignatureType, SigningKey, VerifierKey
from services.audit.domain.note import Note, Signature, sign, signature_lines, verify
from services.audit.domain.proof_refused import ProofRefused

ORIGIN = "audit.example/log1"
LOG = SigningKey(ORIGIN, SignatureType.ED25519, bytes(range(32)))
LOG_PQ = SigningKey(ORIGIN, SignatureType.ML_DSA_44, bytes(range(32)))
WITNESS = SigningKey("witness.example/w1", SignatureType.COSIGNATURE, bytes(range(32, 64)))
CHECKPOINT = Checkpoint(ORIGIN, 257, b64decode("p4Ga3sCy0lJ6nYhgw+QdlL7RdKUpH9DtPAQBxbeGjDs="))
TIME = 1_767_225_600


def line(signature: Signature) -> str:
    return b64encode(signature.key_id + signature.value).decode()


def test_the_signed_note_of_the_reference_implementation_verifies() -> None:
    key = VerifierKey.from_text("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    note = Note.from_bytes(
        "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTg"
        "K7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n".encode()
    )
    assert [v.key for v in verify(note, [key])] == [key]


def test_the_log_key_is_written_as_other_implementations_write_it() -> None:
    vkey = "audit.example/log1+640a250f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    assert LOG.verifier.to_text() == vkey
    assert VerifierKey.from_text(vkey) == LOG.verifier


def test_the_key_ids_are_those_of_the_specification() -> None:
    assert [key.verifier.id.hex() for key in (LOG_PQ, WITNESS)] == ["e2739801", "20324abe"]


def test_the_log_signature_is_that_of_other_implementations() -> None:
    note = sign(CHECKPOINT.to_text(), [LOG], time=TIME)
    assert line(note.signatures[0]) == (
        "ZAolD0zlZVSLEMerUcDLX+dMcy3sJsRMVaGHYofHnUqkJAR0atIfPde8nb2V5JqZrhp5FOuV/8gZPQE3Be4LX/jdbgU="
    )


def test_the_cosignature_is_that_of_other_implementations() -> None:
    note = sign(CHECKPOINT.to_text(), [WITNESS], time=TIME)
    assert line(note.signatures[0]) == (
        "IDJKvgAAAABpVbkAlGgr+V6wshBQHrvin/PhAakFimCGivBCFclkKbf+7wuE0Ze6OWbFqN162TmNaLZFCDMh+tvgYiQMfyeD+ET9AQ=="
    )


@pytest.mark.parametrize("key", [LOG, LOG_PQ, WITNESS], ids=lambda k: k.kind.name)
def test_a_private_key_is_read_as_it_is_written(key: SigningKey) -> None:
    assert SigningKey.from_text(key.to_text()) == key


@pytest.mark.parametrize("key", [LOG, LOG_PQ, WITNESS], ids=lambda k: k.kind.name)
def test_a_public_key_is_read_as_it_is_written(key: SigningKey) -> None:
    assert VerifierKey.from_text(key.verifier.to_text()) == key.verifier


def test_a_private_key_does_not_show_its_seed() -> None:
    assert "seed" not in repr(LOG)
    assert LOG.seed.hex() not in repr(LOG)


def test_a_key_whose_id_is_not_its_own_is_refused() -> None:
    text = LOG.verifier.to_text().replace("640a250f", "640a250e")
    with pytest.raises(ProofRefused, match="id is not that of the key"):
        VerifierKey.from_text(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\u2003b", "a\tb"])
def test_a_name_that_would_not_fit_a_signature_line_is_refused(name: str) -> None:
    with pytest.raises(ProofRefused, match="key name"):
        SigningKey(name, SignatureType.ED25519, bytes(32))


def test_a_checkpoint_is_signed_by_both_kinds_and_read_again() -> None:
    note = sign(CHECKPOINT.to_text(), [LOG, LOG_PQ, WITNESS], time=TIME)
    read = Note.from_bytes(note.to_bytes())
    assert read == note
    verified = verify(read, [LOG.verifier, LOG_PQ.verifier, WITNESS.verifier])
    assert [v.time for v in verified] == [None, TIME, TIME]


def test_unknown_signatures_are_ignored() -> None:
    stranger = SigningKey(ORIGIN, SignatureType.ED25519, bytes(32))
    note = sign(CHECKPOINT.to_text(), [stranger, LOG], time=TIME)
    assert [v.key for v in verify(note, [LOG.verifier])] == [LOG.verifier]


def test_a_note_without_a_known_signature_is_refused() -> None:
    note = sign(CHECKPOINT.to_text(), [WITNESS], time=TIME)
    with pytest.raises(ProofRefused, match="no known key"):
        verify(note, [LOG.verifier])


def test_a_known_key_with_a_bad_signature_refuses_the_note() -> None:
    good = sign(CHECKPOINT.to_text(), [LOG, LOG_PQ], time=TIME)
    bad = Signature(ORIGIN, LOG.verifier.id, b"\0" * 64)
    note = Note(good.text, (bad, good.signatures[1]))
    with pytest.raises(ProofRefused, match="does not fit"):
        verify(note, [LOG.verifier, LOG_PQ.verifier])


def test_one_key_that_signs_twice_refuses_the_note() -> None:
    note = sign(CHECKPOINT.to_text(), [LOG, LOG], time=TIME)
    with pytest.raises(ProofRefused, match="two signatures"):
        verify(note, [LOG.verifier])


def test_sixteen_signatures_and_more_are_accepted() -> None:
    keys = [SigningKey(f"k{i}", SignatureType.ED25519, bytes([i] * 32)) for i in range(20)]
    note = sign(CHECKPOINT.to_text(), keys, time=TIME)
    assert len(verify(Note.from_bytes(note.to_bytes()), [k.verifier for k in keys])) == 20


@pytest.mark.parametrize("kinds", [[LOG], [LOG_PQ], [WITNESS]], ids=lambda k: k[0].kind.name)
@given(st.data())
def test_every_change_of_one_bit_in_a_note_is_refused(kinds: list[SigningKey], data: st.DataObject) -> None:
    signed = sign(CHECKPOINT.to_text(), kinds, time=TIME).to_bytes()
    bit = data.draw(st.integers(0, len(signed) * 8 - 1))
    changed = bytearray(signed)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ProofRefused):
        verify(Note.from_bytes(bytes(changed)), [key.verifier for key in kinds])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\nno dash\n",
        "text\n\n— name AAAA".encode(),
        "text\n\n— name AAAA\n".encode(),
        "te\txt\n\n— name AAAAAAA=\n".encode(),
        "text\n\n—  AAAAAAA=\n".encode(),
        "text\n\n— name AAAAAAB=\n".encode(),
        b"\xff\n\n",
        b"x" * 1_000_001,
        b"text\n\n" + "— name AAAAAAA=\n".encode() * 101,
    ],
)
def test_what_is_not_a_note_is_refused(data: bytes) -> None:
    with pytest.raises(ProofRefused, match="note"):
        Note.from_bytes(data)


def test_a_text_may_hold_empty_lines() -> None:
    note = sign("one\n\ntwo\n", [LOG], time=TIME)
    assert Note.from_bytes(note.to_bytes()).text == "one\n\ntwo\n"


def test_signature_lines_are_read_as_a_witness_sends_them() -> None:
    note = sign(CHECKPOINT.to_text(), [WITNESS], time=TIME)
    assert signature_lines("".join(s.to_line() for s in note.signatures)) == note.signatures


def test_a_checkpoint_is_read_as_it_is_written() -> None:
    assert Checkpoint.from_text(CHECKPOINT.to_text()) == CHECKPOINT


def test_another_logs_extension_lines_are_kept() -> None:
    text = CHECKPOINT.to_text() + "something\n"
    read = Checkpoint.from_text(text)
    assert (read.extensions, read.to_text()) == (("something",), text)


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n01\n" + "A" * 43 + "=\n",
        "a\n-1\n" + "A" * 43 + "=\n",
        "a\n1\nAAAA\n",
        "a\n1\n" + "A" * 43 + "=",
        "a\n1\n" + "A" * 43 + "=\n\n",
        "\n1\n" + "A" * 43 + "=\n",
        "a\n9223372036854775808\n" + "A" * 43 + "=\n",
        "a\n\u0661\n" + "A" * 43 + "=\n",
        "a\n\n" + "A" * 43 + "=\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ProofRefused, match="checkpoint"):
        Checkpoint.from_text(text)
