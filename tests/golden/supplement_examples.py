"""The valid events of the golden files about what is handed in to a case later."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from shared.events import ids
from shared.events.payload import Payload
from shared.events.supplement import (
    CaseSupplemented,
    CaseWithdrawn,
    SubmissionRefused,
    SupplementDelivered,
    SupplementReceived,
    WithdrawalDelivered,
    WithdrawalReceived,
)
from tests.support.events import ANSWER_KEYS, GIESSEN, RECEIPT, RECEIVED_AT, sealed

_LATER: Final = RECEIVED_AT + timedelta(days=1)
_BARE_RECEIPT: Final = RECEIPT.model_copy(update={"client_reference_hash": None, "language": "en"})

SUPPLEMENTS: Final[Mapping[str, Payload]] = {
    "SupplementReceived/minimal": SupplementReceived(receipt=_BARE_RECEIPT, content=sealed()),
    "SupplementReceived/full": SupplementReceived(receipt=RECEIPT, content=sealed(), answer_keys=ANSWER_KEYS),
    "WithdrawalReceived/without-words": WithdrawalReceived(receipt=_BARE_RECEIPT),
    "WithdrawalReceived/with-words": WithdrawalReceived(receipt=RECEIPT, content=sealed()),
    "SupplementDelivered/minimal": SupplementDelivered(
        receipt=_BARE_RECEIPT, authority=GIESSEN, content=sealed("g-06531005-1")
    ),
    "SupplementDelivered/full": SupplementDelivered(
        receipt=RECEIPT, authority=GIESSEN, content=sealed("g-06531005-1"), answer_keys=ANSWER_KEYS
    ),
    "WithdrawalDelivered/without-words": WithdrawalDelivered(receipt=_BARE_RECEIPT, authority=GIESSEN),
    "WithdrawalDelivered/with-words": WithdrawalDelivered(
        receipt=RECEIPT, authority=GIESSEN, content=sealed("g-06531005-1")
    ),
    "CaseSupplemented/asked-for": CaseSupplemented(
        receipt=RECEIPT, authority=GIESSEN, supplement=RECEIPT, requested=True, supplemented_at=_LATER
    ),
    "CaseSupplemented/while-parked": CaseSupplemented(
        receipt=_BARE_RECEIPT, supplement=_BARE_RECEIPT, requested=False, supplemented_at=_LATER
    ),
    "CaseWithdrawn/held": CaseWithdrawn(receipt=RECEIPT, authority=GIESSEN, withdrawn_at=_LATER),
    "CaseWithdrawn/parked": CaseWithdrawn(receipt=_BARE_RECEIPT, withdrawn_at=_LATER),
    "SubmissionRefused/too-late": SubmissionRefused(
        submission_id=ids.submission_id("verwaltungsportal", "golden-2"), reason="already-closed"
    ),
}
"""Keyed as `tests.golden.examples.EXAMPLES`."""
