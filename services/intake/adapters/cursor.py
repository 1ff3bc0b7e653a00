"""Cursors that tell nothing: where a client's feed was left, encrypted, so that nobody counts others' events."""

import base64
import binascii
import hmac
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_HALF: Final = 8


class Cursors:
    """One block of AES holds a check and a position; the check binds it to one client and one epoch of the feed."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._cipher = Cipher(algorithms.AES(hmac.digest(secret, b"cursor", "sha256")), modes.ECB())  # noqa: S305 - one block

    def write(self, position: int, *, client_id: str, epoch: str) -> str:
        encryptor = self._cipher.encryptor()
        block = self._check(client_id, epoch) + position.to_bytes(_HALF, "big")
        return base64.urlsafe_b64encode(encryptor.update(block)).rstrip(b"=").decode()

    def read(self, cursor: str, *, client_id: str, epoch: str) -> int | None:
        """Return the position; None if we never wrote this cursor for that client and epoch."""
        try:
            block = self._cipher.decryptor().update(base64.b64decode(cursor + "==", b"-_", validate=True))
        except (binascii.Error, ValueError):
            return None
        check, position = block[:_HALF], block[_HALF:]
        if len(position) != _HALF or not hmac.compare_digest(check, self._check(client_id, epoch)):
            return None
        return int.from_bytes(position, "big")

    def _check(self, client_id: str, epoch: str) -> bytes:
        return hmac.digest(self._secret, f"{epoch}\n{client_id}".encode(), "sha256")[:_HALF]
