"""The demo's bill adds up only when every store says what it must."""

from collections.abc import Callable
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from amtsweg.demo.checks import BillLine, Seen, TakenPosting, check_all, expected_mails
from amtsweg.demo.scenarios import postings, told
from services.notifier.domain.case import Case
from services.notifier.domain.plan import plan
from shared.events.case import CaseAccepted, CaseDecided
from shared.events.payload import Payload
from shared.events.submission import SubmissionReceived, SubmissionRouted
from tests.support.events import CASE_ID, GIESSEN, RECEIPT, RECEIVED_AT, event, sealed
from tests.support.law import hessian_law

WANTED = postings(120, run="bill")


def taken_of() -> tuple[TakenPosting, ...]:
    return tuple(
        TakenPosting(
            posting=posting,
            submission=_id("submission", posting.idempotency_key),
            case=_id("case", posting.idempotency_key),
            receipt_number=posting.idempotency_key,
            posted_at=0.0,
            seconds=0.01,
        )
        for posting in WANTED
    )


def _id(kind: str, key: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"{kind}:{key}")


def seen_of(taken: tuple[TakenPosting, ...]) -> Seen:
    """What the stores say when everything went well."""
    seen = Seen(log_verified="ja")
    for t in taken:
        if t.posting.reason is not None:
            seen.parked[t.case] = t.posting.reason
        elif not t.posting.repetition and t.posting.authority is not None:
            seen.inbox[t.posting.authority, t.submission] = 1
            seen.decided.add(t.case)
        event = _id("event", str(t.case))
        seen.events.add(event)
        seen.leaves[event] = 1
    seen.mails.update(expected_mails(taken, parked=seen.parked))
    return seen


def broken(seen: Seen, taken: tuple[TakenPosting, ...] | None = None) -> list[str]:
    checks: tuple[BillLine, ...] = check_all(len(WANTED), taken_of() if taken is None else taken, seen)
    return [check.what for check in checks if not check.holds]


def test_a_run_in_which_everything_went_well_adds_up() -> None:
    assert broken(seen_of(taken_of())) == []


def test_a_request_without_an_answer_is_missed() -> None:
    taken = taken_of()[:-1]
    assert broken(seen_of(taken), taken)


def _doubled(seen: Seen) -> None:
    seen.inbox[next(iter(seen.inbox))] += 1


def _lost(seen: Seen) -> None:
    seen.inbox.popitem()


def _elsewhere(seen: Seen) -> None:
    (_, submission), count = seen.inbox.popitem()
    seen.inbox["g-06440008", submission] = count


def _parked_otherwise(seen: Seen) -> None:
    seen.parked[next(iter(seen.parked))] = "internal-error"


def _undecided(seen: Seen) -> None:
    seen.decided.pop()


def _mailed_twice(seen: Seen) -> None:
    seen.mails[next(iter(seen.mails))] += 1


def _not_mailed(seen: Seen) -> None:
    seen.mails.popitem()


def _no_leaf(seen: Seen) -> None:
    seen.leaves.popitem()


def _two_leaves(seen: Seen) -> None:
    seen.leaves[next(iter(seen.leaves))] += 1


def _no_events(seen: Seen) -> None:
    seen.events.clear()


def _unverified(seen: Seen) -> None:
    seen.log_verified = None


@pytest.mark.parametrize(
    "fault",
    [
        _doubled, _lost, _elsewhere, _parked_otherwise, _undecided, _mailed_twice, _not_mailed, _no_leaf,
        _two_leaves, _no_events, _unverified,
    ],
)  # fmt: skip
def test_one_fault_in_one_store_breaks_the_bill(fault: Callable[[Seen], None]) -> None:
    seen = seen_of(taken_of())
    fault(seen)
    assert broken(seen)


def test_a_mail_of_which_nobody_knows_whether_it_left_is_no_loss_when_it_is_shown() -> None:
    seen = seen_of(taken_of())
    seen.mails.popitem()
    seen.unknown_mails = 1
    assert broken(seen) == []


def test_a_mail_that_was_offered_again_after_a_crash_is_no_double_when_it_is_on_the_record() -> None:
    seen = seen_of(taken_of())
    mail = next(iter(seen.mails))
    seen.mails[mail] += 1
    assert broken(seen)
    seen.repeats[mail] = 1
    assert broken(seen) == []


@pytest.mark.parametrize(
    "service", sorted({str(posting.body["service"]) for posting in WANTED if posting.authority})
)
def test_the_notifier_plans_what_the_bill_expects_of_each_service(service: str) -> None:
    receipt = RECEIPT.model_copy(update={"service": service})
    happened: tuple[Payload, ...] = (
        SubmissionReceived(receipt=receipt, content=sealed()),
        SubmissionRouted(receipt=receipt, authority=GIESSEN),
        CaseAccepted(receipt=receipt, authority=GIESSEN, accepted_at=RECEIVED_AT),
        CaseDecided(receipt=receipt, authority=GIESSEN, outcome="granted", decided_at=RECEIVED_AT),
    )
    planned = [
        message.kind for data in happened for message in plan(event(data), Case(CASE_ID), hessian_law())
    ]
    assert tuple(planned) == told(service)
