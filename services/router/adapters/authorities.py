"""Whether an authority can be reached, and the content re-wrapped for its key."""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from services.router.ports import Unreachable
from shared.bounded_files import LARGE, read_bounded
from shared.crypto.jwe import NotOpened, OtherUse, RecipientKey, Rewrapper
from shared.events.payload import Sealed, SealedRecipient
from shared.telemetry.metrics import Telemetry

REREAD_SECONDS = 30.0


class KeyFile:
    """The authorities' public keys: a JSON object from authority id to JWK or JWK Set, read again when it has changed.

    A key with ``exp`` (seconds since 1970) is on its way out and is in use until then.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._now = now
        self._looked = time.monotonic()
        self._changed = path.stat().st_mtime_ns
        self._keys = _read(path)

    def of(self, authority: str) -> Sequence[RecipientKey]:
        """All keys that are in use: while an authority changes its key, the old one and the new one."""
        if time.monotonic() - self._looked >= REREAD_SECONDS:
            self._looked = time.monotonic()
            self._reread()
        now = self._now()
        return [key for key, until in self._keys.get(authority, ()) if now < until]

    def _reread(self) -> None:
        changed = self._path.stat().st_mtime_ns
        if changed != self._changed:
            self._keys = _read(self._path)
            self._changed = changed


class KnownAuthorities:
    """`services.router.ports.Authorities`: an authority has an inbox on the bus and a key in the file."""

    def __init__(
        self,
        *,
        keys: KeyFile,
        rewrapper: Rewrapper,
        has_inbox: Callable[[str], bool],
        telemetry: Telemetry,
    ) -> None:
        self._telemetry = telemetry
        self._keys = keys
        self._rewrapper = rewrapper
        self._has_inbox = has_inbox

    def has_inbox(self, authority: str) -> bool:
        return self._has_inbox(authority)

    def reseal(self, content: Sealed, *, submission_id: UUID, authority: str) -> Sealed:
        if not self._has_inbox(authority):
            raise Unreachable(authority, reason="no-inbox")
        keys = self._keys.of(authority)
        if not keys:
            raise Unreachable(authority, reason="no-key")
        entry = next(iter(content.recipients), None)
        mine = {"header": entry.header, "encrypted_key": entry.encrypted_key} if entry else {}
        try:
            wrapped = [
                self._rewrapper.rewrap(
                    mine, submission_id=submission_id, purpose="content", authority_key=key
                )
                for key in keys
            ]
        except OtherUse:
            # Nobody does this by accident: a sealed object was copied to where its writer wants it read.
            self._telemetry.count("sealed_for_another_use")
            structlog.get_logger().error("sealed for another use", submission_id=str(submission_id))
            raise Unreachable(authority, reason="sealed-for-another-use") from None
        except NotOpened:
            raise Unreachable(authority, reason="not-opened") from None
        return content.model_copy(update={"recipients": tuple(map(SealedRecipient.model_validate, wrapped))})


def _read(path: Path) -> Mapping[str, Sequence[tuple[RecipientKey, float]]]:
    document = json.loads(read_bounded(path, most=LARGE))
    return {
        authority: [_key(jwk) for jwk in entry.get("keys", [entry])] for authority, entry in document.items()
    }


def _key(jwk: Mapping[str, Any]) -> tuple[RecipientKey, float]:
    parts = {name: value for name, value in jwk.items() if name != "exp"}
    return RecipientKey(parts), float(jwk.get("exp", math.inf))
