"""What Kafka allows follows from the catalogue, and an authority's login opens only what is its own."""

from hypothesis import example, given
from hypothesis import strategies as st

from amtsweg.stack.provision.grants import Grant, authority_login, grants
from amtsweg.stack.provision.topics import wanted
from shared.events.topic_names import DEAD_LETTER_TOPICS
from shared.events.topics import AUTHORITY_INBOX, CATALOGUE, GROUPS, SERVICES, Topic

IDS = st.from_regex(r"[a-z]{1,4}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)


def names(topic: Topic, authorities: list[str]) -> list[str]:
    return [topic.for_authority(a) for a in authorities] if topic.per_authority else [topic.name]


def opens(grant: Grant, resource: str, name: str) -> bool:
    fits = name.startswith(grant.name) if grant.prefixed else name == grant.name
    return grant.resource == resource and fits


def test_every_producer_may_write_and_every_consumer_may_read() -> None:
    found = grants(["g-06531005"])
    for topic in CATALOGUE:
        for name in names(topic, ["g-06531005"]):
            for producer in topic.producers:
                assert Grant(producer, "WRITE", "TOPIC", name) in found
            for group in (*topic.consumers, *topic.rebuild):
                principal = authority_login("g-06531005") if group == "authority" else GROUPS[group]
                assert Grant(principal, "READ", "TOPIC", name) in found


def test_every_group_may_commit_and_reads_and_writes_its_dead_letters() -> None:
    found = grants([])
    for group, principal in GROUPS.items():
        assert Grant(principal, "READ", "GROUP", group) in found
    for letters, group in DEAD_LETTER_TOPICS.items():
        assert Grant(GROUPS[group], "READ", "TOPIC", letters) in found
        assert Grant(GROUPS[group], "WRITE", "TOPIC", letters) in found


def test_only_the_router_and_the_directorys_operator_write_in_transactions_each_under_its_own_name() -> None:
    transactional = {(g.principal, g.name) for g in grants([]) if g.resource == "TRANSACTIONAL_ID"}
    assert transactional == {("router", "router"), ("operator-directory", "operator-directory")}


@given(authorities=st.lists(IDS, min_size=1, max_size=5, unique=True))
def test_no_authority_can_write_any_topic_of_the_catalogue(authorities: list[str]) -> None:
    logins = {authority_login(authority) for authority in authorities}
    of_authorities = [grant for grant in grants(authorities) if grant.principal in logins]
    assert {grant.operation for grant in of_authorities} == {"READ"}
    assert {grant.resource for grant in of_authorities} == {"TOPIC", "GROUP"}
    writers = {
        grant.principal
        for grant in grants(authorities)
        for name in (topic.name for topic in wanted(authorities))
        if grant.operation == "WRITE" and opens(grant, "TOPIC", name)
    }
    assert writers == {*SERVICES, "operator-desk", "operator-directory", "operator-operations"}


def test_no_service_reads_sealed_data_that_the_catalogue_does_not_give_it() -> None:
    readers = {
        g.principal for g in grants([]) if g.operation == "READ" and g.name == "submission.received.v1"
    }
    assert readers == {"intake", "router", "notifier", "audit"}


@example(own="g-064", other="g-0641")
@example(own="g-0641", other="g-064")
@given(own=IDS, other=IDS)
def test_an_authority_opens_nothing_of_another(own: str, other: str) -> None:
    foreign = [g for g in grants([own, other]) if g.principal == authority_login(own)] if own != other else []
    for grant in foreign:
        assert not opens(grant, "TOPIC", AUTHORITY_INBOX.for_authority(other))
        assert not opens(grant, "GROUP", authority_login(other))
