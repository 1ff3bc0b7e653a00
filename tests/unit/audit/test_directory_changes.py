"""A change of the directory on the record: whole, and found beside the others of its Land."""

from datetime import UTC, datetime

import orjson

from services.audit.domain.pending_entry import PendingEntry, Position, fact_of_record
from services.audit.domain.pseudonyms import Pseudonymizer
from shared.events import ids
from shared.events.directory import DirectoryChanged
from shared.events.envelope import Event, encode
from shared.events.topics import DIRECTORY_CHANGED
from tests.golden.examples import EXAMPLES

FIRST, CHANGE = EXAMPLES["DirectoryChanged/first"], EXAMPLES["DirectoryChanged/change"]


def fact(data: object) -> PendingEntry:
    assert isinstance(data, DirectoryChanged)
    stands_for_a_case = ids.directory_id(data.land)
    event = Event(
        id=ids.directory_change_id(data.land, data.parent, data.result, data.effective_from),
        source="urn:amtsweg:operator",
        time=datetime(2026, 3, 1, tzinfo=UTC),
        case_id=stands_for_a_case,
        submission_id=stands_for_a_case,
        data=data,
    )
    message = encode(event, DIRECTORY_CHANGED.name)
    return fact_of_record(
        message.value,
        message.headers,
        position=Position(DIRECTORY_CHANGED.name, 0, 7),
        payloads=DIRECTORY_CHANGED.payloads,
        secrecy=Pseudonymizer(b"s" * 32),
    )


def test_the_leaf_commits_to_every_line_that_goes_and_comes() -> None:
    assert isinstance(CHANGE, DirectoryChanged)
    payload = orjson.loads(fact(CHANGE).payload)
    assert payload["data"] == orjson.loads(CHANGE.to_json())


def test_all_changes_of_a_land_stand_in_one_timeline() -> None:
    assert fact(FIRST).case == fact(CHANGE).case
    assert fact(FIRST).id != fact(CHANGE).id
