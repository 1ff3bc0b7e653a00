"""A sample auditor: reads a case's timeline and checks each entry against the log. Made to be copied.

It believes nothing that it is told: the payload must fit the leaf's commitment, the leaf must be in the tree
(RFC 6962 section 2.1.1), and the tree must be signed by the log's key (C2SP signed-note, tlog-checkpoint).
"""

import argparse
import hmac
import http.client
import io
import json
import sys
import time
import urllib.error
import urllib.request
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Unproven(Exception):  # noqa: N818 - the word that an auditor reads
    """What was told does not follow from what the log has signed."""


PATIENCE_SECONDS = 60
"""How long the next signed state of the log is waited for: what was submitted just now is in it soon."""

NOT_THERE = 404


class Unredirected(urllib.request.HTTPRedirectHandler):
    """The token is for the address that was named: a redirection is an answer like any other refusal."""

    def redirect_request(self, *_: Any) -> None:
        return None


OPENER = urllib.request.build_opener(Unredirected)


def problem(refused: urllib.error.HTTPError) -> Any:
    """What a refusal says; whoever says nothing of this kind is not the server that was meant."""
    try:
        return json.load(refused)
    except ValueError:
        return {"detail": f"{refused.url} answered {refused.code}.", "resolution": "Is the address right?"}


def get(url: str, *, wait: bool = False, **headers: str) -> Any:
    """The answer; with ``wait``, what is not there yet is asked for again until it is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - the stack's own address
        try:
            with OPENER.open(asked, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            told = problem(refused)
            if not wait or refused.code != NOT_THERE or time.monotonic() > deadline:
                sys.exit(printable(f"{told.get('detail')} {told.get('resolution')}"))
        except (OSError, http.client.HTTPException) as away:  # also an answer that does not come in time
            sys.exit(printable(f"{url} cannot be reached: {getattr(away, 'reason', away)}"))
        time.sleep(1)


def opened(note: str, verifier_key: str) -> tuple[int, bytes]:
    """Check the checkpoint's signature and return size and root of the tree."""
    name, key_id, key = verifier_key.split("+", 2)
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        _, signer, signature = line.split(" ")
        signed = b64decode(signature)
        if signer == name and signed[:4].hex() == key_id:
            try:
                Ed25519PublicKey.from_public_bytes(b64decode(key)[1:]).verify(
                    signed[4:], f"{text}\n".encode()
                )
            except InvalidSignature:
                raise Unproven("the checkpoint is not signed by the log") from None
            origin, size, root = text.split("\n")[:3]
            if origin == name:
                return int(size), b64decode(root)
    raise Unproven("the checkpoint carries no signature of the log")


def root_from(leaf: bytes, path: list[bytes], *, index: int, size: int) -> bytes:
    """The root that follows from the leaf and its path (RFC 9162 section 2.1.3.2)."""
    at, last, node = index, size - 1, sha256(b"\x00" + leaf).digest()
    for other in path:
        if at % 2 or at == last:
            node = sha256(b"\x01" + other + node).digest()
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            node = sha256(b"\x01" + node + other).digest()
        at, last = at // 2, last // 2
    if last:
        raise Unproven("the path is too short")
    return node


def check(entry: Any, proof: Any, verifier_key: str) -> None:
    """Check one entry of a timeline, and what it discloses, against the log.

    Raises:
        Unproven: something does not fit.
    """
    size, root = opened(proof["checkpoint"], verifier_key)
    leaf, path = b64decode(entry["entry"]), [b64decode(node) for node in proof["hashes"]]
    if root_from(leaf, path, index=entry["index"], size=size) != root:
        raise Unproven("the entry is not in the tree that the log has signed")
    if "disclosure" in entry:
        salt, payload = bytes.fromhex(entry["disclosure"]["salt"]), entry["disclosure"]["payload"].encode()
        if hmac.digest(salt, payload, "sha256").hex() != json.loads(leaf)["commitment"]:
            raise Unproven("the payload is not the one that the leaf commits to")


def line(entry: Any) -> str:
    """An entry in words, read from the bytes that are proven, not from what is told beside them."""
    leaf = json.loads(b64decode(entry["entry"]))
    about = " ".join(str(leaf[name]) for name in ("authority", "service") if leaf.get(name))
    return printable(f"{leaf['time']}  {leaf['type']:<38} entry {entry['index']:<6} proven  {about}".rstrip())


def printable(text: str) -> str:
    """Nothing that a stranger wrote may steer the terminal."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def main() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):  # a screen without a letter shows its number instead
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(description="Read a case's timeline and check it against the log.")
    parser.add_argument("stack", type=Path, help="var/stack.json of the running stack")
    parser.add_argument("case", help="receipt number (AW-…), or an id")
    parser.add_argument("--purpose", default="Stichprobe", help="why; it goes on the record")
    parser.add_argument("--reference", default="PR-2026-0001", help="the auditor's own file; as well")
    given = parser.parse_args()
    try:
        stack = json.loads(given.stack.read_text(encoding="utf-8"))
    except OSError as error:
        parser.error(f"{given.stack}: {error.strerror}; `make up` starts a stack and writes it")
    audit, key = stack["urls"]["audit"], stack["audit"]["verifierKey"]
    account = {"Amtsweg-Purpose": given.purpose, "Amtsweg-Reference": given.reference}
    token = {"Authorization": f"Bearer {stack['auditor']['token']}"}
    timeline = get(f"{audit}/v1/cases/{quote(given.case, safe='')}/timeline", wait=True, **token, **account)
    try:
        for entry in timeline["entries"]:
            # Written a moment ago, it is in the next signed state, seconds later.
            check(entry, get(f"{audit}/v1/proofs/inclusion?index={entry['index']}", wait=True), key)
            print(line(entry))
    except Unproven as unproven:
        sys.exit(f"entry {entry['index']}: {unproven}")
    print(
        f"this look is on record too, as entry {timeline['look']}; what happened seconds ago may not be: look again"
    )


if __name__ == "__main__":
    main()
