"""Ids are derived: the same facts give the same id, other facts another one."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.events import ids

client_ids = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
authorities = st.from_regex(r"[a-z]{1,8}(-[a-z0-9]{1,8}){1,3}", fullmatch=True)
own_words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=64)
kinds = st.sampled_from(("received", "routed", "parked", "accepted", "decided"))


@given(client=client_ids, key=own_words, other_client=client_ids, other_key=own_words)
def test_a_submission_is_known_by_client_and_idempotency_key(
    client: str, key: str, other_client: str, other_key: str
) -> None:
    assume((client, key) != (other_client, other_key))
    assert ids.submission_id(client, key) == ids.submission_id(client, key)
    assert ids.submission_id(client, key) != ids.submission_id(other_client, other_key)


@given(authority=authorities, own_id=own_words, other=authorities, other_id=own_words)
def test_an_answer_is_known_by_authority_and_its_own_id(
    authority: str, own_id: str, other: str, other_id: str
) -> None:
    assume((authority, own_id) != (other, other_id))
    assert ids.answer_id(authority, own_id) == ids.answer_id(authority, own_id)
    assert ids.answer_id(authority, own_id) != ids.answer_id(other, other_id)


@given(parent=st.uuids(), other=st.uuids(), kind=kinds, other_kind=kinds)
def test_a_child_is_known_by_its_parent_and_kind(
    parent: UUID, other: UUID, kind: str, other_kind: str
) -> None:
    assume((parent, kind) != (other, other_kind))
    assert ids.child_id(parent, kind) == ids.child_id(parent, kind)
    assert ids.child_id(parent, kind) != ids.child_id(other, other_kind)


@given(case=st.uuids(), kind=kinds, revision=st.integers(0, 99), other_revision=st.integers(0, 99))
def test_a_message_is_known_by_case_kind_revision_recipient_and_channel(
    case: UUID, kind: str, revision: int, other_revision: int
) -> None:
    assume(revision != other_revision)
    message = ids.message_id(case, kind, revision, "applicant", "email")
    assert message == ids.message_id(case, kind, revision, "applicant", "email")
    assert message not in {
        ids.message_id(case, kind, other_revision, "applicant", "email"),
        ids.message_id(case, kind, revision, "client", "email"),
        ids.message_id(case, kind, revision, "applicant", "webhook"),
    }


def test_the_ids_of_a_submission_are_the_same_in_every_release() -> None:
    submission = ids.submission_id("verwaltungsportal", "golden-1")
    assert str(submission) == "87bf34ce-37f6-5e2f-ab50-715c6b121ae2"
    assert str(ids.case_id(submission)) == "333acec3-96cd-5373-bf90-f2a80e255ef0"
    assert str(ids.child_id(submission, "routed")) == "22afedfe-e0f1-5052-b396-a55b2f43ca79"
    assert str(ids.answer_id("g-06531005", "0117-1")) == "63f52c11-2403-5d5c-a24f-bc65e3f84205"
    assert (
        str(ids.message_id(ids.case_id(submission), "received", 0, "applicant", "email"))
        == "aeae03dd-0068-5fc1-834f-82f429ad5981"
    )


def test_a_change_of_the_directory_is_known_by_where_it_leads_and_from_when() -> None:
    at = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    there = ids.directory_change_id("06", "a" * 64, "b" * 64, at)
    assert there == ids.directory_change_id("06", "a" * 64, "b" * 64, at)
    assert len({there, ids.directory_change_id("06", "a" * 64, "b" * 64, at + timedelta(hours=1))}) == 2
    assert len({there, ids.directory_change_id("06", None, "b" * 64, at)}) == 2


@given(namespace=st.uuids(), name=own_words)
def test_derived_ids_are_uuids_of_version_5_as_the_standard_has_them(namespace: UUID, name: str) -> None:
    assert ids.uuid5(namespace, name) == uuid5(namespace, name)
