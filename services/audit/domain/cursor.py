"""A reader's position in a long answer: opaque, and stable while the log grows."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Self

from services.audit.domain.encoding import MAX_SIZE
from services.audit.domain.proof_refused import ProofRefused

_FORM = struct.Struct(">qq")
_EXPECTED = "cursor: expected the value of next, unchanged"


class CursorRefused(ProofRefused):
    """A position that this service has not given."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Entries behind index ``after``, of those before index ``before``: where the first page was asked for."""

    after: int
    before: int

    def to_text(self) -> str:
        """The cursor as it stands in an address."""
        return urlsafe_b64encode(_FORM.pack(self.after, self.before)).decode().rstrip("=")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a cursor.

        Raises:
            ProofRefused: it is not a cursor of this service.
        """
        try:
            after, before = _FORM.unpack(urlsafe_b64decode(f"{text}=="))
        except (ValueError, struct.error):
            raise CursorRefused(_EXPECTED) from None
        cursor = cls(after, before)
        if not -1 <= after < before <= MAX_SIZE - 1 or cursor.to_text() != text:
            raise CursorRefused(_EXPECTED)
        return cursor
