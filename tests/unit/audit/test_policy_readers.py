"""The two readers of a policy that lies in a stranger's file, `verify.py` and the auditors' page: groups are a tree.

Each member stands before its group and in no other one. Forty groups of two, each in both of the next, would be counted
2^40 times: a file that keeps its reader for ever.
"""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from services.audit.adapters.http.page import verify
from services.audit.domain.policy import parse_policy
from services.audit.domain.proof_refused import ProofRefused
from tests.unit.audit.test_policy import LOG, W1, W2

_PAGE = Path(verify.__file__).parent / "files" / "proof.js"
_KEYS = (
    f"log {LOG.verifier.to_text()}\nwitness w1 {W1.verifier.to_text()}\nwitness w2 {W2.verifier.to_text()}\n"
)
_ASK = """
const { readPolicy } = await import("data:text/javascript;base64,%s");
await readPolicy(%r).then(() => console.log("read"), refused => console.log(refused.message));
"""

_TREE = "group a any w1 w2\nquorum a"
_NO_TREES = {
    "in two groups": "group a any w1 w2\ngroup b any a w1\nquorum b",
    "in itself": "group a any a w1\nquorum a",
    "not before": "group b any a w2\ngroup a any w1\nquorum b",
    "name of a witness": "group w1 any w2\nquorum w1",
    "name of a group": "group a any w1\ngroup a any w2\nquorum a",
    "doubled without end": "".join(
        f"group a{n} any {below}\ngroup b{n} any {below}\n"
        for n in range(40)
        for below in ("w1 w2" if n == 0 else f"a{n - 1} b{n - 1}",)
    )
    + "quorum a39",
}


def on_the_page(policy: str) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("this machine has no Node")
    asked = _ASK % (base64.b64encode(_PAGE.read_bytes()).decode(), policy)
    told = subprocess.run(
        [node, "--input-type=module", "-e", asked], capture_output=True, check=True, text=True, timeout=60
    )
    return told.stdout.strip()


@pytest.mark.parametrize("name", _NO_TREES)
def test_groups_that_are_no_tree_are_refused_by_all_three(name: str) -> None:
    policy = _KEYS + _NO_TREES[name] + "\n"
    with pytest.raises(ProofRefused):
        parse_policy(policy.encode())
    with pytest.raises(verify.Refused):
        verify.Policy(policy)
    assert "is in a group already" in on_the_page(policy)


def test_a_tree_is_read_by_all_three() -> None:
    policy = _KEYS + _TREE + "\n"
    assert parse_policy(policy.encode()).quorum == verify.Policy(policy).quorum == "a"
    assert on_the_page(policy) == "read"
