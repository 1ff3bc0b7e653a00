"""What was sealed once opens for ever: with ours, with joserfc as the sample uses it, and with Node alone."""

import json
import shutil
import subprocess
from uuid import UUID

import pytest
from joserfc.jwk import JWKRegistry, KeySet

from shared.crypto.jwe import OwnKey, open_sealed
from tests.support.sample_authority import FOLDER, load_sample
from tests.support.sealed_examples import EXAMPLES, SealedExample

KINDS = ["p-256", "p-384", "rsa", "x25519"]
ids = [each.kind for each in EXAMPLES]


def test_there_is_an_example_for_each_kind_of_key() -> None:
    assert ids == KINDS


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.kind != "rsa"], ids=lambda e: str(e.kind))
def test_an_example_opens_with_the_platforms_own_code(example: SealedExample) -> None:
    opened = open_sealed(
        json.dumps(example.sealed).encode(),
        key=OwnKey(example.key),
        submission_id=UUID(example.submission),
        purpose="content",
    )
    assert opened.decode() == example.plaintext


@pytest.mark.parametrize("example", EXAMPLES, ids=ids)
def test_an_example_opens_with_joserfc(example: SealedExample) -> None:
    keys = KeySet([JWKRegistry.import_key(example.key)])
    opened = load_sample("sealing").open_content(example.sealed, keys, example.submission)
    assert opened == json.loads(example.plaintext)


def test_every_example_opens_with_node_and_no_package() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("this machine has no Node")
    program = """
        import { readFileSync } from "node:fs";
        const { openContent } = await import(process.argv[1]);
        for (const path of process.argv.slice(2)) {
          const { sealed, key, submissionId } = JSON.parse(readFileSync(path));
          console.log(await openContent(sealed, [key], submissionId));
        }
    """
    paths = [str(example.path) for example in EXAMPLES]
    done = subprocess.run(
        [node, "--input-type=module", "-e", program, str(FOLDER / "sealing.mjs"), *paths],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    assert done.stdout.splitlines() == [example.plaintext for example in EXAMPLES]
