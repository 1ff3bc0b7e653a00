"""An attempt to hand in a submission, and its possible outcomes."""

from dataclasses import dataclass
from typing import Literal

from services.intake.domain.admission import Contradiction, ReceiptEntry, Running
from services.intake.domain.submission import Faulty, TooLarge
from shared.strict_json import NotJson


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A request as received; ``key`` is its ``Idempotency-Key`` header, if any."""

    client_id: str
    key: str | None
    body: bytes
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """Kafka has the submission; ``repeated``: it was accepted before."""

    entry: ReceiptEntry
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class BadKey:
    """The idempotency key is missing or malformed."""

    fault: Literal["missing", "malformed"]


@dataclass(frozen=True, slots=True)
class ReceiptsIncomplete:
    """After a restore the store does not hold every earlier receipt yet; a new receipt could contradict one."""


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """The case is decided, withdrawn or erased and accepts nothing more."""


@dataclass(frozen=True, slots=True)
class Several:
    """Several submissions have this reference."""


Refusal = ReceiptsIncomplete | CaseClosed | BadKey | NotJson | Faulty | TooLarge | Running | Contradiction
SubmissionOutcome = Taken | Refusal
