"""The catalogue is the only list of topics: what is created, granted, subscribed and audited follows from it."""

import ast
import re
from datetime import timedelta

import pytest

from amtsweg.stack.provision.grants import (
    DUTIES,
    Grant,
    authority_login,
    grants,
    operator_login,
)
from amtsweg.stack.provision.topics import wanted
from services.audit import consumer as audit
from services.audit.settings import Settings as AuditSettings
from services.intake import consumer as intake
from services.notifier import consumer as notifier
from services.router import consumer as router
from shared.engine import Plan
from shared.events import topics
from shared.events.topic_names import DEAD_LETTER_TOPICS
from shared.events.topics import (
    CATALOGUE,
    GROUPS,
    PARTITIONS,
    SERVICES,
    ConsumerGroup,
    OperatorDuty,
    Topic,
    audited,
    consumed_by,
)
from tests.repository.tree import modules, texts

AUTHORITIES = ("g-06531005", "g-06531018", "rp-065")
GRANTS = grants(AUTHORITIES)


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: topic.name)
def test_a_topic_is_created_as_its_row_says(topic: Topic) -> None:
    created = {row.name: row for row in wanted(AUTHORITIES)}[topic.for_authority(AUTHORITIES[0])]
    assert created.partitions == topic.partitions(PARTITIONS)
    assert created.settings["max.message.bytes"] == str(topic.max_bytes)
    policy = "delete" if not topic.compacted else "compact" if topic.retention is None else "compact,delete"
    assert created.settings["cleanup.policy"] == policy
    assert created.settings["retention.bytes"] == "-1"  # nothing unread is deleted by size
    kept = created.settings.get("retention.ms")
    for_ever = None if topic.compacted else "-1"
    assert kept == (for_ever if topic.retention is None else str(int(topic.retention.total_seconds() * 1000)))
    assert ("message.timestamp.type" in created.settings) == (topic.stamped == "broker")


@pytest.mark.parametrize("topic", [t for t in CATALOGUE if not t.per_authority], ids=lambda topic: topic.name)
def test_a_topic_is_written_by_its_producers_and_read_by_its_consumers(topic: Topic) -> None:
    services = {*SERVICES}
    on_topic = [grant for grant in GRANTS if (grant.resource, grant.name) == ("TOPIC", topic.name)]
    writers = {grant.principal for grant in on_topic if grant.operation == "WRITE"}
    readers = {grant.principal for grant in on_topic if grant.operation == "READ"}
    assert writers & services == services & set(topic.producers)
    reading = {GROUPS[group] for group in (*topic.consumers, *topic.rebuild)}
    assert readers & services >= reading | {*topic.followers}
    assert not any(principal.startswith("authority") for principal in writers | readers)


@pytest.mark.parametrize(
    ("duty", "writes"),
    [
        ("look", set[str]()),
        ("desk", {"case.ordered.v1"}),
        ("directory", {"directory.changed.v1"}),
        ("operations", {"operation.ordered.v1"}),
    ],
)
def test_an_operator_writes_what_one_duty_orders_and_no_events_of_a_service(
    duty: OperatorDuty, writes: set[str]
) -> None:
    own = [grant for grant in GRANTS if grant.principal == operator_login(duty)]
    written = {grant.name for grant in own if (grant.resource, grant.operation) == ("TOPIC", "WRITE")}
    assert written == writes
    assert written <= {topic.name for topic in wanted(AUTHORITIES)}
    assert not any(grant.prefixed for grant in own if grant.resource == "TOPIC")
    sealed = {topic.name for topic in CATALOGUE if topic.sealed}
    assert {grant.operation for grant in own if grant.name in sealed} == {"DESCRIBE"}  # how far they reach


def test_nobody_but_services_and_operators_writes_anywhere() -> None:
    writers = {grant.principal for grant in GRANTS if grant.operation == "WRITE"}
    assert writers <= {*SERVICES, *map(operator_login, DUTIES)}
    assert {grant.principal for grant in GRANTS if grant.principal.startswith("operator")} == {
        *map(operator_login, DUTIES)
    }


