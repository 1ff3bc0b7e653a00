"""The notifier's private keys: they open contacts and the notices of authorities."""

from collections.abc import Iterable
from uuid import UUID

from services.notifier.ports import ContactNotOpened
from shared.crypto import jwe as sealing
from shared.crypto.jwe import OwnKey
from shared.events.payload import Sealed
from shared.events.sealed_answer import NOTICE_PURPOSE

PURPOSE = "contact"


class SealedContacts:
    """The `Contacts`, by key id; old keys are kept while anything is sealed to them."""

    def __init__(self, keys: Iterable[OwnKey]) -> None:
        self._keys = {key.kid: key for key in keys}

    def open(self, contact: Sealed, *, submission_id: UUID) -> bytes:
        return self._open(contact, submission_id=submission_id, purpose=PURPOSE)

    def open_notice(self, notice: Sealed, *, submission_id: UUID) -> bytes:
        return self._open(notice, submission_id=submission_id, purpose=NOTICE_PURPOSE)

    def _open(self, sealed: Sealed, *, submission_id: UUID, purpose: str) -> bytes:
        kids = [str(recipient.header.get("kid")) for recipient in sealed.recipients]
        key = next((self._keys[kid] for kid in kids if kid in self._keys), None)
        if key is None:
            raise ContactNotOpened(f"submission {submission_id}: the {purpose} is sealed to none of our keys")
        token = sealed.model_dump_json(by_alias=True).encode()
        try:
            return sealing.open_sealed(token, key=key, submission_id=submission_id, purpose=purpose)
        except sealing.NotOpened as refused:
            raise ContactNotOpened(f"submission {submission_id}: {refused}") from None
