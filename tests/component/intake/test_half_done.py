"""Whatever fails after the entry was made leaves nothing half-done: the key is free again, unless the event may be on its way."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

import pytest

from services.intake.domain.outcome import Attempt
from services.intake.ports import Purpose
from shared.events.payload import Sealed
from tests.component.intake.conftest import BODY, Intake

OTHER = BODY.replace(b"Giessen", b"Marburg")
KEY = {"Idempotency-Key": '"later-1"'}


class Sealless:
    """Stands for a seal that fails."""

    def seal(self, plaintext: bytes, *, submission_id: UUID, purpose: Purpose) -> Sealed:
        raise RuntimeError(f"no seal for {submission_id}, {purpose}, {len(plaintext)} bytes")


async def post(
    intake: Intake, path: str, body: bytes, headers: Mapping[str, str] = MappingProxyType({})
) -> int:
    answer = await intake.http.post(path, content=body, headers={**intake.bearer(), **KEY, **headers})
    return answer.status_code


@pytest.mark.parametrize("what", ["submissions", "supplements", "withdrawal"])
async def test_a_submission_that_kafka_will_never_take_binds_no_key(intake: Intake, what: str) -> None:
    first = await intake.submit()
    case = first.json()["caseId"]
    path = "/v1/submissions" if what == "submissions" else f"/v1/cases/{case}/{what}"
    body = BODY if what == "submissions" else b'{"content":{"zeugnis":"liegt bei"}}'
    before = dict(intake.store.rows)

    intake.bus.mode = "refused"
    refused = await post(intake, path, body)
    assert intake.store.rows == before
    intake.bus.mode = "up"
    other = await post(intake, path, body.replace(b"i", b"j") if what != "submissions" else OTHER)

    assert (refused, other) == (500, 202)
    assert len(intake.bus.messages) == 2


async def test_a_submission_that_may_have_been_sent_before_keeps_its_entry(intake: Intake) -> None:
    intake.bus.mode = "kept"
    unconfirmed = await intake.submit()
    intake.bus.mode = "refused"
    refused = await intake.submit()
    intake.bus.mode = "up"
    other, again = await intake.submit(OTHER), await intake.submit()

    assert [each.status_code for each in (unconfirmed, refused, other, again)] == [503, 500, 422, 202]
    assert len({dict(message.headers)["ce_id"] for message in intake.bus.messages}) == 1


async def test_an_event_that_cannot_be_made_leaves_no_entry(intake: Intake) -> None:
    attempt = Attempt(client_id="portal", key='"key-1"', body=BODY, traceparent=None)
    with pytest.raises(RuntimeError, match="no seal"):
        await replace(intake.desk, sealer=Sealless()).submit(attempt)

    assert intake.store.rows == {}
    assert intake.bus.messages == []
