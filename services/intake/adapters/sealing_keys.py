"""The public keys that authorities seal the parts of their answers to: the client's own, and the notifier's."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from shared.access.principals import KnownPrincipals
from shared.events.sealed_answer import MAX_KEYS, AnswerKeys, SealingKey, SealingKeySet

_MEMBERS = frozenset(SealingKey.model_fields)


class RegisteredSealingKeys:
    """Implements `services.intake.ports.SealingKeys` over the registered principals."""

    def __init__(self, principals: KnownPrincipals, *, notifier: Mapping[str, Any]) -> None:
        self._principals = principals
        self._notifier = SealingKeySet(keys=(_named(notifier),))

    def of(self, client_id: str, *, submission_id: UUID) -> AnswerKeys:
        client = self._principals.get(client_id)
        keys = () if client is None else client.sealing_keys[-MAX_KEYS:]
        return AnswerKeys(
            submission_id=submission_id,
            client=SealingKeySet(keys=tuple(map(_named, keys))),
            notifier=self._notifier,
        )


def _named(jwk: Mapping[str, Any]) -> SealingKey:
    return SealingKey.model_validate({name: value for name, value in jwk.items() if name in _MEMBERS})
