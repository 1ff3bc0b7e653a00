"""The valid events of the golden files about answers without effect, as their authority reads of them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from shared.events import ids
from shared.events.answer_refusal import (
    AnswerRefusalDelivered,
    AnswerRefusalsHeldBack,
    AnswerRefusalsSummed,
    AnswerRefusalsTold,
    AnswerWithoutEffect,
    RefusalCount,
)
from shared.events.payload import Payload
from tests.support.events import CASE_ID, GIESSEN, RECEIVED_AT, SUBMISSION_ID

_LATER: Final = RECEIVED_AT + timedelta(days=1)
_ANSWER_ID: Final = ids.answer_id(GIESSEN, "0117/1")

REFUSALS: Final[Mapping[str, Payload]] = {
    "AnswerRefusalDelivered/already-decided": AnswerRefusalDelivered(
        authority=GIESSEN, answer_id=_ANSWER_ID, own_id="0117/1", kind="accepted", reason="already-decided"
    ),
    "AnswerRefusalsSummed/two-reasons": AnswerRefusalsSummed(
        authority=GIESSEN,
        since=RECEIVED_AT,
        until=_LATER,
        count=3,
        reasons=(
            RefusalCount(reason="already-decided", count=2),
            RefusalCount(reason="not-in-custody", count=1),
        ),
    ),
    "AnswerRefusalsTold/single": AnswerRefusalsTold(
        told=(RECEIVED_AT, _LATER),
        latest=(
            AnswerWithoutEffect(
                at=_LATER,
                case_id=CASE_ID,
                answer_id=_ANSWER_ID,
                own_id="0117/1",
                kind="accepted",
                reason="already-decided",
            ),
        ),
    ),
    "AnswerRefusalsTold/held-back": AnswerRefusalsTold(
        told=(RECEIVED_AT,),
        held_back=AnswerRefusalsHeldBack(
            since=_LATER,
            reasons=(RefusalCount(reason="already-decided", count=2),),
            answer_id=_ANSWER_ID,
            case_id=CASE_ID,
            submission_id=SUBMISSION_ID,
        ),
    ),
}
