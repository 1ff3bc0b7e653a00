"""The notifier's private keys: they open contacts, and nothing else that is sealed."""

from collections.abc import Iterable
from uuid import UUID

from services.notifier.ports import ContactNotOpened
from shared.crypto import jwe as sealing
from shared.crypto.jwe import OwnKey
from shared.events.payload import Sealed

PURPOSE = "contact"


class SealedContacts:
    """The `Contacts`, by key id; old keys are kept while anything is sealed to them."""

    def __init__(self, keys: Iterable[OwnKey]) -> None:
        self._keys = {key.kid: key for key in keys}

    def open(self, contact: Sealed, *, submission_id: UUID) -> bytes:
        key = self._keys.get(str(contact.recipients[0].header.get("kid")) if contact.recipients else "")
        if key is None:
            raise ContactNotOpened(f"submission {submission_id}: the contact is sealed to none of our keys")
        token = contact.model_dump_json(by_alias=True).encode()
        try:
            return sealing.open_sealed(token, key=key, submission_id=submission_id, purpose=PURPOSE)
        except sealing.NotOpened as refused:
            raise ContactNotOpened(f"submission {submission_id}: {refused}") from None
