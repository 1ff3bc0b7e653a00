"""What the platform seals opens in the libraries that docs/authorities.md names, up to 1 MB, with every kind of key."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.crypto.jwe import RecipientKey, seal
from tests.support.foreign_clients import go, java, jwcrypto, node, run
from tests.support.sealed_examples import EXAMPLES, SealedExample

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

LARGEST = json.dumps({"anlage": "x" * 1_000_000}, separators=(",", ":"))


def with_jose(folder: Path) -> list[str]:
    return [*node(folder), "open.mjs"]


def with_nimbus(folder: Path) -> list[str]:
    return java(folder, "Open")


@pytest.mark.parametrize(
    ("library", "unknown"),
    [
        pytest.param(jwcrypto, set(), id="jwcrypto"),
        pytest.param(with_jose, set(), id="jose"),
        pytest.param(with_nimbus, set(), id="nimbus"),
        pytest.param(go, {"x25519"}, id="go-jose"),
    ],
)
def test_a_library_opens_what_the_platform_seals(
    library: Callable[[Path], list[str]], unknown: set[str], tmp_path: Path
) -> None:
    command = library(tmp_path)
    examples = [each for each in EXAMPLES if each.kind not in unknown]
    large = [_large(tmp_path, each) for each in examples]

    lines = run(
        [*command, *map(str, large), *(str(each.path) for each in examples)], within=tmp_path
    ).splitlines()

    assert lines == [LARGEST] * len(examples) + [each.plaintext for each in examples]


def _large(folder: Path, example: SealedExample) -> Path:
    """A file as that of the example, with a content of 1 MB."""
    public: dict[str, Any] = {
        name: example.key[name] for name in ("kty", "crv", "x", "y", "n", "e", "kid") if name in example.key
    }
    sealed = seal(
        LARGEST.encode(),
        key=RecipientKey(public),
        submission_id=UUID(example.submission),
        purpose="content",
        content_type="application/json",
    )
    told = {"key": example.key, "submissionId": example.submission, "sealed": json.loads(sealed)}
    path = folder / f"{example.kind}.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return path
