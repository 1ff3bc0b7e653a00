"""The catalogue: one table from which topics, subscriptions and the audit's reading are taken."""

from datetime import timedelta
from typing import get_args

import pytest

from shared.events import topics
from shared.events.payload import Payload, Sealed, WireModel
from shared.events.topics import CATALOGUE, Topic, audited, consumed_by


def _names(rows: tuple[Topic, ...]) -> list[str]:
    return [row.name for row in rows]


def _holds_sealed(model: type[WireModel]) -> bool:
    return any(
        part is Sealed or (isinstance(part, type) and issubclass(part, WireModel) and _holds_sealed(part))
        for field in model.model_fields.values()
        for part in (field.annotation, *get_args(field.annotation))
    )


def test_an_authoritys_topic_carries_its_id() -> None:
    assert topics.AUTHORITY_INBOX.for_authority("k-06531") == "authority.k-06531.inbox.v1"


def test_a_group_subscribes_to_what_the_catalogue_gives_it() -> None:
    assert _names(consumed_by("router")) == [
        "submission.received.v1",
        "case.submitted.v1",
        "case.ordered.v1",
        "operation.ordered.v1",
        "case.answered.v1",
        "case.clock.v1",
    ]


def test_the_audit_group_reads_exactly_what_is_audited() -> None:
    assert consumed_by("audit") == audited()


def test_every_topic_is_audited_or_says_why_not() -> None:
    reasons = [topic.audited for topic in CATALOGUE if topic.audited is not True]
    assert "" not in reasons


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: topic.name)
def test_a_topic_is_marked_sealed_where_a_payload_holds_a_sealed_object(topic: Topic) -> None:
    holds = any(_holds_sealed(payload) for payload in topic.payloads)
    assert topic.sealed or not holds


@pytest.mark.parametrize("topic", [t for t in CATALOGUE if t.sealed], ids=lambda topic: topic.name)
def test_sealed_records_expire_after_30_days_or_with_their_case(topic: Topic) -> None:
    assert topic.compacted or topic.retention == timedelta(days=30)


@pytest.mark.parametrize("topic", [t for t in CATALOGUE if not t.sealed], ids=lambda topic: topic.name)
def test_records_without_sealed_data_are_kept_for_years(topic: Topic) -> None:
    assert topic.retention is None or topic.retention >= timedelta(days=3650)


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: topic.name)
def test_what_is_compacted_expires_only_where_it_waits_for_its_reader(topic: Topic) -> None:
    assert topic.retention is None or not topic.compacted or topic is topics.CASE_MESSAGE


def test_the_directory_is_kept_for_ever_since_its_first_record_holds_every_line() -> None:
    assert (topics.DIRECTORY_CHANGED.retention, topics.DIRECTORY_CHANGED.compacted) == (None, False)


def test_what_came_in_can_always_go_out() -> None:
    inputs = [
        topic
        for topic in CATALOGUE
        if {"doors", "intake"} & {*topic.producers} and "router" not in topic.producers
    ]
    outputs = [topic for topic in CATALOGUE if "router" in topic.producers]
    largest = max(topic.max_bytes for topic in inputs)
    assert min(topic.max_bytes for topic in outputs) >= largest + 64 * 1024


def test_everything_in_the_catalogue_has_a_type_name_of_its_own() -> None:
    payloads: set[type[Payload]] = {payload for topic in CATALOGUE for payload in topic.payloads}
    assert len({payload.__name__ for payload in payloads}) == len(payloads)


def test_every_topic_has_a_version() -> None:
    assert all(topic.name.endswith(".v1") for topic in CATALOGUE)
