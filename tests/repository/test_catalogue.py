"""The catalogue is the only list of topics: what is created, granted, subscribed and audited follows from it."""

import pytest

from amtsweg.stack.provision.grants import Grant, authority_login, grants
from amtsweg.stack.provision.topics import wanted
from shared.events.topics import (
    CATALOGUE,
    GROUPS,
    Topic,
    audited,
    consumed_by,
    dead_letter_topic,
    topic_names,
)

AUTHORITIES = ("g-06531005", "g-06531018", "rp-065")
GRANTS = grants(AUTHORITIES)


def test_exactly_the_topics_of_the_catalogue_are_created() -> None:
    assert sorted(topic.name for topic in wanted(AUTHORITIES)) == sorted(topic_names(AUTHORITIES))


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: topic.name)
def test_a_topic_is_created_as_its_row_says(topic: Topic) -> None:
    created = {row.name: row for row in wanted(AUTHORITIES)}[topic.for_authority(AUTHORITIES[0])]
    assert created.partitions == topic.partitions
    assert created.settings["max.message.bytes"] == str(topic.max_bytes)
    assert created.settings["cleanup.policy"] == ("compact" if topic.compacted else "delete")
    kept = created.settings.get("retention.ms")
    assert kept == (None if topic.retention is None else str(int(topic.retention.total_seconds() * 1000)))


@pytest.mark.parametrize("topic", [t for t in CATALOGUE if not t.per_authority], ids=lambda topic: topic.name)
def test_a_topic_is_written_by_its_producers_and_read_by_its_consumers(topic: Topic) -> None:
    services = set(GROUPS.values())
    on_topic = [grant for grant in GRANTS if (grant.resource, grant.name) == ("TOPIC", topic.name)]
    writers = {grant.principal for grant in on_topic if grant.operation == "WRITE"}
    readers = {grant.principal for grant in on_topic if grant.operation == "READ"}
    assert writers & services == services & set(topic.producers)
    assert readers & services >= {GROUPS[group] for group in (*topic.consumers, *topic.rebuild)}
    assert not any(principal.startswith("authority") for principal in writers | readers)


def test_an_authority_may_use_its_own_inbox_outbox_and_groups_and_nothing_else() -> None:
    own = authority_login("g-06531005")
    assert {grant for grant in GRANTS if grant.principal == own} == {
        Grant(own, "READ", "TOPIC", "authority.g-06531005.inbox.v1"),
        Grant(own, "WRITE", "TOPIC", "authority.g-06531005.outbox.v1"),
        Grant(own, "READ", "GROUP", own),
        Grant(own, "READ", "GROUP", f"{own}.", prefixed=True),
    }


def test_nobody_but_router_and_authority_reads_an_inbox() -> None:
    inbox = [grant for grant in GRANTS if grant.name == "authority.g-06531005.inbox.v1"]
    assert {grant.principal for grant in inbox if grant.operation == "READ"} == {
        authority_login("g-06531005")
    }
    assert {grant.principal for grant in inbox if grant.operation == "WRITE"} == {"router"}


@pytest.mark.parametrize(("group", "owner"), GROUPS.items())
def test_a_dead_letter_topic_is_written_by_its_group_and_read_by_the_operator(group: str, owner: str) -> None:
    name = dead_letter_topic(group)
    on_topic = {(grant.principal, grant.operation) for grant in GRANTS if grant.name == name}
    assert on_topic == {(owner, "WRITE"), ("operator", "READ")}


def test_the_audit_log_reads_what_is_audited() -> None:
    assert set(consumed_by("audit")) == set(audited())
