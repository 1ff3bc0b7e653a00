"""Who may look: everybody whose token's hash stands in the auditors file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from services.audit.domain.proof_refused import ProofRefused

Right = Literal["look", "export", "bundles"]
"""``look``: search, timelines, evidence. ``export``: everything at once. ``bundles``: the log's raw entries."""


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class Reader(_Frozen):
    """Somebody with a token; the file holds only its SHA-256 (hex)."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,62}$")]
    rights: frozenset[Right]
    token_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    until: datetime | None = None


class _ReadersFile(_Frozen):
    auditors: tuple[Reader, ...]


@dataclass(frozen=True, slots=True)
class Readers:
    """All who have a token."""

    by_token: Mapping[str, Reader]

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read ``{"auditors": [{"name", "rights", "tokenSha256", "until"?}]}``.

        Raises:
            Refused: the file is malformed, or one name or token stands in it twice.
        """
        try:
            listed = _ReadersFile.model_validate_json(data).auditors
        except ValidationError as error:
            places = ", ".join(".".join(map(str, e["loc"])) for e in error.errors())
            raise ProofRefused(f"auditors file: not valid at {places}") from None
        by_token = {reader.token_sha256: reader for reader in listed}
        if len(by_token) < len(listed) or len({reader.name for reader in listed}) < len(listed):
            raise ProofRefused("auditors file: duplicate name or token")
        return cls(by_token)

    def find(self, token: str, now: datetime) -> Reader | None:
        """Whose token this is, None if nobody's or expired."""
        reader = self.by_token.get(sha256(token.encode()).hexdigest())
        if reader is None or (reader.until is not None and reader.until <= now):
            return None
        return reader