def test_an_authority_may_read_its_own_inbox_by_its_own_groups_and_nothing_else() -> None:
    own = authority_login("g-06531005")
    assert {grant for grant in GRANTS if grant.principal == own} == {
        Grant(own, "READ", "TOPIC", "authority.g-06531005.inbox.v1"),
        Grant(own, "READ", "GROUP", own),
        Grant(own, "READ", "GROUP", f"{own}.", prefixed=True),
    }


def test_nobody_but_the_authority_and_its_doors_reads_an_inbox() -> None:
    inbox = [grant for grant in GRANTS if grant.name == "authority.g-06531005.inbox.v1"]
    assert {grant.principal for grant in inbox if grant.operation == "READ"} == {
        authority_login("g-06531005"),
        "doors",
    }
    assert {grant.principal for grant in inbox if grant.operation == "WRITE"} == {"router"}


@pytest.mark.parametrize(("name", "group"), DEAD_LETTER_TOPICS.items())
def test_a_dead_letter_topic_is_written_and_reread_by_its_group_and_read_by_operator_and_console(
    name: str, group: ConsumerGroup
) -> None:
    owner = GROUPS[group]
    on_topic = {(grant.principal, grant.operation) for grant in GRANTS if grant.name == name}
    assert on_topic == {
        (owner, "WRITE"),
        (owner, "READ"),
        ("desk", "READ"),
        *((operator_login(duty), "READ") for duty in DUTIES),
    }


def test_the_audit_log_reads_what_is_audited() -> None:
    assert set(consumed_by("audit")) == set(audited())


def topics_of(plan: Plan) -> tuple[str, ...]:
    assert isinstance(plan.inputs, tuple)
    return plan.inputs


SUBSCRIBED: dict[ConsumerGroup, tuple[str, ...]] = {
    "intake": tuple(intake.TOPICS),
    "router": topics_of(router.ROUTING),
    "notifier": topics_of(notifier.PLANNING),
    "audit": topics_of(
        audit.sequencing(AuditSettings.model_construct(instance="0", batch_size=1, batch_wait=timedelta()))
    ),
}


@pytest.mark.parametrize("group", SUBSCRIBED)
def test_a_service_subscribes_to_what_the_catalogue_gives_its_group(group: ConsumerGroup) -> None:
    assert sorted(SUBSCRIBED[group]) == sorted(topic.name for topic in consumed_by(group))


def test_every_group_of_the_catalogue_is_somebodys() -> None:
    assert set(SUBSCRIBED) == set(GROUPS)


def test_a_service_names_only_topics_that_are_its_own_by_the_catalogue() -> None:
    strangers = [
        f"{name}: {topic.name}"
        for name, tree in modules("services")
        for topic in _named(tree)
        if not PROCESSES_OF.get(name.split("/")[1], {name.split("/")[1]}) & _parties(topic)
    ]
    assert strangers == []


def _named(tree: ast.Module) -> list[Topic]:
    """The topics that a module imports from the catalogue by name."""
    found = [
        getattr(topics, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "shared.events.topics"
        for alias in node.names
    ]
    return [each for each in found if isinstance(each, Topic)]


def _parties(topic: Topic) -> set[str]:
    readers = {GROUPS[group] for group in (*topic.consumers, *topic.rebuild) if group in GROUPS}
    return {*map(str, topic.producers), *map(str, readers), *map(str, topic.followers)}


PROCESSES_OF = {"router": {"router", "doors", "desk"}}
"""The principals of a service that runs as several processes."""


def test_every_source_of_events_is_a_urn_of_ours() -> None:
    code = [text for name, text in texts() if name.startswith(("services/", "amtsweg/"))]
    sources = {source for text in code for source in re.findall(r'^SOURCE\b.*= "(.+)"', text, re.MULTILINE)}
    assert sources >= {f"urn:amtsweg:{service}" for service in ("intake", "router", "notifier", "audit")}
    assert {source for source in sources if not re.fullmatch(r"urn:amtsweg:[a-z-]+", source)} == set()
