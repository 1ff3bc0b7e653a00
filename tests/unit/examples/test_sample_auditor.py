"""The sample auditor proves what is true and nothing else."""

import hmac
import importlib.util
import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.pages import ROOT

ORIGIN = "log.example/1"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = b"\x01" + SIGNER.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
KEY_ID = sha256(f"{ORIGIN}\n".encode() + PUBLIC).digest()[:4]
VERIFIER_KEY = f"{ORIGIN}+{KEY_ID.hex()}+{b64encode(PUBLIC).decode()}"
SALT, PAYLOAD = bytes(32), '{"n":1}'
COMMITMENT = hmac.digest(SALT, PAYLOAD.encode(), "sha256").hex()


@pytest.fixture(scope="module")
def auditor() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sample_auditor", ROOT / "examples/auditor/look.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def leaves(count: int) -> list[bytes]:
    return [json.dumps({"commitment": COMMITMENT, "n": n}).encode() for n in range(count)]


def root(nodes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if len(nodes) == 1:
        return sha256(b"\x00" + nodes[0]).digest()
    split = 1 << (len(nodes) - 1).bit_length() - 1
    return sha256(b"\x01" + root(nodes[:split]) + root(nodes[split:])).digest()


def path(nodes: list[bytes], index: int) -> list[bytes]:
    """RFC 6962 section 2.1.1, word for word."""
    if len(nodes) == 1:
        return []
    split = 1 << (len(nodes) - 1).bit_length() - 1
    if index < split:
        return [*path(nodes[:split], index), root(nodes[split:])]
    return [*path(nodes[split:], index - split), root(nodes[:split])]


def checkpoint(nodes: list[bytes], *, origin: str = ORIGIN) -> str:
    text = f"{origin}\n{len(nodes)}\n{b64encode(root(nodes)).decode()}\n"
    signature = b64encode(KEY_ID + SIGNER.sign(text.encode())).decode()
    return f"{text}\n— {ORIGIN} {signature}\n— witness.example {b64encode(bytes(68)).decode()}\n"


def told(index: int, *, of: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the audit service answers for one entry: the entry, and its proof."""
    nodes = leaves(of)
    return (
        {
            "index": index,
            "entry": b64encode(nodes[index]).decode(),
            "disclosure": {"salt": SALT.hex(), "payload": PAYLOAD},
        },
        {
            "hashes": [b64encode(node).decode() for node in path(nodes, index)],
            "checkpoint": checkpoint(nodes),
        },
    )


@pytest.mark.parametrize("size", range(1, 34))
def test_every_entry_of_every_tree_is_proven(auditor: ModuleType, size: int) -> None:
    for index in range(size):
        nodes = leaves(size)
        assert auditor.root_from(nodes[index], path(nodes, index), index=index, size=size) == root(nodes)
        auditor.check(*told(index, of=size), VERIFIER_KEY)


@pytest.mark.parametrize("index", range(7))
def test_another_place_in_the_tree_is_not_proven(auditor: ModuleType, index: int) -> None:
    entry, proof = told(index, of=7)
    with pytest.raises(auditor.Unproven):
        auditor.check({**entry, "index": (index + 1) % 7}, proof, VERIFIER_KEY)


ALTERED: dict[str, tuple[Callable[[Any, Any], object], str]] = {
    "another entry": (lambda e, _: e.update(entry=b64encode(b"{}").decode()), "not in the tree"),
    "another payload": (
        lambda e, _: e["disclosure"].update(payload="{}"),
        "not the one that the leaf commits to",
    ),
    "another salt": (
        lambda e, _: e["disclosure"].update(salt="11" * 32),
        "not the one that the leaf commits to",
    ),
    "a shorter path": (lambda _, p: p["hashes"].pop(), "the path is too short|not in the tree"),
    "a larger tree": (
        lambda _, p: p.update(checkpoint=p["checkpoint"].replace("\n7\n", "\n8\n")),
        "the checkpoint is not signed by the log",
    ),
    "nobody's signature": (
        lambda _, p: p.update(checkpoint=p["checkpoint"].replace(f"— {ORIGIN}", "— log.example/2")),
        "no signature of the log",
    ),
    "another log's tree": (
        lambda _, p: p.update(checkpoint=checkpoint(leaves(7), origin="log.example/2")),
        "no signature of the log",
    ),
}


@pytest.mark.parametrize("what", ALTERED)
def test_what_was_altered_is_not_proven(auditor: ModuleType, what: str) -> None:
    alter, complaint = ALTERED[what]
    entry, proof = told(3, of=7)
    alter(entry, proof)
    with pytest.raises(auditor.Unproven, match=complaint):
        auditor.check(entry, proof, VERIFIER_KEY)


def test_what_is_told_beside_the_proven_bytes_is_not_shown(auditor: ModuleType) -> None:
    leaf = {"time": "2026-01-12T09:30:00.000Z", "type": "SubmissionParked"}
    entry = {"index": 3, "covered": True, "entry": b64encode(json.dumps(leaf).encode()).decode()}
    told_beside = {"time": "2026-01-12T09:30:00.000Z", "type": "SubmissionRouted"}
    shown = auditor.line({**entry, "leaf": told_beside})
    assert shown.split() == ["2026-01-12T09:30:00.000Z", "SubmissionParked", "entry", "3", "proven"]


def test_an_erased_payload_leaves_the_proof(auditor: ModuleType) -> None:
    entry, proof = told(3, of=7)
    del entry["disclosure"]
    assert auditor.check(entry, proof, VERIFIER_KEY) is None
