"""Content is sealed to the platform's public key, contact data to the notifier's; intake can open neither."""

from collections.abc import Mapping
from uuid import UUID

from services.intake.ports import Purpose
from shared.crypto.jwe import RecipientKey, Use, sealed_members
from shared.events.payload import Sealed


class Sealing:
    """Implements `services.intake.ports.Sealer` with one public key per purpose."""

    def __init__(self, keys: Mapping[Purpose, RecipientKey]) -> None:
        self._keys = keys

    def seal(self, plaintext: bytes, *, submission_id: UUID, purpose: Purpose) -> Sealed:
        """Return a JWE whose plaintext is JSON."""
        members = sealed_members(
            plaintext,
            key=self._keys[purpose],
            use=Use(submission_id, purpose),
            content_type="application/json",
        )
        return Sealed.model_validate(members)
