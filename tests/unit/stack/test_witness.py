"""The witnesses of the local stack: what is said when they are missing, and the policy that names them."""

from pathlib import Path

import pytest

from amtsweg.stack.errors import MissingPartError
from amtsweg.stack.witness import Witness, policy
from services.audit.domain.keys import SignatureType, SigningKey
from services.audit.domain.policy import parse_policy

ORIGIN = "log.example/one"
LOG = SigningKey(ORIGIN, SignatureType.ED25519, bytes(32))
NAMES = ("witness-1", "witness-2")


def witness(var: Path, name: str, *, program: Path) -> Witness:
    return Witness(name, var=var, port=8085, origin=ORIGIN, log_key=LOG.verifier.to_text(), program=program)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Stands in for aics-witness: `init` tells a key of its own, `add-log` nothing."""
    key = {
        n: SigningKey(f"{n}.amtsweg.example", SignatureType.COSIGNATURE, n[-1:].encode() * 32) for n in NAMES
    }
    cases = "\n".join(f'*"--name {k.name}"*) echo "{k.verifier.to_text()}";;' for k in key.values())
    path = tmp_path / "program"
    path.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}\nesac\n')
    path.chmod(0o755)
    return path


def test_without_the_program_the_stack_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="make verifier"):
        witness(tmp_path, "witness-1", program=tmp_path / "missing").launch()


def test_the_policy_asks_for_the_witnesses_that_it_names(tmp_path: Path, program: Path) -> None:
    witnesses = [witness(tmp_path, name, program=program) for name in NAMES]
    parsed = parse_policy(policy(witnesses, threshold=2, log_keys=[LOG.verifier.to_text()]).encode())
    keys = {name: trusted.key for name, trusted in parsed.witnesses.items()}
    assert {key.name for key in keys.values()} == {f"{name}.amtsweg.example" for name in NAMES}
    assert parsed.satisfied_by(set(keys.values()))
    assert not parsed.satisfied_by({keys["witness-1"]})
    assert [trusted.key for trusted in parsed.logs] == [LOG.verifier]


def test_a_witness_that_was_half_made_is_made_anew(tmp_path: Path, program: Path) -> None:
    half = tmp_path / "witnesses/witness-1/witness.json"
    half.parent.mkdir(parents=True)
    half.write_text("{")
    assert witness(tmp_path, "witness-1", program=program).verifier_key().startswith("witness-1.")
    assert not half.exists()


def test_a_witness_keeps_its_key(tmp_path: Path, program: Path) -> None:
    first = witness(tmp_path, "witness-1", program=program).verifier_key()
    program.write_text("#!/bin/sh\nexit 1\n")
    assert witness(tmp_path, "witness-1", program=program).verifier_key() == first
