"""What is sealed: content that comes, opened with the authority's own key, and parts of answers, sealed to the platform's."""

import base64
import hashlib
import json
from typing import Any

from joserfc import jwe
from joserfc.jwk import JWKRegistry, KeySet

LARGEST_BYTES = 4 * 1024 * 1024


class Sealing(jwe.JWERegistry):
    """What may be sealed with. The library's own limit is 64 KB; a case may be larger."""

    max_ciphertext_length = LARGEST_BYTES


SEALING = Sealing(algorithms=["ECDH-ES+A256KW", "RSA-OAEP-256", "A256GCM"], strict_check_header=False)


def own_keys(stored: dict[str, Any]) -> KeySet:
    """The keys of a file: one, or, while the authority changes its key, a set of both."""
    return KeySet([JWKRegistry.import_key(each) for each in stored.get("keys", [stored])])


def open_content(sealed: dict[str, Any], keys: KeySet, submission: str) -> Any:
    """The plaintext; what was sealed for another submission is not ours to file."""
    # While an authority changes its key there is an entry for each; joserfc would want to open them all.
    known = {key.kid: key for key in keys}
    own = [each for each in sealed["recipients"] if each["header"]["kid"] in known][:1]
    if not own:
        tried = ", ".join(str(kid) for kid in known)
        raise ValueError(f"the content is sealed to none of our keys; tried {tried}")
    opened = jwe.decrypt_json(sealed | {"recipients": own}, known[own[0]["header"]["kid"]], registry=SEALING)
    if opened.protected["submissionId"] != submission:
        raise ValueError("the content belongs to another submission")
    return json.loads(opened.plaintext or b"null")


def seal(told: dict[str, Any], *, to: dict[str, Any], submission: str, purpose: str) -> Any:
    """Seal to a JWK Set: one recipient for each key, bound to the submission and the purpose."""
    protected = {"enc": "A256GCM", "cty": "application/json", "submissionId": submission, "purpose": purpose}
    sealed = jwe.GeneralJSONEncryption(protected, json.dumps(told, ensure_ascii=False).encode())
    for each in to["keys"]:
        header = {"kid": each["kid"], "alg": "RSA-OAEP-256"}
        if each["kty"] != "RSA":
            header |= {"alg": "ECDH-ES+A256KW", "apu": _digest(submission), "apv": _digest(purpose)}
        sealed.add_recipient(header, JWKRegistry.import_key(each))
    return jwe.encrypt_json(sealed, None, registry=SEALING)


def sealed_parts(keys: dict[str, Any], *, content: dict[str, Any], notice: dict[str, Any]) -> dict[str, Any]:
    """The parts of an answer that say something. A platform without a key gets no ``content``."""
    submission, parts = keys["submissionId"], {}
    if content and keys["client"]["keys"]:
        parts["content"] = seal(content, to=keys["client"], submission=submission, purpose="answer")
    if notice and keys["notifier"]["keys"]:
        parts["notice"] = seal(notice, to=keys["notifier"], submission=submission, purpose="notice")
    return parts


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
