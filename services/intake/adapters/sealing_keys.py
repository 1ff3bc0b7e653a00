"""The public keys that authorities seal the parts of their answers to: the client's own, and the notifier's."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.access.principals import KnownPrincipals
from shared.events.sealed_answer import MAX_KEYS, AnswerKeys, SealingKey, SealingKeySet

_MEMBERS = frozenset(SealingKey.model_fields)


class RegisteredSealingKeys:
    """Implements `services.intake.ports.SealingKeys` over the registered principals."""

    def __init__(self, principals: KnownPrincipals, *, notifier: Mapping[str, Any]) -> None:
        self._principals = principals
        self._notifier = _key_set([notifier])
        self._sets: dict[str, tuple[object, SealingKeySet]] = {}

    def of(self, client_id: str, *, submission_id: UUID) -> AnswerKeys:
        client = self._principals.get(client_id)
        keys = () if client is None else client.sealing_keys
        return AnswerKeys(
            submission_id=submission_id, client=self._set(client_id, keys), notifier=self._notifier
        )

    def _set(self, client_id: str, keys: Sequence[Mapping[str, Any]]) -> SealingKeySet:
        """The keys as a set, made once for each reading of the principals."""
        known, found = self._sets.get(client_id, (None, self._notifier))
        if known is not keys:
            found = _key_set(keys[-MAX_KEYS:])
            self._sets[client_id] = keys, found
        return found


def _key_set(jwks: Sequence[Mapping[str, Any]]) -> SealingKeySet:
    return SealingKeySet(
        keys=tuple(
            SealingKey.model_validate({name: value for name, value in jwk.items() if name in _MEMBERS})
            for jwk in jwks
        )
    )
