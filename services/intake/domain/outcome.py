"""An attempt to hand in a submission, and everything that can come of it."""

from dataclasses import dataclass
from typing import Literal

from services.intake.domain.admission import Contradiction, ReceiptEntry, Running
from services.intake.domain.submission import Faulty, TooLarge
from shared.strict_json import NotJson


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A request as it came; ``key`` is its ``Idempotency-Key`` header, if any."""

    client_id: str
    key: str | None
    body: bytes
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """Kafka has the submission; ``repeated`` if it had been taken before."""

    entry: ReceiptEntry
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class BadKey:
    """The idempotency key is missing or malformed."""

    fault: Literal["missing", "malformed"]


@dataclass(frozen=True, slots=True)
class BookIncomplete:
    """What was promised before is not all in the book again; a promise given now could contradict it."""


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """The case is decided, withdrawn or erased; nothing can be handed in to it any more."""


@dataclass(frozen=True, slots=True)
class Several:
    """More than one submission goes by this reference."""


Refusal = BookIncomplete | CaseClosed | BadKey | NotJson | Faulty | TooLarge | Running | Contradiction
SubmissionOutcome = Taken | Refusal
