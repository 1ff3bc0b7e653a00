"""Opens the examples of its arguments with jwcrypto and prints each plaintext in a line."""

import json
import sys
from pathlib import Path

from jwcrypto.jwe import JWE  # type: ignore[import-untyped] # it has no types
from jwcrypto.jwk import JWK  # type: ignore[import-untyped] # it has no types

for path in sys.argv[1:]:
    example = json.loads(Path(path).read_text())
    opened = JWE()
    opened.deserialize(json.dumps(example["sealed"]), JWK(**example["key"]))
    sys.stdout.buffer.write(opened.payload + b"\n")
